"""Find the one place in a student's own text where a change puts it right.

Where no change of the author's solution behaves as the answer, the answer goes a way of its own. Then its own text is
changed in one small place after another, in the sandbox, until it computes what the author's solution computes in
everything that the hidden test has asked. What the sandbox says is the student's word: it decides no point, only what
this student reads.
"""

from __future__ import annotations

import ast
import math
import re
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import torch

from grader.checks.calling import ORDINARY_ERRORS
from grader.diagnosis.diagnose import Diagnosis
from grader.diagnosis.edits import Edit
from grader.diagnosis.reference import Reference, ReferenceCell, before_test, execute, needed_cells
from grader.diagnosis.repairs import Repair, repairs_of
from grader.diagnosis.text import Source, Span
from grader.diagnosis.values import few_examples, local_value, quarter_of_large
from grader.errors import CheckFailed, StudentCodeRaised
from grader.examiner.hidden_test import settings_for_small_inputs
from grader.examiner.remote import RemoteModule, RemoteObject, Session
from grader.examiner.uses import Use
from grader.examiner.wire import Encoder, InvalidReply, Json
from grader.sandbox.inside.agent_variants import Measure, is_alike, is_alike_loosely

MOST_USES = 8
STAND_IN_FUNCTION = math.sin
MOST_CELLS = 3
MOST_HITS = 24  # that compute the right thing in the use that failed, and are tried in the others
MOST_REPAIRS = 6000
_QUOTED_LINE = re.compile(r"In \[\d+\], line \d+, [^\n:]+: ([^\n]+)")
_WORD = re.compile(r"[^\W\d]\w*")
# Sizes that do not fit show where a tensor is used; what is wrong is mostly where a layer was built.
_SIZES = re.compile(r"cannot be multiplied|Given groups=|should contain \d+ elements|must match the size|size mismatch")
_BUILDS = re.compile(r"\b[A-Z]\w*\(")
_CHILD_S = 0.05  # for asking and starting
# A variant is passed over that takes so many times as long as the author's solution: numbers may grow without end.
_TIMES_THE_AUTHORS = 10
_LEAST_S, _MOST_S = 0.03, 0.5
_POOLS_TO_A_SIZE = "Adaptive"
_NOTHING = Edit(Span(0, 0), "", "nothing")


@dataclass(frozen=True)
class _Asked:
    """A use that can be asked again on both sides.

    Attributes:
        use: what the test did.
        inputs: few examples of what the module was called on.
        expected: what the author's solution gives, after each way of asking: without and with a training step.
        author_s: seconds that it takes the author's solution to be asked in both ways.
    """

    use: Use
    inputs: tuple[Any, ...] | None
    expected: tuple[Json, Json]
    author_s: float


@dataclass(frozen=True)
class _Failed:
    """A use that is not right.

    Attributes:
        asked: the use.
        trains: whether it takes a training step to see it.
        has_other_shape: whether another shape came out, or none.
        is_more_than_style: whether it is not right even if what is a matter of style is left aside.
    """

    asked: _Asked
    trains: bool
    has_other_shape: bool
    is_more_than_style: bool

    @property
    def ways_to_compare(self) -> tuple[Callable[[Json, Json], bool], ...]:
        """Strictly first: what is right in another style is no more than alike."""
        return (is_alike, is_alike_loosely) if self.is_more_than_style else (is_alike,)


@dataclass(frozen=True)
class OwnRepair:
    """What has put the text of one cell right for an earlier test: one mistake often fails several."""

    cell: str
    repair: Repair


