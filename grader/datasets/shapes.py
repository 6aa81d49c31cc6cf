"""What a drawn character is made of: outlines in head coordinates, by part and kind.

The head is about 2 high around (0, 0), y points down. Every kind is a function of nothing, so that a character is data;
pose, colour and noise come later, in `drawing`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi, sin
from typing import Literal

Role = Literal["skin", "hair", "ink", "white", "cloth", "accent", "shade"]
Layer = Literal["head", "face", "body"]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Shape:
    """One outline. `layer` tells how it moves: the face slides over the head, the body stays below."""

    points: tuple[Point, ...]
    role: Role
    layer: Layer = "head"
    closed: bool = True


def oval(x: float, y: float, rx: float, ry: float, n: int = 18) -> tuple[Point, ...]:
    """An ellipse as a polygon."""
    return tuple((x + rx * cos(2 * pi * i / n), y + ry * sin(2 * pi * i / n)) for i in range(n))


def arc(x: float, y: float, rx: float, ry: float, *, turn: tuple[float, float], n: int = 9) -> tuple[Point, ...]:
    """A part of an ellipse, from one turn to another, clockwise from the right because y points down."""
    start, stop = turn
    turns = [start + (stop - start) * i / (n - 1) for i in range(n)]
    return tuple((x + rx * cos(2 * pi * t), y + ry * sin(2 * pi * t)) for t in turns)


def mirrored(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The same outline on the other side of the head."""
    return tuple((-x, y) for x, y in points)


def zigzag(x0: float, x1: float, low: float, high: float, teeth: int) -> tuple[Point, ...]:
    """A row of teeth from x0 to x1 between two heights."""
    step = (x1 - x0) / (2 * teeth)
    return tuple((x0 + i * step, low if i % 2 == 0 else high) for i in range(2 * teeth + 1))


def star(
    rx: float, ry: float, spikes: int, inner: float, *, turn: tuple[float, float] = (0.0, 1.0)
) -> tuple[Point, ...]:
    """An ellipse with spikes; `inner` is how far in the notches reach, from 0 to 1."""
    start, stop = turn
    corners = [(1.0 if i % 2 == 0 else inner, start + (stop - start) * i / (2 * spikes)) for i in range(2 * spikes + 1)]
    return tuple((rx * far * cos(2 * pi * t), ry * far * sin(2 * pi * t)) for far, t in corners)


def path(text: str) -> tuple[Point, ...]:
    """Corners written as in SVG: `"0,0 1,0 1,1"`."""
    return tuple((float(x), float(y)) for x, y in (corner.split(",") for corner in text.split()))


def _skull(points: tuple[Point, ...]) -> tuple[Shape, ...]:
    return (Shape(points, "skin"),)


HEADS: dict[str, Callable[[], tuple[Shape, ...]]] = {
    "round": lambda: _skull(oval(0, 0, 0.95, 0.95, 24)),
    "egg": lambda: _skull(
        (*arc(0, -0.2, 0.72, 0.85, turn=(0.5, 1.0)), (0.78, 0.4), *arc(0, 0.45, 0.85, 0.62, turn=(0.0, 0.5)))
    ),
    "box": lambda: _skull(path("-0.7,-1.0 0.7,-1.0 0.72,0.6 0.4,1.0 -0.4,1.0 -0.72,0.6")),
    "narrow": lambda: _skull(oval(0, 0, 0.6, 1.12, 24)),
    "wide": lambda: _skull(
        (*arc(0, -0.1, 0.8, 0.8, turn=(0.5, 1.0)), (1.05, 0.5), *arc(0, 0.5, 1.05, 0.55, turn=(0.0, 0.5)))
    ),
    "wedge": lambda: _skull(path("-0.9,-0.8 0,-1.0 0.9,-0.8 0.7,0.3 0.2,1.1 -0.2,1.1 -0.7,0.3")),
}

