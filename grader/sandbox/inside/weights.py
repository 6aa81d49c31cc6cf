"""Read a network's weights out of a file that nobody trusts. Runs in the student's kernel, behind its walls.

Two kinds of files: `safetensors` (eight bytes with the header's length, a JSON header, the tensors' bytes), read here,
and what `torch.save` writes, read with `weights_only=True`. What is wrong with a file is a code and plain values, which
the grader outside turns into a sentence.

Imports nothing else of the project; `grader.grading.network` sends this file's text into the kernel.
"""

import json
import os
import pickle
import re
import zipfile

import torch

MAX_HEADER_BYTES = 8 * 1024 * 1024
MAX_TENSORS = 20_000
MAX_DIMENSIONS = 16
MAX_SHOWN = 200
SAFE_DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool,
}  # fmt: skip


class WeightsRefused(Exception):
    """The file is not taken.

    Attributes:
        code: what is wrong, a key of the grader's table of messages.
        fields: numbers and texts for that message.
    """

    def __init__(self, code, **fields):
        super().__init__(code)
        self.code = code
        self.fields = fields


def read_weights(path):
    """Tensors by name.

    Args:
        path: of the file; its ending says its kind.

    Raises:
        WeightsRefused: it is none, or claims what it does not hold.
    """
    size = os.path.getsize(path)
    if not size:
        raise WeightsRefused("empty")
    read = _read_safetensors if path.lower().endswith(".safetensors") else _read_torch
    try:
        return read(path, size)
    except WeightsRefused:
        raise
    except (MemoryError, RecursionError) as error:
        raise WeightsRefused("too_large", kind=type(error).__name__) from None


def _read_safetensors(path, size):
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(size - 8, MAX_HEADER_BYTES) or length < 2:
            raise WeightsRefused("header_length", length=length, size=size)
        header = _header(file.read(length))
        data = bytearray(file.read())
    data_bytes = size - 8 - length
    tensors, places = {}, []
    for name, entry in header.items():
        dtype, shape, begin, end = _entry(name, entry, data_bytes)
        places.append((begin, end, name))
        count = 1
        for side in shape:
            count *= side
        expected = count * torch.empty((), dtype=dtype).element_size()
        if expected != end - begin:
            raise WeightsRefused(
                "tensor_bytes", name=name[:MAX_SHOWN], shape=_plain(shape), expected=expected, found=end - begin
            )
        raw = torch.frombuffer(data, dtype=torch.uint8, count=end - begin, offset=begin) if count else torch.empty(0)
        tensors[name] = raw.clone().view(dtype).reshape(shape) if count else torch.empty(shape, dtype=dtype)
    _require_one_after_another(places, data_bytes)
    return tensors


def _header(text):
    try:
        header = json.loads(text.decode())
    except (ValueError, RecursionError):
        raise WeightsRefused("header_json") from None
    if not isinstance(header, dict):
        raise WeightsRefused("header_json")
    header.pop("__metadata__", None)
    if not header or len(header) > MAX_TENSORS:
        raise WeightsRefused("tensor_count", found=len(header), allowed=MAX_TENSORS)
    return header


def _entry(name, entry, data_bytes):
    """What a header says of one tensor: dtype, shape, first byte, byte after the last."""
    shape = entry.get("shape") if isinstance(entry, dict) else None
    offsets = entry.get("data_offsets") if isinstance(entry, dict) else None
    is_plain = _are_sizes(shape) and len(shape) <= MAX_DIMENSIONS and _are_sizes(offsets) and len(offsets) == 2
    if not is_plain:
        raise WeightsRefused("entry", name=name[:MAX_SHOWN])
    dtype = SAFE_DTYPES.get(str(entry.get("dtype")))
    if dtype is None:
        raise WeightsRefused("dtype", name=name[:MAX_SHOWN], found=str(entry.get("dtype"))[:20])
    begin, end = offsets
    if not begin <= end <= data_bytes:
        raise WeightsRefused("outside", name=name[:MAX_SHOWN], begin=_plain(begin), end=_plain(end), size=data_bytes)
    return dtype, shape, begin, end


def _are_sizes(values):
    return isinstance(values, list) and all(type(value) is int and value >= 0 for value in values)


def _require_one_after_another(places, data_bytes):
    """Every byte of the data belongs to exactly one tensor."""
    places.sort()
    at, before = 0, ""
    for begin, end, name in places:
        if begin < at:
            raise WeightsRefused("overlap", first=before[:MAX_SHOWN], second=name[:MAX_SHOWN])
        if begin > at:
            raise WeightsRefused("unused_bytes", count=begin - at)
        at, before = end, name
    if at != data_bytes:
        raise WeightsRefused("unused_bytes", count=data_bytes - at)


def _read_torch(path, size):
    if zipfile.is_zipfile(path):
        _require_no_bomb(path, size)
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except pickle.UnpicklingError as error:
        # torch names what the pickle asks for; nothing of it was called.
        named = re.search(r"GLOBAL ([\w.]+)|(?:call|build|for) ([\w.]+)", str(error))
        wanted = next((name for name in (named.groups() if named else ()) if name), "")
        raise WeightsRefused("code" if wanted else "damaged", wanted=wanted[:MAX_SHOWN]) from None
    except Exception as error:  # whatever a damaged file leads torch to
        raise WeightsRefused("damaged", wanted=type(error).__name__) from None
    if not isinstance(found, dict):
        raise WeightsRefused("no_state_dict", found=type(found).__name__[:MAX_SHOWN])
    if not found or len(found) > MAX_TENSORS:
        raise WeightsRefused("tensor_count", found=len(found), allowed=MAX_TENSORS)
    for name, tensor in found.items():
        if not isinstance(name, str) or not isinstance(tensor, torch.Tensor):
            raise WeightsRefused("no_tensor", name=str(name)[:MAX_SHOWN], found=type(tensor).__name__[:MAX_SHOWN])
        _require_plain(name, tensor)
    return dict(found)


def _require_no_bomb(path, size):
    """Torch stores its parts as they are: what unpacks to more than the file was packed to be a bomb, or by hand."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise WeightsRefused("damaged", wanted="zip") from None
    if unpacked > size:
        raise WeightsRefused("bomb", unpacked=unpacked, size=size)


def _require_plain(name, tensor):
    is_plain = tensor.layout is torch.strided and tensor.device.type == "cpu" and not tensor.is_quantized
    if not is_plain:
        raise WeightsRefused("odd_tensor", name=name[:MAX_SHOWN], layout=f"{tensor.layout}, {tensor.device}")
    claimed, held = tensor.numel() * tensor.element_size(), tensor.untyped_storage().nbytes()
    if claimed > held:
        raise WeightsRefused("overlaps_itself", name=name[:MAX_SHOWN], shape=_plain(list(tensor.shape)), held=held)


def _plain(value):
    """A number or a shape as text; numbers of the file may have thousands of digits."""
    if isinstance(value, list):
        return f"({', '.join(_plain(side) for side in value)})"
    return str(value) if value < 10**30 else "10^30 or more"
