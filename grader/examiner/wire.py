"""How values cross the trust boundary: JSON with raw tensor bytes beside it. Never pickle.

    None, true, "text", 12, 0.5                       themselves
    {"t": "int" | "float", "v": "..."}                large integers; nan and infinities
    {"t": "list" | "tuple", "v": [...]}, {"t": "dict", "v": [[key, value], ...]}
    {"t": "tensor", "buffer": i, "dtype": "float32", "shape": [2, 3], "grad": true}     row-major bytes in buffer i;
                                                      "stride" where the memory has another order, "device" if not "cpu"
    {"t": "array", "v": tensor}                       a numpy array
    {"t": "dtype", "v": "float32"}
    {"t": "function", "v": i}                         a function of the test's, to be asked; only towards the sandbox
    {"t": "name", "module": "torch.nn...", "v": "ReLU"}   something of torch's own; only towards the sandbox
    {"t": "ref", "id": 7, "kind": "module" | "class" | "callable" | "object", ...}   an object that stays in the sandbox

The agent (`grader/sandbox/inside/agent.py`) holds the other half. What arrives is hostile: `Decoder` checks every
field.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np
import torch

from grader.errors import InvalidAssignment, StudentCodeRaised

MIB = 1024 * 1024
MAX_TENSOR_BYTES = 512 * MIB  # the first linear layer of VGG-16 has 392 MiB
MAX_REPLY_BYTES = 768 * MIB
MAX_AXES = 16
MAX_AXIS = 2**40
MAX_LENGTH = 100_000  # items are fetched one by one and kept
MAX_DEPTH = 24
MAX_ITEMS = 50_000
MAX_TEXT = 100_000
MAX_DIGITS = 400
MAX_KEYS = 2000
DTYPES = {
    name: getattr(torch, name)
    for name in (
        "float16", "bfloat16", "float32", "float64", "complex64", "complex128",
        "bool", "uint8", "int8", "int16", "int32", "int64",
    )
}  # fmt: skip
_NAMES = {dtype: name for name, dtype in DTYPES.items()}
Json = Any
MALFORMED = (KeyError, TypeError, ValueError, IndexError, OverflowError, RuntimeError, AttributeError)


class InvalidReply(StudentCodeRaised):
    """The student's process answered with something that is not a value."""


def dtype_name(dtype: torch.dtype) -> str:
    """`torch.float32` as `float32`."""
    return str(dtype).removeprefix("torch.")


class Encoder:
    """Turns the trusted side's values into JSON and buffers.

    Attributes:
        buffers: raw bytes of the tensors, in order.
        inputs: the tensors that were encoded as values, in order, each once.
        devices: where all tensors that were sent lie.
        functions: of the test's own, which stay here and can be asked, see `questions.QuestionAnswerer`.
    """

    def __init__(self) -> None:
        self.buffers: list[memoryview | bytes] = []
        self.inputs: list[torch.Tensor] = []
        self.devices: set[torch.device] = set()
        self.functions: list[FunctionType] = []
        self._known: dict[int, dict[str, Json]] = {}

    def encode(self, value: object) -> Json:  # noqa: PLR0911  one line for each kind of value
        """The value as JSON.

        Raises:
            InvalidAssignment: the value is of a type that does not cross.
        """
        if value is None or isinstance(value, bool | str):
            return value
        if type(value) is int:
            return value if abs(value) < 2**53 else {"t": "int", "v": str(value)}
        if type(value) is float:
            return value if math.isfinite(value) else {"t": "float", "v": repr(value)}
        if isinstance(value, torch.Tensor):
            return self._input(value)
        if isinstance(value, list | tuple):
            kind = "list" if isinstance(value, list) else "tuple"
            return {"t": kind, "v": [self.encode(item) for item in value]}
        if isinstance(value, dict):
            return {"t": "dict", "v": [[self.encode(key), self.encode(item)] for key, item in value.items()]}
        return self._other(value)

    def _other(self, value: object) -> Json:
        if isinstance(value, torch.dtype):
            return {"t": "dtype", "v": dtype_name(value)}
        if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
            return {"t": "array", "v": self.tensor(torch.from_numpy(np.ascontiguousarray(value)))}
        if isinstance(value, np.generic):
            return self.encode(value.item())
        target = getattr(value, "remote_target", None)
        if target is not None:
            return {"t": "ref", **target}
        home = str(getattr(value, "__module__", ""))
        if home.partition(".")[0] == "torch" and hasattr(value, "__qualname__"):
            return {"t": "name", "module": home, "v": value.__qualname__}
        if isinstance(value, FunctionType):
            self.functions.append(value)
            return {"t": "function", "v": len(self.functions) - 1}
        raise InvalidAssignment(
            f"A {type(value).__name__} does not cross into the sandbox.",
            remedy="A hidden test may send numbers, text, tensors, what torch defines, its own functions of numbers, "
            "and the student's objects.",
        )

    def _input(self, value: torch.Tensor) -> dict[str, Json]:
        """A tensor given twice arrives as one."""
        if id(value) not in self._known:
            self._known[id(value)] = self.tensor(value)
            self.inputs.append(value)
        return self._known[id(value)]

    def tensor(self, value: torch.Tensor) -> dict[str, Json]:
        """A tensor's bytes go to the buffers.

        Raises:
            InvalidAssignment: a dtype that does not cross.
        """
        dtype = _NAMES.get(value.dtype)
        if dtype is None or value.layout is not torch.strided:
            raise InvalidAssignment(f"A tensor of {value.dtype} and {value.layout} does not cross into the sandbox.")
        self.buffers.append(raw_bytes(value))
        self.devices.add(value.device)
        described: dict[str, Json] = {
            "t": "tensor",
            "buffer": len(self.buffers) - 1,
            "dtype": dtype,
            "shape": list(value.shape),
            "grad": bool(value.requires_grad),
            "leaf": bool(value.is_leaf),
        }
        if not value.is_contiguous():
            described["stride"] = list(value.stride())
        if value.device.type != "cpu":
            described["device"] = str(value.device)
        return described

    @property
    def device(self) -> torch.device:
        """The one device of all tensors that were sent; the CPU where there are several or none."""
        return next(iter(self.devices)) if len(self.devices) == 1 else torch.device("cpu")


