"""What a hidden test does with the student's functions and classes: whoever explains a failure does the same again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

MAX_USES = 64
MAX_NUMBERS = 4_000_000  # of one tensor; a larger one is not kept


@dataclass(eq=False)
class Use:
    """One call of a function or a class that the student's notebook defines.

    Attributes:
        name: what the test calls it by.
        args: of the call; tensors as they were then.
        kwargs: of the call.
        is_module: whether the call gave a module.
        inputs: tensors that the module was first called on, if it was.
        result: what the call gave, where it is plain data or tensors.
    """

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    is_module: bool = False
    inputs: tuple[Any, ...] | None = None
    result: Any = field(default=None)

    def gave(self, value: Any) -> None:
        """Note what the call gave."""
        self.is_module = isinstance(value, nn.Module)
        self.result = None if self.is_module else kept(value)

    def was_called_on(self, inputs: tuple[Any, ...]) -> None:
        """Note the first call of the module that the call gave."""
        if self.inputs is None:
            self.inputs = tuple(kept(value) for value in inputs)


class Uses:
    """The latest uses in one hidden test."""

    def __init__(self) -> None:
        self.all: list[Use] = []

    def clear(self) -> None:
        """Forget them: another test begins."""
        self.all.clear()

    def add(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Use:
        """Note a call; one of something without a name is forgotten at once."""
        use = Use(name, tuple(kept(value) for value in args), {key: kept(value) for key, value in kwargs.items()})
        if name:
            self.all.append(use)
            del self.all[:-MAX_USES]
        return use


def kept(value: Any) -> Any:
    """A value as it is now: the test may change a tensor later."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone() if value.numel() <= MAX_NUMBERS else value.detach()
    if isinstance(value, list):
        return [kept(item) for item in value]
    return value
