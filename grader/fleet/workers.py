"""Where submissions are graded: a `concurrent.futures.Executor`; local processes unless another one is given."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import multiprocessing
import os
import resource
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import SandboxUnavailable
from grader.fleet.leftovers import SCRATCH_PREFIX, sweep_machine
from grader.grading.job import view_of
from grader.sandbox.slot import Kind, begin
from grader.scoring.contest import RUNS_NOTEBOOK

if TYPE_CHECKING:
    from grader.grading.job import Graded, Job

Workers = Callable[[int], AbstractContextManager[Executor]]  # makes the executor for a number of slots
PR_SET_PDEATHSIG = 1
# Beside its libraries. Whatever a notebook sends, the worker fails before the machine does; the largest test of our
# course takes 1.5 GiB.
WORKER_MIB = 6 * 1024


@contextmanager
def local_workers(slots: int) -> Iterator[Executor]:
    """Processes on this machine, one submission at a time each; they end with this process, however it ends."""
    with scratch_folder() as scratch:
        pool = ProcessPoolExecutor(
            max_workers=slots,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start,
            initargs=(os.getpid(), str(scratch)),
        )
        try:
            yield pool
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A short-named temporary folder; what killed graders and workers have left behind is removed, first and last."""
    sweep_machine()
    made = Path(tempfile.mkdtemp(prefix=f"{SCRATCH_PREFIX}{os.getpid()}-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        sweep_machine()


def do(job: Job) -> Graded:
    """Do one job, in the process that is called for it: a notebook is run, handed-in predictions are scored.

    Raises:
        InvalidSubmission: it cannot be graded as it is.
        EnvironmentFault: the machine cannot grade.
    """
    if job.conditions.source in RUNS_NOTEBOOK:
        load_beside_sandbox(Kind.of(view_of(job.conditions)))
    else:
        _load()
    from grader.grading.predictions import grade_predictions  # noqa: PLC0415
    from grader.grading.run_notebook import grade  # noqa: PLC0415 - only workers load torch

    return grade(job) if job.conditions.source in RUNS_NOTEBOOK else grade_predictions(job)


def load_beside_sandbox(kind: Kind) -> None:
    """Import what examining needs while a sandbox of this kind does the same: a cold start waits for torch once."""
    with contextlib.suppress(SandboxUnavailable):  # who acquires the sandbox says so
        begin(kind)
    _load()


@cache
def _load() -> None:
    importlib.import_module("grader.grading.run_notebook")
    _limit_memory()
    tune_gc()


def _start(coordinator: int, scratch: str) -> None:
    """Prepare a worker: it dies with the coordinator, leaves Ctrl-C to it, and keeps its temporary files together."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != coordinator:
        os._exit(1)  # the coordinator was gone before the line above
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tempfile.tempdir = scratch
    _limit_memory()


def _limit_memory() -> None:
    """Let this process have `WORKER_MIB` beside what it has now."""
    # The soft limit alone: kernels, which inherit it, raise it to their own.
    _soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (_data_bytes() + WORKER_MIB * 1024 * 1024, hard))


def tune_gc() -> None:
    """Freeze loaded objects and raise the threshold of the garbage collector, as in the kernels.

    What a hidden test makes is freed without it.
    """
    gc.freeze()  # or each full collection walks the libraries' objects again
    gc.set_threshold(10_000)


def _data_bytes() -> int:
    """Bytes of private memory that this process has mapped."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmData:"))
