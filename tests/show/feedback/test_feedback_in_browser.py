"""The page in a real Chromium: hostile texts are text, nothing is loaded, and a phone shows all of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from feedback_pages import PIXEL, answer, check, error, graded, notebook, page_of, printed, words
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from playwright.sync_api import Browser, Page

from grader.course.folder import Course
from grader.outcomes import Outcome
from grader.show.feedback.grades import Grade

pytestmark = pytest.mark.browser

ATTACK = "</pre></title></style></p><script>hacked()</script><img src=x onerror=hacked()>\x1b[31m{{ 7 * 7 }}\u202e"
MARKDOWN = "\n\n".join(
    [
        ATTACK,
        "<svg onload=hacked()><script>hacked()</script></svg>",
        "<iframe srcdoc='<script>parent.hacked()</script>'></iframe>",
        "<details open ontoggle=hacked()>x</details>",
        "<style>@import url(https://evil.example/x.css); body { display: none }</style>",
        "<base href=https://evil.example/><form action=https://evil.example><input autofocus onfocus=hacked()></form>",
        "<meta http-equiv=refresh content='0;url=https://evil.example'>",
        "<link rel=stylesheet href=https://evil.example/x.css>",
        "[click](javascript:hacked()) [click](data:text/html,<script>hacked()</script>)",
        "<a href='jav&#x09;ascript:hacked()'>click</a>",
        "<object data=https://evil.example></object><embed src=https://evil.example>",
        "<video autoplay src=https://evil.example/v.mp4><audio autoplay src=https://evil.example/a.mp3>",
        "<div style='background:url(https://evil.example/b.png);position:fixed;inset:0' class=total id=fix>x</div>",
        "<math><mtext><table><mglyph><style><img src=x onerror=hacked()>",
        '<noscript><p title="</noscript><img src=x onerror=hacked()>">',
        "![x](https://evil.example/pixel.png) ![x](attachment:x.png) ![x](data:image/svg+xml,<svg/onload=hacked()>)",
        '![x](x" onerror="hacked())',
        "# A heading of the first level",
        "```html\n<script>hacked()</script>\n```",
        "| " + "wide | " * 30 + "\n|" + "---|" * 30 + "\n| " + "cell | " * 30,
        "[a good link](https://pytorch.org)",
    ]
)
LONG = "long_" * 60


def hostile_page(course: Course) -> str:
    """A page with something hostile in every place that a student or a teacher writes."""
    html = {"text/html": ATTACK, "text/plain": ATTACK, "image/png": ATTACK, "image/svg+xml": ATTACK}
    outputs = [
        printed(f"{ATTACK}\n{LONG}\n"),
        new_output("display_data", data=html),
        new_output("display_data", data={"image/png": PIXEL}),
        new_output("execute_result", data={"application/javascript": "hacked()", "text/markdown": ATTACK}),
        error(ATTACK, ATTACK, ATTACK, LONG),
    ]
    made = notebook(
        new_code_cell(ATTACK, outputs=outputs),
        answer(f"# {ATTACK}\n{LONG} = '{ATTACK}'", outputs=outputs),
        check("task1_block_shape", Outcome.RAISED, f"{ATTACK}\n{ATTACK} {LONG}", f"`{ATTACK}` {LONG}", ATTACK),
        check("task1_block_values", Outcome.FAILED, f"{LONG} {ATTACK}", source=f"# {ATTACK} {LONG}\nassert {LONG}"),
        check("task1_block_notes", Outcome.PASSED, f"{ATTACK} {LONG}"),
        new_markdown_cell(f"## {ATTACK} `{LONG}`"),
        words(MARKDOWN),
        heading=f"# {ATTACK}\n\n## {ATTACK} (10 баллов)",
    )
    grades = graded(
        task1_block_shape=(0.0, 2.0),
        task1_block_values=(1.0, 2.0),
        task1_block_notes=(2.0, 2.0),
        task4_discussion=Grade(1.0, 2.0, is_by_teacher=True),
    )
    comments = {"task4_discussion": MARKDOWN, "task1_block": MARKDOWN}
    return page_of(made, replace(grades, name=ATTACK, student=f"{ATTACK} {LONG}", comments=comments), course)


@pytest.fixture(scope="module")
def hostile(russian: Course, here: Path) -> Path:
    path = here / "hostile.html"
    path.write_text(hostile_page(russian), encoding="utf-8")
    return path


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    opened = chromium.new_page()
    opened.route("http*://**", lambda route: route.abort())
    yield opened
    opened.close()


def test_hostile_texts_run_nothing_and_ask_nobody(page: Page, hostile: Path) -> None:
    did: list[str] = []
    asked: list[str] = []
    page.expose_function("hacked", lambda: did.append("script"))
    page.on("dialog", lambda dialog: (did.append("dialog"), dialog.dismiss()))
    page.on("popup", lambda _popup: did.append("popup"))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(hostile.as_uri(), wait_until="load")
    page.wait_for_timeout(300)
    assert page.title().startswith("ResNet: </pre></title>")
    for element in page.query_selector_all("a, summary, details, img, td, [tabindex]"):
        if element.is_visible() and not (element.get_attribute("href") or "").startswith("http"):
            element.click(force=True, timeout=2000, no_wait_after=True)
    page.wait_for_timeout(300)
    assert did == []
    assert [url for url in asked if not url.startswith(("file:", "data:image/png;"))] == []
    assert [url for url in asked if url.startswith("file:")] == [hostile.as_uri()]
    assert page.url.split("#")[0] == hostile.as_uri()
    assert page.get_by_role("link", name="a good link").first.get_attribute("href") == "https://pytorch.org"


def test_nothing_hostile_is_an_element(page: Page, hostile: Path) -> None:
    page.goto(hostile.as_uri())
    assert page.locator("script, iframe, object, embed, form, input, base, link, video, audio, math").count() == 0
    assert page.locator("style").count() == 1
    assert page.locator("h1").count() == 1
    assert page.locator("#fix").count() == 1
    assert page.locator(".prose [class=total], .comment [class=total], .prose [style], .comment [style]").count() == 0
    assert page.locator("a[href^=javascript], a[href^=data], [onerror], [onload], [ontoggle], [onfocus]").count() == 0
    assert set(page.eval_on_selector_all("img", "all => all.map(i => i.src)")) == {f"data:image/png;base64,{PIXEL}"}
    assert "{{ 7 * 7 }}" in page.inner_text("main")
    assert "\u202e" not in page.content()


@pytest.mark.parametrize("width", [320, 360, 768])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_all_of_it_without_scrolling_sideways(
    chromium: Browser, hostile: Path, width: int, scheme: str
) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 740}, color_scheme=scheme)
    page.goto(hostile.as_uri())
    page.eval_on_selector_all("details", "all => all.forEach(d => { d.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wide = "all => all.filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 99))"
    # Cells of a wide table of a student's are scrolled to, within the table; its own box has to fit.
    fitting = "h1, h2, h3, h4, article, .work, .code, table, td:not(.prose td, .comment td), p:not(td p), img, .bar"
    assert page.eval_on_selector_all(fitting, wide) == []
    scrolled = "all => all.map(e => getComputedStyle(e).overflowX)"
    assert set(page.eval_on_selector_all(".prose table, .comment table", scrolled)) == {"auto"}
    page.close()


def test_the_outline_is_one_a_screen_reader_can_follow(page: Page, hostile: Path) -> None:
    page.goto(hostile.as_uri())
    levels = page.eval_on_selector_all("h1, h2, h3, h4, h5, h6", "all => all.map(h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels) if after < 5)
    assert page.locator("html").get_attribute("lang") == "ru"
    assert page.locator("svg:not([aria-hidden])").count() == 0
    assert page.locator("img:not([alt])").count() == 0


def test_paper_gets_what_is_folded_too(chromium: Browser, hostile: Path) -> None:
    page = chromium.new_page()
    page.goto(hostile.as_uri())
    page.emulate_media(media="print")
    folded = page.locator("details:not([open]) pre").first
    assert folded.evaluate("e => e.checkVisibility({contentVisibilityAuto: true})")
    page.close()
