"""Export points for a spreadsheet: from nbgrader's gradebook, where points live, with the contest's F1 beside them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from grader.course.folder import Course
from grader.course.gradebook import open_gradebook
from grader.record.database import ClassDatabase, RunReport
from grader.record.database.decisions import Decisions
from grader.record.database.late import CountedRecord, LateBook, Place
from grader.scoring.points import truncated
from grader.show.spreadsheet import safe_cell


@dataclass(frozen=True)
class GradeLine:
    """One student's points for one assignment.

    Attributes:
        points: with manual grading and late penalties, as nbgrader has them; where a teacher set them, those.
        f1: the contest's public F1, five decimals, cut off; empty elsewhere.
        received: when it was handed in, ISO 8601, UTC.
        reason: why a teacher set the points; empty where none did.
        late_penalty: points that being late has cost; 0 where a teacher set the points.
        days_late: days begun since the deadline.
    """

    student: str
    name: str
    assignment: str
    points: float
    max_points: float
    f1: str
    received: str
    reason: str = ""
    late_penalty: float = 0.0
    days_late: int = 0

    def cells(self) -> list[str]:
        """Cells of a CSV line; text that a spreadsheet would run as a formula is quoted with an apostrophe."""
        text = [
            self.student,
            self.name,
            self.assignment,
            f"{self.points:g}",
            f"{self.max_points:g}",
            self.f1,
            self.received,
            self.reason,
            f"{self.late_penalty:g}",
            f"{self.days_late}",
        ]
        return [safe_cell(cell) for cell in text]


def grade_table(course: Course) -> list[GradeLine]:
    """One line per student and assignment that was graded, by assignment and student."""
    with ClassDatabase.open(course.database_url) as database:
        overrides = Decisions(database).overrides()
        counted = LateBook(database).counted()
        reports = reports_that_count(database, counted)
    lines = []
    with open_gradebook(course) as gradebook:
        for assignment in gradebook.assignments:
            for submission in gradebook.assignment_submissions(assignment.name):
                student = submission.student.id
                report = reports.get((student, assignment.name))
                place = (student, assignment.name)
                penalty = float(submission.late_submission_penalty)
                points, reason = overrides.get(place, (submission.score - penalty, ""))
                late = counted.get(place)
                entry = report.record.entry if report else None
                lines.append(
                    GradeLine(
                        student=student,
                        name=(report.student_name if report else None) or "",
                        assignment=assignment.name,
                        points=points,
                        max_points=submission.max_score,
                        f1=truncated(Fraction(entry.correct, entry.total)) if entry else "",
                        received=_received(late, report),
                        reason=reason,
                        late_penalty=0.0 if place in overrides else penalty,
                        days_late=late.days_late if late else 0,
                    )
                )
    return sorted(lines, key=lambda line: (line.assignment, line.student))


def _received(late: CountedRecord | None, report: RunReport | None) -> str:
    """When the submission that counts was handed in."""
    if late is not None:
        return late.received_at.isoformat()
    return report.record.received_at.isoformat() if report else ""


def reports_that_count(
    database: ClassDatabase, counted: dict[Place, CountedRecord], slug: str | None = None
) -> dict[Place, RunReport]:
    """The run that is each student's grade, by student and assignment: the best one's where that counts.

    Args:
        database: of the class.
        counted: what counts.
        slug: one assignment, or None for all.
    """
    every = database.reports(assignment=slug, every_run=True)
    found = {(one.student_id, one.record.assignment.slug): one for one in every}
    by_key = {one.record.key: one for one in every}
    found |= {place: by_key[late.run_key] for place, late in counted.items() if late.run_key in by_key}
    return found
