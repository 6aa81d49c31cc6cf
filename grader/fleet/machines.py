"""Machines that come and go: what a fleet knows of them, whatever carries the jobs there (`grader.fleet.cluster`)."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol

from grader.errors import EnvironmentFault
from grader.fleet.lane import Lane


class MachineLost(EnvironmentFault):
    """A machine went while it had the job, or before its result was read."""


class MachineLacks(EnvironmentFault):
    """No machine has what a job needs."""


class Machines(Protocol):
    """Where lanes of other machines come from."""

    @property
    def changed(self) -> Future[None]:
        """Is done as soon as a machine comes or goes; the next one is another future.

        It raises where no machine has been there for too long.
        """

    def lanes(self) -> Sequence[Lane]:
        """The lanes of all machines that are there now; the same object for the same lane."""
