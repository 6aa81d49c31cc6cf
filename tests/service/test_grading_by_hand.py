"""A teacher reads answers in words, by keyboard, in a real Chromium; the gradebook is read by nbgrader's own API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hand_class import CELLS, with_answers
from nbgrader.api import Gradebook
from playwright.sync_api import Browser, Page, expect
from served_class import Served, next_run, open_page, settle, start, stop

from grader.record.database.hands import hand_counts
from grader.record.database.queries import Board

PATIENCE_MS = 60_000
pytestmark = [pytest.mark.slow, pytest.mark.browser]

STUDENTS = 30
DIGITS = ("1", "2", "9", "0")  # criteria of the first question; without criteria a digit is the points


def text_of(number: int, cell: str) -> str:
    return f"Ответ {number} на {cell}: градиент {'затухает ' * (number % 3 + 1)}"


@pytest.fixture
def ninety(released_class: Path, tmp_path: Path) -> Iterator[Served]:
    """Thirty students with three different answers each, served."""
    answers = {f"s{number:02}": {cell: text_of(number, cell) for cell in CELLS} for number in range(STUDENTS)}
    course = with_answers(tmp_path / "class", released_class, answers)
    running = start(course, tmp_path / "serve.log")
    yield running
    stop(running)


class Keyboard:
    """Counts what is pressed."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pressed = 0

    def press(self, key: str) -> None:
        self.pressed += 1
        self.page.keyboard.press(key)


def open_queue(browser: Browser, served: Served) -> Page:
    page = open_page(browser.new_context(), served.invite_teacher().replace("lang=en", "lang=ru"))
    page.get_by_role("radio", name=re.compile("Ждут вас")).click()
    expect(page.get_by_text(re.compile("Ждут? .*ответ")).first).to_be_visible(timeout=PATIENCE_MS)
    settle(page)
    return page


def shown_answer(page: Page) -> tuple[int, str]:
    text = page.get_by_text(re.compile(r"Ответ \d+ на task6")).first.inner_text(timeout=PATIENCE_MS)
    found = re.search(r"Ответ (\d+) на (task6_\w+)", text)
    assert found is not None
    return int(found[1]), found[2]


def test_ninety_answers_take_at_most_three_keystrokes_each(browser: Browser, ninety: Served) -> None:
    page = open_queue(browser, ninety)
    keyboard = Keyboard(page)
    given: dict[tuple[str, str], float] = {}
    for turn in range(STUDENTS * len(CELLS)):
        number, cell = shown_answer(page)
        before = keyboard.pressed
        has_criteria = cell == "task6_gradient"
        digit = DIGITS[turn % 4] if has_criteria else str(turn % 2)
        with next_run(page):
            keyboard.press(digit)
        if turn % 3 == 0:
            with next_run(page):
                keyboard.press("Q")
        expect(page.get_by_text(re.compile(r"^Баллы: ")).first).to_be_visible(timeout=PATIENCE_MS)
        keyboard.press("Enter")
        points = {"1": 0.5, "2": 0.5, "9": 1.0, "0": 0.0}[digit] if has_criteria else float(digit)
        given[f"s{number:02}", cell] = points
        assert keyboard.pressed - before <= 3
        if turn < STUDENTS * len(CELLS) - 1:
            expect(page.get_by_text(f"Ответ {number} на {cell}:")).to_have_count(0, timeout=PATIENCE_MS)
        settle(page)
    expect(page.get_by_text("Вас ничего не ждёт: все ответы прочитаны.")).to_be_visible(timeout=PATIENCE_MS)
    assert len(given) == 90
    assert keyboard.pressed <= 3 * 90
    print(f"{keyboard.pressed} keystrokes for 90 answers")
    with Gradebook(ninety.course.gradebook_url) as gradebook:
        for (student, cell), points in given.items():
            grade = gradebook.find_grade(cell, "resnet", "resnet", student)
            assert (grade.manual_score, grade.needs_manual_grade) == (points, False)
        assert not any(one.needs_manual_grade for one in gradebook.assignment_submissions("resnet"))
        said = gradebook.find_comment("task6_gradient", "resnet", "resnet", "s00").manual_comment
        assert "Градиент — произведение производных" in said
    with Board.open(ninety.course.database_url) as board:
        assert hand_counts(board) == {}


@pytest.fixture
def few(released_class: Path, tmp_path: Path) -> Iterator[Served]:
    """Three students, two of whom have answered alike."""
    answers = {name: {CELLS[0]: "Затухает."} for name in ("bart", "lisa")}
    answers["nelson"] = {CELLS[0]: "<img src=x onerror=window.hacked=1> **Не** знаю"}
    course = with_answers(tmp_path / "class", released_class, answers)
    running = start(course, tmp_path / "serve.log")
    yield running
    stop(running)


def test_points_reach_the_student_who_asks_and_is_answered(browser: Browser, few: Served) -> None:
    page = open_queue(browser, few)
    expect(page.get_by_text("Одинаково ответили 2 ученика")).to_be_visible(timeout=PATIENCE_MS)
    # A criterion that is clicked does not keep the keyboard.
    with next_run(page):
        page.get_by_role("button", name=re.compile(r"\+0.5 Градиент — произведение")).click()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Ответ 1 ученика")).to_be_visible(timeout=PATIENCE_MS)
    settle(page)
    assert page.evaluate("window.hacked") is None
    assert page.locator("[data-testid=stApp] img[src=x]").count() == 0
    with next_run(page):
        page.keyboard.press("Backspace")
    expect(page.get_by_text("Одинаково ответили 2 ученика")).to_be_visible(timeout=PATIENCE_MS)
    settle(page)
    with next_run(page):
        page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Ответ 1 ученика")).to_be_visible(timeout=PATIENCE_MS)

    lisa_link = few.invite("lisa").replace("/me?", "/me?assignment=resnet&").replace("lang=en", "lang=ru")
    lisa = open_page(browser.new_context(), lisa_link)
    expect(lisa.get_by_text("0.5 из 20").first).to_be_visible(timeout=PATIENCE_MS)
    lisa.get_by_text("Не понимаю, почему сняты баллы").click()
    lisa.get_by_label("Ваш вопрос; его прочтёт учитель").fill("Почему только половина? <b>x</b>")
    lisa.get_by_role("button", name="Спросить").click()
    expect(lisa.get_by_text("ждёт учителя")).to_be_visible(timeout=PATIENCE_MS)

    page.reload()
    settle(page)
    page.get_by_role("radio", name=re.compile("Вопросы учеников · 1")).click()
    expect(page.get_by_text("Почему только половина? <b>x</b>")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_label("Ваш ответ; его прочтёт ученик").fill("Вы правы.")
    page.get_by_label("Баллы; пустое поле ничего не меняет").fill("1")
    page.get_by_role("button", name="Ответить и закрыть").click()
    page.get_by_text(re.compile("— закрыт")).click(timeout=PATIENCE_MS)
    expect(page.get_by_text("вопрос закрыт")).to_be_visible(timeout=PATIENCE_MS)

    lisa.reload()
    settle(lisa)
    lisa.get_by_text(re.compile("— закрыт")).click()
    expect(lisa.get_by_text("Вы правы.")).to_be_visible(timeout=PATIENCE_MS)
    expect(lisa.get_by_text(re.compile("баллы: .* → 1"))).to_be_visible(timeout=PATIENCE_MS)
