"""Whether a result stands, or the submission has to be tried once more, alone.

What a student cannot cause never becomes a result. What may be the student's doing or not, a process that was killed,
counts where it happens a second time.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from typing import TypeVar

from grader.errors import AuthorFault, StudentFault
from grader.grading.job import Graded, Job

R = TypeVar("R")
MAX_FAULTS = 2


def outcome(future: Future[R]) -> R | Exception:
    """What became of a job: whatever happens to one submission is recorded as its outcome."""
    try:
        return future.result()
    except Exception as error:  # noqa: BLE001  the other submissions are graded all the same
        return error


def next_try(job: Job, result: Graded | Exception) -> Job | None:
    """The job to do once more, when nothing else runs; None where the result stands."""
    if isinstance(result, Graded):
        return replace(job, killed_before=True) if result.is_doubtful and not job.killed_before else None
    is_ours = not isinstance(result, StudentFault | AuthorFault)
    return replace(job, faults=job.faults + 1) if is_ours and job.faults + 1 < MAX_FAULTS else None
