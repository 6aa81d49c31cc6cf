"""Where a student's networks fail, in the class database."""

from dataclasses import replace
from datetime import timedelta

from class_records import NOON, contest_run
from sqlalchemy import select

from grader.record.database import ClassDatabase
from grader.record.database.failures import failures_of
from grader.record.database.queries import Board
from grader.record.database.schema import StoredFailures
from grader.scoring.failures import Failures, Mistake, Said, count


def found(right: int, picture: str = "picture") -> Failures:
    cells = count([Said("bart", "bart", None, 0)] * right + [Said("bart", "lisa", None, 0)] * (9 - right))
    return Failures("same", cells=cells, mistakes=(Mistake("bart", "lisa", 0.9, picture),))


def test_a_student_sees_the_newest_with_pictures_and_the_one_before_without(url: str) -> None:
    with ClassDatabase.open(url) as database:
        for day, failures in enumerate((found(3), Failures(reason="seen"), found(6), found(7))):
            at = NOON + timedelta(days=day)
            database.record_run(replace(contest_run("lisa", 900 + day, 8), received_at=at, failures=failures))
        database.record_run(replace(contest_run("bart", 800, 3), failures=found(1)))
        kept = database.transact(lambda session: [*session.scalars(select(StoredFailures.pictures_json))])
    assert kept.count(["picture"]) == 2  # one of each student
    with Board.open(url) as board:
        own = failures_of(board, "lisa", "springfield")
        assert failures_of(board, "lisa", "resnet") is None
        assert failures_of(board, "moe", "springfield") is None
    assert own is not None
    assert (own.now, own.before) == (found(7), found(6, ""))
    assert own.received_at == NOON + timedelta(days=3)


def test_a_run_that_gives_way_takes_its_failures_along(url: str) -> None:
    record = replace(contest_run("lisa", 900, 8), failures=found(3))
    with ClassDatabase.open(url) as database:
        database.record_run(record)
        database.record_run(replace(record, failures=found(4)), anew=True)
        database.record_run(replace(record, failures=None), anew=True)
    with Board.open(url) as board:
        assert failures_of(board, "lisa", "springfield") is None
