"""Find the smallest change of the author's solution that behaves exactly as the student's answer.

It runs in the trusted process and after a failure only, within a limit of time. The answer is asked the same things as
the hidden test asked; nothing of the student's decides more than what the student reads.
"""

from __future__ import annotations

import resource
import time
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from grader.checks.calling import ORDINARY_ERRORS
from grader.checks.layers import Signature
from grader.diagnosis.candidates import Candidate, both, candidates_of, pairs_of
from grader.diagnosis.kinds import Change
from grader.diagnosis.matching import ModuleMatch
from grader.diagnosis.reference import Reference, before_test, defined_by, execute, needed_cells
from grader.diagnosis.told import Told
from grader.diagnosis.values import Comparison, ValueMatch
from grader.errors import CheckFailed, StudentCodeRaised
from grader.examiner.hidden_test import settings_for_small_inputs
from grader.examiner.remote import Session
from grader.examiner.uses import Use

LIMIT_S = 2.0
MEMORY_MIB = 2048
MOST_MODULES = 6  # of the test's modules that are built and compared again
MOST_CALLS = 12  # of one function's calls that are compared
ENOUGH_CALLS = 3
RESHAPING = frozenset({"argument", "constant", "moved", "setting"})  # kinds of edits that change an output's shape
Match = ModuleMatch | ValueMatch
Delta = dict[Signature, int]


@dataclass(frozen=True)
class Diagnosis:
    """What one failure is explained by.

    Attributes:
        changes: one change of the reference, or two together; the answer behaves like it in everything that was asked.
        texts: the changed cells, by `grade_id`.
        is_certain: whether enough was asked to tell it from other functions.
        is_own: whether it was read in the student's own text: it lies where it was found.
    """

    changes: tuple[Change, ...]
    texts: tuple[tuple[str, str], ...] = ()
    is_certain: bool = True
    is_own: bool = False

    def told(self, reference: Reference, grade_id: str, lost: Iterable[str] = ()) -> Told:
        """What a reader may know of it: the changes, and the heading of the task where they are.

        An earlier task whose tests are all passed is right: then the student does here, in one class, what the author
        does there.

        Args:
            reference: the author's solution.
            grade_id: the failed test.
            lost: earlier tests that were lost.
        """
        titles = {cell.grade_id: dict(cell.title) for cell in reference}
        place, here = titles.get(self.changes[0].cell, {}), titles.get(grade_id)
        if place == here:
            return Told(self.changes, {}, self.is_certain)
        if self.is_own or any(titles.get(earlier) == place for earlier in lost):
            return Told(self.changes, place, self.is_certain)
        own = next((cell for cell in reversed(before_test(reference, grade_id)) if cell.lines), None)
        if own is None or dict(own.title) != here:
            return Told(self.changes, {}, self.is_certain)
        name = next(iter(defined_by(own.text)), "")
        moved = (replace(change, cell=own.grade_id, scope=name, function=name) for change in self.changes)
        return Told(tuple(moved), {}, self.is_certain)


