"""The quota in the database: counted and used in one transaction."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from class_records import NOON, SPRINGFIELD, contest_run, failed

from grader.record.database import Admission, ClassDatabase, RunState
from grader.record.database.queries import Board
from grader.scoring.quota import Quota

MOSCOW = ZoneInfo("Europe/Moscow")
TWO = Quota(per_day=2, in_total=0, invalid_per_day=2)


def content(number: int) -> str:
    return sha256(str(number).encode()).hexdigest()


def admit(
    database: ClassDatabase, number: int, *, student: str = "s1", quota: Quota = TWO, hours: float = 0
) -> Admission:
    now = NOON + timedelta(hours=hours)
    return database.admit(
        student_id=student,
        assignment=SPRINGFIELD,
        content_sha256=content(number),
        source="upload",
        received_at=now,
        quota=quota,
        now=now,
        zone=MOSCOW,
    )


def test_what_waits_for_its_run_counts_already(url: str) -> None:
    with ClassDatabase.open(url) as database:
        assert [admit(database, number).is_taken for number in range(3)] == [True, True, False]
        assert database.allowance("s1", "springfield", TWO, NOON, MOSCOW).left_today == 0
        assert admit(database, 9, student="s2").is_taken


def test_the_same_file_again_is_known_and_costs_nothing_even_over_the_limit(url: str) -> None:
    with ClassDatabase.open(url) as database:
        admit(database, 0)
        admit(database, 1)
        again = admit(database, 0)
        assert (again.is_taken, again.is_known) == (True, True)
        assert admit(database, 2).is_taken is False


def test_a_new_day_brings_new_submissions(url: str) -> None:
    with ClassDatabase.open(url) as database:
        admit(database, 0)
        admit(database, 1)
        assert not admit(database, 2, hours=8.9).is_taken  # 23:54 in Moscow
        assert admit(database, 2, hours=9.1).is_taken


def test_a_failed_and_an_invalid_run_give_the_submission_back(url: str) -> None:
    with ClassDatabase.open(url) as database:
        admit(database, 0)
        admit(database, 1)
        assert database.record_run(failed(contest_run("s1", 5, 0.0, content_sha256=content(0))))
        assert admit(database, 2).is_taken
        assert database.record_run(replace(contest_run("s1", 6, 0.0, content_sha256=content(1)), entry=None))
        assert database.allowance("s1", "springfield", TWO, NOON, MOSCOW).invalid_today == 2
        refused = admit(database, 3)
        assert not refused.is_taken
        assert refused.allowance.message


def test_a_failed_regrade_does_not_give_a_scored_submission_back(url: str) -> None:
    with ClassDatabase.open(url) as database:
        admit(database, 0)
        database.record_run(contest_run("s1", 900, 12.0, content_sha256=content(0)))
        database.record_run(failed(contest_run("s1", 901, 12.0, content_sha256=content(0))))
        assert database.allowance("s1", "springfield", TWO, NOON, MOSCOW).used_today == 1


def test_a_running_regrade_of_a_failed_one_counts_again(url: str) -> None:
    with ClassDatabase.open(url) as database:
        admit(database, 0)
        database.record_run(failed(contest_run("s1", 5, 0.0, content_sha256=content(0))))
        running = replace(
            contest_run("s1", 6, 0.0, content_sha256=content(0)), state=RunState.RUNNING, points=None, entry=None
        )
        database.record_run(running)
        assert database.allowance("s1", "springfield", TWO, NOON, MOSCOW).used_today == 1


def test_the_run_finds_the_submission_that_was_admitted(url: str) -> None:
    with ClassDatabase.open(url) as database:
        admit(database, 0)
        database.record_run(contest_run("s1", 900, 12.0, content_sha256=content(0)))
        assert len(database.reports(every_run=True)) == 1
    with Board.open(url) as board:
        assert board.standings("springfield")[0].submissions == 1
        assert board.allowance("s1", "springfield", TWO, NOON, MOSCOW).left_today == 1


def test_a_time_stamp_of_the_students_does_not_move_a_submission_to_another_day(url: str) -> None:
    with ClassDatabase.open(url) as database:
        for number in range(2):
            database.admit(
                student_id="s1",
                assignment=SPRINGFIELD,
                content_sha256=content(number),
                source="folder",
                received_at=NOON - timedelta(days=30),
                quota=TWO,
                now=NOON,
                zone=MOSCOW,
            )
        assert not admit(database, 2).is_taken


def test_many_at_once_take_no_more_than_there_is(url: str) -> None:
    ClassDatabase.open(url).close()

    def one(number: int) -> bool:
        with ClassDatabase.open(url) as database:
            return admit(database, number, quota=Quota(per_day=5)).is_taken

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(24))) == 5


def test_an_entry_that_the_ladder_rejected_says_so(url: str) -> None:
    record = contest_run("s1", 900, 12.0)
    with ClassDatabase.open(url) as database:
        database.record_run(replace(record, entry=replace(record.entry, accepted=False), remarks=("f1",)))
        (report,) = database.reports()
    assert report.record.entry.accepted is False
    assert report.record.remarks == ("f1",)
