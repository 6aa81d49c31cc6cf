"""Texts of students as HTML: what they wrote stays readable, and nothing of it acts, whoever parses it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from playwright.sync_api import Browser
from traitlets.config import Config

from grader.course.folder import Course
from grader.course.nbgrader_config import configure
from grader.show.feedback import markup
from grader.show.feedback.safe_html import MAX_HTML, TAGS, safe_html, safe_markdown

MAKERS = [safe_markdown, safe_html, lambda text: str(markup.markdown(text)), lambda text: str(markup.phrase(text))]
HOSTILE = [
    "<script>hacked()</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<sc<!-- -->ript>hacked()</sc<!-- -->ript>",
    "<img src=x onerror=hacked()>",
    "<img src='data:image/svg+xml,<svg onload=hacked()>'>",
    "<img/src=x/onerror=hacked()>",
    '<b title="</b><img src=x onerror=hacked()>">x</b>',
    "<b title='><img src=x onerror=hacked()>'>x</b>",
    '<a href="x" a"><script>hacked()</script>',
    "<a href='jav&#x09;ascript:hacked()'>x</a>",
    "<a href=' javascript:hacked()'>x</a>",
    "<a href=\"data:text/html,<script>hacked()</script>\">x</a>",
    "[x](data:text/html;base64,PHNjcmlwdD4=) [y](vbscript:x) [z](java\nscript:x)",
    "![x](data:image/svg+xml;base64,PHN2Zz4=) ![y](//evil.example/p.png) ![z](https://evil.example/p.png)",
    "<div style='background:url(https://evil.example/b.png)' onclick=hacked() id=x name=y>x</div>",
    "<svg><style><img src=x onerror=hacked()></style></svg>",
    "<svg></p><style><a id=\"</style><img src=1 onerror=hacked()>\">",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=hacked()&gt;\">",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=hacked()>",
    "<noscript><p title=\"</noscript><img src=x onerror=hacked()>\">",
    "<template><script>hacked()</script></template>",
    "<textarea><p title='</textarea><img src=x onerror=hacked()>'>",
    "<title><a title='</title><img src=x onerror=hacked()>'>",
    "<xmp><p title='</xmp><img src=x onerror=hacked()>'>",
    "<iframe srcdoc='<script>parent.hacked()</script>'></iframe>",
    "<select><option><style></option></select><img src=x onerror=hacked()></style>",
    "<!--><img src=x onerror=hacked()>-->",
    "<!-- --!><img src=x onerror=hacked()> -->",
    "<![CDATA[<img src=x onerror=hacked()>]]>",
    "<?php <img src=x onerror=hacked()> ?>",
    "</div></body></html><script>hacked()</script>",
    "<a\x00 href=javascript:hacked()>x</a>",
    "<b\x0conclick=hacked()>x</b>",
    "$<img src=x onerror=hacked()>$ $$<script>hacked()</script>$$ \\begin{x}<script>\\end{x}",
    '![x](x" onerror="hacked()) [x](http://a" onclick="hacked())',
    "<table><tr><td><script>hacked()</script><tr onclick=hacked()>",
]  # fmt: skip


class Seen(HTMLParser):
    """Every element with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def is_harmless(tag: str, attributes: dict[str, str | None]) -> bool:
    return (
        tag in TAGS | {"pre"}
        and set(attributes) <= {"class", "align", "title", "href", "src", "alt", "rel"}
        and re.match(r"https?://|mailto:|#", attributes.get("href") or "#") is not None
        and re.match(r"data:image/(png|jpeg);|attachment:", attributes.get("src") or "attachment:") is not None
    )


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_is_left(make: Callable[[str], str], text: str) -> None:
    for source in (text, f"x {text} y", f"> - {text}", f"| a |\n|---|\n| {text} |"):
        assert [found for found in Seen(make(source)).found if not is_harmless(*found)] == []


