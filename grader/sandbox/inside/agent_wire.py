"""How the agent reads and writes values: the other half of `grader/examiner/wire.py`, which describes the encoding.

Imports nothing else of the project.
"""

import importlib
import itertools
import math

import numpy
import torch

MAX_NESTING = 20


class Encoder:
    """Turns values into JSON and a list of buffers; objects that cannot cross become references.

    Args:
        store: keeps the objects that are referred to, and describes modules among them.
        buffers: where bytes of tensors are appended; a new list where it is left out.

    Attributes:
        buffers: bytes of the tensors, in order.
        tensors: the tensors that were encoded, in order.
    """

    def __init__(self, store, buffers=None):
        self.store = store
        self.buffers = [] if buffers is None else buffers
        self.tensors = []

    def encode(self, value, depth=0):  # noqa: PLR0911  one line for each kind of value
        if depth > MAX_NESTING:
            raise ValueError("value is nested too deeply")
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return writable(value)
        if type(value) is int:
            return value if abs(value) < 2**53 else {"t": "int", "v": str(value)}
        if type(value) is float:
            return value if math.isfinite(value) else {"t": "float", "v": repr(value)}
        if isinstance(value, torch.Tensor):
            return self.tensor(value)
        if isinstance(value, numpy.ndarray):
            return {"t": "array", "v": Encoder(self.store, self.buffers).tensor(torch.from_numpy(value.copy()))}
        if isinstance(value, numpy.generic):
            return self.encode(value.item(), depth + 1)
        if isinstance(value, torch.dtype):
            return {"t": "dtype", "v": str(value).removeprefix("torch.")}
        if isinstance(value, (list, tuple)):
            kind = "list" if isinstance(value, list) else "tuple"
            return {"t": kind, "v": [self.encode(item, depth + 1) for item in value]}
        if isinstance(value, dict):
            return {
                "t": "dict",
                "v": [[self.encode(k, depth + 1), self.encode(v, depth + 1)] for k, v in value.items()],
            }
        return self.reference(value)

    def tensor(self, value):
        # The usual case, by the shortest way.
        quick = (
            value.dtype is torch.float32 and value.device.type == "cpu" and value.is_contiguous() and not value.is_neg()
        )
        plain = value.detach() if quick else value.detach().to("cpu").resolve_conj().resolve_neg()
        described = {
            "t": "tensor",
            "buffer": len(self.buffers),
            "dtype": str(value.dtype).removeprefix("torch."),
            "shape": list(value.shape),
            "grad": bool(value.requires_grad),
        }
        if not quick and not plain.is_contiguous() and is_dense(plain):
            described["stride"] = list(plain.stride())
        if self.store.misses_device:
            described["device"] = "none"
        elif not quick and value.device.type != "cpu":
            described["device"] = str(value.device)
        if not plain.numel():
            self.buffers.append(b"")
        elif quick:
            self.buffers.append(plain.numpy().data.cast("B"))
        else:
            self.buffers.append(plain.contiguous().reshape(-1).view(torch.uint8).numpy().data)
        self.tensors.append(value)
        return described

    def reference(self, value):
        described = {"t": "ref", "id": self.store.keep(value), "type": type_name(value)}
        if isinstance(value, torch.nn.Module):
            described["kind"] = "module"
            described["layout"] = self.store.layout(value, Encoder(self.store, self.buffers))
        else:
            described["kind"] = "class" if isinstance(value, type) else "callable" if callable(value) else "object"
        return described


def writable(text):
    """The text without halves of surrogate pairs, which UTF-8 cannot write."""
    return text.encode("utf-8", "replace").decode("utf-8")


def type_name(value):
    """The name of the value's type, shortened."""
    return writable(str(type(value).__name__)[:100])


def is_dense(tensor):
    """Whether the strides order the elements in memory without gaps and without overlap."""
    step = 1
    for own, size in sorted((own, size) for own, size in zip(tensor.stride(), tensor.shape, strict=True) if size != 1):
        if own != step:
            return False
        step *= size
    return True


class Decoder:
    """Reads the values that the examiner sent.

    Args:
        store: finds the objects that are referred to.
        buffers: bytes of the tensors.

    Attributes:
        inputs: (leaf, given) of each tensor among the values: what takes the gradient, and what the student's code is
            given.
        decoded: what the student's code is given, by the number of its buffer: a tensor sent twice arrives as one.
    """

    def __init__(self, store, buffers):
        self.store = store
        self.buffers = buffers
        self.inputs = []
        self.decoded = {}

    def decode(self, value):  # noqa: PLR0911
        if not isinstance(value, dict):
            return value
        kind = value["t"]
        if kind == "tensor":
            return self.input(value)
        if kind == "array":
            return self.tensor(value["v"]).numpy()
        if kind == "list":
            return [self.decode(item) for item in value["v"]]
        if kind == "tuple":
            return tuple(self.decode(item) for item in value["v"])
        if kind == "dict":
            return {self.decode(key): self.decode(item) for key, item in value["v"]}
        if kind == "ref":
            return self.store.find(value)
        if kind == "function":
            return self.store.remote_function(value["v"])
        if kind == "dtype":
            return getattr(torch, value["v"])
        if kind == "name":
            return follow(importlib.import_module(value["module"]), value["v"].split("."))
        if kind in ("int", "float"):
            return {"int": int, "float": float}[kind](value["v"])
        raise ValueError(f"unknown kind {kind!r}")

    def input(self, value):
        if value["buffer"] not in self.decoded:
            leaf = given = self.tensor(value)
            if value["grad"]:
                leaf.requires_grad_()
                # An in-place operation is allowed on the caller's own tensor if it is not a leaf.
                given = leaf if value["leaf"] else leaf.clone()
            self.decoded[value["buffer"]] = given
            self.inputs.append((leaf, given))
        return self.decoded[value["buffer"]]

    def tensor(self, value):
        dtype, shape = getattr(torch, value["dtype"]), value["shape"]
        if not math.prod(shape):
            made = torch.empty(shape, dtype=dtype)
        else:
            made = torch.frombuffer(bytearray(self.buffers[value["buffer"]]), dtype=dtype)
            made = self.strided(made if len(shape) == 1 else made.reshape(shape), value.get("stride"))
        if value.get("device"):
            if torch.cuda.is_available():
                return made.to(value["device"])
            self.store.misses_device = True
        return made

    @staticmethod
    def strided(made, stride):
        """The same values with the caller's strides, expanded axes (stride 0) included."""
        if stride is None:
            return made
        shape = made.shape
        for axis, step in enumerate(stride):
            if not step:
                made = made.narrow(axis, 0, 1)
        try:
            return torch.empty_strided(made.shape, stride, dtype=made.dtype).copy_(made).expand(shape)
        except RuntimeError:  # windows that overlap
            return made.expand(shape)


def follow(value, path):
    """Follow a path of attribute names.

    After `_modules` comes the name of a submodule, which no other attribute can hide.
    """
    for part in path:
        value = value[part] if isinstance(value, dict) else getattr(value, part)
    return value


def split(sizes, frame):
    """Take apart the buffers that a request has joined into one frame."""
    ends = list(itertools.accumulate(sizes))
    return [frame[end - size : end] for size, end in zip(sizes, ends, strict=True)]