def raw_bytes(value: torch.Tensor) -> memoryview | bytes:
    """The tensor's values as contiguous bytes, row-major."""
    if not value.numel():
        return b""
    if value.dtype is torch.float32 and not value.is_cuda and value.is_contiguous() and not value.is_neg():
        # Nearly all of them; the long way takes four times this.
        quick: memoryview = (value.detach() if value.requires_grad else value).numpy().data.cast("B")
        return quick
    plain = value.detach().cpu().resolve_conj().resolve_neg().contiguous()
    data: memoryview = plain.reshape(-1).view(torch.uint8).numpy().data
    return data


@dataclass
class Allowance:
    """What one reply may still use, shared by all its decoders."""

    items: int = MAX_ITEMS
    tensor_bytes: int = MAX_REPLY_BYTES

    def take(self, items: int = 0, tensor_bytes: int = 0) -> None:
        """Use some of it.

        Raises:
            InvalidReply: there is not so much left.
        """
        self.items -= items
        self.tensor_bytes -= tensor_bytes
        if self.items < 0 or self.tensor_bytes < 0:
            raise InvalidReply("The answer is too large or has too many parts.")


def _no_objects(_reference: dict[str, Json], _decoder: Decoder) -> object:
    raise InvalidReply("An object came where a plain value was expected.")


