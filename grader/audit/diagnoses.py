"""How well failures are explained: small changes of right answers, and what students would read about them.

Right answers are written in other styles than the reference, so a diagnosis that is found there recognises a mistake
and not a text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from grader.audit.cases import Case, Kind
from grader.audit.mutation import Mutant, mutants_of_cell, sampled
from grader.diagnosis.change import ChangeReader
from grader.diagnosis.edits import edits_of
from grader.diagnosis.kinds import Change
from grader.diagnosis.reference import ReferenceCell
from grader.diagnosis.text import Source
from grader.diagnosis.told import Told
from grader.outcomes import Outcome, Report, TaskResult

DEFAULT_LIMIT = 60
LEAST_NAMED = 8  # characters: shorter ones are in many lines
_BACKTICKED = re.compile(r"`([^`\n]+)`")


class Verdict(StrEnum):
    """How what is read fits the change that was made.

    `SAME_BEHAVIOUR` is one change of another kind in the same class or function: on all that was asked it computes the
    same.
    `QUOTED` has no diagnosis, but the message shows the place: an error was raised on the changed line, which it
    quotes, or it names in backticks what was changed.
    """

    EXACT = "exact"
    SAME_BEHAVIOUR = "same behaviour"
    QUOTED = "line quoted"
    SAME_PLACE = "same place"
    UNSPECIFIC = "unspecific"
    ANOTHER = "another"


NAMED = (Verdict.EXACT, Verdict.SAME_BEHAVIOUR, Verdict.QUOTED)


@dataclass(frozen=True)
class Made:
    """A change of a right answer.

    Attributes:
        answer: the answer's name.
        cells: the answer's cells, by name, with the changed one.
        mutant: the changed cell.
        change: what it means.
    """

    answer: str
    cells: Mapping[str, str]
    mutant: Mutant
    change: Change


@dataclass(frozen=True)
class DiagnosisResult:
    """What was read about one change that cost points.

    Attributes:
        made: the change.
        verdict: how the diagnosis fits.
        given: kind of the diagnosis; empty where there was none.
        text: what the student reads, of the first lost test.
    """

    made: Made
    verdict: Verdict
    given: str
    text: str


@dataclass(frozen=True)
class Confusion:
    """All of them.

    Attributes:
        results: one for each change that cost points.
        unnoticed: changes that cost nothing: of a right answer many change nothing.
    """

    results: tuple[DiagnosisResult, ...]
    unnoticed: int = 0

    def share(self, *verdicts: Verdict) -> float:
        """Of a hundred changes that cost points."""
        count = sum(result.verdict in verdicts for result in self.results)
        return 100 * count / len(self.results) if self.results else 0.0

    def table(self) -> list[tuple[str, dict[str, int]]]:
        """For each kind of change made how often each verdict was given."""
        rows: dict[str, Counter[str]] = {}
        for result in self.results:
            rows.setdefault(str(result.made.change.kind), Counter())[str(result.verdict)] += 1
        return [(kind, dict(counts)) for kind, counts in sorted(rows.items())]


def changes_made(cases: Iterable[Case], limit: int) -> list[Made]:
    """Changes of the right answers, evenly chosen; 0 takes all."""
    made = [
        Made(case.name, {**case.answer.cells, cell: mutant.source}, mutant, change)
        for case in cases
        if case.kind is Kind.RIGHT
        for cell, text in case.answer.cells.items()
        for mutant, change in _changes_of(cell, text)
    ]
    return sampled(made, limit)


def _changes_of(cell: str, text: str) -> Iterator[tuple[Mutant, Change]]:
    try:
        source = Source(text)
    except SyntaxError:
        return
    reader = ChangeReader(cell, source)
    changes = {source.replaced(edit.span, edit.text): reader.read(edit) for edit in edits_of(source)}
    lines = frozenset(range(1, text.count("\n") + 2))
    for mutant in mutants_of_cell(ReferenceCell(cell, text, lines)):
        if mutant.source in changes:
            yield mutant, changes[mutant.source]


def judge(made: Made, report: Report) -> DiagnosisResult | None:
    """What a student would read; None where the change cost nothing, or nobody can say why it did."""
    lost = [task for task in report.tasks if task.is_lost and task.outcome is not Outcome.NOT_GRADED]
    if not lost:
        return None
    told = [(task, Told.read(task.diagnosis)) for task in lost]
    first = next(((task, found) for task, found in told if found is not None), None)
    if first is None or _quotes(made, lost[0]):
        verdict = Verdict.QUOTED if any(_quotes(made, task) for task in lost) else Verdict.UNSPECIFIC
        return DiagnosisResult(made, verdict, "", lost[0].message)
    task, found = first
    kinds = "+".join(str(change.kind) for change in found.changes)
    verdict = _verdict(made.change, found.changes)
    if verdict in NAMED and not found.is_certain:
        verdict = Verdict.SAME_PLACE  # then only the place is told
    return DiagnosisResult(made, verdict, kinds, task.message)


def _quotes(made: Made, task: TaskResult) -> bool:
    """Whether a message quotes the changed line, or says that the changed cell ended in an error."""
    gone, come = made.mutant.change
    lines = [line for line in come if len(line) > 1]
    named = [part for part in _BACKTICKED.findall(task.message) if len(part) >= LEAST_NAMED]
    if any(any(part in line for line in gone) and not any(part in line for line in come) for part in named):
        return True
    return task.outcome is not Outcome.FAILED and (
        any(f": {line}" in task.message for line in lines) or made.mutant.cell in task.cause
    )


def _verdict(made: Change, given: Sequence[Change]) -> Verdict:
    if all(change.cell != made.cell for change in given):
        return Verdict.ANOTHER
    if any(change.kind is made.kind for change in given):
        return Verdict.EXACT
    is_alone = len(given) == 1 and given[0].scope == made.scope
    return Verdict.SAME_BEHAVIOUR if is_alone else Verdict.SAME_PLACE
