"""The model of a term, checked against a real fleet with stand-ins that sleep: a hundred minutes a second."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from statistics import mean

from command_line import grader

from grader.course.assignment import Assignment
from grader.fleet.fleet import Fleet
from grader.fleet.term import TERM_MINUTES, Run, Term, draw, machines_needed, part_of, starts, waiting
from grader.grading.job import Conditions, Job
from grader.sandbox.devices import Device

MINUTE_S = 0.01


@contextmanager
def threads(slots: int) -> Iterator[Executor]:
    with ThreadPoolExecutor(slots) as pool:
        yield pool


def in_a_real_fleet(runs: list[Run], lanes: int) -> list[float]:
    """Minutes that each run waits in a fleet, which is fed as the watcher feeds it."""
    began: dict[int, float] = {}
    lock = threading.Lock()
    zero = time.monotonic()

    def sleep(job: Job) -> str:
        with lock:
            began[int(job.key)] = (time.monotonic() - zero) / MINUTE_S
        time.sleep(runs[int(job.key)].takes * MINUTE_S)
        return job.key

    conditions = Conditions()
    following = 0
    waits = range(len(runs))
    with Fleet[int, str]([Device()] * lanes, threads, sleep) as fleet:
        while following < len(waits) or fleet.running:
            fleet.collect(timeout_s=0.001)
            now = (time.monotonic() - zero) / MINUTE_S
            while following < len(waits) and runs[following].arrives <= now:
                lane = fleet.free_lane(conditions)
                if lane is None:
                    break
                fleet.start(following, Job(str(following), b"", (), Assignment("x", ()), conditions), lane)
                following += 1
            time.sleep(0.0005)
    return [began[number] - runs[number].arrives for number in waits]


def test_a_fleet_with_sleeping_stand_ins_waits_as_the_model_says() -> None:
    term = Term(students=40, runs=2, minutes=20, half_minutes=240)
    runs = draw(term, random.Random(5))
    last = [run for run in runs if run.arrives > TERM_MINUTES - 600]
    first = last[0].arrives
    runs = [Run(run.arrives - first, run.takes) for run in last]
    model = [begin - run.arrives for begin, run in zip(starts(runs, 2), runs, strict=True)]
    real = in_a_real_fleet(runs, 2)
    assert mean(model) > 15  # there is something to compare
    # A busy machine adds to every run, so the fleet may wait longer, and never less but by what a clock says.
    assert 0.95 * mean(model) - 1 < mean(real) < 1.3 * mean(model) + 10
    ordered, expected = sorted(real), sorted(model)
    assert abs(part_of(ordered, 0.9) - part_of(expected, 0.9)) < 0.3 * part_of(expected, 0.9) + 10


def test_more_machines_wait_less_and_the_fewest_that_suffice_are_found() -> None:
    term = Term(students=300, runs=3, minutes=10)
    needed = machines_needed(term, 1, 60)
    assert waiting(term, needed).p90 <= 60 < waiting(term, needed - 1).p90
    assert waiting(term, 2 * needed).median == 0
    assert 0 < waiting(term, needed).busy <= 1


def test_half_of_the_runs_come_within_the_time_that_is_said() -> None:
    runs = draw(Term(2000, 1, 1, half_minutes=600), random.Random(1))
    late = sum(run.arrives > TERM_MINUTES - 600 for run in runs)
    assert 0.45 < late / len(runs) < 0.55
    assert 0.97 < mean(run.takes for run in runs) < 1.03


def test_the_verb_says_how_many_machines_a_class_needs() -> None:
    said = grader("plan", "--students", "5000", "--minutes", "10", "--gpus", "8", "--json")
    plan = json.loads(said.stdout)
    assert plan["gpu_hours"] == 2500
    assert 5 <= plan["machines_needed"] <= 12  # half of it on the last day: 52 lanes of 24 h
    assert {row["machines"] for row in plan["last_day"]} >= {plan["machines_needed"]}
    read = grader("plan", "--students", "5000", "--minutes", "10", "--gpus", "8")
    assert f"{plan['machines_needed']} x 8" in read.stdout