@pytest.mark.browser
@pytest.mark.parametrize("make", MAKERS)
def test_a_browser_finds_nothing_hostile_either(chromium: Browser, make: Callable[[str], str]) -> None:
    page = chromium.new_page()
    did: list[str] = []
    page.expose_function("hacked", lambda: did.append("script"))
    page.route("http*://**", lambda route: (did.append(route.request.url), route.abort()))
    body = "<hr>".join(make(text) for text in HOSTILE)
    page.set_content(f"<body>{body}</body>")
    # Once more, as a page does that takes a part of itself for a text and puts it back.
    page.evaluate("document.body.innerHTML = document.body.innerHTML")
    page.wait_for_timeout(300)
    names = page.evaluate("[...document.body.querySelectorAll('*')].map(e => e.localName)")
    assert did == []
    assert set(names) <= TAGS
    assert page.locator("[onerror], [onload], [onclick], [style], [id]").count() == 0
    page.close()


@pytest.mark.parametrize(
    "text",
    [
        "Список List<int> и Dict[str, List<float>]",
        "if a<b and c>d",
        "x < y, y > z, a <b c",
        "вход <N, C, H, W>",
        "<class 'torch.nn.Module'>",
        "use <tensor> & <unknown attr=1>",
        "a <- b, <3",
        "</unknown> <int/>",
    ],
)
@pytest.mark.parametrize("make", MAKERS)
def test_what_only_looks_like_a_tag_stays_readable(make: Callable[[str], str], text: str) -> None:
    def read(html: str) -> str:
        texts: list[str] = []
        parser = HTMLParser()
        parser.handle_data = texts.append  # type: ignore[method-assign]
        parser.feed(html)
        parser.close()
        return " ".join("".join(texts).split())

    assert read(make(text)) == text


def test_markdown_keeps_what_it_is_for() -> None:
    text = "**b** <sub>1</sub> [x](https://pytorch.org) ![p](data:image/png;base64,AAAA)\n\n| a |\n|:-:|\n| 1 |\n"
    made = safe_markdown(text + "\n<details open><summary>s</summary>d</details>")
    for part in (
        "<strong>b</strong>",
        "<sub>1</sub>",
        'href="https://pytorch.org"',
        "<td>1</td>",
        "<summary>s</summary>",
    ):
        assert part in made
    assert 'src="data:image/png;base64,AAAA"' in made
    assert 'rel="noopener noreferrer"' in made


@pytest.mark.parametrize(
    "text",
    [
        "<div>" * 4000,
        '<div title="</div>">' * 1000,
        "<div title=></div>" * 1000,
        "<b><table></b></table>" * 900,
        "".join(f"<b title={number}>" for number in range(90)) + "<p>" * 6000,
        "<table><tr><td>" * 1200,
        "<a><p>" * 3000,
        "> " * 3000 + "x",
        "- " * 3000 + "x",
        "<b>" * (MAX_HTML // 3),
        "<" * MAX_HTML,
        "<a" + " " * (MAX_HTML - 10) + "<",
        "<!--" * 50_000,
        "<style" * 30_000,
        "<div>" * MAX_HTML,
    ],
)
@pytest.mark.parametrize("make", MAKERS)
def test_nesting_and_length_cost_no_time(make: Callable[[str], str], text: str) -> None:
    started = time.process_time()
    made = make(text)
    assert time.process_time() - started < 10
    deepest = max(accumulated(made), default=0)
    assert deepest <= 1000


def accumulated(html: str) -> Iterator[int]:
    depth = 0
    for closing in re.findall(r"<(/?)[a-z]", html):
        depth += -1 if closing else 1
        yield depth


def test_formgrader_shows_a_hostile_notebook_through_the_same_filters(
    released_class: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """nbconvert's own filter is bleach's, which is not looked after any more: it is not asked."""
    import bleach

    monkeypatch.setattr(bleach, "clean", lambda *_a, **_k: pytest.fail("bleach was asked"))
    config = Config()
    configure(config, Course.open(released_class).root)
    html = "<table><tr><td>1</td></tr></table><style>td { color: red }</style><script>hacked()</script>"
    data = {"text/html": html, "text/markdown": html, "image/svg+xml": "<svg onload=hacked()></svg>"}
    outputs = [new_output("display_data", {kind: value}) for kind, value in data.items()]
    cells = [new_code_cell("x = [1]  # <script>hacked()</script>", outputs=outputs), new_markdown_cell(html)]
    page, _resources = HTMLExporter(config=config).from_notebook_node(new_notebook(cells=cells))
    assert "<td>1</td>" in page
    assert "<script>hacked" not in page
    assert "<svg onload" not in page
    assert "<style>td" not in page