def diagnose(
    reference: Reference,
    grade_id: str,
    session: Session,
    uses: Sequence[Use],
    found_before: Sequence[Diagnosis] = (),
    limit_s: float = LIMIT_S,
) -> Diagnosis | None:
    """Explain why a hidden test failed.

    Args:
        reference: the author's solution.
        grade_id: the failed test.
        session: the way to the student's objects.
        uses: what the test has called.
        found_before: explanations of earlier tests of the same notebook: one mistake often fails several.
        limit_s: seconds that it may take.

    Returns:
        The explanation; None where no small change behaves like the answer.

    Raises:
        KernelGone, LimitExceeded: the student's process ended meanwhile, or took too long.
    """
    deadline = time.monotonic() + limit_s
    cells = before_test(reference, grade_id)
    with torch.random.fork_rng(devices=[]), settings_for_small_inputs(), _little_memory(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a change may make layers without numbers, or call a number
        try:
            return _Search(cells, session, list(uses), deadline).run(found_before)
        except (CheckFailed, StudentCodeRaised, *ORDINARY_ERRORS):
            return None


@contextmanager
def _little_memory() -> Iterator[None]:
    """Inside the block this process can take `MEMORY_MIB` more: a changed number may ask for a layer of terabytes."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    wanted = taken + (MEMORY_MIB << 20)
    soft = wanted if before[0] == resource.RLIM_INFINITY else min(wanted, before[0])
    resource.setrlimit(resource.RLIMIT_AS, (soft, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


class _Search:
    """The search for one failure."""

    def __init__(self, cells: Reference, session: Session, uses: list[Use], deadline: float) -> None:
        self._cells = cells
        self._session = session
        self._deadline = deadline
        self._uses = uses
        self._right = execute(cells, {})
        self._right_layers: Counter[Signature] | None = None
        self._layers: list[tuple[Candidate, Counter[Signature]]] = []  # that a change leads to

    def run(self, found_before: Sequence[Diagnosis]) -> Diagnosis | None:
        """The explanation, if there is one and time is left."""
        others = self._matches()
        # The latest use is mostly the one that failed; a change that fits it is held against the others.
        compared = ((match, match.compared(self._right)) for match in others)
        failed, right = next(((match, found) for match, found in compared if not found.is_same), (None, None))
        if failed is None or right is None:
            return None
        self._right_layers = right.signatures
        for diagnosis in found_before:
            if self._fits(dict(diagnosis.texts), failed, others):
                return diagnosis
        candidates = [candidate for cell in self._targets for candidate in candidates_of(cell)]
        if isinstance(failed, ModuleMatch):
            candidates = self._likely(failed, candidates)
        return self._one_change(failed, others, candidates) or self._two_changes(failed, others, candidates)

    def _likely(self, failed: ModuleMatch, candidates: list[Candidate]) -> list[Candidate]:
        """Candidates that can lead to the student's layers; what is known to lead to others, or to no error, last."""
        if failed.error:
            return sorted(candidates, key=lambda candidate: candidate.effect.raises is False)
        has_other_layers = not failed.can_lead_to(self._right_layers or Counter())
        if has_other_layers and not failed.has_unused_layers:
            candidates = [candidate for candidate in candidates if not candidate.changed_class]
        unlikely = None if failed.has_unused_layers else not has_other_layers
        return sorted(
            candidates,
            key=lambda candidate: (
                unlikely is not None and candidate.effect.has_other_layers is unlikely,
                failed.has_other_shape and candidate.edit.kind not in RESHAPING,
            ),
        )

    def _one_change(self, failed: Match, others: Iterable[Match], candidates: list[Candidate]) -> Diagnosis | None:
        for in_order in (True, False):  # in order it takes no call of the student's, and mostly tells
            for candidate in candidates:
                if self._is_late:
                    return None
                if self._fits(candidate.texts, failed, others, candidate, in_order=in_order):
                    return Diagnosis((candidate.change,), tuple(candidate.texts.items()), _is_certain(failed))
            if self._layers and isinstance(failed, ModuleMatch):
                candidates = [candidate for candidate, found in self._layers if failed.can_lead_to(found)]
        return None

    def _two_changes(self, failed: Match, others: Iterable[Match], candidates: list[Candidate]) -> Diagnosis | None:
        for one, other in self._pairs(failed, candidates):
            if self._is_late:
                return None
            texts = both(one, other)
            if texts is not None and self._fits(texts, failed, others):
                return Diagnosis((one.change, other.change), tuple(texts.items()), _is_certain(failed))
        return None

    @property
    def _is_late(self) -> bool:
        return time.monotonic() > self._deadline

    @cached_property
    def _targets(self) -> Reference:
        return tuple(needed_cells(self._cells, [use.name for use in self._uses]))

    def _fits(
        self,
        texts: dict[str, str],
        failed: Match,
        others: Iterable[Match],
        candidate: Candidate | None = None,
        *,
        in_order: bool = True,
    ) -> bool:
        """Whether a changed solution behaves as the answer, in the use that failed and then in the others."""
        names = self._executed(texts)
        if names is None:
            return False
        changed = "" if candidate is None else candidate.changed_class
        found = failed.compared(names, changed, in_order=in_order, in_any_order=not in_order)
        if candidate is not None and in_order and isinstance(failed, ModuleMatch):
            self._note(candidate, found)
        return found.is_same and all(match.compared(names).is_same for match in others if match is not failed)

    def _note(self, candidate: Candidate, found: Comparison) -> None:
        """Remember what a change leads to: for pairs of them, and for the next notebook."""
        candidate.effect.raises = found.signatures is None
        if found.signatures is not None:
            self._layers.append((candidate, found.signatures))
            if self._right_layers is not None:
                candidate.effect.has_other_layers = found.signatures != self._right_layers

    def _executed(self, texts: dict[str, str]) -> dict[str, Any] | None:
        try:
            return execute(self._cells, texts)
        except Exception:  # noqa: BLE001  a change may break anything
            return None

    def _matches(self) -> _Lazily:
        return _Lazily(self._match_each())

    def _match_each(self) -> Iterator[Match]:
        """The student's objects that the test has used, the latest first."""
        students: dict[str, Any] = self._session.names(sorted({use.name for use in self._uses}))
        known = [use for use in reversed(self._uses) if use.name in self._right and use.name in students]
        seen: set[str] = set()
        for use in known:
            if not use.is_module and not _takes_tensors(use):
                if use.name not in seen:
                    seen.add(use.name)
                    calls = [other for other in known if other.name == use.name and not other.is_module]
                    yield ValueMatch(calls[:MOST_CALLS], students[use.name], self._deadline)
                continue
            key = f"{use.name} {[_shown(value) for value in (*use.args, *use.kwargs.items())]}"
            if key not in seen and len(seen) < MOST_MODULES:
                seen.add(key)
                yield ModuleMatch(use, students[use.name], self._right)

    def _pairs(self, failed: Match, candidates: Sequence[Candidate]) -> Iterator[tuple[Candidate, Candidate]]:
        """Pairs of changes; of modules those that together give the layers of the student's."""
        if not isinstance(failed, ModuleMatch) or failed.error:
            # Two changes of one line of a formula fit by chance: there are a hundred thousand such pairs.
            yield from (pair for pair in pairs_of(candidates) if pair[0].line != pair[1].line)
            return
        right = self._right_layers or Counter()
        deltas = [(candidate, _difference(found, right)) for candidate, found in self._layers]
        wanted = _difference(failed.signatures, right)
        partners: dict[frozenset[tuple[Signature, int]], list[int]] = {}
        for number, (_candidate, delta) in enumerate(deltas):
            partners.setdefault(frozenset(delta.items()), []).append(number)
        for number, (one, delta) in enumerate(deltas):
            lacking = frozenset(_minus(wanted, delta).items())
            for other in partners.get(lacking, ()):
                if other > number:
                    yield one, deltas[other][0]


class _Lazily:
    """Items of an iterator, each made once and when it is asked for."""

    def __init__(self, items: Iterator[Match]) -> None:
        self._items = items
        self._made: list[Match] = []

    def __iter__(self) -> Iterator[Match]:
        yield from self._made
        for item in self._items:
            self._made.append(item)
            yield item


def _difference(one: Counter[Signature], other: Counter[Signature]) -> Delta:
    return {key: one[key] - other[key] for key in one | other if one[key] != other[key]}


def _minus(one: Delta, other: Delta) -> Delta:
    total = {key: one.get(key, 0) - other.get(key, 0) for key in {*one, *other}}
    return {key: value for key, value in total.items() if value}


def _takes_tensors(use: Use) -> bool:
    return bool(use.args) and not use.kwargs and all(isinstance(value, torch.Tensor) for value in use.args)


def _shown(value: object) -> str:
    return f"{tuple(value.shape)}" if isinstance(value, torch.Tensor) else str(value)[:80]


def _is_certain(match: Match) -> bool:
    """Whether enough was compared: the same exception can have several causes, few points lie on many curves."""
    return not match.error if isinstance(match, ModuleMatch) else match.points >= ENOUGH_CALLS
