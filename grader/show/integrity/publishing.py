"""The integrity report for the teacher's page: compared where the submissions are, stored in words."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import get_args

from grader.course.folder import Course
from grader.errors import GraderError
from grader.language import Language, speaking
from grader.record.database import ClassDatabase
from grader.record.database.integrity import FindingRecord, IntegrityReports
from grader.show.integrity.findings import findings
from grader.show.integrity.report import IntegrityReport, integrity_report


def publish(course: Course, reports: Iterable[IntegrityReport]) -> None:
    """Store reports for the teacher's page; of an assignment that the class database does not know, none.

    Raises:
        EnvironmentFault: the database does not answer.
    """
    with ClassDatabase.open(course.database_url) as database:
        stored = IntegrityReports(database)
        for report in reports:
            stored.store(report.slug, report.students, report.predictions, _worded(report))


def compare_and_publish(root: Path, slug: str) -> None:
    """What the watcher has a process of its own do: it takes minutes where a class is large.

    A refusal, such as of a contest without answers, is stored in the report's place.
    """
    course = Course.open(root)
    try:
        publish(course, [integrity_report(course, slug)])
    except GraderError as error:
        with ClassDatabase.open(course.database_url) as database:
            IntegrityReports(database).fail(slug, str(error))


def _worded(report: IntegrityReport) -> list[FindingRecord]:
    found = []
    for language in get_args(Language):
        with speaking(language):
            found += [FindingRecord(language, one.what, one.students, one.details) for one in findings(report)]
    return found
