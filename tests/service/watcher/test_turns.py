"""Students take turns at the lanes: whoever sends much waits behind whoever sends little."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from watched_class import Class

from grader.errors import InvalidSubmission
from grader.fleet.turns import in_turn
from grader.grading.job import Job
from grader.record.database import RunState
from grader.record.database.page_records import Identity, Role, UploadRecord
from grader.record.database.uploads import UploadLog
from grader.service.page_settings import BoardSettings
from grader.service.watcher.loop import Loop
from leaderboard_app.own_work import load


class Held(Executor):
    """Grades nothing until it is told to."""

    def __init__(self) -> None:
        self.held: list[Future[object]] = []

    def submit(self, _fn, /, *args):
        future: Future[object] = Future()
        if args and isinstance(args[0], Job):
            self.held.append(future)
        else:
            future.set_result(None)
        return future

    def end_oldest(self) -> None:
        self.held.pop(0).set_exception(InvalidSubmission("graded, as far as this test goes"))


@pytest.fixture
def held() -> Held:
    return Held()


@contextmanager
def lanes_of(classroom: Class, held: Held, lanes: int) -> Iterator[Loop]:
    @contextmanager
    def workers(_slots: int) -> Iterator[Executor]:
        yield held

    with classroom.looping(lanes, workers) as watcher:
        yield watcher


def send(classroom: Class, student: str, *slugs: str) -> None:
    way = classroom.invite(student)
    for slug in slugs:
        classroom.upload(way, "untouched", slug)


def running(classroom: Class) -> list[str]:
    found = [upload for student in ("bart", "lisa") for upload in classroom.uploads(student)]
    return [upload.student_id for upload in found if upload.state is RunState.RUNNING]


def test_who_comes_later_does_not_wait_for_all_that_another_has_sent(classroom: Class, held: Held) -> None:
    send(classroom, "bart", "resnet", "vgg", "alexnet")
    with lanes_of(classroom, held, 1) as watcher:
        watcher.step()
        assert running(classroom) == ["bart"]
        send(classroom, "lisa", "resnet", "vgg")
        turns = []
        for _number in range(4):
            held.end_oldest()
            watcher.step()
            turns += running(classroom)
    assert turns == ["lisa", "bart", "lisa", "bart"]


def test_nobody_has_two_lanes_while_another_waits(classroom: Class, held: Held) -> None:
    send(classroom, "bart", "resnet", "vgg", "alexnet")
    send(classroom, "lisa", "resnet")
    with lanes_of(classroom, held, 2) as watcher:
        watcher.step()
        assert running(classroom) == ["bart", "lisa"]
        held.end_oldest()
        watcher.step()
        assert running(classroom) == ["bart", "lisa"]


def test_lanes_that_nobody_else_wants_are_used(classroom: Class, held: Held) -> None:
    send(classroom, "bart", "resnet", "vgg", "alexnet")
    with lanes_of(classroom, held, 2) as watcher:
        watcher.step()
        assert running(classroom) == ["bart", "bart"]


def test_a_second_upload_comes_after_everybodys_first_and_of_equals_the_longest_without_a_turn() -> None:
    waiting = [("bart", 1), ("bart", 2), ("lisa", 3), ("todd", 4), ("lisa", 5), ("rod", 6)]
    order = in_turn(waiting, ["todd"], {"lisa": 7, "bart": 8})
    assert [number for _student, number in order] == [6, 3, 1, 4, 5, 2]


def test_the_page_tells_the_place_in_this_order(classroom: Class) -> None:
    now = datetime.now(UTC)
    log = UploadLog(classroom.database)
    for number, student in enumerate(["bart", "bart", "bart", "lisa"]):
        classroom.database.ensure_student(student)
        state = RunState.RUNNING if number == 0 else RunState.QUEUED
        at = now + timedelta(seconds=number)
        log.note(UploadRecord(f"{number:032x}", student, "resnet", "resnet.ipynb", "0" * 64, at, state, at))
    settings = BoardSettings(classroom.course.database_url, "10А", "Europe/Moscow")
    work = load(settings, Identity(1, Role.STUDENT, "lisa", "Lisa"))
    assert [work.ahead[upload.id] for upload in work.uploads] == [0]
