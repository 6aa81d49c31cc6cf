"""What a teacher reads of an assignment, and what a student reads of time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import streamlit as st
from late_class import fill_late
from playwright.sync_api import sync_playwright
from test_in_browser import ARGUMENTS, READY
from test_own_pages import shown, visit

from grader.record.database.queries import Board
from grader.record.database.statistics import missing_from, stuck_in, submissions_of, task_statistics
from grader.service.page_settings import BoardSettings


@pytest.fixture(autouse=True)
def _nothing_cached() -> None:
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def tokens(url: str) -> dict[str, str]:
    return fill_late(url)


def test_tasks_are_counted_by_student_and_mistakes_alike_are_one(url: str, tokens: dict[str, str]) -> None:
    with Board.open(url) as board:
        tried = submissions_of(board, "resnet")
        shortcut, block = task_statistics(tried, {"student0", *(f"Настоящее Имя {n}" for n in range(9))})
        assert [one.name for one in missing_from(board, "resnet")] == ["Милхаус ван Хутен"]
    assert (shortcut.students, shortcut.solved, shortcut.tries) == (9, 8, 1)
    assert (block.solved, block.tries, block.share) == (6, 2, pytest.approx(6 / 9))
    assert (block.diagnoses[0].students, len(block.diagnoses)) == (9, 1)
    for diagnosis in block.diagnoses:
        assert "Настоящее" not in diagnosis.example
        assert "student0" not in diagnosis.example
    (stuck,) = stuck_in(tried)
    assert (stuck.student_id, stuck.tries, stuck.since_gain) == ("student0", 4, 3)


def test_a_teacher_reads_statistics_and_asks_for_many_at_once(
    monkeypatch: pytest.MonkeyPatch, url: str, tokens: dict[str, str]
) -> None:
    app = visit(monkeypatch, url, "teacher", tokens["Edna"])
    app.segmented_control(key="teacher-section").set_value("statistics").run()
    assert not app.exception
    said = shown(app)
    for text in ("9 из 10", "Кто застрял", "Милхаус ван Хутен", "нет ReLU", "болезнь"):
        assert text in said
    assert {button.label for button in app.button} >= {"Продлить", "Перепроверить всех", "Напомнить тем, кто не сдал"}
    assert app.multiselect[0].value == ["student9"]


def test_how_grading_works_tells_what_being_late_costs(
    monkeypatch: pytest.MonkeyPatch, url: str, tokens: dict[str, str]
) -> None:
    said = shown(visit(monkeypatch, url, "how"))
    assert "Если опоздать" in said
    assert "На весь курс у вас есть 5 дней опоздания" in said
    assert "Каждый день сверх них отнимает 10% баллов. 15 минут сверх срока — ещё не опоздание." in said


@pytest.mark.parametrize("page", ["", "how", "teacher", "hand-in"])
def test_where_the_best_submission_counts_no_page_says_only_that_the_last_does(
    monkeypatch: pytest.MonkeyPatch, url: str, tokens: dict[str, str], page: str
) -> None:
    reader = "student0" if page == "hand-in" else "Edna"
    said = shown(visit(monkeypatch, url, page, tokens[reader], assignment="resnet"))
    assert "Исключение: ResNet — там засчитывается лучшее решение" in said


def test_a_student_reads_the_own_deadline_what_being_late_cost_and_what_is_left(
    monkeypatch: pytest.MonkeyPatch, url: str, tokens: dict[str, str]
) -> None:
    app = visit(monkeypatch, url, "me", tokens["student0"], assignment="resnet")
    said = " ".join([shown(app), *(one.value for one in app.warning)])
    assert "Опоздание на 4 дня, из них 2 — за счёт запасных дней: −20%, вместо 8 — 6,4." in said
    assert "Запасных дней до конца курса: 0." in said
    assert "Вам продлили срок до 5 мар., 23:59: болезнь" in said
    assert "Срок: 5 мар., 23:59" in said
    assert "Засчитано лучшее из 4 решений" in said


@pytest.mark.slow
def test_statistics_fit_a_phone(
    chromium_path: str, serve: Callable[[BoardSettings], str], url: str, tokens: dict[str, str]
) -> None:
    address = serve(BoardSettings(url, "10А", "Europe/Moscow"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.goto(f"{address}/teacher?key={tokens['Edna']}")
        page.get_by_text("Статистика").click()
        page.wait_for_selector("text=Кто застрял")
        page.wait_for_selector(READY)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        browser.close()
