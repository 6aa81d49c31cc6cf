"""How values cross the trust boundary: JSON with raw tensor bytes beside it. Never pickle.

    None, true, "text", 12, 0.5                       themselves
    {"t": "int" | "float", "v": "..."}                large integers; nan and infinities
    {"t": "list" | "tuple", "v": [...]}, {"t": "dict", "v": [[key, value], ...]}
    {"t": "tensor", "buffer": i, "dtype": "float32", "shape": [2, 3], "grad": true}     bytes in buffer i
    {"t": "array", "v": tensor}                       a numpy array
    {"t": "dtype", "v": "float32"}
    {"t": "ref", "id": 7, "kind": "module" | "callable" | "object", ...}   an object that stays in the sandbox

The agent (`grader/sandbox/inside/agent.py`) holds the other half. What arrives is hostile: `Decoder` checks every field.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from grader.errors import StudentCodeRaised

MAX_TENSOR_BYTES = 256 * 1024 * 1024
MAX_DEPTH = 24
MAX_ITEMS = 20_000
MAX_TEXT = 100_000
DTYPES = {
    name: getattr(torch, name)
    for name in (
        "float16", "bfloat16", "float32", "float64", "complex64", "complex128",
        "bool", "uint8", "int8", "int16", "int32", "int64",
    )
}  # fmt: skip
Json = Any


class InvalidReply(StudentCodeRaised):
    """The student's process answered with something that is not a value."""


def dtype_name(dtype: torch.dtype) -> str:
    """`torch.float32` as `float32`."""
    return str(dtype).removeprefix("torch.")


class Encoder:
    """Turns the trusted side's values into JSON and buffers.

    Attributes:
        buffers: raw bytes of the tensors, in order.
        tensors: the tensors themselves, in the same order.
    """

    def __init__(self) -> None:
        self.buffers: list[memoryview | bytes] = []
        self.tensors: list[torch.Tensor] = []

    def encode(self, value: object) -> Json:
        """The value as JSON.

        Raises:
            TypeError: the value is of a type that does not cross.
        """
        if value is None or isinstance(value, bool | str):
            return value
        if type(value) is int:
            return value if abs(value) < 2**53 else {"t": "int", "v": str(value)}
        if type(value) is float:
            return value if math.isfinite(value) else {"t": "float", "v": repr(value)}
        if isinstance(value, torch.Tensor):
            return self.tensor(value)
        if isinstance(value, list | tuple):
            kind = "list" if isinstance(value, list) else "tuple"
            return {"t": kind, "v": [self.encode(item) for item in value]}
        if isinstance(value, dict):
            return {"t": "dict", "v": [[self.encode(key), self.encode(item)] for key, item in value.items()]}
        return self._other(value)

    def _other(self, value: object) -> Json:
        if isinstance(value, torch.dtype):
            return {"t": "dtype", "v": dtype_name(value)}
        if isinstance(value, np.ndarray):
            return {"t": "array", "v": self.tensor(torch.from_numpy(np.ascontiguousarray(value)))}
        if isinstance(value, np.generic):
            return self.encode(value.item())
        target = getattr(value, "remote_target", None)
        if target is not None:
            return {"t": "ref", **target}
        raise TypeError(
            f"a {type(value).__name__} does not cross into the sandbox; send numbers, text, tensors or stand-ins"
        )

    def tensor(self, value: torch.Tensor) -> Json:
        """A tensor's bytes go to the buffers."""
        self.buffers.append(raw_bytes(value))
        self.tensors.append(value)
        return {
            "t": "tensor",
            "buffer": len(self.buffers) - 1,
            "dtype": dtype_name(value.dtype),
            "shape": list(value.shape),
            "grad": bool(value.requires_grad),
            "leaf": bool(value.is_leaf),
        }


def raw_bytes(value: torch.Tensor) -> memoryview | bytes:
    """The tensor's values as contiguous bytes, row-major."""
    plain = value.detach().cpu().contiguous()
    if not plain.numel():
        return b""
    data: memoryview = plain.reshape(-1).view(torch.uint8).numpy().data
    return data


