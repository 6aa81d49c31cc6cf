"""What a machine says of itself when it joins, and what has to be the same on all machines."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from grader import __version__
from grader.language import _
from grader.sandbox.devices import Device

_LIBRARIES = ("torch", "numpy", "distributed")


@dataclass(frozen=True)
class MachineFacts:
    """A machine.

    Attributes:
        name: what people call it.
        versions: (what, version) pairs of what decides results.
        devices: the place of each lane.
        data: digests of the data sets and weights that are there.
    """

    name: str
    versions: tuple[tuple[str, str], ...]
    devices: tuple[Device, ...]
    data: frozenset[str]

    def to_plain(self) -> dict[str, Any]:
        """As a message."""
        return {
            "name": self.name,
            "versions": [list(pair) for pair in self.versions],
            "devices": [asdict(device) for device in self.devices],
            "data": sorted(self.data),
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> MachineFacts:
        """Out of a message."""
        return cls(
            name=str(plain["name"]),
            versions=tuple((str(what), str(which)) for what, which in plain["versions"]),
            devices=tuple(Device(**device) for device in plain["devices"]),
            data=frozenset(plain["data"]),
        )


def versions() -> tuple[tuple[str, str], ...]:
    """The versions here of what decides results, or has to speak the same protocol.

    Builds of one version for processors and for GPUs count as the same.
    """
    found = [("grader", __version__), ("Python", ".".join(platform.python_version_tuple()[:2]))]
    for name in _LIBRARIES:
        try:
            found.append((name, version(name).partition("+")[0]))
        except PackageNotFoundError:
            found.append((name, ""))
    return tuple(found)


def differences(there: tuple[tuple[str, str], ...], here: tuple[tuple[str, str], ...]) -> str:
    """How a machine's versions differ from the coordinator's, as a list for readers; empty where they do not.

    Args:
        there: of the machine.
        here: of the coordinator.
    """
    theirs = dict(there)
    said = [
        _("{what} is {found} there, {expected} here").format(
            what=what, found=theirs.get(what) or _("not installed"), expected=expected or _("not installed")
        )
        for what, expected in here
        if theirs.get(what, "") != expected
    ]
    return "; ".join(said)
