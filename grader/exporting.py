"""Export points for a spreadsheet: from nbgrader's gradebook, where points live, with the contest's F1 beside them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from grader.course import Course
from grader.database import ClassDatabase
from grader.nbgrader_plugins import open_gradebook
from grader.scoring.points import truncated

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class GradeLine:
    """One student's points for one assignment.

    Attributes:
        points: with manual grading and late penalties, as nbgrader has them.
        f1: the contest's public F1, five decimals, cut off; empty elsewhere.
        received: when it was handed in, ISO 8601, UTC.
    """

    student: str
    name: str
    assignment: str
    points: float
    max_points: float
    f1: str
    received: str

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
        ]
        return [f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell for cell in text]


def grade_table(course: Course) -> list[GradeLine]:
    """One line per student and assignment that was graded, by assignment and student."""
    with ClassDatabase.open(course.database_url) as database:
        reports = {(r.record.assignment.slug, r.student_id): r for r in database.reports()}
    lines = []
    with open_gradebook(course) as gradebook:
        for assignment in gradebook.assignments:
            for submission in gradebook.assignment_submissions(assignment.name):
                student = submission.student.id
                report = reports.get((assignment.name, student))
                entry = report.record.entry if report else None
                lines.append(
                    GradeLine(
                        student=student,
                        name=(report.student_name if report else None) or "",
                        assignment=assignment.name,
                        points=submission.score - submission.late_submission_penalty,
                        max_points=submission.max_score,
                        f1=truncated(Fraction(entry.correct, entry.total)) if entry else "",
                        received=report.record.received_at.isoformat() if report else "",
                    )
                )
    return sorted(lines, key=lambda line: (line.assignment, line.student))
