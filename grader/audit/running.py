"""Jobs through the sandbox, the same way as `grader grade`; what is known is not run again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from types import TracebackType
from typing import Self

from grader.audit.cache import Cache, key_of
from grader.errors import GraderError
from grader.fleet.fleet import Fleet, run_all
from grader.fleet.workers import Workers, do, local_workers
from grader.grading.job import Conditions, Job
from grader.outcomes import Report
from grader.record.ledger import rules_hash, submission_hash
from grader.sandbox.devices import CPU


class Runner:
    """Grades jobs in processes that stay warm from one assignment to the next. Use it as a context manager.

    Args:
        slots: jobs at once.
        workers: makes the executor of each of them.
    """

    def __init__(self, slots: int, workers: Workers = local_workers) -> None:
        self._fleet: Fleet[str, Report] = Fleet((CPU,) * slots, workers, _report)

    def __enter__(self) -> Self:
        self._fleet.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._fleet.__exit__(kind, error, traceback)

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
        for finished in run_all(self._fleet, jobs.items(), _after_a_crash):
            yield finished.item, _outcome(finished.result)


def _report(job: Job) -> Report:
    """The report alone: nobody reads the executed notebook."""
    return do(job).report


def _after_a_crash(job: Job, result: Report | Exception) -> Job | None:
    is_lost = isinstance(result, BrokenProcessPool) and job.faults == 0
    return replace(job, faults=1) if is_lost else None


def _outcome(result: Report | Exception) -> Report | GraderError:
    if isinstance(result, BrokenProcessPool):
        return GraderError("The process that graded it ended.", remedy="Free memory and run the same command again.")
    if isinstance(result, GraderError | Report):
        return result
    raise result


def _key(job: Job, conditions: Conditions) -> str:
    extent = "until lost" if job.until_lost else "explained" if job.reference else "whole"
    return key_of(extent, rules_hash(job.assignment, conditions), submission_hash(job.notebook, job.files))


def _known(cache: Cache, key: str) -> Report | None:
    data = cache.find(key)
    try:
        return None if data is None else Report.from_json(data["report"])
    except (KeyError, TypeError, ValueError):
        return None
