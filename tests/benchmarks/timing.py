"""What one contender took, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from handed_in import SLUG, Points


@dataclass(frozen=True)
class Timed:
    """One run over all submissions.

    Attributes:
        wall_s: seconds of the whole command, from start to exit.
        finished_s: seconds from the start at which each result lay in its place, in order.
        slots: submissions graded at once.
        points: what was given.
    """

    wall_s: float
    finished_s: tuple[float, ...]
    slots: int
    points: Points

    @property
    def count(self) -> int:
        """Submissions."""
        return len(self.finished_s)

    @property
    def each_s(self) -> float:
        """Seconds per submission once it runs: between the first result of the last slot and the last result."""
        if self.count <= self.slots:
            return self.wall_s / self.count
        return (self.finished_s[-1] - self.finished_s[self.slots - 1]) / (self.count - self.slots)

    @property
    def whole_each_s(self) -> float:
        """Seconds per submission of the whole command, warm-up included."""
        return self.wall_s / self.count

    @property
    def warm_up_s(self) -> float:
        """Seconds that the command costs once, however many submissions there are."""
        return max(0.0, self.wall_s - self.each_s * self.count)


def finish_times(autograded: Path, began: float, students: Iterable[str]) -> tuple[float, ...]:
    """When each executed notebook was put in place.

    Args:
        autograded: `<student>/resnet/resnet.ipynb` lie there.
        began: `time.time()` before the command.
        students: whose results must be there.

    Raises:
        FileNotFoundError: one is missing.
    """
    paths = [autograded / student / SLUG / f"{SLUG}.ipynb" for student in students]
    return tuple(sorted(path.stat().st_mtime - began for path in paths))
