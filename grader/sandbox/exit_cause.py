"""What has ended a kernel's process, and how it is said."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Literal

from grader.language import _


@dataclass(frozen=True)
class ExitCause:
    """Why a kernel's process has ended.

    Attributes:
        kind: `memory` or `cpu` where that limit has ended it, `signal`, or `exit` where it ended itself.
        value: the limit in MiB or in seconds, the signal's number, or the exit code.
    """

    kind: Literal["memory", "cpu", "signal", "exit"]
    value: float

    def is_signal(self, number: int) -> bool:
        """Whether this signal has ended it."""
        return self.kind == "signal" and self.value == number

    def in_words(self) -> str:
        """The cause in words, for the student."""
        if self.kind == "memory":
            return _("memory: {size} MiB exceeded").format(size=int(self.value))
        if self.kind == "cpu":
            return _("processor: {seconds:g} s exceeded").format(seconds=self.value)
        if self.kind == "signal":
            # By number: a real-time signal has no name in `signal.Signals`.
            is_fault = self.is_signal(signal.SIGSEGV)
            return _("segmentation fault") if is_fault else _("signal {number}").format(number=int(self.value))
        return _("it ended itself with exit code {code} (os._exit?)").format(code=int(self.value))
