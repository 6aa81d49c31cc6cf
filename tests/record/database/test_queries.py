from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path

import pytest
from class_records import NOON, RESNET, SPRINGFIELD, block_run, contest_run, failed
from sqlalchemy import event
from sqlalchemy.engine import Engine

from grader.record.database import AssignmentRecord, ClassDatabase, revisions
from grader.record.database.queries import Board, BoardUnavailable, LeaderboardRow, OverallRow, Unavailable


def _ranks(standings: tuple[LeaderboardRow, ...] | tuple[OverallRow, ...]) -> list[int | None]:
    return [row.rank for row in standings]


def test_equal_counts_share_a_rank_and_the_earlier_stands_above(database: ClassDatabase, url: str) -> None:
    for hour, (student, correct) in enumerate([("a", 940), ("b", 961), ("c", 962), ("d", 961)]):
        database.record_run(contest_run(student, correct, 14.0, received_at=NOON - timedelta(hours=hour)))
    aliases = {student: database.ensure_student(student) for student in "abcd"}
    with Board.open(url) as board:
        standings = board.standings("springfield")
    assert _ranks(standings) == [1, 2, 2, 4]
    assert [row.alias for row in standings] == [aliases[student] for student in "cdba"]


def test_a_contest_ranks_by_the_exact_share_not_by_a_rounded_one(database: ClassDatabase, url: str) -> None:
    database.record_run(contest_run("a", 961, 14.0, total=991))
    database.record_run(contest_run("b", 96, 14.0, total=99))
    with Board.open(url) as board:
        first, second = board.standings("springfield")
    assert (first.correct, first.total) == (961, 991)
    assert (second.correct, second.total) == (96, 99)


def test_the_best_submission_counts_from_when_it_was_handed_in(database: ClassDatabase, url: str) -> None:
    for day, points in enumerate([4.0, 9.0, 7.0]):
        database.record_run(block_run("a", points, received_at=NOON + timedelta(days=day)))
    with Board.open(url) as board:
        [row] = board.standings("resnet")
    assert (row.rank, row.points, row.submissions) == (1, 9.0, 3)
    assert row.improved_at == NOON + timedelta(days=1)
    assert (row.correct, row.total) == (None, None)


def test_a_regrade_replaces_the_score_it_regrades_even_downwards(database: ClassDatabase, url: str) -> None:
    first = block_run("a", 9.0)
    database.record_run(first)
    database.record_run(replace(first, key="again", points=5.0))
    with Board.open(url) as board:
        assert [row.points for row in board.standings("resnet")] == [5.0]


def test_a_failed_regrade_leaves_the_score_as_it_was(database: ClassDatabase, url: str) -> None:
    first = block_run("a", 9.0)
    database.record_run(first)
    database.record_run(failed(replace(first, key="again")))
    with Board.open(url) as board:
        assert [row.points for row in board.standings("resnet")] == [9.0]


def test_without_a_valid_score_a_student_is_listed_last_and_unranked(database: ClassDatabase, url: str) -> None:
    database.record_run(failed(block_run("a", 1.0)))
    database.record_run(block_run("b", 0.0))
    database.record_run(contest_run("c", 1, 0.0, entry=None))
    with Board.open(url) as board:
        assert [(row.rank, row.points) for row in board.standings("resnet")] == [(1, 0.0), (None, None)]
        assert [(row.rank, row.points, row.submissions) for row in board.standings("springfield")] == [(None, None, 1)]
        assert _ranks(board.overall()) == [1, None, None]


def test_overall_adds_the_best_points_of_every_assignment(database: ClassDatabase, url: str) -> None:
    for record in (
        block_run("a", 4.0),
        block_run("a", 9.5),
        contest_run("a", 961, 14.0),
        block_run("b", 10.0),
        contest_run("c", 962, 15.0),
    ):
        database.record_run(record)
    with Board.open(url) as board:
        first, second, third = board.overall()
    assert [row.points for row in (first, second, third)] == [23.5, 15.0, 10.0]
    assert first.max_points == 25.0
    assert [(part.slug, part.points) for part in first.by_assignment] == [("resnet", 9.5), ("springfield", 14.0)]
    assert [(part.slug, part.points) for part in third.by_assignment] == [("resnet", 10.0), ("springfield", None)]
    assert first.submissions == 3


def test_equal_sums_share_a_rank_whatever_the_order_of_addition(database: ClassDatabase, url: str) -> None:
    for student, parts in (("a", (0.1, 0.2, 0.3)), ("b", (0.3, 0.2, 0.1))):
        for number, points in enumerate(parts):
            assignment = AssignmentRecord(f"task{number}", "Task", 1.0)
            key = f"{student}{number}"
            database.record_run(block_run(student, points, key=key, assignment=assignment))
    with Board.open(url) as board:
        assert _ranks(board.overall()) == [1, 1]


