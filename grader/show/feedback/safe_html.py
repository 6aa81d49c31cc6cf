"""Sanitise students' HTML: nothing in it runs, loads or restyles the page, and its text stays.

First every tag that is not among the few known ones becomes text, `List<int>` too: a sanitiser would drop it. What is
left is nested a few times at most, since a sanitiser's time grows with the square of that. Then nh3 decides, knowing
nothing of the steps before.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Set
from html import escape

import nh3
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

# fmt: off
TAGS = frozenset([
    "a", "abbr", "b", "blockquote", "br", "code", "del", "details", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6",
    "hr", "i", "img", "li", "ol", "p", "pre", "s", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td",
    "th", "thead", "tr", "ul",
])
# fmt: on
MAX_DEPTH = 100
MAX_MARKDOWN = 20_000  # of 200 000 `<` mistune makes nothing for minutes
MAX_HTML = 200_000
IMAGES = ("data:image/png;", "data:image/jpeg;", "attachment:")  # an image from elsewhere would tell who reads
LINKS = ("http://", "https://", "mailto:")
_ATTRIBUTES = {tag: {"class", "align", "title"} for tag in TAGS} | {
    "a": {"class", "align", "title", "href"},
    "img": {"class", "align", "title", "src", "alt"},
}
_SCHEMES = {"http", "https", "mailto", "data", "attachment"}
_VOID = ("br", "hr", "img")
# Stricter than browsers are, so that a browser, nh3 and this module see the same tags, and `a<b and c>d` has none.
_TAG = re.compile(
    r"""<(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]*+)"""
    r"""(?:\s++(?:open(?=[\s/>])|[^\s"'<>/=]++\s*+=\s*+(?:"[^"<>]*+"|'[^'<>]*+'|[^\s"'<>=`]++)))*+\s*+/?>"""
)

MayStay = Callable[[str, str, str], bool]


class _Renderer(IPythonRenderer):
    """HTML within Markdown is few tags; pictures that were pasted into a cell are not handed in with its text.

    For such a picture nbconvert would refuse the notebook.
    """

    def _embed_image_or_attachment(self, src: str) -> str:
        return src

    def inline_html(self, html: str) -> str:
        return known_tags(str(super().inline_html(html)))

    def block_html(self, html: str) -> str:
        return known_tags(str(super().block_html(html)))


def known_tags(html: str) -> str:
    """The same with the few known tags alone; comments are gone, everything else is text."""
    html = _without_comments(html)
    parts, end = [], 0
    for tag in _TAG.finditer(html):
        if tag["name"].lower() in TAGS:
            parts += [html[end : tag.start()].replace("<", "&lt;"), tag[0]]
            end = tag.end()
    return "".join([*parts, html[end:].replace("<", "&lt;")])


def _without_comments(html: str) -> str:
    first, *rest = html.split("<!--")
    inside = (part.partition("-->") for part in rest)
    return first + "".join(after if end else f"<!--{comment}" for comment, end, after in inside)


def rendered(source: str) -> str:
    """Markdown as HTML, the known tags of its author's included; it still has to be sanitised.

    Raises:
        RecursionError: it is nested too deeply.
    """
    return str(MarkdownWithMath(renderer=_Renderer(escape=False, exclude_anchor_links=True)).render(source))


def sanitised(html: str, may_stay: MayStay, *, tags: Set[str] = TAGS) -> str:
    """HTML that can do nothing.

    Args:
        html: of anybody's.
        may_stay: asked of each attribute of a known tag: the tag's name, its own name, its value.
        tags: the others go, what stands in them stays.

    Raises:
        RecursionError: it is nested too deeply.
    """
    if _is_deep(html):
        raise RecursionError(f"HTML is nested more than {MAX_DEPTH} times.")
    return nh3.clean(
        html,
        tags=set(tags),
        clean_content_tags=set(),
        attributes={tag: known for tag, known in _ATTRIBUTES.items() if tag in tags},
        # `rel` is nh3's own: the other site does not learn who follows a link.
        attribute_filter=lambda tag, name, value: value if name == "rel" or may_stay(tag, name, value) else None,
        url_schemes=_SCHEMES,
    )


def safe_markdown(source: str) -> str:
    """Markdown as HTML that can do nothing: no scripts, no handlers, no `javascript:`."""
    return _or_text(source, rendered, MAX_MARKDOWN)


def safe_html(element: object) -> str:
    """An output's HTML as HTML that can do nothing; for nbconvert's templates, in the place of their own filter."""
    html = element.decode("utf-8", "replace") if isinstance(element, bytes) else str(element)
    return _or_text(html, known_tags, MAX_HTML)


def _or_text(source: str, made: Callable[[str], str], longest: int) -> str:
    """Sanitised HTML, or the source as plain text where it is longer or deeper than anybody writes."""
    try:
        if len(source) <= longest:
            return sanitised(made(source), _may_stay)
    except RecursionError:
        pass
    return f"<pre>{escape(source)}</pre>"


def _may_stay(tag: str, attribute: str, value: str) -> bool:
    if (tag, attribute) == ("img", "src"):
        return value.startswith(IMAGES)
    if (tag, attribute) == ("a", "href"):
        return value.startswith((*LINKS, "#"))
    return True


def _is_deep(html: str) -> bool:
    depth, opened = 0, Counter[str]()
    for tag in _TAG.finditer(html):
        name = tag["name"].lower()
        step = 0 if name in _VOID else 1 if not tag["end"] else -1 if opened[name] else 0
        opened[name] += step
        depth += step
        if depth > MAX_DEPTH:
            return True
    return False
