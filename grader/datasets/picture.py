"""A picture file as bytes: is it readable, what is in it, and what does it say beside its pixels."""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

_JPEG_START, _JPEG_END = b"\xff\xd8", b"\xff\xd9"
_JPEG_SCAN, _JPEG_COMMENT, _JPEG_APP0, _JPEG_ADOBE, _JPEG_APP15 = 0xDA, 0xFE, 0xE0, 0xEE, 0xEF
_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
# What Pillow's decoders raise on damaged files, found by its own fuzzers' corpus and ours.
_DECODER_ERRORS = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, OverflowError, MemoryError, Warning,
    struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip


class UnreadablePictureError(Exception):
    """The bytes are no picture that Pillow can decode; the message says why."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a picture file holds, whatever it is called."""

    width: int
    height: int
    format: str
    digest: str


@contextmanager
def strict_pillow() -> Iterator[None]:
    """Inside the block a decompression bomb is an error, and complaints about metadata are silent."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def examine(data: bytes) -> Facts:
    """Size, format and content digest of a picture, which is decoded to its end.

    Raises:
        UnreadablePictureError: not a JPEG or PNG, damaged, cut off, or too many pixels.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as image:
            width, height = image.size
            kind = str(image.format)
            # A JPEG decodes at an eighth of its size: still to the last byte, six times as fast.
            image.draft("RGB", (max(1, width // 8), max(1, height // 8)))
            image.load()
    except _DECODER_ERRORS as error:
        raise UnreadablePictureError(str(error) or type(error).__name__) from error
    return Facts(width=width, height=height, format=kind, digest=content_digest(data))


def decode(data: bytes, size: int) -> npt.NDArray[np.uint8]:
    """A picture's colours, squashed to a square: (size, size, 3), uint8.

    Raises:
        UnreadablePictureError: not a JPEG or PNG, damaged, cut off, or too many pixels.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as image:
            image.draft("RGB", (2 * size, 2 * size))  # a large JPEG is decoded at a fraction of its size
            squashed = image.convert("RGB").resize((size, size), Image.Resampling.BILINEAR)
    except _DECODER_ERRORS as error:
        raise UnreadablePictureError(str(error) or type(error).__name__) from error
    return np.asarray(squashed)


def content_digest(data: bytes) -> str:
    """SHA-256 of the picture without its metadata: two copies with other EXIF are one picture."""
    return hashlib.sha256(without_metadata(data)).hexdigest()


def without_metadata(data: bytes) -> bytes:
    """The same pixels, bit for bit, without EXIF, comments, text and whatever follows the picture.

    A name or an original path in there would tell the class of a test picture. Bytes that are neither JPEG nor PNG
    come back as they are.
    """
    if data.startswith(_JPEG_START):
        return _jpeg_without_metadata(data)
    if data.startswith(_PNG_START):
        return _png_without_metadata(data)
    return data


def _jpeg_without_metadata(data: bytes) -> bytes:
    kept, at = [_JPEG_START], 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # padding between segments
            at += 1
            continue
        if marker == _JPEG_SCAN:
            end = data.rfind(_JPEG_END)
            return b"".join([*kept, data[at : end + 2 if end > at else len(data)]])
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        segment = data[at:end]
        if not _is_jpeg_metadata(marker, segment):
            kept.append(segment)
        at = end
    return data


def _is_jpeg_metadata(marker: int, segment: bytes) -> bool:
    """Adobe's segment and the JFIF header say how to decode the colours; the other application segments do not."""
    if marker == _JPEG_APP0:
        return segment[4:9] != b"JFIF\0"
    return marker == _JPEG_COMMENT or (_JPEG_APP0 < marker <= _JPEG_APP15 and marker != _JPEG_ADOBE)


def _png_without_metadata(data: bytes) -> bytes:
    kept, at = [_PNG_START], len(_PNG_START)
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        name = data[at + 4 : at + 8]
        if name in _PNG_KEPT:
            kept.append(data[at:end])
        if name == b"IEND":
            return b"".join(kept)
        at = end
    return data
