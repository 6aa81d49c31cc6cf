"""Messages in the reader's language: English in the code, Russian in `locale/ru/*.po`.

The catalogues are compiled in memory at first use, so a text file is all there is to edit and to ship.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Literal

Language = Literal["ru", "en"]
_LOCALE = Path(__file__).parent / "locale"
_current: ContextVar[str] = ContextVar("language", default="en")


@cache
def _translations(language: str) -> gettext.NullTranslations:
    files = sorted((_LOCALE / language).glob("*.po"))
    if not files:
        return gettext.NullTranslations()
    # Only a reader of translations needs Babel, whose import is a tenth of what `grader --help` may take.
    from babel.messages.catalog import Catalog  # noqa: PLC0415
    from babel.messages.mofile import write_mo  # noqa: PLC0415
    from babel.messages.pofile import read_po  # noqa: PLC0415

    merged = Catalog(locale=language)
    for path in files:
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id and message.string:
                    merged.add(message.id, message.string, context=message.context)
    compiled = io.BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _(message: str) -> str:
    """The message in the current language; the message itself where no translation exists."""
    return _translations(_current.get()).gettext(message)


def ngettext(singular: str, plural: str, n: int) -> str:
    """The message in the form that the number asks for (Russian has three)."""
    return _translations(_current.get()).ngettext(singular, plural, n)


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Messages made inside the block are in this language."""
    token = _current.set(language)
    try:
        yield
    finally:
        _current.reset(token)
