"""What the gradebook says of one notebook: points, what waits for a teacher, comments."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from grader.course.gradebook import open_gradebook_at


@dataclass(frozen=True)
class Grade:
    """Points of one graded cell.

    Attributes:
        points: given so far, by the tests or by a teacher.
        max_points: what the cell is worth.
        is_waiting: whether a teacher still has to look at it.
        is_by_teacher: whether a teacher gave the points.
        is_of_earlier: whether the work was handed in anew since; the points stand until a teacher has read it again.
    """

    points: float
    max_points: float
    is_waiting: bool = False
    is_by_teacher: bool = False
    is_of_earlier: bool = False


@dataclass(frozen=True)
class Grades:
    """Everything that the gradebook knows of one notebook.

    Attributes:
        student: the student's id.
        name: first and last name, empty where the gradebook has none.
        points: of the notebook, late penalty taken off.
        max_points: what the notebook is worth.
        penalty: points taken off for being late.
        received: when it was handed in.
        cells: points of the graded cells, by `grade_id`.
        comments: what a teacher wrote, by `grade_id`.
        untouched: answer cells that were handed in as they were released.
    """

    student: str
    name: str
    points: float
    max_points: float
    penalty: float
    received: datetime | None
    cells: dict[str, Grade] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    untouched: frozenset[str] = frozenset()


def read_grades(gradebook_url: str, assignment: str, notebook: str, student: str) -> Grades:
    """Read the gradebook.

    Raises:
        nbgrader.api.MissingEntry: nothing of this student's was graded.
    """
    with open_gradebook_at(gradebook_url) as gradebook:
        found = gradebook.find_submission_notebook(notebook, assignment, student)
        who = found.student
        received = found.assignment.timestamp
        penalty = float(found.late_submission_penalty or 0.0)
        return Grades(
            student=student,
            name=" ".join(part for part in (who.first_name, who.last_name) if part),
            points=float(found.score) - penalty,
            max_points=float(found.max_score),
            penalty=penalty,
            received=received.replace(tzinfo=UTC) if received is not None and received.tzinfo is None else received,
            cells={grade.name: _grade(grade) for grade in found.grades},
            comments={comment.name: comment.manual_comment for comment in found.comments if comment.manual_comment},
            untouched=frozenset(comment.name for comment in found.comments if comment.auto_comment),
        )


def _grade(grade: object) -> Grade:
    score, most = float(grade.score or 0.0), float(grade.max_score or 0.0)  # type: ignore[attr-defined]
    by_teacher = grade.manual_score is not None  # type: ignore[attr-defined]
    needs = bool(grade.needs_manual_grade)  # type: ignore[attr-defined]
    # A second look is asked for where a teacher has read another answer; the teacher's points stand until then.
    return Grade(score, most, needs and not by_teacher, by_teacher, needs and by_teacher)