class Decoder:
    """Reads values from the sandbox, distrusting every field.

    Args:
        buffers: the message's buffers.
        stand_in: makes the local object for a reference.
    """

    def __init__(self, buffers: Sequence[memoryview], stand_in: Callable[[dict[str, Json]], object]) -> None:
        self._buffers = buffers
        self._stand_in = stand_in
        self._items = 0
        self.tensors: list[torch.Tensor] = []
        self.has_grad: list[bool] = []

    def decode(self, value: Json, depth: int = 0) -> Any:
        """The value.

        Raises:
            InvalidReply: a field is missing, of another type, too large, or does not fit the bytes.
        """
        self._items += 1
        if depth > MAX_DEPTH or self._items > MAX_ITEMS:
            raise InvalidReply("The answer is nested too deeply or has too many parts.")
        if isinstance(value, str):
            return value[:MAX_TEXT]
        if value is None or isinstance(value, bool | int | float):
            return value
        if not isinstance(value, dict):
            raise InvalidReply("The answer is not a value.")
        reader = self._READERS.get(str(value.get("t")))
        if reader is None:
            raise InvalidReply("The answer is of an unknown kind.")
        try:
            return reader(self, value, depth + 1)
        except (KeyError, TypeError, ValueError, IndexError, OverflowError, RuntimeError) as error:
            raise InvalidReply("The answer from the student's process is malformed.") from error

    def tensor(self, value: dict[str, Json], _depth: int = 0) -> torch.Tensor:
        """A tensor from its bytes, with the dtype and shape that are declared and fit.

        Raises:
            InvalidReply: they do not fit.
        """
        dtype = DTYPES.get(str(value["dtype"]))
        shape = value["shape"]
        index = value["buffer"]
        if dtype is None or not isinstance(shape, list) or len(shape) > 16 or type(index) is not int:
            raise InvalidReply("The answer holds a tensor of an unknown dtype or shape.")
        if any(type(size) is not int or size < 0 for size in shape) or not 0 <= index < len(self._buffers):
            raise InvalidReply("The answer holds a tensor of an impossible shape.")
        data = self._buffers[index]
        expected = math.prod(shape) * dtype.itemsize
        if expected != data.nbytes or expected > MAX_TENSOR_BYTES:
            raise InvalidReply("The answer holds a tensor whose bytes do not fit its shape.")
        if dtype is torch.bool:  # any other byte than 0 and 1 would be an undefined boolean
            made = (
                torch.frombuffer(bytearray(data), dtype=torch.uint8).ne(0) if expected else torch.empty(0, dtype=dtype)
            )
        else:
            made = torch.frombuffer(bytearray(data), dtype=dtype) if expected else torch.empty(0, dtype=dtype)
        made = made.reshape(shape)
        self.tensors.append(made)
        self.has_grad.append(value.get("grad") is True and (dtype.is_floating_point or dtype.is_complex))
        return made

    def _array(self, value: dict[str, Json], depth: int) -> np.ndarray[Any, Any]:
        found: np.ndarray[Any, Any] = self.tensor(value["v"], depth).numpy()
        return found

    def _list(self, value: dict[str, Json], depth: int) -> list[Any]:
        return [self.decode(item, depth) for item in value["v"]]

    def _tuple(self, value: dict[str, Json], depth: int) -> tuple[Any, ...]:
        return tuple(self._list(value, depth))

    def _dict(self, value: dict[str, Json], depth: int) -> dict[Any, Any]:
        return {self.decode(key, depth): self.decode(item, depth) for key, item in value["v"]}

    def _int(self, value: dict[str, Json], _depth: int) -> int:
        if len(value["v"]) > 400:
            raise InvalidReply("The answer holds a number that is too long.")
        return int(value["v"])

    def _float(self, value: dict[str, Json], _depth: int) -> float:
        return float(value["v"])

    def _dtype(self, value: dict[str, Json], _depth: int) -> torch.dtype:
        return DTYPES[value["v"]]

    def _ref(self, value: dict[str, Json], _depth: int) -> object:
        if type(value["id"]) is not int:
            raise InvalidReply("The answer names an object without a number.")
        return self._stand_in(value)

    _READERS: dict[str, Callable[[Decoder, dict[str, Json], int], Any]] = {  # noqa: RUF012  a table, never changed
        "tensor": tensor,
        "array": _array,
        "list": _list,
        "tuple": _tuple,
        "dict": _dict,
        "int": _int,
        "float": _float,
        "dtype": _dtype,
        "ref": _ref,
    }
