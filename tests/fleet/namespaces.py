"""Machines as network namespaces of this one: each with an address of its own and a cable that can be pulled.

A switch, in a namespace too, joins them: nothing of it can be seen from outside, and no packet leaves this machine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

_NETWORK = "10.77.0"


def _ip(*arguments: str, check: bool = True) -> str:
    return subprocess.run(["ip", *arguments], check=check, capture_output=True, text=True).stdout


class Machine:
    """A namespace with a cable to the switch."""

    def __init__(self, lab: str, number: int) -> None:
        self.name = f"{lab}-{number}"
        self.address = f"{_NETWORK}.{number}"
        self._port, self._switch = f"port{number}", f"{lab}-switch"
        _ip("netns", "add", self.name)
        _ip("-n", self._switch, "link", "add", self._port, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        _ip("-n", self._switch, "link", "set", self._port, "master", "bridge0", "up")
        _ip("-n", self.name, "address", "add", f"{self.address}/24", "dev", "eth0")
        _ip("-n", self.name, "link", "set", "lo", "up")
        _ip("-n", self.name, "link", "set", "eth0", "up")

    @property
    def inside(self) -> tuple[str, ...]:
        """What stands before a command that runs on this machine."""
        return ("nsenter", f"--net=/run/netns/{self.name}")

    def processes(self) -> list[int]:
        """What runs on this machine."""
        return [int(pid) for pid in _ip("netns", "pids", self.name).split()]

    @contextmanager
    def unplugged(self) -> Iterator[None]:
        """Its cable is pulled: whoever speaks with it hears nothing any more, not even a reset."""
        _ip("-n", self._switch, "link", "set", self._port, "down")
        try:
            yield
        finally:
            _ip("-n", self._switch, "link", "set", self._port, "up")

    @contextmanager
    def bad_cable(self) -> Iterator[None]:
        """Packets are late, and some are lost; where the system has no netem, the cable is a thin one."""
        add = ["tc", "-n", self.name, "qdisc", "add", "dev", "eth0", "root"]
        netem = subprocess.run([*add, "netem", "delay", "60ms", "20ms", "loss", "3%"], check=False, capture_output=True)
        if netem.returncode != 0:
            thin = ["tbf", "rate", "1mbit", "burst", "16kbit", "latency", "200ms"]
            subprocess.run([*add, *thin], check=True, capture_output=True)
        try:
            yield
        finally:
            subprocess.run(["tc", "-n", self.name, "qdisc", "del", "dev", "eth0", "root"], check=True)


@contextmanager
def machines(count: int) -> Iterator[list[Machine]]:
    """So many machines on one switch."""
    if os.geteuid() != 0 or shutil.which("ip") is None or shutil.which("tc") is None:
        pytest.skip("network namespaces need root and iproute2")
    lab = f"sg{os.getpid()}"
    switch = f"{lab}-switch"
    names = [f"{lab}-{number}" for number in range(1, count + 1)]
    try:
        _ip("netns", "add", switch)
        _ip("-n", switch, "link", "add", "bridge0", "type", "bridge")
        _ip("-n", switch, "link", "set", "bridge0", "up")
        yield [Machine(lab, number) for number in range(1, count + 1)]
    finally:
        for name in (*names, switch):
            _ip("netns", "delete", name, check=False)
