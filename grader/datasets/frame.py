"""One frame of the drawn town: a character in some pose, light and weather, as JPEG bytes.

The same seed, class, number and size give the same bytes on every machine with the same Pillow.
"""

from __future__ import annotations

import io
from colorsys import hsv_to_rgb
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from grader.datasets.characters import Character, shapes_of
from grader.datasets.shapes import Layer, Role, Shape

_SUPERSAMPLING = 2
_JPEG_QUALITY = 88
_LAYERS: tuple[Layer, ...] = ("head", "face", "body")
Colour = tuple[int, int, int]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Outline:
    """A character's shapes with all points in one array, so that a pose is one multiplication."""

    shapes: tuple[Shape, ...]
    points: Floats
    layers: NDArray[np.intp]
    ends: tuple[int, ...]


def draw(character: Character, number: int, *, seed: int, size: int) -> bytes:
    """The `number`-th picture of a character, `size` x `size` pixels, as JPEG."""
    rng = np.random.default_rng([seed, number, *character.name.encode()])
    side = size * _SUPERSAMPLING
    image = Image.new("RGB", (side, side), _random_colour(rng))
    pen = ImageDraw.Draw(image)
    _scenery(pen, rng, side)
    _figure(pen, rng, side, _outline_of(character))
    if rng.random() < 0.5:
        _occlusion(pen, rng, side)
    small = image.resize((size, size), Image.Resampling.BOX)
    out = io.BytesIO()
    _weathered(small, rng).save(out, "JPEG", quality=_JPEG_QUALITY)
    return out.getvalue()


@cache
def _outline_of(character: Character) -> _Outline:
    shapes = shapes_of(character)
    return _Outline(
        shapes=shapes,
        points=np.array([point for shape in shapes for point in shape.points]),
        layers=np.array([_LAYERS.index(shape.layer) for shape in shapes for _ in shape.points]),
        ends=tuple(np.cumsum([len(shape.points) for shape in shapes]).tolist()),
    )


def _figure(pen: ImageDraw.ImageDraw, rng: np.random.Generator, side: int, outline: _Outline) -> None:
    points = _posed(rng, outline, side)
    palette = _palette(rng)
    ink_width = max(1, round(side * rng.uniform(0.008, 0.016)))
    start = 0
    for shape, end in zip(outline.shapes, outline.ends, strict=True):
        corners = [tuple(corner) for corner in points[start:end].tolist()]
        start = end
        if shape.closed:
            pen.polygon(corners, fill=palette[shape.role], outline=palette["ink"], width=ink_width)
        else:
            pen.line(corners, fill=palette["ink"], width=ink_width + 1)


def _posed(rng: np.random.Generator, outline: _Outline, side: int) -> Floats:
    """The outline's points in pixels: the face turned, the head bent, the figure scaled, tilted, mirrored and moved."""
    points = outline.points.copy()
    points[outline.layers == _LAYERS.index("face")] += rng.uniform((-0.16, -0.1), (0.16, 0.1))
    points[outline.layers == _LAYERS.index("body")] += rng.uniform((-0.2, -0.05), (0.2, 0.15))
    points[:, 0] += rng.uniform(-0.12, 0.12) * np.sin(1.5 * points[:, 1] + rng.uniform(0, 2 * np.pi))
    points *= rng.uniform(0.88, 1.12, 2)
    angle = np.radians(rng.normal(0, 9))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if rng.random() < 0.5:
        points[:, 0] = -points[:, 0]
    scale = side * rng.uniform(0.17, 0.27)
    centre = side * rng.uniform((0.38, 0.44), (0.62, 0.6))
    posed: Floats = points @ turn.T * scale + centre
    return posed


def _palette(rng: np.random.Generator) -> dict[Role, Colour]:
    """Colours shared by the whole cast: yellowish skin in many lights, everything else at random."""
    skin = _hsv(rng.uniform(0.08, 0.16), rng.uniform(0.45, 0.95), rng.uniform(0.75, 1.0))
    return {
        "skin": skin,
        "hair": _random_colour(rng),
        "cloth": _random_colour(rng),
        "accent": _random_colour(rng),
        "shade": _hsv(rng.uniform(0.05, 0.12), rng.uniform(0.3, 0.6), rng.uniform(0.45, 0.65)),
        "white": _hsv(rng.uniform(0, 1), rng.uniform(0, 0.1), rng.uniform(0.88, 1.0)),
        "ink": _hsv(rng.uniform(0, 1), rng.uniform(0, 0.4), rng.uniform(0, 0.18)),
    }


def _scenery(pen: ImageDraw.ImageDraw, rng: np.random.Generator, side: int) -> None:
    """Ground, houses and trees behind the figure."""
    horizon = side * rng.uniform(0.45, 0.85)
    pen.rectangle((0, horizon, side, side), fill=_random_colour(rng))
    for _ in range(rng.integers(1, 4)):
        x, width, height = side * rng.uniform(-0.1, 0.9), side * rng.uniform(0.1, 0.4), side * rng.uniform(0.1, 0.5)
        pen.rectangle((x, horizon - height, x + width, horizon), fill=_random_colour(rng))
        if rng.random() < 0.5:
            roof = [(x, horizon - height), (x + width / 2, horizon - height * 1.5), (x + width, horizon - height)]
            pen.polygon(roof, fill=_random_colour(rng))
    for _ in range(rng.integers(0, 3)):
        x, y, radius = side * rng.uniform(0, 1), side * rng.uniform(0, 0.8), side * rng.uniform(0.04, 0.14)
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_random_colour(rng))


def _occlusion(pen: ImageDraw.ImageDraw, rng: np.random.Generator, side: int) -> None:
    """Something in front of the figure: a pole, or a bush at the lower edge."""
    if rng.random() < 0.5:
        x, width = side * rng.uniform(0, 1), side * rng.uniform(0.03, 0.09)
        pen.rectangle((x, 0, x + width, side), fill=_random_colour(rng))
    else:
        x, radius = side * rng.uniform(0, 1), side * rng.uniform(0.12, 0.25)
        pen.ellipse((x - radius, side - radius, x + radius, side + radius), fill=_random_colour(rng))


def _weathered(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Light, contrast and sensor noise."""
    pixels = np.asarray(image, dtype=np.float32)
    pixels = (pixels - 128) * np.float32(rng.uniform(0.7, 1.1)) + np.float32(128 + rng.uniform(-25, 25))
    pixels += rng.standard_normal(pixels.shape, dtype=np.float32) * np.float32(rng.uniform(2, 9))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _random_colour(rng: np.random.Generator) -> Colour:
    return _hsv(rng.uniform(0, 1), rng.uniform(0.1, 0.8), rng.uniform(0.35, 0.95))


def _hsv(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = hsv_to_rgb(hue, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)