class OwnText:
    """The search for one lost test.

    Args:
        cells: the student's, each with its `grade_id`, and the tests' visible parts, which have no lines.
        reference: the author's.
        session: the way to the student's process.
    """

    def __init__(self, cells: Reference, reference: Reference, session: Session) -> None:
        self._cells = cells
        self._reference = reference
        self._session = session

    def diagnosis(
        self, grade_id: str, finding: str, uses: Sequence[Use], before: list[OwnRepair], limit_s: float
    ) -> Diagnosis | None:
        """The mistake whose repair puts the text right; None where none is found in time.

        Args:
            grade_id: the lost test.
            finding: what was found to be wrong; lines that it quotes are looked at first.
            uses: what the test has called.
            before: repairs that were found for earlier tests; the new one is added.
            limit_s: seconds that it may take.

        Raises:
            KernelGone, LimitExceeded: the student's process ended meanwhile, or took too long.
        """
        deadline = time.monotonic() + limit_s
        with torch.random.fork_rng(devices=[]), settings_for_small_inputs(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return self._found(grade_id, finding, uses, before, deadline)
            except (CheckFailed, StudentCodeRaised, *ORDINARY_ERRORS):
                return None

    def _found(
        self, grade_id: str, finding: str, uses: Sequence[Use], before: list[OwnRepair], deadline: float
    ) -> Diagnosis | None:
        own = before_test(self._cells, grade_id)
        asked = self._asked(grade_id, uses)
        targets = needed_cells(own, dict.fromkeys(one.use.name for one in asked))[:MOST_CELLS]
        texts = {cell.grade_id: definitions(cell.text) for cell in own}
        tried = []
        for cell in targets:
            later = [texts[other.grade_id] for other in own[own.index(cell) + 1 :]]
            if texts[cell.grade_id]:
                tried.append(_Tries(self._session, cell, texts[cell.grade_id], later, deadline))
        failed = tried[0].failing(asked) if tried else None
        if failed is not None and failed.has_other_shape and any(_POOLS_TO_A_SIZE in text for text in texts.values()):
            # The author's solution may have no such pooling: then both agree on large pictures only.
            asked = self._asked(grade_id, uses, is_small=False)
            failed = tried[0].failing(asked)
        if failed is None:
            return None  # all that can be asked again is right: the mistake shows elsewhere
        for tries in tried:
            known = [found.repair for found in before if found.cell == tries.cell.grade_id]
            repair = tries.first_right(known, asked, failed)
            if repair is not None:
                return tries.diagnosis(repair)
        for tries in tried:
            repairs = _in_order(tries.source, finding, failed.asked.use.name)[:MOST_REPAIRS]
            repair = tries.first_right(tries.likely(repairs, failed), asked, failed)
            if repair is not None:
                before.append(OwnRepair(tries.cell.grade_id, repair))
                return tries.diagnosis(repair)
        return None

    def _asked(self, grade_id: str, uses: Sequence[Use], *, is_small: bool = True) -> list[_Asked]:
        """The latest uses, for mostly the last one failed; large pictures made smaller."""
        right = execute(before_test(self._reference, grade_id), {})
        found: dict[str, _Asked] = {}
        measure = Measure()
        for use in reversed(uses):
            key = f"{use.name} {use.args!r:.300} {use.kwargs!r:.300}"
            if key in found or use.name not in right or not _crosses(use) or len(found) >= MOST_USES:
                continue
            plain = {
                "args": [_local(value, right) for value in use.args],
                "kwargs": {name: _local(value, right) for name, value in use.kwargs.items()},
                "is_module": use.is_module,
            }
            found[key] = _expected(measure, right[use.name], use, plain, is_small=is_small)
        return sorted(found.values(), key=lambda one: one.author_s)  # what is asked quickly is asked of more variants


def _expected(measure: Measure, make: Any, use: Use, plain: dict[str, Any], *, is_small: bool) -> _Asked:
    """A use with what the author's solution gives; on a quarter of large pictures where it can do with them."""
    few = None if use.inputs is None else tuple(map(few_examples, use.inputs))
    small = few if few is None or not is_small else tuple(map(quarter_of_large, few))
    for some in dict.fromkeys((small, few)):
        try:
            plain["inputs"] = some
            started = time.monotonic()
            expected = (measure.outcome(make, plain, trains=False), measure.outcome(make, plain, trains=True))
            return _Asked(use, some, expected, time.monotonic() - started)
        except ORDINARY_ERRORS:
            if some is few:
                raise
    raise AssertionError  # the last one has returned or raised


class _Tries:
    """Asks the sandbox what variants of one cell's text give.

    Attributes:
        cell: the cell.
        source: its definitions.
    """

    def __init__(self, session: Session, cell: ReferenceCell, text: str, later: list[str], deadline: float) -> None:
        self.cell = cell
        self.source = Source(text)
        self._session = session
        self._content: dict[str, Json] = {"op": "variants", "text": text, "later": later}
        self._deadline = deadline

    def diagnosis(self, repair: Repair) -> Diagnosis:
        """The mistake that a repair takes back."""
        return Diagnosis((repair.change(self.cell.grade_id, self.source),), is_own=True)

    def outcomes(
        self, edits: Sequence[Edit], asked: Sequence[_Asked], *, trains: bool, share: float = 1.0
    ) -> list[list[Json]]:
        """For each variant, as far as a share of the time goes, the outcome of each use; fewer where one has raised."""
        left = (self._deadline - time.monotonic()) * share - _CHILD_S
        if not edits or left <= 0:
            return []
        encoder = Encoder()
        uses = [
            {
                "name": one.use.name,
                "args": [*map(_encoded(encoder), one.use.args)],
                "kwargs": {name: _encoded(encoder)(value) for name, value in one.use.kwargs.items()},
                "inputs": None if one.inputs is None else encoder.encode(list(one.inputs)),
                "is_module": one.use.is_module,
            }
            for one in asked
        ]
        variants = [[edit.span.start, edit.span.end, edit.text] for edit in edits]
        usual_s = _TIMES_THE_AUTHORS * sum(one.author_s for one in asked)
        limits = {"limit_s": left, "variant_s": min(_MOST_S, max(_LEAST_S, usual_s))}
        content = {**self._content, "variants": variants, "uses": uses, "trains": trains, **limits}
        reply, _decoder = self._session.answer(content, encoder)
        found = reply.get("found")
        if not isinstance(found, list) or not all(isinstance(item, list) for item in found):
            raise InvalidReply("The student's process gave no answer.")
        return found

    def likely(self, repairs: Sequence[Repair], failed: _Failed) -> list[Repair]:
        """The repairs that put the use right which failed."""
        edits = [repair.edit for repair in repairs]
        outcomes = self.outcomes(edits, [failed.asked], trains=failed.trains, share=0.8)
        expected = [failed.asked.expected[failed.trains]]
        for alike in failed.ways_to_compare:
            right = [repair for repair, found in zip(repairs, outcomes, strict=False) if alike(found, expected)]
            if right:
                return right[:MOST_HITS]
        return []

    def first_right(self, repairs: Sequence[Repair], asked: Sequence[_Asked], failed: _Failed) -> Repair | None:
        """The first that puts all uses right, with a training step.

        Where the step is not what failed, it is left out if no repair passes with it: Dropout written by hand draws
        other numbers than the library's, and then no step is like the author's.
        """
        for trains in (True,) if failed.trains else (True, False):
            outcomes = self.outcomes([repair.edit for repair in repairs], asked, trains=trains)
            expected = [one.expected[trains] for one in asked]
            for alike in failed.ways_to_compare:
                for repair, found in zip(repairs, outcomes, strict=False):
                    if alike(found, expected):
                        return repair
        return None

    def failing(self, asked: list[_Asked]) -> _Failed | None:
        """The first use that is not right: more than in its style, if there is one."""
        found = {}
        for alike in (is_alike_loosely, is_alike):
            for trains in (False, True):
                if trains not in found:
                    found[trains] = self.outcomes([_NOTHING], asked, trains=trains)
                for one, outcome in zip(asked, found[trains][0] if found[trains] else (), strict=False):
                    expected = one.expected[trains]
                    if not alike(outcome, expected):
                        return _Failed(one, trains, _shape(outcome) != _shape(expected), alike is is_alike_loosely)
        return None


def _shape(outcome: Json) -> Json:
    """The shape of what a module gives; None where it gives none."""
    output = outcome.get("output") if isinstance(outcome, dict) else None
    return output.get("shape") if isinstance(output, dict) else None


def _crosses(use: Use) -> bool:
    """Whether a use can be asked again: the student's own objects by name, and no modules."""
    values = [*use.args, *use.kwargs.values(), *(use.inputs or ())]
    flat = [item for value in values for item in (value if isinstance(value, list | tuple) else [value])]
    return all(
        not isinstance(value, RemoteModule) and (not isinstance(value, RemoteObject) or bool(value.remote_name))
        for value in flat
    )


def _local(value: Any, right: dict[str, Any]) -> Any:
    """What the author's solution is given; any function of the test's is replaced by one that both sides have."""
    return STAND_IN_FUNCTION if isinstance(value, FunctionType) else local_value(value, right)


def _encoded(encoder: Encoder) -> Callable[[Any], Json]:
    """The same for the student's side."""
    named = {"t": "name", "module": "math", "v": STAND_IN_FUNCTION.__name__}
    return lambda value: named if isinstance(value, FunctionType) else encoder.encode(value)


def definitions(text: str) -> str:
    """The functions, classes, imports and plain tables of a cell; not what it computes, shows or trains."""
    try:
        source = Source(text)
    except SyntaxError:
        return ""
    kept = [node for node in source.tree.body if _is_kept(node)]
    parts = []
    for node in kept:
        decorators = getattr(node, "decorator_list", [])
        start = min([source.span(node).start, *(source.span(part).start - 1 for part in decorators)])
        parts.append(text[start : source.span(node).end])
    has_definition = any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in kept)
    return "\n".join(parts) if has_definition else ""


