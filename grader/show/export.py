"""Export points for a spreadsheet: from nbgrader's gradebook, where points live, with the contest's F1 beside them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from grader.course.folder import Course
from grader.course.gradebook import open_gradebook
from grader.record.database import ClassDatabase
from grader.record.database.decisions import Decisions
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
    """

    student: str
    name: str
    assignment: str
    points: float
    max_points: float
    f1: str
    received: str
    reason: str = ""

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
        ]
        return [safe_cell(cell) for cell in text]


def grade_table(course: Course) -> list[GradeLine]:
    """One line per student and assignment that was graded, by assignment and student."""
    with ClassDatabase.open(course.database_url) as database:
        overrides = Decisions(database).overrides()
        reports = {(r.record.assignment.slug, r.student_id): r for r in database.reports()}
    lines = []
    with open_gradebook(course) as gradebook:
        for assignment in gradebook.assignments:
            for submission in gradebook.assignment_submissions(assignment.name):
                student = submission.student.id
                report = reports.get((assignment.name, student))
                points, reason = overrides.get(
                    (student, assignment.name), (submission.score - submission.late_submission_penalty, "")
                )
                entry = report.record.entry if report else None
                lines.append(
                    GradeLine(
                        student=student,
                        name=(report.student_name if report else None) or "",
                        assignment=assignment.name,
                        points=points,
                        max_points=submission.max_score,
                        f1=truncated(Fraction(entry.correct, entry.total)) if entry else "",
                        received=report.record.received_at.isoformat() if report else "",
                        reason=reason,
                    )
                )
    return sorted(lines, key=lambda line: (line.assignment, line.student))
