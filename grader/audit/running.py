"""Jobs through the sandbox, the same way as `grader grade`; what is known is not run again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Self

from grader.audit.cache import Cache, key_of
from grader.errors import GraderError
from grader.fleet.workers import do, local_workers
from grader.grading.job import Conditions, Job
from grader.outcomes import Report
from grader.record.ledger import rules_hash, submission_hash

Workers = Callable[[int], AbstractContextManager[Executor]]


class Runner:
    """Grades jobs in processes that stay warm from one assignment to the next. Use it as a context manager.

    Args:
        slots: jobs at once.
        workers: makes the executor for a number of slots.
    """

    def __init__(self, slots: int, workers: Workers = local_workers) -> None:
        self._slots = slots
        self._workers = workers
        self._open = ExitStack()
        self._executor: Executor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._close()

    def run(
        self, jobs: Mapping[str, Job], cache: Cache, conditions: Conditions, is_final: Callable[[str, Report], bool]
    ) -> Iterator[tuple[str, Report | GraderError]]:
        """Reports as they come; an error of the project where there is none.

        Args:
            jobs: by a name of the caller's.
            cache: what is known, and what to remember.
            conditions: what a report is remembered for; a job's own limits of time may be tighter.
            is_final: a job's name and its report -> whether it is worth remembering.
        """
        keys = {name: _key(job, conditions) for name, job in jobs.items()}
        unknown = []
        for name in jobs:
            report = _known(cache, keys[name])
            if report is None:
                unknown.append(name)
            else:
                yield name, report
        for name, outcome in self._graded({name: jobs[name] for name in unknown}):
            if isinstance(outcome, Report) and is_final(name, outcome):
                cache.keep(keys[name], {"report": outcome.to_json()})
            yield name, outcome

    def _graded(self, jobs: Mapping[str, Job]) -> Iterator[tuple[str, Report | GraderError]]:
        """Work that was lost with a crashed worker is tried once more, alone."""
        if not jobs:
            return
        left = dict(jobs)
        with contextlib.suppress(BrokenProcessPool):
            executor = self._warm()
            futures: dict[Future[Report], str] = {executor.submit(_report, job): name for name, job in jobs.items()}
            for future in as_completed(futures):
                if not isinstance(future.exception(), BrokenProcessPool):
                    del left[futures[future]]
                    yield futures[future], _outcome(future)
        for name, job in left.items():
            self._close()
            with self._workers(1) as alone:
                yield name, _outcome(alone.submit(_report, job))

    def _warm(self) -> Executor:
        if self._executor is None:
            self._executor = self._open.enter_context(self._workers(self._slots))
        return self._executor

    def _close(self) -> None:
        self._executor = None
        self._open.close()


def _report(job: Job) -> Report:
    """The report alone: nobody reads the executed notebook."""
    return do(job).report


def _outcome(future: Future[Report]) -> Report | GraderError:
    try:
        return future.result()
    except GraderError as error:
        return error
    except BrokenProcessPool:
        return GraderError("The process that graded it ended.", remedy="Free memory and run the same command again.")


def _key(job: Job, conditions: Conditions) -> str:
    extent = "until lost" if job.until_lost else "whole"
    return key_of(extent, rules_hash(job.assignment, conditions), submission_hash(job.notebook, job.files))


def _known(cache: Cache, key: str) -> Report | None:
    data = cache.find(key)
    try:
        return None if data is None else Report.from_json(data["report"])
    except (KeyError, TypeError, ValueError):
        return None
