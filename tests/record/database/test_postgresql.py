"""The same promises on PostgreSQL, in an empty database named by SPRINGFIELD_TEST_POSTGRESQL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from class_records import block_run, contest_run, failed
from sqlalchemy import create_engine, text

from grader.record.database import ClassDatabase, revisions
from grader.record.database.queries import Board, BoardUnavailable, Unavailable
from grader.record.database.ranges import Ranges, ranges_of
from grader.record.database.schema import Base
from grader.scoring.mcnemar import RankRange


@pytest.fixture
def postgresql() -> Iterator[str]:
    url = os.environ.get("SPRINGFIELD_TEST_POSTGRESQL")
    if not url:
        pytest.skip("SPRINGFIELD_TEST_POSTGRESQL names no database")
    yield url
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()


def test_runs_and_standings_are_the_same_on_postgresql(postgresql: str) -> None:
    with pytest.raises(BoardUnavailable) as caught:
        Board.open(postgresql)
    assert caught.value.reason is Unavailable.EMPTY
    record = contest_run("s1", 961, 14.0)
    with ClassDatabase.open(postgresql) as database:
        assert database.record_run(failed(record))
        assert database.record_run(record)
        assert not database.record_run(record)
        database.record_run(contest_run("s2", 962, 15.0))
        assert database.reports(student_id="s1")[0].record == replace(
            record, assignment=replace(record.assignment, position=1)
        )
    with Board.open(postgresql) as board:
        assert [(row.rank, row.correct) for row in board.standings("springfield")] == [(1, 962), (2, 961)]


def test_ranges_are_replaced_and_read_on_postgresql(postgresql: str) -> None:
    with ClassDatabase.open(postgresql) as database:
        database.record_run(contest_run("s1", 961, 14.0))
        ranges = Ranges(database)
        for last in (2, 3):
            ranges.store("springfield", {"s1": RankRange(1, last)}, ranges.newest_run("springfield"))
        assert ranges.counted_run("springfield") == ranges.newest_run("springfield") > 0
        assert [score.correct for score in ranges.scores("springfield")] == [961]
    with Board.open(postgresql) as board:
        (found,) = ranges_of(board)["springfield"].values()
        assert found == RankRange(1, 3)
        assert board.last_run() > 0


def test_the_migrations_make_the_tables_of_the_models_on_postgresql(postgresql: str) -> None:
    ClassDatabase.open(postgresql).close()
    engine = create_engine(postgresql)
    with engine.connect() as connection:
        options = {"compare_type": True, "version_table": revisions.VERSION_TABLE}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata) == []
    engine.dispose()


def test_writers_that_race_on_postgresql_lose_nothing(postgresql: str) -> None:
    def write(number: int) -> bool:
        with ClassDatabase.open(postgresql) as database:
            return database.record_run(block_run("shared", float(number % 10)))

    with ThreadPoolExecutor(8) as threads:
        stored = list(threads.map(write, range(40)))
    assert sum(stored) == 10
    with ClassDatabase.open(postgresql) as database:
        assert len(database.reports(every_run=True)) == 10
