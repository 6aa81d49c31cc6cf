"""Known mistakes, each as a module that makes it."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class Suspect:
    """A wrong module, and what to tell the author of an equal one.

    Attributes:
        module: makes the mistake and is right otherwise.
        message: names the mistake, in the reader's language.
    """

    module: nn.Module
    message: str
