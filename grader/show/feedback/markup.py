"""Texts of students and teachers as sanitised HTML, cut to what somebody would read."""

from __future__ import annotations

import base64
import binascii
import re
import struct

from markupsafe import Markup, escape
from nbconvert.filters import Highlight2HTML
from pygments.token import STANDARD_TYPES

from grader.printable import printable
from grader.show.feedback.safe_html import LINKS, MAX_MARKDOWN, rendered, sanitised

MAX_CODE = 20_000
MAX_COLOURED_LINE = 1000
MAX_LINES = 40
MAX_LINE = 400
MAX_PICTURE_BYTES = 1 << 20
MAX_PICTURE_PIXELS = 16_000_000  # a small file can unpack to gigabytes in the reader's browser
_PNG = b"\x89PNG\r\n\x1a\n"
_COLOURS = frozenset(STANDARD_TYPES.values())
_PICTURE = re.compile(r'<img(?: alt="([^"]*)")?>')
_EMPTY_LINES = re.compile(r"\n{4,}")
_HEADING = re.compile(r"<(/?)h[1-6]\b")


def markdown(source: str) -> Markup:
    """Markdown as HTML without anything that acts, loads or dresses up as the page."""
    text = printable(source, MAX_MARKDOWN)
    if not text.strip():
        return Markup()
    try:
        clean = sanitised(rendered(text), _may_stay)
    except RecursionError:
        return Markup("<pre>{}</pre>").format(text)
    # The page's own headings are the outline; an answer's stand below them.
    return Markup(_PICTURE.sub(_name_of_picture, _HEADING.sub(r"<\1h5", clean)))  # noqa: S704  nh3 has cleaned it


def _name_of_picture(found: re.Match[str]) -> str:
    # In an attribute `<` may stand as it is.
    name = (found[1] or "…").replace("<", "&lt;").replace(">", "&gt;")
    return f"<em>[{name}]</em>"


def _may_stay(tag: str, attribute: str, value: str) -> bool:
    if (tag, attribute) == ("a", "href"):
        return value.startswith(LINKS)
    if attribute == "class":
        return (tag == "span" and value in _COLOURS) or (tag == "div" and value.strip() == "highlight")
    return (tag, attribute) in (("th", "align"), ("td", "align"), ("img", "alt"))


def phrase(source: str) -> Markup:
    """One line of Markdown, such as a heading: code and emphasis stay, the rest is text."""
    try:
        clean = sanitised(rendered(printable(source, 300)), lambda *_attribute: False, tags={"code", "em", "strong"})
    except RecursionError:
        return escape(printable(source, 300))
    return Markup(clean.strip())  # noqa: S704  nh3 has cleaned it


def message(text: str) -> Markup:
    """A message of a check: text, with what stands between backticks as code."""
    parts = escape(text.strip()).split("`")
    if len(parts) % 2 == 0:
        return escape(text.strip())
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 else part for index, part in enumerate(parts)
    )


def code(source: str, *, colours: bool = True) -> Markup:
    """Python, with colours if they are wanted and no line is longer than any that people write."""
    # The lexer takes a minute and a half for 10 000 lines of one space.
    rows = (line.rstrip() for line in printable(source, MAX_CODE).expandtabs(4).split("\n"))
    text = _EMPTY_LINES.sub("\n\n\n", "\n".join(rows)).strip("\n")
    # It takes 8 s for a single line of 20 000 points, and 0.6 s for as many in shorter lines.
    if not colours or any(len(line) > MAX_COLOURED_LINE for line in text.split("\n")):
        return Markup('<div class="highlight"><pre>{}</pre></div>').format(text)
    return Markup(Highlight2HTML(pygments_lexer="ipython3")(text))  # noqa: S704  pygments escapes


def lines(text: str, *, last: bool = False) -> tuple[str, int]:
    """Printed text, cut to what fits a page.

    Args:
        text: what was printed; a progress bar's line is what it was in the end.
        last: keep the last lines, as of a traceback, and not the first.

    Returns:
        The lines, and how many were left out.
    """
    found = [line.rsplit("\r", 1)[-1] for line in text.replace("\r\n", "\n").rstrip().split("\n")]
    kept = found[-MAX_LINES:] if last else found[:MAX_LINES]
    return "\n".join(printable(line, MAX_LINE) for line in kept), len(found) - len(kept)


def picture(data: object) -> str:
    """A PNG as a `data:` address; empty where it is none, or too large to show."""
    if not isinstance(data, str) or len(data) > 2 * MAX_PICTURE_BYTES:
        return ""
    try:
        raw = base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        return ""
    if not raw.startswith(_PNG) or raw[12:16] != b"IHDR" or len(raw) < 33 or len(raw) > MAX_PICTURE_BYTES:
        return ""
    width, height = struct.unpack(">II", raw[16:24])
    if not 0 < width * height <= MAX_PICTURE_PIXELS:
        return ""
    return "data:image/png;base64," + base64.b64encode(raw).decode()