# Hair behind the head, then hair in front of it.
HAIR_BEHIND: dict[str, Callable[[], tuple[Shape, ...]]] = {
    "star": lambda: (Shape(star(1.55, 1.5, 9, 0.68), "hair"),),
    "tower": lambda: (Shape((*arc(0, -1.9, 0.62, 0.6, turn=(0.5, 1.0)), *path("0.72,-0.2 -0.72,-0.2")), "hair"),),
    "tufts": lambda: tuple(Shape(side, "hair") for side in _both(oval(1.15, -0.25, 0.6, 0.62, 14))),
    "palm": lambda: (Shape(star(1.9, 2.1, 8, 0.5, turn=(0.52, 0.98)), "hair"),),
    "afro": lambda: (Shape(oval(0, -0.35, 1.5, 1.4, 24), "hair"),),
    "long": lambda: (Shape((*arc(0, -0.25, 1.12, 1.0, turn=(0.5, 1.0)), *path("1.2,1.5 -1.2,1.5")), "hair"),),
    "ponytail": lambda: (Shape(path("0.5,-0.6 1.4,-0.7 1.75,0.3 1.3,0.95 1.1,0.0 0.5,0.1"), "hair"),),
    "dreads": lambda: tuple(
        Shape(((x - 0.14, -0.7), (x + 0.14, -0.7), (1.35 * x + 0.12, 1.3), (1.35 * x - 0.12, 1.3)), "hair")
        for x in (-1.0, -0.66, 0.66, 1.0)
    ),
    "buns": lambda: tuple(Shape(side, "hair") for side in _both(oval(0.85, -1.0, 0.45, 0.45, 14))),
    "bone": lambda: (Shape(star(1.35, 1.75, 6, 0.55, turn=(0.53, 0.97)), "hair"), *_bone()),
}

HAIR_BEFORE: dict[str, Callable[[], tuple[Shape, ...]]] = {
    "two hairs": lambda: tuple(
        Shape(arc(x, -1.0, 0.34, 0.42, turn=(0.5, 1.0)), "ink", closed=False) for x in (-0.2, 0.25)
    ),
    "mop": lambda: (
        Shape((*arc(0, -0.45, 0.92, 0.85, turn=(0.46, 1.04), n=12), *path("0.45,-0.62 -0.45,-0.62")), "hair"),
    ),
    "curls": lambda: tuple(
        Shape(oval(x, y, 0.3, 0.28, 10), "hair") for x, y in path("-0.78,-0.55 0.78,-0.55 -0.5,-0.95 0.5,-0.95 0,-1.08")
    ),
    "spikes": lambda: (Shape((*zigzag(-0.78, 0.78, -0.8, -1.6, 5), *path("0.7,-0.55 -0.7,-0.55")), "hair"),),
    "parted": lambda: (Shape(path("-0.85,-0.2 -0.85,-0.85 -0.3,-1.15 0.6,-1.1 0.9,-0.6 0.1,-0.7 -0.5,-0.75"), "hair"),),
    "ring": lambda: tuple(Shape(side, "hair") for side in _both(path("0.62,-0.35 1.12,-0.3 1.05,0.3 0.72,0.25"))),
    "bowl": lambda: (
        Shape((*arc(0, -0.2, 1.05, 0.95, turn=(0.48, 1.02), n=12), *path("0.98,-0.28 -0.98,-0.28")), "hair"),
    ),
    "peaked cap": lambda: (
        Shape(path("-0.95,-0.6 -1.15,-1.25 1.15,-1.25 0.95,-0.6"), "cloth"),
        Shape(path("-1.05,-0.6 1.05,-0.6 1.35,-0.4 -0.9,-0.4"), "ink"),
        Shape(oval(0, -0.95, 0.16, 0.16, 8), "accent"),
    ),
    "pompadour": lambda: (
        Shape(path("-0.8,-0.35 -0.75,-0.9 -0.55,-1.45 0.2,-1.6 1.0,-1.3 1.1,-0.9 0.5,-0.75 0,-0.6"), "hair"),
    ),
    "sweep": lambda: (
        Shape(path("-0.9,0.05 -1.05,-0.75 -0.5,-1.3 0.5,-1.35 1.05,-0.8 0.92,0.05 0.72,-0.5 -0.72,-0.5"), "hair"),
    ),
    "helmet": lambda: (
        Shape(
            (*star(1.2, 1.25, 12, 0.88, turn=(0.45, 1.05)), *path("0.75,0.35 0.6,-0.5 -0.6,-0.5 -0.75,0.35")), "hair"
        ),
    ),
    "jagged": lambda: (
        Shape((*zigzag(-0.95, 0.95, -0.75, -0.25, 4), *arc(0, -0.4, 0.95, 0.75, turn=(1.0, 0.5))), "hair"),
    ),
    "flat top": lambda: (Shape(path("-0.8,-0.5 -0.95,-1.55 0.95,-1.55 0.8,-0.5 0.3,-0.7 -0.3,-0.7"), "hair"),),
    "mohawk": lambda: (Shape((*zigzag(-0.25, 0.25, -0.9, -1.75, 2), *path("0.25,-0.55 -0.25,-0.55")), "hair"),),
    "hat": lambda: (
        Shape(path("-0.65,-0.75 -0.55,-1.5 0.55,-1.5 0.65,-0.75"), "cloth"),
        Shape(path("-1.35,-0.8 1.35,-0.8 1.25,-0.6 -1.25,-0.6"), "cloth"),
    ),
    "fringe": lambda: tuple(
        Shape(((x - 0.16, -0.95), (x + 0.16, -0.95), (x, -0.35)), "hair") for x in (-0.6, -0.3, 0.0, 0.3, 0.6)
    ),
}


