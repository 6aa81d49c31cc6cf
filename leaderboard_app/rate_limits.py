"""How often something may happen, counted in this process: wrong links, uploads."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

_MAX_NAMES = 10_000


class RateLimit:
    """At most `count` events per `per_s` seconds for each name.

    Args:
        count: events.
        per_s: seconds.
        clock: seconds that only grow.
    """

    def __init__(self, count: int, per_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._count = count
        self._per_s = per_s
        self._clock = clock
        self._events: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, name: str) -> None:
        """One event has happened."""
        with self._lock:
            self._recent(name).append(self._clock())

    def wait_s(self, name: str) -> int:
        """Seconds until one more is allowed; 0 where it is now."""
        with self._lock:
            recent = self._recent(name)
            if len(recent) < self._count:
                return 0
            return max(1, round(recent[-self._count] + self._per_s - self._clock()))

    def _recent(self, name: str) -> deque[float]:
        events = self._events.setdefault(name, deque(maxlen=self._count))
        self._events.move_to_end(name)
        while len(self._events) > _MAX_NAMES:
            self._events.popitem(last=False)
        while events and events[0] <= self._clock() - self._per_s:
            events.popleft()
        return events
