"""The local copy of a remote module's state: what has changed here since the sandbox last saw it, and what there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import nn

from grader.examiner.layout import Layout
from grader.examiner.wire import Decoder, Encoder, InvalidReply, Json

_MARK = "_sandbox_has"
_BELOW = "_below"  # the number of layouts that were taken, and the submodules as they were then
MODE = "_sandbox_mode"  # None after a call of `train()` that was not sent to the sandbox yet


class _Seen(NamedTuple):
    """A tensor as the sandbox last saw it. Values and not only a version: `weight.data.fill_(0)` leaves no version."""

    values: torch.Tensor
    version: int
    requires_grad: bool

    def differs(self, tensor: torch.Tensor) -> bool:
        """Whether the tensor's values have changed since."""
        now = tensor.detach()
        alike = (
            self.values.shape == now.shape and self.values.dtype == now.dtype and self.values.stride() == now.stride()
        )
        return not alike or self.version != tensor._version or not torch.equal(self.values, now)


def mark_seen(tensor: torch.Tensor) -> torch.Tensor:
    """Remember the tensor's values as known to the sandbox.

    Returns:
        The copy that is remembered.
    """
    values = tensor.detach().clone()
    setattr(tensor, _MARK, _Seen(values, tensor._version, tensor.requires_grad))
    return values


def tensors_of(module: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Full names and tensors of all parameters and buffers. Each submodule is visited once, under its first name."""
    seen: set[int] = set()
    for prefix, place in modules_of(module):
        if id(place) in seen:
            continue
        seen.add(id(place))
        for table in (place._parameters, place._buffers):
            for name, tensor in table.items():
                if tensor is not None:
                    yield f"{prefix}.{name}" if prefix else name, tensor


_layouts_taken = 0


def modules_of(module: nn.Module) -> list[tuple[str, nn.Module]]:
    """Full names and submodules in the order of the layout: depth first, repetitions included but not entered.

    What is below a stand-in changes with a layout only, and each request asks for it five times: it is remembered,
    without the module itself, which would then keep itself alive.
    """
    kept = module.__dict__.get(_BELOW)
    if kept is not None and kept[0] == _layouts_taken:
        return [("", module), *kept[1]]
    found: list[tuple[str, nn.Module]] = []
    _add_modules(module, "", set(), found)
    if MODE in module.__dict__:
        module.__dict__[_BELOW] = _layouts_taken, found[1:]
    return found


def _add_modules(place: nn.Module, prefix: str, seen: set[int], found: list[tuple[str, nn.Module]]) -> None:
    found.append((prefix, place))
    if id(place) in seen:
        return
    seen.add(id(place))
    for name, child in place._modules.items():
        if child is not None:
            _add_modules(child, f"{prefix}.{name}" if prefix else name, seen, found)


def pending_state(module: nn.Module, encoder: Encoder) -> list[Json]:
    """Collect what was changed here since the sandbox last saw it. It counts as sent afterwards.

    Args:
        module: a stand-in.
        encoder: takes the tensors.

    Returns:
        `[name, tensor or null, requires_grad or null]` for each parameter or buffer that has changed.
    """
    changed = []
    for name, tensor in tensors_of(module):
        seen: _Seen | None = getattr(tensor, _MARK, None)
        differs = seen is None or seen.differs(tensor)
        grad = None if seen is not None and seen.requires_grad == tensor.requires_grad else tensor.requires_grad
        if differs or grad is not None:
            values = mark_seen(tensor)
            changed.append([name, encoder.tensor(values) if differs else None, grad])
    return changed


def pending_modes(module: nn.Module) -> list[Json]:
    """Collect the calls of `train()` that bring the sandbox to the local modes. They count as sent afterwards.

    Calls and not flags: the student's own `train` may do more than set one.

    Returns:
        `[name, mode]` for each call.
    """
    calls: list[Json] = []
    for name, place in modules_of(module):
        if place.training != place.__dict__.get(MODE):
            calls.append([name, place.training])
            for _name, below in modules_of(place):
                below.__dict__[MODE] = place.training
    return calls


def apply_tensors(module: nn.Module, changed: Json, decoder: Decoder) -> None:
    """Copy the tensors that a call has changed (BatchNorm statistics) into the mirror.

    Raises:
        InvalidReply: an unknown name, another shape or dtype.
    """
    if not changed:
        return
    mine = dict(tensors_of(module))
    if not isinstance(changed, list):
        raise InvalidReply("The student's process told no list of tensors.")
    for entry in changed:
        name, value = entry if isinstance(entry, list) and len(entry) == 2 else (None, None)
        held = mine.get(name) if isinstance(name, str) else None
        if held is None:
            raise InvalidReply("The student's process changed a tensor that its module has not.")
        found = decoder.tensor(value)
        if held.shape != found.shape or held.dtype != found.dtype:
            raise InvalidReply("A tensor of the student's module has changed its shape or dtype.")
        with torch.no_grad():
            held.copy_(found)
        mark_seen(held)


def apply_layout(places: list[nn.Module], layout: Layout) -> None:
    """Fill the modules' tables. Tensors that are there already stay the same objects and take the new values.

    They are written into the tables themselves: a name such as "forward" must not hide a method of the stand-in.

    Args:
        places: the local module for each of the layout's modules.
        layout: checked.
    """
    global _layouts_taken  # noqa: PLW0603  of whatever module: another one may hold these places too
    _layouts_taken += 1
    before = [(dict(place._parameters), dict(place._buffers)) for place in places]
    for place, module in zip(places, layout.modules, strict=True):
        if module.same_as is None:  # else it is an earlier place again
            place._parameters.clear()
            place._buffers.clear()
            place._non_persistent_buffers_set.clear()
    made: list[nn.Parameter] = []
    for part in layout.parameters:
        if part.values is None:
            made.append(made[part.same_as or 0])
        else:
            held = before[part.module][0].get(part.name)
            made.append(_parameter(held, part.values, requires_grad=part.requires_grad))
        places[part.module]._parameters[part.name] = made[-1]
    for buffer in layout.buffers:
        place = places[buffer.module]
        place._buffers[buffer.name] = _refreshed(before[buffer.module][1].get(buffer.name), buffer.values)
        if not buffer.is_persistent:
            place._non_persistent_buffers_set.add(buffer.name)


def _parameter(held: Any, values: torch.Tensor, *, requires_grad: bool) -> nn.Parameter:
    parameter = _refreshed(held, values) if isinstance(held, nn.Parameter) else None
    if not isinstance(parameter, nn.Parameter):
        parameter = nn.Parameter(values, requires_grad=requires_grad)
    parameter.requires_grad_(requires_grad)
    mark_seen(parameter)
    return parameter


def _refreshed(held: torch.Tensor | None, values: torch.Tensor) -> torch.Tensor:
    """The tensor with the new values: the one that is held, where shape and dtype are the same."""
    if held is None or held.shape != values.shape or held.dtype != values.dtype:
        held = values
    else:
        with torch.no_grad():
            held.copy_(values)
    mark_seen(held)
    return held