def _eyeballs(gap: float, radius: float, y: float = -0.12) -> tuple[Shape, ...]:
    return tuple(
        shape
        for x in (-gap, gap)
        for shape in (
            Shape(oval(x, y, radius, radius, 14), "white", "face"),
            Shape(oval(x + 0.05, y + 0.02, 0.09, 0.09, 8), "ink", "face"),
        )
    )


EYES: dict[str, Callable[[], tuple[Shape, ...]]] = {
    "round": lambda: _eyeballs(0.38, 0.28),
    "close": lambda: _eyeballs(0.33, 0.34),
    "lidded": lambda: (
        *_eyeballs(0.36, 0.27),
        *(Shape((*arc(x, -0.12, 0.29, 0.29, turn=(0.5, 1.0)), (x, -0.1)), "shade", "face") for x in (-0.36, 0.36)),
    ),
    "round glasses": lambda: (
        *(Shape(oval(x, -0.12, 0.42, 0.42, 16), "ink", "face") for x in (-0.44, 0.44)),
        *(Shape(oval(x, -0.12, 0.31, 0.31, 14), "white", "face") for x in (-0.44, 0.44)),
        *(Shape(oval(x, -0.12, 0.09, 0.09, 8), "ink", "face") for x in (-0.44, 0.44)),
    ),
    "square glasses": lambda: tuple(
        Shape(((x - r, -0.12 - r), (x + r, -0.12 - r), (x + r, -0.12 + r), (x - r, -0.12 + r)), role, "face")
        for x in (-0.42, 0.42)
        for r, role in _SQUARE_LENS
    ),
    "shades": lambda: (
        Shape(path("-0.85,-0.32 0.85,-0.32 0.75,0.12 0.12,0.12 0,-0.1 -0.12,0.12 -0.75,0.12"), "ink", "face"),
    ),
    "dots": lambda: tuple(Shape(oval(x, -0.1, 0.11, 0.13, 8), "ink", "face") for x in (-0.34, 0.34)),
    "lashes": lambda: (
        *_eyeballs(0.38, 0.3),
        *(
            Shape(((x + dx, -0.38), (x + 1.7 * dx, -0.66)), "ink", "face", closed=False)
            for x in (-0.38, 0.38)
            for dx in (-0.17, 0.0, 0.17)
        ),
    ),
}

_SQUARE_LENS: tuple[tuple[float, Role], ...] = ((0.37, "ink"), (0.27, "white"), (0.09, "ink"))

