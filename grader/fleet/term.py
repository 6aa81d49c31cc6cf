"""A model of a term: when runs arrive before a deadline, how long they wait, how many machines a class needs.

Nobody hands in evenly. Half of all runs come within a certain time before the deadline, half of the rest within that
time before it, and so on: an exponential distribution, cut off at the length of the term. Lanes take the runs in the
order in which they came; that students take turns changes who waits, and not how long in all. Times are in minutes.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

TERM_MINUTES = 14 * 24 * 60.0
LAST_DAY = 24 * 60.0
SPREAD = 0.2
"""How much longer or shorter a run takes: its standard deviation as a part of the mean, which `train_s` sets."""
_DRAWS = 3
_MOST_MACHINES = 4096


@dataclass(frozen=True)
class Term:
    """What a class does before a deadline.

    Attributes:
        students: how many there are.
        runs: how often each hands in.
        minutes: what a run takes of a lane, on average.
        half_minutes: half of the runs come within this time before the deadline.
    """

    students: int
    runs: int
    minutes: float
    half_minutes: float = LAST_DAY

    @property
    def lane_hours(self) -> float:
        """What the class takes of all lanes together."""
        return self.students * self.runs * self.minutes / 60


@dataclass(frozen=True)
class Run:
    """One run: when it arrives, counted from the start of the term, and what it takes of a lane."""

    arrives: float
    takes: float


@dataclass(frozen=True)
class Waiting:
    """How long those wait who hand in on the last day.

    Attributes:
        lanes: how many there are.
        median: half of them wait no longer.
        p90: nine tenths wait no longer.
        p99: all but one of a hundred wait no longer.
        longest: the longest of all.
        last_hour: the median of those who hand in within the last hour.
        after_deadline: how long the lanes are still busy after the deadline.
        busy: the part of the last day for which the lanes are busy, 0 to 1.
    """

    lanes: int
    median: float
    p90: float
    p99: float
    longest: float
    last_hour: float
    after_deadline: float
    busy: float


def draw(term: Term, chance: random.Random) -> list[Run]:
    """The runs of one term, in the order in which they arrive."""
    rate = math.log(2) / term.half_minutes
    whole = 1 - math.exp(-rate * TERM_MINUTES)
    shape = 1 / SPREAD**2
    found = []
    for _each in range(term.students * term.runs):
        before = -math.log(1 - chance.random() * whole) / rate
        found.append(Run(TERM_MINUTES - before, chance.gammavariate(shape, term.minutes / shape)))
    return sorted(found, key=lambda run: run.arrives)


@lru_cache(maxsize=4)
def _terms(term: Term, seed: int) -> list[list[Run]]:
    return [draw(term, random.Random(seed + number)) for number in range(_DRAWS)]  # noqa: S311  a simulation


def starts(runs: Sequence[Run], lanes: int) -> list[float]:
    """When each run begins, where lanes take them in the order in which they arrive."""
    free = [0.0] * lanes
    begins = []
    for run in runs:
        begin = max(run.arrives, heapq.heappop(free))
        begins.append(begin)
        heapq.heappush(free, begin + run.takes)
    return begins


def waiting(term: Term, lanes: int, seed: int = 0) -> Waiting:
    """How long a class waits on its last day, over a few terms."""
    waits: list[float] = []
    last_hour: list[float] = []
    after, worked = 0.0, 0.0
    for runs in _terms(term, seed):
        for run, begin in zip(runs, starts(runs, lanes), strict=True):
            if run.arrives >= TERM_MINUTES - LAST_DAY:
                waits.append(begin - run.arrives)
            if run.arrives >= TERM_MINUTES - 60:
                last_hour.append(begin - run.arrives)
            after = max(after, begin + run.takes - TERM_MINUTES)
            worked += max(0.0, min(begin + run.takes, TERM_MINUTES) - max(begin, TERM_MINUTES - LAST_DAY))
    waits.sort()
    return Waiting(
        lanes=lanes,
        median=part_of(waits, 0.5),
        p90=part_of(waits, 0.9),
        p99=part_of(waits, 0.99),
        longest=waits[-1] if waits else 0.0,
        last_hour=part_of(sorted(last_hour), 0.5),
        after_deadline=after,
        busy=worked / (_DRAWS * lanes * LAST_DAY),
    )


def part_of(ordered: Sequence[float], part: float) -> float:
    """The value that this part of the ordered values does not exceed; 0 where there are none."""
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


def machines_needed(term: Term, lanes_per_machine: int, wait_minutes: float) -> int:
    """The fewest machines with which nine tenths of those who hand in on the last day wait no longer than this."""
    enough = 1
    while waiting(term, enough * lanes_per_machine).p90 > wait_minutes and enough < _MOST_MACHINES:
        enough *= 2
    too_few = enough // 2
    while enough - too_few > 1:
        middle = (enough + too_few) // 2
        if waiting(term, middle * lanes_per_machine).p90 > wait_minutes:
            too_few = middle
        else:
            enough = middle
    return enough
