"""Cyrillic letters that look like Latin ones: to Python two names, to the eye one."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from grader.language import _

_PAIRS = dict(zip("асеорхукіјѕАВСЕНКМОРТХУІЈЅ", "aceopxykijsABCEHKMOPTXYIJS", strict=True))
_LATIN = str.maketrans(_PAIRS)


def in_latin(name: str) -> str:
    """The name with Latin letters where Cyrillic ones look the same."""
    return name.translate(_LATIN)


def swapped_letters(name: str) -> list[str]:
    """The Cyrillic letters of a name that looks wholly Latin, each once; none where it is a Russian or a Latin name."""
    return list(dict.fromkeys(letter for letter in name if letter in _PAIRS)) if in_latin(name).isascii() else []


def letters_told(name: str) -> str:
    """Which letters of a name are Cyrillic, and what to do; empty for a name without such letters."""
    letters = swapped_letters(name)
    if not letters:
        return ""
    return _(
        "In the name `{name}` these letters are Cyrillic: {letters}. They look like Latin ones, and to Python it is "
        "another name. Type it anew on the Latin keyboard: `{latin}`."
    ).format(name=name, letters=", ".join(letters), latin=in_latin(name))


def look_alike(name: str, sources: Iterable[str]) -> str:
    """A name in Python's text that looks like this one and has Cyrillic letters; empty where there is none."""
    for source in sources:
        for other in _names(source):
            if other != name and swapped_letters(other) and in_latin(other) == name:
                return other
    return ""


def _names(source: str) -> Iterator[str]:
    """Every name in a text, comments and strings left aside; none where it does not parse."""
    if source.isascii():
        return
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return  # cell magics too
    for node in ast.walk(tree):
        for field in ("id", "name", "attr", "arg"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                yield value