def _is_kept(node: ast.stmt) -> bool:
    if isinstance(node, ast.Assign):
        return not any(isinstance(part, ast.Call) for part in ast.walk(node.value))
    return isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom)


def _in_order(source: Source, finding: str, name: str) -> list[Repair]:
    """Repairs of the lines that an error went through first, then of lines that speak of the same names.

    Args:
        source: the text.
        finding: what was found to be wrong.
        name: the function or the class that was used: its own lines come before those of others.
    """
    quoted = [line.strip() for line in _QUOTED_LINE.findall(finding)]
    words = frozenset(_WORD.findall(" ".join(quoted))) - {"self", "nn", "F", "torch", "return", "x", "super"}
    own = next((node for node in source.tree.body if getattr(node, "name", "") == name), None)
    first, last = (0, 0) if own is None else (own.lineno, own.end_lineno or own.lineno)
    lines = source.text.split("\n")
    ranks = [
        0 if any(quote and quote in line for quote in quoted) else 1 if words & set(_WORD.findall(line)) else 2
        for line in lines
    ]
    if _SIZES.search(finding):
        builds = [_BUILDS.search(line) is not None for line in lines]
        near = {at + step for at, rank in enumerate(ranks) if rank < 2 and builds[at] for step in (-1, 0, 1)}
        ranks = [0 if at in near and builds[at] else rank - builds[at] for at, rank in enumerate(ranks)]
    outside = [not first <= number <= last for number in range(1, len(lines) + 1)]

    def place(repair: Repair) -> tuple[int, bool]:
        line = source.line_of(repair.edit.span) - 1
        return ranks[line] + repair.distance, outside[line]

    return sorted(repairs_of(source), key=place)