class Decoder:
    """Reads values from the sandbox, distrusting every field.

    Args:
        buffers: the message's buffers.
        stand_in: makes the local object for a reference; nothing makes one where it is left out.
        device: where tensors go that the sandbox has on no device of its own.
        devices: other devices that tensors may go to.

    Attributes:
        tensors: what was decoded as a value, in order.
        has_grad: for each of them, whether it depends on something that takes gradients.
    """

    def __init__(
        self,
        buffers: Sequence[memoryview | bytes],
        stand_in: Callable[[dict[str, Json], Decoder], object] = _no_objects,
        *,
        device: torch.device | None = None,
        devices: Sequence[torch.device] = (),
    ) -> None:
        self._buffers = buffers if isinstance(buffers, list | tuple) else []
        self._stand_in = stand_in
        self._device = device
        self._devices = {str(known): known for known in devices}
        self.allowance = Allowance()
        self.tensors: list[torch.Tensor] = []
        self.has_grad: list[bool] = []

    def without_objects(self) -> Decoder:
        """Another decoder of the same reply: it makes no objects, and what it decodes is not listed in this one."""
        other = Decoder(self._buffers, device=self._device)
        other._devices = self._devices
        other.allowance = self.allowance
        return other

    def decode(self, value: Json, depth: int = 0) -> Any:
        """The value.

        Raises:
            InvalidReply: a field is missing, of another type, too large, or does not fit the bytes.
        """
        self.allowance.take(items=1)
        if depth > MAX_DEPTH:
            raise InvalidReply("The answer is nested too deeply.")
        if isinstance(value, str):
            return value[:MAX_TEXT]
        if type(value) is int and abs(value) >= 2**63:
            raise InvalidReply("The answer holds a number that is too long.")
        if value is None or isinstance(value, bool | int | float):
            return value
        kind = value.get("t") if isinstance(value, dict) else None
        reader = self._READERS.get(kind) if isinstance(kind, str) else None
        if reader is None:
            raise InvalidReply("The answer is of an unknown kind.")
        try:
            return reader(self, value, depth + 1)
        except MALFORMED as error:
            raise InvalidReply("The answer from the student's process is malformed.") from error

    def tensor(self, value: Json, _depth: int = 0) -> torch.Tensor:
        """A tensor from its bytes, with the dtype and shape that are declared and fit.

        Raises:
            InvalidReply: they do not fit.
        """
        self.allowance.take(items=1)
        try:
            made = self._strided(self._contiguous(value), value.get("stride"))
            target = self._target_device(value.get("device"))
            made = made if target is None else made.to(target)
            has_grad = value.get("grad") is True
        except MALFORMED as error:
            raise InvalidReply("The answer holds a tensor that cannot be.") from error
        self.tensors.append(made)
        self.has_grad.append(has_grad and (made.is_floating_point() or made.is_complex()))
        return made

    def _contiguous(self, value: dict[str, Json]) -> torch.Tensor:
        dtype, shape, index = DTYPES[value["dtype"]], value["shape"], value["buffer"]
        if not isinstance(shape, list) or len(shape) > MAX_AXES or type(index) is not int:
            raise InvalidReply("The answer holds a tensor of an unknown shape.")
        if any(type(size) is not int or not 0 <= size <= MAX_AXIS for size in shape):
            raise InvalidReply("The answer holds a tensor of an impossible shape.")
        # Without the zeros too: torch multiplies all sizes of an empty tensor's strides.
        if math.prod(size or 1 for size in shape) > MAX_AXIS or not 0 <= index < len(self._buffers):
            raise InvalidReply("The answer holds a tensor of an impossible shape.")
        data = memoryview(self._buffers[index])
        expected = math.prod(shape) * dtype.itemsize
        if expected != data.nbytes or expected > MAX_TENSOR_BYTES:
            raise InvalidReply("The answer holds a tensor whose bytes do not fit its shape.")
        if not expected:
            return torch.empty(shape, dtype=dtype)
        self.allowance.take(tensor_bytes=expected)
        own = bytearray(data)
        if dtype is torch.bool:  # any other byte than 0 and 1 would be an undefined boolean
            return torch.frombuffer(own, dtype=torch.uint8).ne(0).reshape(shape)
        return torch.frombuffer(own, dtype=dtype).reshape(shape)

    def _strided(self, made: torch.Tensor, stride: Json) -> torch.Tensor:
        """The same values in another order of memory, for example channels_last: some sums depend on it."""
        if stride is None:
            return made
        if not isinstance(stride, list) or len(stride) != made.dim() or any(type(step) is not int for step in stride):
            raise InvalidReply("The answer holds a tensor of an impossible stride.")
        if not is_dense(made.shape, stride):
            raise InvalidReply("The answer holds a tensor of an impossible stride.")
        self.allowance.take(tensor_bytes=made.nbytes)
        return torch.empty_strided(made.shape, stride, dtype=made.dtype).copy_(made)

    def _target_device(self, device: Json) -> torch.device | None:
        """The device that a tensor goes to; None leaves it on the CPU.

        Only devices that the trusted side uses itself: nobody else may make it start a GPU.
        """
        if device is None or device == "none":
            return self._device if device == "none" else None
        return self._devices.get(device) if isinstance(device, str) else None

    def _array(self, value: dict[str, Json], depth: int) -> np.ndarray[Any, Any]:
        found: np.ndarray[Any, Any] = self.without_objects().tensor(value["v"], depth).cpu().numpy()
        if found.dtype.kind not in "biuf":  # as `Encoder`: what a test gets it may give back
            raise InvalidReply(f"The answer holds an array of {found.dtype}.")
        return found

    def _list(self, value: dict[str, Json], depth: int) -> list[Any]:
        if not isinstance(value["v"], list):
            raise InvalidReply("The answer holds a list that is none.")
        return [self.decode(item, depth) for item in value["v"]]

    def _tuple(self, value: dict[str, Json], depth: int) -> tuple[Any, ...]:
        return tuple(self._list(value, depth))

    def _dict(self, value: dict[str, Json], depth: int) -> dict[Any, Any]:
        if len(value["v"]) > MAX_KEYS:  # keys may be chosen so that each collides with all others
            raise InvalidReply("The answer holds a dict with too many keys.")
        return {self.decode(key, depth): self.decode(item, depth) for key, item in value["v"]}

    def _int(self, value: dict[str, Json], _depth: int) -> int:
        if not isinstance(value["v"], str) or len(value["v"]) > MAX_DIGITS:
            raise InvalidReply("The answer holds a number that is too long.")
        return int(value["v"])

    def _float(self, value: dict[str, Json], _depth: int) -> float:
        if not isinstance(value["v"], str) or len(value["v"]) > MAX_DIGITS:
            raise InvalidReply("The answer holds a number that is too long.")
        return float(value["v"])

    def _dtype(self, value: dict[str, Json], _depth: int) -> torch.dtype:
        found: torch.dtype = DTYPES[value["v"]]
        return found

    def _ref(self, value: dict[str, Json], _depth: int) -> object:
        if type(value["id"]) is not int or not 0 < value["id"] < 2**53:
            raise InvalidReply("The answer names an object without a number.")
        return self._stand_in(value, self)

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


def is_dense(shape: Sequence[int], stride: Sequence[int]) -> bool:
    """Whether the strides order the elements in memory without gaps and without overlap."""
    step = 1
    for own, size in sorted((own, size) for own, size in zip(stride, shape, strict=True) if size != 1):
        if own != step:
            return False
        step *= size
    return True


def checked_length(found: Any) -> int:
    """The length that a student's object says it has.

    Raises:
        InvalidReply: no sequence has such a length.
    """
    if type(found) is not int or not 0 <= found < MAX_LENGTH:
        raise InvalidReply("The student's object has a length that cannot be.")
    return found
