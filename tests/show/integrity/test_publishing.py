"""The report on its way to the teacher's page: stored by the verb and by the watcher, in words of both languages."""

from __future__ import annotations

from command_line import grader
from test_integrity_report import csv_of, grade_class, town, wrong_on  # noqa: F401  a fixture among them

from grader.course.folder import Course
from grader.datasets.layout import load_answer_key
from grader.record.database import ClassDatabase
from grader.record.database.integrity import IntegrityRecord, IntegrityReports, integrity_of
from grader.record.database.queries import Board
from grader.record.page_rules import publish_rules
from grader.show.integrity.publishing import compare_and_publish


def report(course: Course, slug: str = "springfield") -> IntegrityRecord:
    with Board.open(course.database_url) as board:
        return integrity_of(board, slug)


def handed_in_alike(town: Course) -> None:  # noqa: F811
    for student, first in {"lisa": 0, "bart": 0, "milhouse": 60}.items():
        folder = town.submitted / student / "springfield"
        folder.mkdir(parents=True)
        (folder / "submission.csv").write_text(csv_of(wrong_on(town, first, 40)))
    grade_class(town, ["springfield"])


def test_verb_and_watcher_store_the_same_report_in_both_languages(town: Course) -> None:  # noqa: F811
    handed_in_alike(town)
    assert report(town) == IntegrityRecord()
    said = grader("integrity", "springfield", "--json", "--class", town.root)
    assert said.returncode == 0, said.stderr
    by_verb = report(town)
    assert (by_verb.students, by_verb.predictions, by_verb.asked_at) == (3, 3, None)
    assert {one.students for one in by_verb.findings} == {("bart", "lisa")}
    assert [(one.language, one.what) for one in by_verb.findings] == [
        ("ru", "одинаковые предсказания"),
        ("en", "identical predictions"),
    ]
    with ClassDatabase.open(town.database_url) as database:
        IntegrityReports(database).ask("springfield")
        assert IntegrityReports(database).asked() == ["springfield"]
        compare_and_publish(town.root, "springfield")
        assert IntegrityReports(database).asked() == []
    assert report(town).findings == by_verb.findings
    assert report(town).made_at > by_verb.made_at
    content = "".join(one.details for one in by_verb.findings)
    assert not [image for image in load_answer_key(town.dataset).ids if image in content]


def test_a_report_that_cannot_be_made_says_why_and_leaves_the_earlier_one(course: Course) -> None:
    with ClassDatabase.open(course.database_url) as database:
        publish_rules(course, database)
        reports = IntegrityReports(database)
        reports.store("springfield", 2, 1, [])
        reports.ask("springfield")
    compare_and_publish(course.root, "springfield")  # there is no data set
    found = report(course)
    assert (found.students, found.asked_at) == (2, None)
    assert "grader dataset" in found.problem


def test_an_assignment_that_the_class_does_not_have_is_not_stored(course: Course) -> None:
    with ClassDatabase.open(course.database_url) as database:
        IntegrityReports(database).store("nosuch", 2, 1, [])
    assert report(course, "nosuch") == IntegrityRecord()
