"""What has to be tried once more in the watcher: alone, and whatever the reason, only once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager

import pytest
from watched_class import Class

from grader.errors import InvalidSubmission, SandboxLost
from grader.grading.job import Graded, Job
from grader.outcomes import Report
from grader.record.database import RunState
from grader.record.database.decisions import audit_lines
from grader.service.watcher.loop import Loop


class Held(Executor):
    """Grades nothing: each job ends as the test says."""

    def __init__(self) -> None:
        self.held: dict[str, tuple[Job, Future[Graded]]] = {}
        self.begun: list[Job] = []

    def submit(self, _fn, /, *args):
        future: Future[Graded] = Future()
        if args and isinstance(args[0], Job):
            self.held[args[0].key] = (args[0], future)
            self.begun.append(args[0])
        else:
            future.set_result(None)
        return future

    def end(self, job: Job, result: Graded | Exception) -> None:
        _job, future = self.held.pop(job.key)
        future.set_exception(result) if isinstance(result, Exception) else future.set_result(result)


@pytest.fixture
def held() -> Held:
    return Held()


@pytest.fixture
def watcher(classroom: Class, held: Held) -> Iterator[Loop]:
    @contextmanager
    def workers(_slots: int) -> Iterator[Executor]:
        yield held

    with classroom.looping(2, workers) as loop:
        yield loop


def lost(_job: Job) -> Exception:
    return SandboxLost("It was ended from outside.")


def killed(job: Job) -> Graded:
    return Graded(job.key, job.notebook, Report((), 1.0), is_doubtful=True)


@pytest.mark.parametrize("ended", [lost, killed])
def test_it_waits_until_nothing_else_runs_and_nothing_else_begins(
    classroom: Class, watcher: Loop, held: Held, ended: Callable[[Job], Graded | Exception]
) -> None:
    for student in ("bart", "lisa", "todd"):
        classroom.upload(classroom.invite(student), "untouched")
    watcher.step()
    bart, lisa = held.begun
    held.end(bart, ended(bart))
    watcher.step()
    watcher.step()
    assert held.begun == [bart, lisa]
    assert [upload.state for upload in classroom.uploads("bart")] == [RunState.QUEUED]
    held.end(lisa, InvalidSubmission("over"))
    watcher.step()
    watcher.step()
    assert [job.key for job in held.begun] == [bart.key, lisa.key, bart.key]
    again = held.begun[2]
    assert (again.killed_before, again.faults) == ((ended is killed), int(ended is lost))
    held.end(again, InvalidSubmission("over"))
    watcher.step()
    assert len(held.begun) == 4
    assert len(classroom.inbox.items()) == 1  # todd's


def test_what_fails_twice_by_our_fault_is_said_and_costs_nothing(classroom: Class, watcher: Loop, held: Held) -> None:
    classroom.upload(classroom.invite("bart"), "untouched")
    for _try in range(2):
        watcher.step()
        held.end(held.begun[-1], lost(held.begun[-1]))
    watcher.step()
    (upload,) = classroom.uploads("bart")
    assert upload.state is RunState.FAILED
    assert upload.message.startswith("INTERNAL")
    assert [line.detail for line in audit_lines(classroom.database)] == ["It was ended from outside."]
    assert classroom.database.reports(every_run=True) == []


def test_who_kills_the_process_again_and_again_stops_the_others_once(
    classroom: Class, watcher: Loop, held: Held
) -> None:
    way = classroom.invite("bart")
    for answer, tries in (("untouched", 2), ("reference", 1)):
        classroom.upload(way, answer)
        for _try in range(tries):
            watcher.step()
            held.end(held.begun[-1], killed(held.begun[-1]))
        watcher.step()
        assert classroom.inbox.items() == []
    assert [job.killed_before for job in held.begun] == [False, True, False]
    assert [upload.state for upload in classroom.uploads("bart")] == [RunState.SCORED] * 2
