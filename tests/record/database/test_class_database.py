from __future__ import annotations

import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from class_records import NOON, RESNET, block_run, contest_run, failed

from grader.errors import EnvironmentFault
from grader.record.database import ClassDatabase, EntryRecord, RunState, engine


def test_a_run_comes_back_as_it_went_in(database: ClassDatabase) -> None:
    record = contest_run("s1", 961, 14.0)
    assert database.record_run(record)
    [report] = database.reports()
    assert report.record == replace(record, assignment=replace(record.assignment, position=1))


def test_the_same_key_again_changes_nothing(database: ClassDatabase) -> None:
    record = block_run("s1", 3.0)
    assert database.record_run(record)
    assert not database.record_run(replace(record, points=9.0))
    assert [report.record.points for report in database.reports(every_run=True)] == [3.0]


def test_only_a_scored_run_is_in_the_ledger(database: ClassDatabase) -> None:
    record = block_run("s1", 3.0)
    database.record_run(failed(record))
    assert not database.has_run(record.key)
    assert database.record_run(record)
    assert database.has_run(record.key)
    assert [report.record.state for report in database.reports(every_run=True)] == [RunState.SCORED]


def test_a_regrade_appends_a_run_to_the_same_submission(database: ClassDatabase) -> None:
    first = block_run("s1", 3.0)
    database.record_run(first)
    database.record_run(replace(first, key="again", grader_version="0.2.0", points=4.0))
    old, new = database.reports(every_run=True)
    assert old.submission_id == new.submission_id
    assert (old.record.points, new.record.points) == (3.0, 4.0)
    assert [report.record.points for report in database.reports()] == [4.0]


def test_the_reports_show_the_submission_received_last_even_if_it_was_graded_first(database: ClassDatabase) -> None:
    database.record_run(block_run("s1", 5.0, received_at=NOON + timedelta(hours=1)))
    database.record_run(block_run("s1", 9.0, received_at=NOON))
    database.record_run(block_run("s2", 1.0))
    assert [(report.student_id, report.record.points) for report in database.reports(assignment="resnet")] == [
        ("s1", 5.0),
        ("s2", 1.0),
    ]
    assert [report.record.points for report in database.reports(student_id="s2")] == [1.0]


def test_the_same_file_again_keeps_the_time_it_first_came(database: ClassDatabase) -> None:
    record = block_run("s1", 5.0)
    database.record_run(record)
    database.record_run(replace(record, key="later", received_at=NOON + timedelta(days=1)))
    assert {report.record.received_at for report in database.reports(every_run=True)} == {NOON}


def test_an_alias_stays_and_says_nothing_about_the_student(database: ClassDatabase) -> None:
    alias = database.ensure_student("ivanov", "Иван Иванов")
    assert database.ensure_student("ivanov") == alias
    assert len(alias.split()) == 2
    assert "иван" not in alias.lower()


def test_a_thousand_students_have_a_thousand_aliases(database: ClassDatabase) -> None:
    assert len({database.ensure_student(f"s{number}") for number in range(1000)}) == 1000


def test_a_name_once_known_is_kept_and_can_be_corrected(database: ClassDatabase) -> None:
    database.record_run(block_run("s1", 1.0))
    database.record_run(block_run("s1", 2.0, student_name=None))
    assert {report.student_name for report in database.reports(every_run=True)} == {"Иван Иванов"}
    database.ensure_student("s1", "Иван Петров")
    assert {report.student_name for report in database.reports(every_run=True)} == {"Иван Петров"}


def test_a_changed_assignment_is_brought_up_to_date(database: ClassDatabase) -> None:
    database.record_run(block_run("s1", 1.0))
    database.ensure_assignments([replace(RESNET, title="Остаточная сеть", max_points=12.0)])
    assert database.reports()[0].record.assignment.title == "Остаточная сеть"


def test_text_from_students_is_stored_as_it_is(database: ClassDatabase) -> None:
    hostile = "'; DROP TABLE run; -- <script>\x00"
    database.record_run(block_run("s1", 1.0, student_name=hostile))
    assert database.reports()[0].student_name == hostile


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="received_at has no time zone"):
        block_run("s1", 1.0, received_at=datetime(2026, 1, 1))


@pytest.mark.parametrize("points", [float("nan"), float("inf")])
def test_points_that_are_no_number_are_refused(points: float) -> None:
    with pytest.raises(ValueError, match="not a finite number"):
        block_run("s1", points)


@pytest.mark.parametrize(("correct", "total"), [(1, 0), (-1, 5), (6, 5)])
def test_an_entry_is_a_possible_count(correct: int, total: int) -> None:
    with pytest.raises(ValueError, match="no count of the public part"):
        EntryRecord("f1_micro", correct, total, 0.0)


def test_a_failed_run_has_no_entry() -> None:
    with pytest.raises(ValueError, match="only a scored run"):
        replace(contest_run("s1", 1, 0.0), state=RunState.FAILED)


def test_the_database_loads_without_torch() -> None:
    code = "import sys, grader.record.database, grader.record.database.queries; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_database_that_somebody_holds_is_named_as_the_machines_fault(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_BUSY_TIMEOUT_S", 0.1)
    with ClassDatabase.open(url) as database:
        holder = sqlite3.connect(tmp_path / "class.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(EnvironmentFault, match="does not answer: database is locked"):
            database.record_run(block_run("s1", 1.0))
        holder.execute("ROLLBACK")
        assert database.record_run(block_run("s1", 1.0))
        holder.close()
