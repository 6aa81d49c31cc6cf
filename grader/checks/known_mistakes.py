"""Known mistakes, each as a module or a function that makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn


@dataclass(frozen=True)
class WrongFormula:
    """A function of numbers that makes a known mistake.

    Attributes:
        function: called like the student's; the author of one that gives the same is told the message.
        message: names the mistake, in the reader's language.
    """

    function: Callable[..., Any]
    message: str


@dataclass(frozen=True)
class Suspect:
    """A wrong module, and what to tell the author of an equal one.

    Attributes:
        source: the module, which makes the mistake and is right otherwise, or a function that builds it: most suspects
            of a right answer are never looked at.
        message: names the mistake, in the reader's language.
    """

    source: nn.Module | Callable[[], nn.Module]
    message: str

    @property
    def module(self) -> nn.Module:
        """The module that makes the mistake."""
        return self.source if isinstance(self.source, nn.Module) else self.source()