MOUTHS: dict[str, Callable[[], tuple[Shape, ...]]] = {
    "smile": lambda: (Shape(arc(0, 0.4, 0.42, 0.28, turn=(0.02, 0.48)), "ink", "face", closed=False),),
    "frown": lambda: (Shape(arc(0, 0.75, 0.4, 0.25, turn=(0.52, 0.98)), "ink", "face", closed=False),),
    "open": lambda: (
        Shape(oval(0, 0.58, 0.34, 0.28, 14), "ink", "face"),
        Shape(oval(0, 0.7, 0.2, 0.12, 10), "accent", "face"),
    ),
    "grin": lambda: (
        Shape(path("-0.5,0.42 0.5,0.42 0.36,0.74 -0.36,0.74"), "white", "face"),
        *(Shape(((x, 0.42), (x, 0.74)), "ink", "face", closed=False) for x in (-0.2, 0.0, 0.2)),
    ),
    "stubble": lambda: (
        Shape(oval(0, 0.58, 0.66, 0.4, 18), "shade", "face"),
        Shape(arc(0, 0.5, 0.4, 0.14, turn=(0.02, 0.48)), "ink", "face", closed=False),
    ),
    "moustache": lambda: (
        Shape(path("0,0.28 0.55,0.4 0.62,0.66 0.2,0.54 -0.2,0.54 -0.62,0.66 -0.55,0.4"), "hair", "face"),
    ),
    "beard": lambda: (
        Shape(path("-0.82,0.2 -0.4,0.38 0.4,0.38 0.82,0.2 0.62,1.0 0,1.4 -0.62,1.0"), "hair", "face"),
        Shape(oval(0, 0.58, 0.26, 0.1, 10), "ink", "face"),
    ),
    "goatee": lambda: (
        Shape(arc(0, 0.36, 0.36, 0.16, turn=(0.02, 0.48)), "ink", "face", closed=False),
        Shape(path("-0.3,0.7 0.3,0.7 0,1.35"), "hair", "face"),
    ),
    "pacifier": lambda: (
        Shape(oval(0, 0.52, 0.3, 0.3, 12), "accent", "face"),
        Shape(oval(0, 0.52, 0.12, 0.12, 8), "white", "face"),
    ),
    "cigarette": lambda: (
        Shape(arc(0, 0.45, 0.36, 0.14, turn=(0.02, 0.48)), "ink", "face", closed=False),
        Shape(path("0.2,0.5 1.05,0.72 1.02,0.86 0.18,0.64"), "white", "face"),
    ),
}

NOSES: dict[str, Callable[[], tuple[Shape, ...]]] = {
    "small": lambda: (Shape(arc(0, 0.16, 0.14, 0.12, turn=(0.75, 1.4)), "ink", "face", closed=False),),
    "ball": lambda: (Shape(oval(0, 0.2, 0.24, 0.22, 12), "accent", "face"),),
    "long": lambda: (Shape(path("-0.08,0.0 0.95,0.3 0.9,0.44 -0.08,0.3"), "skin", "face"),),
}

EXTRAS: dict[str, Callable[[], tuple[Shape, ...]]] = {
    "none": tuple,
    "pearls": lambda: tuple(
        Shape(oval(x, 1.2 - 0.5 * x * x, 0.15, 0.15, 8), "white", "body") for x in (-0.6, -0.3, 0.0, 0.3, 0.6)
    ),
    "tie": lambda: (Shape(path("-0.15,1.1 0.15,1.1 0.28,2.3 0,2.6 -0.28,2.3"), "accent", "body"),),
    "bow tie": lambda: (
        Shape(path("0,1.3 -0.5,1.05 -0.5,1.6"), "accent", "body"),
        Shape(path("0,1.3 0.5,1.05 0.5,1.6"), "accent", "body"),
    ),
    "collar": lambda: tuple(Shape(side, "white", "body") for side in _both(path("0.0,1.35 0.7,1.0 0.75,1.5"))),
    "earrings": lambda: tuple(Shape(side, "accent") for side in _both(oval(0.98, 0.6, 0.17, 0.24, 10))),
    "sash": lambda: (Shape(path("-1.3,1.2 -0.85,1.15 0.9,2.7 0.4,2.7"), "accent", "body"),),
    "buttons": lambda: tuple(Shape(oval(0, y, 0.12, 0.12, 8), "white", "body") for y in (1.5, 1.9, 2.3)),
}


def body() -> tuple[Shape, ...]:
    """Shoulders below the head."""
    return (
        Shape(path("-0.35,0.8 0.35,0.8 0.5,1.15 1.35,1.45 1.55,3.2 -1.55,3.2 -1.35,1.45 -0.5,1.15"), "cloth", "body"),
    )


def _both(points: tuple[Point, ...]) -> tuple[tuple[Point, ...], tuple[Point, ...]]:
    return points, mirrored(points)


def _bone() -> tuple[Shape, ...]:
    return (
        Shape(path("-0.9,-1.3 0.9,-1.3 0.9,-1.1 -0.9,-1.1"), "white"),
        *(Shape(oval(x, -1.2, 0.2, 0.24, 8), "white") for x in (-0.95, 0.95)),
    )
