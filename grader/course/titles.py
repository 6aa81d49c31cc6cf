"""What a cell is called: by the heading above it, its first comment, or its name."""

from __future__ import annotations

import re

from grader.printable import printable

MAX_HEADING = 300  # a student's own cells may hold longer ones, and the patterns below would take hours over them
HEADING = re.compile(r"(#{1,6})[ \t]+(\S.*)")
_POINTS = re.compile(r"\s*\(\d+([.,]\d+)?\s*(балл|point)[^()]*\)\s*$", re.IGNORECASE)
_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)


def without_points(text: str) -> str:
    """The text without "(2 points)" at its end: points have a place of their own."""
    return _POINTS.sub("", text[:MAX_HEADING]).strip()


def comment_title(source: str, language: str) -> str:
    """The title that a code cell's first line gives it, if it is a comment in this language.

    Args:
        source: the cell's text.
        language: of the page. "# Форма / Shape (2 балла)" has a title for both.
    """
    first = printable(source.lstrip().split("\n", 1)[0], 200)
    if not first.startswith("#"):
        return ""
    parts = [part.strip() for part in without_points(first.lstrip("# %")).split(" / ")]
    if len(parts) == 2 and len({bool(_CYRILLIC.search(part)) for part in parts}) == 2:
        return next(part for part in parts if bool(_CYRILLIC.search(part)) == (language == "ru"))
    title = " / ".join(parts)
    return "" if language != "ru" and _CYRILLIC.search(title) else title


def words_of(grade_id: str) -> str:
    """A cell's name as words: `task1_block_shape` is "Block shape"."""
    words = re.sub(r"^task_?\d+_", "", grade_id).replace("_", " ").strip() or grade_id
    return words[:1].upper() + words[1:]
