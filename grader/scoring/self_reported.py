"""The F1 that a notebook prints about itself. It decides nothing; where it differs much, the teacher is told."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction

from grader.language import _
from grader.scoring.points import truncated

MUCH = Fraction(5, 100)
_MAX_TEXT = 200_000
_PRINTED = re.compile(r"\bf1\b[^\n\d]{0,40}?(?<![\d.])(?P<value>1\.0*|0?\.\d+)(?![\d.])", re.IGNORECASE)


def printed_f1(texts: Iterable[str]) -> list[Fraction]:
    """The numbers in [0, 1] that stand behind the word F1 in a notebook's outputs, in order."""
    joined = "\n".join(text.replace("_", " ") for text in texts)[-_MAX_TEXT:]
    return [Fraction(found["value"].rstrip(".")) for found in _PRINTED.finditer(joined)]


def remark_on(printed: list[Fraction], measured: Fraction) -> str:
    """What to tell the teacher: the last printed F1 where none is near the measured one; else nothing."""
    if not printed or any(abs(value - measured) <= MUCH for value in printed):
        return ""
    return _(
        "The notebook prints F1 {printed}; measured on the hidden test: {measured}. Only the latter counts."
    ).format(printed=truncated(printed[-1]), measured=truncated(measured))
