"""How long a class will still take, from what its submissions have taken so far."""

from __future__ import annotations


class Pace:
    """How fast devices are, and how long each will still be busy."""

    def __init__(self) -> None:
        self._spent: dict[str, list[float]] = {}

    def note(self, device: str, wall_s: float) -> None:
        """One more submission took so long there."""
        self._spent.setdefault(device, []).append(wall_s)

    def done(self, device: str) -> int:
        """Submissions that the device is done with."""
        return len(self._spent.get(device, ()))

    def left_s(self, device: str, remaining: int, devices: int, lanes: int = 1) -> float | None:
        """Seconds until the device has done its part of what remains; None before anything is known of it.

        Args:
            device: its name.
            remaining: submissions that are not done yet, those that run included.
            devices: how many share them.
            lanes: how many it does at once, where it is a machine.
        """
        own = self._spent.get(device)
        if not own:
            return None
        return sum(own) / len(own) * -(-remaining // max(1, devices)) / max(1, lanes)
