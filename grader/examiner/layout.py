"""What a module of the student's is made of, as the agent describes it, and as far as it can be believed.

The agent sends a dict of lists, and whether some parameters have no shape yet (`lazy`):

    modules      [parent, name, type, training, same_as]    number 0 is the module itself, parents come first
    parameters   [module, name, tensor or number]           a number: the same as that parameter
    buffers      [module, name, tensor, persistent]
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from grader.examiner.wire import MALFORMED, Decoder, InvalidReply, Json
from grader.printable import printable

MAX_PARTS = 20_000
MAX_NAME = 200
MAX_DEPTH = 100


@dataclass(frozen=True)
class ModulePart:
    """A submodule: where it hangs, and which earlier one it is again, if so."""

    parent: int
    name: str
    kind: str
    training: bool
    same_as: int | None


@dataclass(frozen=True)
class ParameterPart:
    """A parameter: its values, or the number of the earlier one that it is."""

    module: int
    name: str
    values: torch.Tensor | None
    same_as: int | None
    requires_grad: bool


@dataclass(frozen=True)
class BufferPart:
    """A buffer with its values."""

    module: int
    name: str
    values: torch.Tensor
    is_persistent: bool


@dataclass(frozen=True)
class Layout:
    """All parts of a module, each after what it refers to."""

    modules: tuple[ModulePart, ...]
    parameters: tuple[ParameterPart, ...]
    buffers: tuple[BufferPart, ...]
    is_lazy: bool


def read_layout(description: Json, decoder: Decoder) -> Layout:
    """Check the agent's description of a module.

    Raises:
        InvalidReply: it is malformed.
    """
    try:
        parts = [description[part] for part in ("modules", "parameters", "buffers")]
        if not all(isinstance(part, list) for part in parts) or sum(map(len, parts)) > MAX_PARTS:
            raise InvalidReply("The module has too many parts.")
        modules = _modules(parts[0])
        return Layout(
            modules,
            _parameters(parts[1], modules, decoder),
            _buffers(parts[2], modules, decoder),
            description["lazy"] is True,
        )
    except MALFORMED as error:
        raise InvalidReply("The student's process described a module that cannot be.") from error


def _modules(described: list[Json]) -> tuple[ModulePart, ...]:
    parts: list[ModulePart] = []
    taken: set[tuple[int, str]] = set()
    for parent, name, kind, training, same_as in described:
        if not parts:
            parts.append(ModulePart(-1, "", printable(kind, 100), training is True, None))
            continue
        home = _number(parent, len(parts))
        same = None if same_as is None else _number(same_as, len(parts))
        if parts[home].same_as is not None or (same is not None and parts[same].same_as is not None):
            raise InvalidReply("The student's process described a module that cannot be.")
        parts.append(ModulePart(home, _fresh_name(name, home, taken), printable(kind, 100), training is True, same))
    if not parts:
        raise InvalidReply("The student's process described no module.")
    _require_small_tree(parts)
    return tuple(parts)


def _require_small_tree(parts: list[ModulePart]) -> None:
    """Check that the tree is small: a module that contains itself, or doubles at every level, makes `train()` endless.

    Raises:
        InvalidReply: it does.
    """
    children: list[list[int]] = [[] for _part in parts]
    for number, part in enumerate(parts[1:], start=1):
        children[part.parent].append(number if part.same_as is None else part.same_as)
    sizes: dict[int, tuple[int, int]] = {}

    def size_and_height(number: int, depth: int) -> tuple[int, int]:
        if depth > MAX_DEPTH:
            raise InvalidReply("The student's process described a module that is nested too deeply.")
        if number not in sizes:
            below = [size_and_height(child, depth + 1) for child in children[number]]
            sizes[number] = 1 + sum(size for size, _height in below), 1 + max((h for _size, h in below), default=0)
        return sizes[number]

    size, height = size_and_height(0, 0)
    if size > MAX_PARTS or height > MAX_DEPTH:
        raise InvalidReply("The student's process described a module that is nested too deeply.")


def _parameters(described: list[Json], modules: tuple[ModulePart, ...], decoder: Decoder) -> tuple[ParameterPart, ...]:
    parts: list[ParameterPart] = []
    taken: set[tuple[int, str]] = set()
    for module, name, value in described:
        home = _home(module, modules)
        fresh = _fresh_name(name, home, taken)
        if isinstance(value, dict):
            values = decoder.tensor(value)
            takes_gradients = value.get("grad") is True and (values.is_floating_point() or values.is_complex())
            parts.append(ParameterPart(home, fresh, values, None, takes_gradients))
        else:
            first = _number(value, len(parts))
            if parts[first].same_as is not None:
                raise InvalidReply("The student's process described a parameter that cannot be.")
            parts.append(ParameterPart(home, fresh, None, first, parts[first].requires_grad))
    return tuple(parts)


def _buffers(described: list[Json], modules: tuple[ModulePart, ...], decoder: Decoder) -> tuple[BufferPart, ...]:
    parts: list[BufferPart] = []
    taken: set[tuple[int, str]] = set()
    for module, name, value, persistent in described:
        home = _home(module, modules)
        parts.append(
            BufferPart(home, _fresh_name(name, home, taken), decoder.tensor(value), is_persistent=persistent is True)
        )
    return tuple(parts)


def _home(module: Json, modules: tuple[ModulePart, ...]) -> int:
    home = _number(module, len(modules))
    if modules[home].same_as is not None:
        raise InvalidReply("The student's process described a module that cannot be.")
    return home


def _number(value: Json, below: int) -> int:
    if type(value) is not int or not 0 <= value < below:
        raise InvalidReply("The student's process described a part that is nowhere.")
    return value


def _fresh_name(name: Json, home: int, taken: set[tuple[int, str]]) -> str:
    """Check a part's name: as PyTorch allows it, and once in its module.

    Raises:
        InvalidReply: it is not.
    """
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME or "." in name or printable(name, MAX_NAME) != name:
        raise InvalidReply("The student's process described a part with an impossible name.")
    if (home, name) in taken:
        raise InvalidReply("The student's process described two parts of one name.")
    taken.add((home, name))
    return name
