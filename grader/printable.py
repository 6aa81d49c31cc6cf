"""Text that came out of a student's process, made safe to print."""

from __future__ import annotations

import re
import unicodedata

# CSI, OSC and the other escape sequences of terminals (ECMA-48, 5.4 and 5.6).
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b.?|\x9b[0-?]*[ -/]*[@-~]")
# Control, formatting (bidirectional overrides too), surrogate and private characters.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co"})


def printable(text: object, limit: int) -> str:
    """The text without escape sequences, control characters and surrogates, cut to a length.

    Args:
        text: usually a string; something else becomes an empty one.
        limit: characters that are kept.
    """
    if not isinstance(text, str):
        return ""
    clean = text[: 4 * limit]  # what is thrown away costs no time
    if not (clean.isascii() and clean.isprintable()):
        clean = "".join(
            character
            for character in _ESCAPES.sub("", clean)
            if character in "\n\t" or unicodedata.category(character) not in _HIDDEN
        )
    return clean if len(clean) <= limit else clean[: max(limit - 1, 0)] + "…"
