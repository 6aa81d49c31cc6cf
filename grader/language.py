"""Messages in the reader's language: English in the code, Russian in `locale/ru/*.po`.

The catalogues are compiled in memory at first use, so a text file is all there is to edit and to ship.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Literal

Language = Literal["ru", "en"]
_LOCALE = Path(__file__).parent / "locale"
_current: ContextVar[str] = ContextVar("language", default="en")
_reader: ContextVar[Language | None] = ContextVar("reader", default=None)


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


def current_language() -> str:
    """The language in which messages are made now: `ru` or `en`."""
    return _current.get()


def in_context(context: str, message: str) -> str:
    """The message in the current language in a certain context, such as a grammatical case."""
    return _translations(_current.get()).pgettext(context, message)


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Messages made inside the block are in this language."""
    token = _current.set(language)
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def addressing(otherwise: Language) -> Iterator[None]:
    """Messages made inside the block are for whoever runs the command: in the language that they asked for.

    What others read (feedback, files for students) is made under `speaking` instead.

    Args:
        otherwise: the language, usually the class's, where the person has asked for none.
    """
    with speaking(_reader.get() or otherwise):
        yield


def address_in(language: Language | None) -> None:
    """From here on the person at the terminal is addressed in this language; None: as each command does by itself."""
    _reader.set(language)
    _current.set(language or "en")


def language_of_locale(environment: Mapping[str, str]) -> Language | None:
    """The language that the system's locale asks for: Russian, or English for whatever else is named.

    Args:
        environment: of the process; the first of LC_ALL, LC_MESSAGES and LANG that is set decides, as POSIX says.

    Returns:
        None where it asks for none (`C`, `POSIX`, nothing).
    """
    name = next((value for key in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := environment.get(key))), "")
    if name.partition(".")[0] in ("", "C", "POSIX"):
        return None
    return "ru" if name[:2] == "ru" else "en"


def grouped(number: int, *, signed: bool = False) -> str:
    """A whole number with its thousands apart: `1,046,824`, in Russian `1 046 824` with spaces that break no line."""
    text = f"{number:+,}" if signed else f"{number:,}"
    return text.replace(",", "\u00a0") if current_language() == "ru" else text


def percent(part: float) -> str:
    """A difference as a percentage that is never 0%, for example `12%` or `0.3%`; at most 999%.

    Args:
        part: above 0; infinity is allowed.
    """
    value = 100 * min(part, 9.99)
    text = f"{value:.0f}" if value >= 1 else f"{max(value, 0.01):.2f}".rstrip("0")
    return f"{text.replace('.', ',') if current_language() == 'ru' else text}%"


def after_colon(sentence: str) -> str:
    """The sentence as it goes on behind a colon: in Russian with a small letter; a name (`NaN`) stays as it is."""
    if current_language() != "ru":
        return sentence
    first = sentence.split(maxsplit=1)[0] if sentence.strip() else ""
    is_word = first[:1].isalpha() and first[1:] == first[1:].lower()
    return sentence[:1].lower() + sentence[1:] if is_word else sentence
