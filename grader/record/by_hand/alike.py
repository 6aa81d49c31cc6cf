"""When answers are alike: the same text but for spaces and letter case; all empty ones together."""

from __future__ import annotations

import hashlib
import unicodedata

EMPTY = "0" * 64


def answer_hash(text: str) -> str:
    """Changes with every letter of an answer."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def group_hash(text: str, stub: str = "") -> str:
    """The same for answers that are alike.

    Args:
        text: the answer.
        stub: what stood in the cell as it was given out: who leaves it there has not answered.
    """
    plain = _plain(text)
    return EMPTY if plain in ("", _plain(stub)) else answer_hash(plain)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("ё", "е").split())
