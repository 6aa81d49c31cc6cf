"""What a mistake costs in its own task, and what in others."""

from __future__ import annotations

import pytest

from grader.audit.answers import Answer
from grader.audit.cases import Case, Kind
from grader.audit.verdicts import points_lost
from grader.diagnosis.reference import ReferenceCell
from grader.outcomes import Outcome, Report, TaskResult

FIRST, SECOND = (("en", "Task 1. A block"),), (("en", "Task 2. A net"),)
REFERENCE = (
    ReferenceCell("block", "", frozenset({1}), FIRST),
    ReferenceCell("block_function", "", frozenset(), FIRST),
    ReferenceCell("net", "", frozenset({1}), SECOND),
    ReferenceCell("net_function", "", frozenset(), SECOND),
    ReferenceCell("why", "", frozenset(), SECOND),
)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [(("block",), (1.5, 3)), (("net",), (3, 1.5)), (("block", "net"), (4.5, 0))],
    ids=["an early mistake", "a late one", "both"],
)
def test_points_are_counted_by_the_heading_above_the_changed_cells(
    cells: tuple[str, ...], expected: tuple[float, float]
) -> None:
    case = Case(Kind.WRONG, Answer("wrong", dict.fromkeys(cells, "pass")), b"")
    report = Report(
        tasks=(
            TaskResult("block_function", Outcome.PARTIAL, 0.5, 2, ""),
            TaskResult("net_function", Outcome.FAILED, 0, 3, ""),
            TaskResult("why", Outcome.MANUAL, 0, 5, ""),
        ),
        wall_s=1.0,
    )
    assert points_lost(case, report, REFERENCE) == expected
