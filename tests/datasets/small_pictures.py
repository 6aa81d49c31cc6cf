"""Pictures for the tests: small, cheap, each unlike every other."""

import io
import random

from PIL import Image


def picture(number: int, *, kind: str = "JPEG", size: tuple[int, int] = (40, 48), **save: object) -> bytes:
    """A small picture that no other number has."""
    noise = random.Random(number).randbytes(size[0] * size[1] * 3)
    out = io.BytesIO()
    Image.frombytes("RGB", size, noise).save(out, kind, **save)
    return out.getvalue()