def test_assignments_come_in_lesson_order_with_the_contest_last(database: ClassDatabase, url: str) -> None:
    database.ensure_assignments(
        [SPRINGFIELD, replace(RESNET, position=2), AssignmentRecord("alexnet", "AlexNet", 8.0, position=1)]
    )
    database.record_run(block_run("a", 1.0))
    with Board.open(url) as board:
        assert [(known.slug, known.submissions) for known in board.assignments()] == [
            ("alexnet", 0),
            ("resnet", 1),
            ("springfield", 0),
        ]
        assert board.standings("nosuch") == ()


def test_the_page_is_given_no_real_name_and_no_private_score(database: ClassDatabase, url: str) -> None:
    database.record_run(contest_run("ivanov", 961, 14.0))
    statements: list[str] = []

    def note(*call: object) -> None:
        statements.append(str(call[2]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with Board.open(url) as board:
            shown = repr((board.assignments(), board.standings("springfield"), board.overall()))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    asked = " ".join(statement for statement in statements if "FROM submission" in statement)
    assert "student.alias" in asked
    assert "student.name" not in asked
    assert "private" not in asked
    assert "report_json" not in asked
    assert "Иванов" not in shown
    assert "ivanov" not in shown
    names = {field.name for row in (LeaderboardRow, OverallRow) for field in fields(row)}
    assert not names & {"name", "student_name", "student_id", "private_correct", "private_total"}


def test_reading_makes_nothing_and_changes_nothing(database: ClassDatabase, url: str, tmp_path: Path) -> None:
    database.record_run(block_run("a", 1.0))
    database.close()
    before = (tmp_path / "class.db").read_bytes()
    with Board.open(url) as board:
        board.overall()
    assert (tmp_path / "class.db").read_bytes() == before


def test_a_board_does_not_stop_the_writer_and_keeps_its_view(database: ClassDatabase, url: str) -> None:
    database.record_run(block_run("a", 1.0))
    with Board.open(url) as board:
        assert len(board.overall()) == 1
        database.record_run(block_run("b", 1.0))
        assert len(board.overall()) == 1
    with Board.open(url) as board:
        assert len(board.overall()) == 2


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap makes the read-only view")
@pytest.mark.parametrize("writer_is_there", [True, False])
def test_a_board_reads_from_a_view_in_which_nothing_can_be_written(
    database: ClassDatabase, url: str, tmp_path: Path, writer_is_there: bool
) -> None:
    database.record_run(block_run("a", 1.0))
    if not writer_is_there:
        database.close()
    assert (tmp_path / "class.db-wal").exists() == writer_is_there
    code = "import sys; from grader.record.database.queries import Board; print(len(Board.open(sys.argv[1]).overall()))"
    view = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    done = subprocess.run([*view, sys.executable, "-c", code, url], check=False, capture_output=True, text=True)
    assert done.stdout == "1\n", done.stderr


def test_a_database_that_breaks_under_the_board_is_unreadable(
    database: ClassDatabase, url: str, tmp_path: Path
) -> None:
    database.close()
    _execute(tmp_path / "class.db", "DROP TABLE entry")
    with Board.open(url) as board, pytest.raises(BoardUnavailable, match="stopped answering"):
        board.overall()


def _reason(url: str) -> Unavailable:
    with pytest.raises(BoardUnavailable) as caught:
        Board.open(url)
    return caught.value.reason


def test_a_missing_database_is_not_made(url: str, tmp_path: Path) -> None:
    assert _reason(url) is Unavailable.MISSING
    assert list(tmp_path.iterdir()) == []


def test_each_database_that_cannot_be_shown_has_its_reason(url: str, tmp_path: Path) -> None:
    path = tmp_path / "class.db"
    path.touch()
    assert _reason(url) is Unavailable.EMPTY
    path.write_text("Not a database, however long this text may be. " * 50)
    assert _reason(url) is Unavailable.UNREADABLE
    path.unlink()
    _execute(path, "CREATE TABLE gradebook (id INTEGER)")
    assert _reason(url) is Unavailable.UNREADABLE
    path.unlink()
    ClassDatabase.open(url).close()
    _execute(path, f"UPDATE {revisions.VERSION_TABLE} SET version_num = '9999'")
    assert _reason(url) is Unavailable.TOO_NEW
    _execute(path, f"DELETE FROM {revisions.VERSION_TABLE}")
    assert _reason(url) is Unavailable.TOO_OLD
    assert _reason("nosuch://host/name") is Unavailable.UNREADABLE


def _execute(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.close()
