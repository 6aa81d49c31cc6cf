"""A kernel that outlives its end: a fresh one runs again what has run, without the cell that ended it."""

from __future__ import annotations

from dataclasses import dataclass

from nbformat import NotebookNode

from grader.errors import KernelGone
from grader.sandbox.kernel import Kernel

MAX_RESTARTS = 3
REPLAY_S = 30
LINGER_S = 0.25  # some cells end the kernel after they have returned, for example from another thread


@dataclass(frozen=True, eq=False)
class Ran:
    """A cell that has run to its end.

    Attributes:
        cell: the notebook's.
        where: what it is called.
        wall_s: seconds it took.
    """

    cell: NotebookNode
    where: str
    wall_s: float


@dataclass(frozen=True)
class Culprit:
    """A cell that ended the kernel after it had returned.

    Attributes:
        ran: the cell.
        why: how the kernel ended, in words.
    """

    ran: Ran
    why: str


class Reviver:
    """Replaces one notebook's kernel when it ends, so that this costs what depended on the cell that ended it.

    Cells are run again where they are quick: training is not repeated.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._ran: list[Ran] = []
        self._restarts = 0
        self._is_up = True

    @property
    def is_alive(self) -> bool:
        """Whether there is a kernel in which everything that may run again has run."""
        return self._is_up and not self._kernel.gone

    def has_run(self, ran: Ran) -> None:
        """Remember a cell for the next kernel."""
        self._ran.append(ran)

    def revive(self) -> list[Culprit]:
        """Replace the kernel; the earlier cells that have ended it, and end the next one too, are left out and told."""
        culprits: list[Culprit] = []
        while not self.is_alive and self._may_restart():
            self._restarts += 1
            culprit = self._replay()
            if culprit is None:
                break
            self._ran.remove(culprit.ran)
            culprits.append(culprit)
        return culprits

    def _may_restart(self) -> bool:
        cost_s = sum(ran.wall_s for ran in self._ran)
        is_worth_it = self._restarts < MAX_RESTARTS and cost_s <= REPLAY_S
        return is_worth_it and not self._kernel.is_out_of_time and not self._kernel.lost

    def _replay(self) -> Culprit | None:
        """Run everything in a fresh kernel, and wait after each cell whether it lives; the one that ended it."""
        self._is_up = False
        try:
            self._kernel.restart()
        except KernelGone:
            return None
        for ran in self._ran:
            try:
                self._kernel.run(ran.cell.source)
            except KernelGone:
                return Culprit(ran, self._kernel.gone)
            if self._kernel.ends_within(LINGER_S):
                return Culprit(ran, self._kernel.gone)
        self._is_up = True
        return None
