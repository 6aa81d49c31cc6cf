"""Pictures of the hidden test as students get them: never a public archive's bytes, nor quite its pixels.

What is drawn depends on the data set's secret seed and on the picture's content alone. A test picture loses a few per
cent at each corner, so it is also bent a little, is somewhat smaller, lighter or darker, and is encoded anew. A decoy
is cut much more, half of all are mirrored and half have their colours shifted: a network that has learned what
characters look like hardly minds, a table of known pictures finds nothing near it.
"""

from __future__ import annotations

import io
from random import Random

from PIL import Image, ImageEnhance

_CORNER = 0.10
_SCALE = (0.8, 1.0)
_LIGHT = 0.08
_QUALITY = (78, 92)
_LEAST_SIDE = 32
_DECOY_SIDE = (0.74, 0.82)
_DECOY_CORNER = 0.06
_DECOY_TINT = 0.2


def test_copy(data: bytes, chance: Random, *, resized: bool) -> bytes:
    """A picture of the hidden test, slightly altered, as a JPEG.

    Args:
        data: a JPEG or PNG that Pillow reads.
        chance: where it is drawn from.
        resized: whether it may become smaller; pictures of a drawn town all have one size and keep it.
    """
    with Image.open(io.BytesIO(data)) as image:
        cut = _cut(image.convert("RGB"), chance, (0.0, 0.0, 1.0, 1.0), _CORNER, resized=resized)
    return _encoded(_lit(cut, chance), chance)


test_copy.__test__ = False  # type: ignore[attr-defined]


def decoy_copy(data: bytes, chance: Random, *, resized: bool) -> bytes:
    """A copy of a picture of the hidden test that only shows the same character; arguments as of `test_copy`."""
    side = chance.uniform(*_DECOY_SIDE)
    left, top = chance.uniform(0, 1 - side), chance.uniform(0, 1 - side)
    is_mirrored, is_tinted = chance.random() < 0.5, chance.random() < 0.5
    with Image.open(io.BytesIO(data)) as image:
        cut = _cut(image.convert("RGB"), chance, (left, top, side, side), _DECOY_CORNER, resized=resized)
    if is_mirrored:
        cut = cut.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if is_tinted:
        gains = [chance.uniform(1 - _DECOY_TINT, 1 + _DECOY_TINT) for _channel in range(3)]
        cut = cut.point([min(255, round(value * gain)) for gain in gains for value in range(256)])
    return _encoded(_lit(cut, chance), chance)


def _cut(
    image: Image.Image, chance: Random, box: tuple[float, float, float, float], corner: float, *, resized: bool
) -> Image.Image:
    """The part in `box` (left, top, width, height, shares of the picture), each corner moved inwards by chance."""
    width, height = image.size
    left, top, across, down = box
    at = [
        (left + across * chance.uniform(0, corner) if x == 0 else left + across * (1 - chance.uniform(0, corner)),
         top + down * chance.uniform(0, corner) if y == 0 else top + down * (1 - chance.uniform(0, corner)))
        for x, y in ((0, 0), (0, 1), (1, 1), (1, 0))
    ]  # fmt: skip
    scale = chance.uniform(*_SCALE) if resized else 1.0
    size = [max(min(side, _LEAST_SIDE), round(side * scale)) for side in image.size]
    corners = [value for x, y in at for value in (x * width, y * height)]
    return image.transform((size[0], size[1]), Image.Transform.QUAD, corners, Image.Resampling.BICUBIC)


def _lit(image: Image.Image, chance: Random) -> Image.Image:
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = enhance(image).enhance(chance.uniform(1 - _LIGHT, 1 + _LIGHT))
    return image


def _encoded(image: Image.Image, chance: Random) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=chance.randint(*_QUALITY))
    return file.getvalue()
