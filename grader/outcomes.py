"""What grading says: outcomes of tasks, and the report of one run. Plain frozen data, with a schema version."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

REPORT_SCHEMA = 1


class Outcome(StrEnum):
    """How a graded cell ended. `NOT_GRADED` is never worth 0 points: it is worth none yet."""

    PASSED = "passed"
    PARTIAL = "partial"
    FAILED = "failed"
    RAISED = "raised"
    TIMED_OUT = "timed_out"
    OVER_LIMIT = "over_limit"
    NOT_REACHED = "not_reached"
    NOT_GRADED = "not_graded"
    MANUAL = "manual"

    @classmethod
    def of(cls, points: float, max_points: float) -> Outcome:
        """The outcome of a test that ran to its end and gave so many points."""
        if points == max_points:
            return cls.PASSED
        return cls.PARTIAL if points else cls.FAILED

    @property
    def is_graded(self) -> bool:
        """Whether points were decided, zero included."""
        return self not in (Outcome.NOT_GRADED, Outcome.MANUAL)


@dataclass(frozen=True)
class TaskResult:
    """The outcome of one graded cell.

    Attributes:
        grade_id: the cell's `grade_id`, such as `task1_basic_block_shape`.
        outcome: how it ended.
        points: points given, 0 to `max_points`; 0.0 where the outcome is not graded.
        max_points: points the cell is worth.
        message: what the student reads; no text of a hidden test.
        finding: the message's first part: what was found and what was expected.
        remedy: its second part: what to try; often empty.
        cause: its last part: what went wrong earlier in the notebook, and probably is behind it; mostly empty.
        diagnosis: what the mistake is, as plain data, for a text in any language; see `grader.diagnosis.told`.
    """

    grade_id: str
    outcome: Outcome
    points: float
    max_points: float
    message: str = ""
    finding: str = ""
    remedy: str = ""
    cause: str = ""
    diagnosis: dict[str, Any] | None = None

    @property
    def is_lost(self) -> bool:
        """Whether a test gave less than its points."""
        return self.outcome is not Outcome.MANUAL and self.points < self.max_points


@dataclass(frozen=True)
class Report:
    """All graded cells of one run, in notebook order.

    Attributes:
        tasks: one result per graded cell.
        wall_s: seconds that sandbox and examination took.
        notes: remarks for the teacher (removed tags, restored cells, a limit that struck).
    """

    tasks: tuple[TaskResult, ...]
    wall_s: float
    notes: tuple[str, ...] = ()

    @property
    def points(self) -> float:
        """Points given so far."""
        return sum(task.points for task in self.tasks)

    @property
    def max_points(self) -> float:
        """Points that the graded cells are worth, those for manual grading included."""
        return sum(task.max_points for task in self.tasks)

    @property
    def is_complete(self) -> bool:
        """Whether no task was left ungraded by a fault that is not the student's."""
        return all(task.outcome is not Outcome.NOT_GRADED for task in self.tasks)

    def to_json(self) -> str:
        """The report as JSON with a schema version."""
        return json.dumps({"schema": REPORT_SCHEMA, **asdict(self)}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Report:
        """The report that `to_json` wrote.

        Raises:
            ValueError: the text is of another schema.
        """
        data: dict[str, Any] = json.loads(text)
        if data.get("schema") != REPORT_SCHEMA:
            raise ValueError(f"report schema {data.get('schema')!r}, expected {REPORT_SCHEMA}")
        tasks = tuple(TaskResult(**{**task, "outcome": Outcome(task["outcome"])}) for task in data["tasks"])
        return cls(tasks=tasks, wall_s=float(data["wall_s"]), notes=tuple(data["notes"]))
