"""What a person sees and what a hostile name can do, in a real Chromium."""

from __future__ import annotations

import base64
import io
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from plausible_class import BLOCKS, contest_run, fill, run
from playwright.sync_api import Browser, Page, sync_playwright

from grader.record.database import ClassDatabase
from grader.record.database.access import AccessList, hashed, new_token
from grader.scoring.failures import Failures, Mistake, Said, count
from grader.service.page_settings import BoardSettings

pytestmark = pytest.mark.browser

READY = '[data-testid=stApp][data-test-script-state="notRunning"]'
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HOSTILE = (
    "<script>window.hacked=1</script><img src=x onerror=window.hacked=1> **b** :red[r] $x^2$ "
    "[l](https://evil.example) https://evil.example www.evil.example a@evil.example ![i](https://evil.example/i.png)"
)


@pytest.fixture
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield opened
        opened.close()


def _visit(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector("h1, h3")
    page.wait_for_selector(READY)


def test_a_visitor_walks_through_the_pages_in_both_languages(
    browser: Browser, serve: Callable[[BoardSettings], str], full_class: str
) -> None:
    address = serve(BoardSettings(full_class, "Класс 10А", "Europe/Moscow"))
    page = browser.new_page()
    _visit(page, address)
    assert page.inner_text("h1") == "Рейтинг курса"
    page.get_by_text("English").click()
    page.wait_for_selector("h1:has-text('Standings of the course')")
    assert page.url.endswith("lang=en")
    page.get_by_role("link", name="Assignments").click()
    page.wait_for_selector("h1:has-text('Standings by assignment')")
    page.get_by_text("As plain text, for screen readers").click()
    page.wait_for_selector("table")
    assert "0.96972" in page.inner_text("table")
    page.get_by_role("radio", name="ResNet").click()
    page.wait_for_selector("text=Points on average")
    assert "assignment=resnet" in page.url
    page.reload()
    page.wait_for_selector("text=Points on average")
    page.get_by_role("link", name="How grading works").click()
    page.wait_for_selector("h1:has-text('How grading works')")
    assert "0.97" in page.inner_text("table")
    assert page.locator("[data-testid=stException]").count() == 0


@pytest.mark.slow
def test_the_board_fits_a_phone(browser: Browser, serve: Callable[[BoardSettings], str], full_class: str) -> None:
    address = serve(BoardSettings(full_class))
    page = browser.new_page(viewport={"width": 390, "height": 844})
    for path in ("/", "/assignments", "/how"):
        _visit(page, address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.slow
def test_hostile_aliases_and_titles_are_only_text(
    browser: Browser, serve: Callable[[BoardSettings], str], url: str, tmp_path: Path
) -> None:
    hostile = replace(BLOCKS[0], title=HOSTILE)
    with ClassDatabase.open(url) as database:
        database.record_run(replace(run(1, BLOCKS[0], 5.0, day=1), assignment=hostile))
        database.record_run(contest_run(1, 961, day=1, hour=1))
    connection = sqlite3.connect(tmp_path / "class.db")
    with connection:
        connection.execute("UPDATE student SET alias = ?", (HOSTILE,))
    connection.close()
    address = serve(BoardSettings(url, class_title=HOSTILE))
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in ("/", "/assignments?assignment=alexnet", "/assignments?assignment=springfield"):
        _visit(page, address + path)
        page.get_by_text("Простым текстом").click()
        page.wait_for_selector("table")
        assert "<script>window.hacked=1</script>" in page.inner_text("table")
        assert page.evaluate("window.hacked") is None
        assert page.locator("[data-testid=stApp] a[href*=evil]").count() == 0
        assert page.locator("[data-testid=stApp] .katex, [data-testid=stApp] td strong").count() == 0
    assert [request for request in asked if "evil" in request] == []


@pytest.mark.slow
def test_a_board_opened_before_the_class_began_fills_by_itself(
    browser: Browser, serve: Callable[[BoardSettings], str], url: str
) -> None:
    address = serve(BoardSettings(url))
    page = browser.new_page()
    _visit(page, address)
    assert "Пока ничего не проверено" in page.inner_text("h3")
    fill(url)
    page.wait_for_selector("text=Учеников в рейтинге", timeout=40_000)


def _failing_network() -> Failures:
    """A network that confuses everybody with the next one now and then."""
    file = io.BytesIO()
    Image.new("RGB", (48, 32), "orange").save(file, "JPEG")
    picture = base64.b64encode(file.getvalue()).decode()
    names = [f"character_number_{number}" for number in range(42)]
    pairs = list(zip(names, names[1:] + names[:1], strict=True))
    said = [Said(name, other if turn == 0 else name, None, 0) for name, other in pairs for turn in range(5)]
    mistakes = tuple(Mistake(name, other, 0.9, picture) for name, other in pairs[:12])
    return Failures("same", cells=count(said), mistakes=mistakes)


@pytest.mark.slow
def test_a_student_looks_at_where_the_network_fails_on_a_phone(
    browser: Browser, serve: Callable[[BoardSettings], str], full_class: str
) -> None:
    token = new_token()
    with ClassDatabase.open(full_class) as database:
        AccessList(database).invite_student("student0", "Lisa", token_sha256=hashed(token))
        database.record_run(replace(contest_run(0, 970, day=25, hour=1), failures=_failing_network()))
    page = browser.new_page(viewport={"width": 390, "height": 844})
    _visit(page, f"{serve(BoardSettings(full_class))}/me?key={token}&lang=en&assignment=springfield")
    section = page.locator(".failures")
    section.wait_for()
    assert "168 of 210 pictures are right" in section.inner_text()
    pictures = section.locator(".gallery img")
    assert pictures.evaluate_all("all => all.map(one => one.naturalWidth)") == [48] * 12
    page.get_by_text("The whole confusion matrix").click()
    section.locator(".matrix").wait_for(state="visible")
    assert section.locator(".matrix tbody tr").count() == 42
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
