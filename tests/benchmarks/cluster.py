"""What a cluster costs, with stand-ins that sleep in place of notebooks: there are more lanes here than cores.

    python tests/benchmarks/cluster.py efficiency --machines 2 4 8 --seconds 4
    python tests/benchmarks/cluster.py overhead --jobs 500 2000 10000

Efficiency is the sleep of all jobs together, divided by lanes and wall time: 1 where no lane ever waits. Overhead is
the wall time beyond the sleep for each job of a lane, and memory is that of the coordinator, which holds the scheduler.
Each machine is a process of its own; its lanes are threads, because 32 interpreters on two cores would measure those.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from grader.course.assignment import Assignment
from grader.fleet.cluster.coordinator import Cluster, ClusterSettings
from grader.fleet.fleet import Fleet, run_all
from grader.fleet.workers import local_workers
from grader.grading.job import Conditions, Job
from grader.sandbox.devices import Device

LANES = 4
START_S = 120
JOB_BYTES = 20_000  # a notebook's


def sleep(job: Job) -> str:
    """Stand in for grading."""
    time.sleep(float(job.notebook.decode().split()[0]))
    return job.key


@contextmanager
def _threads(slots: int) -> Iterator[Executor]:
    with ThreadPoolExecutor(slots) as pool:
        yield pool


def work(address: str, name: str) -> None:
    """One machine."""
    from grader.fleet.cluster.joining import WorkerSettings
    from grader.fleet.cluster.joining import work as join

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_given: stop.set())
    join(WorkerSettings(name, (Device(),) * LANES, address), stop, lambda _text: None, _threads)


@contextmanager
def cluster_of(machines: int) -> Iterator[Cluster]:
    """A coordinator in this process, and so many machines that have joined it."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    with ExitStack() as stack:
        cluster = stack.enter_context(Cluster(ClusterSettings()))
        address = cluster.address.partition("://")[2]
        started = [
            subprocess.Popen([sys.executable, __file__, "work", address, f"m{number}"], env=environment)
            for number in range(machines)
        ]
        for process in started:
            stack.callback(process.wait)
            stack.callback(process.terminate)
        until = time.monotonic() + START_S
        while len(cluster.machines()) < machines:
            if time.monotonic() > until:
                raise TimeoutError("not all machines have joined")
            time.sleep(0.05)
        yield cluster


def seconds_for(cluster: Cluster, jobs: int, seconds: float) -> float:
    """The wall time of so many jobs that each sleep for so long."""
    conditions = Conditions()
    text = f"{seconds} ".encode().ljust(JOB_BYTES)
    work = ((number, Job(str(number), text, (), Assignment("x", ()), conditions)) for number in range(jobs))
    began = time.monotonic()
    with Fleet[int, str]((), local_workers, sleep, machines=cluster) as fleet:
        done = sum(1 for finished in run_all(fleet, work, lambda _job, _result: None) if finished.result)
    if done != jobs:
        raise RuntimeError(f"{done} of {jobs} jobs were done")
    return time.monotonic() - began


def efficiency(machines: int, seconds: float, rounds: int) -> float:
    """Of so many machines that each do so many jobs in each lane."""
    with cluster_of(machines) as cluster:
        seconds_for(cluster, machines * LANES, 0.01)  # every lane has done something
        wall = seconds_for(cluster, machines * LANES * rounds, seconds)
    return rounds * seconds / wall


def overhead(jobs: int, machines: int = 2, seconds: float = 0.05) -> tuple[float, float, float]:
    """What jobs cost beyond their sleep.

    Returns:
        Wall time beyond the sleep for each job of a lane, in ms; processor time of the coordinator for each job, in ms,
        which a busy machine does not change; and MiB by which the coordinator has grown meanwhile.
    """
    process = psutil.Process()
    with cluster_of(machines) as cluster:
        seconds_for(cluster, 200, 0.01)
        before, spent = process.memory_info().rss, time.process_time()
        wall = seconds_for(cluster, jobs, seconds)
        spent, grown = time.process_time() - spent, process.memory_info().rss - before
    return (wall / (jobs / (machines * LANES)) - seconds) * 1000, spent / jobs * 1000, grown / 2**20


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("work")
    one.add_argument("address")
    one.add_argument("name")
    two = verbs.add_parser("efficiency")
    two.add_argument("--machines", type=int, nargs="+", default=[2, 4, 8])
    two.add_argument("--seconds", type=float, default=4)
    two.add_argument("--rounds", type=int, default=5)
    three = verbs.add_parser("overhead")
    three.add_argument("--jobs", type=int, nargs="+", default=[500, 2000, 10000])
    given = parser.parse_args()
    if given.verb == "work":
        work(given.address, given.name)
    elif given.verb == "efficiency":
        for machines in given.machines:
            part = efficiency(machines, given.seconds, given.rounds)
            print(f"{machines} machines of {LANES} lanes, jobs of {given.seconds:g} s: {part:.3f}", flush=True)
    else:
        for jobs in given.jobs:
            beyond_ms, cpu_ms, grown_mib = overhead(jobs)
            said = f"{beyond_ms:.1f} ms a job and lane, {cpu_ms:.2f} ms of processor a job, {grown_mib:+.1f} MiB"
            print(f"{jobs} jobs: {said}", flush=True)


if __name__ == "__main__":
    main()
