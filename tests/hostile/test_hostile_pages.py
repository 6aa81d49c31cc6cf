"""The page that a student or a teacher reads, in a real Chromium: a hostile notebook is only text there."""

# ruff: noqa: E501  attacks are programs inside strings: a line that is broken is another program
from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from attacks import on_block
from batches import hand_in
from gate import honest_notebook
from nbformat.v4 import new_code_cell, new_markdown_cell
from playwright.sync_api import Browser, Page, sync_playwright

from grader.course.folder import Course
from grader.pipeline import grade_class
from grader.show.feedback.making import make_feedback
from grader.show.feedback.safe_html import safe_markdown

STUDENT = "<img src=x onerror=hacked()> & 'quoted'"
FOREIGN = "https://evil.example"
MARKDOWN = [
    "<script>hacked()</script>",
    "<img src=x onerror=hacked()>",
    "<svg onload=hacked()><script>hacked()</script></svg>",
    "<iframe srcdoc='<script>parent.hacked()</script>'></iframe>",
    "<details open ontoggle=hacked()>x</details>",
    "<style>@import url(https://evil.example/x.css); body { display: none }</style>",
    "<base href=https://evil.example/><form action=https://evil.example><input autofocus onfocus=hacked()></form>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "[click](javascript:hacked())",
    "[click](data:text/html,<script>hacked()</script>)",
    "<a href='jav&#x09;ascript:hacked()'>click</a>",
    "<object data=https://evil.example></object><embed src=https://evil.example>",
    "<video autoplay src=https://evil.example/v.mp4><audio autoplay src=https://evil.example/a.mp3>",
    "<math><mtext><table><mglyph><style><img src=x onerror=hacked()>",
    '<noscript><p title="</noscript><img src=x onerror=hacked()>">',
    "<div style='background:url(https://evil.example/b.png);position:fixed;inset:0'>x</div>",
    "$\\href{javascript:hacked()}{click}$ $$\\unicode{x}<img src=x onerror=hacked()>$$",
    "```html\n<script>hacked()</script>\n```",
    "</div></div></main></body></html><script>hacked()</script>",
    '![x](x" onerror="hacked())',
]
REMOTE_PICTURES = ["![x](https://evil.example/pixel.png)", "<img src=https://evil.example/pixel2.png>"]
CODE = on_block(
    """
kernel = get_ipython().kernel
def publish(kind, content):
    kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent()["header"], ident=b"x")
html = "<script>hacked()</script><img src=x onerror=hacked()>"
for kind in ("display_data", "execute_result"):
    publish(kind, {"data": {"text/html": html, "text/plain": html, "image/png": '"><script>hacked()</script>', "image/svg+xml":
        "<svg onload=hacked()>", "image/jpeg": '" onerror="hacked()', "text/markdown": html, "text/latex": html,
        "application/javascript": "hacked()"}, "metadata": {}, "execution_count": 1})
print(html, "\\x1b[31m", html, "\\x1b]8;;https://evil.example\\x07link\\x1b]8;;\\x07", "</pre></div><script>hacked()</script>")
""",
    after="raise type('<script>hacked()</script>', (Exception,), {})('<img src=x onerror=hacked()>\\x1b[0;31m<script>hacked()</script>')",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("there is no chromium on this machine")
    arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=arguments)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def page_of(attacked_class: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The feedback page of a notebook with everything hostile in it."""
    from batches import copy_class

    course = copy_class(attacked_class, tmp_path_factory.mktemp("pages") / "class")
    notebook = honest_notebook("gate")
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "task1_block":
            cell["source"] = (
                CODE["task1_block"] + "\n# </script></pre><script>hacked()</script><img src=x onerror=hacked()>"
            )
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "why":
            cell["source"] = "\n\n".join(MARKDOWN + REMOTE_PICTURES)
    notebook.cells += [new_markdown_cell(text) for text in MARKDOWN]
    notebook.cells.append(new_code_cell("'</pre><script>hacked()</script>'"))
    notebook.metadata["title"] = "</title><script>hacked()</script>"
    notebook.metadata["widgets"] = {
        "application/vnd.jupyter.widget-state+json": {"x": "</script><script>hacked()</script>"}
    }
    hand_in(course, STUDENT, "gate", notebook)
    (row,) = grade_class(course, ["gate"])
    assert row.report is not None
    make_feedback(course, "gate", STUDENT)
    return course.feedback / STUDENT / "gate" / "gate.html"


def visit(browser: Browser, path: Path) -> tuple[Page, list[str], list[str]]:
    """Open the page; what it did and whom it asked."""
    did: list[str] = []
    asked: list[str] = []
    page = browser.new_page()
    page.expose_function("hacked", lambda: did.append("script"))
    page.on("dialog", lambda dialog: (did.append("dialog"), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    page.on("popup", lambda popup: did.append("popup"))
    page.route("http*://**", lambda route: route.abort())
    page.goto(path.as_uri(), wait_until="load")
    page.wait_for_timeout(500)
    return page, did, asked


@pytest.mark.browser
def test_a_hostile_notebook_runs_nothing_in_the_readers_browser(browser: Browser, page_of: Path) -> None:
    page, did, asked = visit(browser, page_of)
    assert "Block" in page.inner_text("body")
    for element in page.query_selector_all("a, summary, details, img, input, button"):
        if element.is_visible() and not (element.get_attribute("href") or "").startswith(("http", "mailto")):
            element.click(force=True, timeout=2000, no_wait_after=True)
    page.wait_for_timeout(300)
    assert did == []
    assert [url for url in asked if FOREIGN in url] == []
    assert page.url.split("#")[0] == page_of.as_uri()


@pytest.mark.browser
def test_nothing_hostile_is_an_element_of_the_page(browser: Browser, page_of: Path) -> None:
    page, _did, _asked = visit(browser, page_of)
    hidden = (
        "[onerror], [onload], [onfocus], [ontoggle], iframe, object, embed, form, base, video, audio, [style*=evil]"
    )
    assert page.locator(hidden).count() == 0
    assert page.locator("a[href^=javascript], a[href^=data]").count() == 0
    scripts = [s for s in page.eval_on_selector_all("script", "all => all.map(s => s.textContent)") if "hacked" in s]
    assert scripts == []


@pytest.mark.browser
def test_opening_the_page_tells_no_other_site(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("".join(safe_markdown(text) for text in REMOTE_PICTURES))
    _page, _did, asked = visit(browser, page)
    assert [url for url in asked if FOREIGN in url] == []


@pytest.mark.parametrize(
    "mark", ["[", "*a ", "`", "<!--", "![[", "> ", "$", "|-", "<a ", "&", "_a", "[](", "\\", "<b>", "- ", "1. "]
)
def test_no_markdown_takes_longer_than_it_is_worth(mark: str) -> None:
    started = time.monotonic()
    try:
        safe_markdown(mark * 1500)
    except RecursionError:
        pytest.fail("a recursion error would end the making of the page")
    assert time.monotonic() - started < 5


def test_one_page_that_cannot_be_made_does_not_cost_the_others_theirs(attacked: Course) -> None:
    """`grader feedback` goes through the class; a notebook nested too deeply must not end it."""
    from typer.testing import CliRunner

    from grader.cli.app import app

    bad = honest_notebook("gate")
    bad.cells.append(new_markdown_cell("> " * 2000 + "x"))
    bad.cells.append(new_markdown_cell("- " * 2000 + "x"))
    hand_in(attacked, "aaa-mallory", "gate", bad)
    hand_in(attacked, "zoe", "gate", honest_notebook("gate"))
    grade_class(attacked, ["gate"])
    CliRunner().invoke(app, ["feedback", "gate", "--class", str(attacked.root)])
    assert (attacked.feedback / "zoe" / "gate" / "gate.html").is_file()


def test_what_the_teacher_reads_in_the_terminal_holds_no_commands_to_it(attacked: Course) -> None:
    """A terminal obeys escape sequences: titles, colours, and on some terminals keystrokes."""
    from rich.console import Console

    from grader.cli.results import show_rows

    notebook = honest_notebook("gate")
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "task3_evens":
            cell["source"] = (
                "def evens(n):\n    raise ValueError('\\x1b]0;owned\\x07 \\x1b[2J \\x9b31m \\r \\x08 \\u202e [bold]')"
            )
    hand_in(attacked, "mallory\x1b[2J", "gate", notebook)
    rows = grade_class(attacked, ["gate"])
    console = Console(record=True, force_terminal=False, width=200)
    with console.capture() as capture:
        show_rows(console, rows)
    shown = capture.get()
    assert "ValueError" in shown
    assert [c for c in shown if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 or c in "\u202e\u2066"] == []


def test_an_export_holds_no_formula(attacked: Course) -> None:
    from grader.show.export import grade_table

    names = ["=1+1", "+1", "-1", "@x", "\t=1", "=cmd|' /C calc'!A1"]
    for name in names:
        hand_in(attacked, name, "gate", honest_notebook("gate"))
    (attacked.root / "roster.csv").write_text(
        "id,name\n" + "".join(f'"{n}","=HYPERLINK(""{FOREIGN}"")"\n' for n in names)
    )
    grade_class(attacked, ["gate"])
    table = grade_table(attacked)
    assert table
    for line in table:
        assert [c for c in line.cells() if c.startswith(("=", "+", "-", "@", "\t", "\r"))] == []


_ = nbformat
