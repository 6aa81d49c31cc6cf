"""What students and teachers do on the page, in a real Chromium, on a class that `grader serve` runs."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from served_class import PATIENCE_MS, Served, go_to, hand_in, next_run, open_page, settle

from grader.record.database.queries import Board
from grader.record.database.uploads import uploads_of

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def is_quiet() -> bool:
    """Whether nobody else uses the machine; only then a stopwatch says something."""
    return os.getloadavg()[0] < (os.cpu_count() or 1)


def wait_for_points(page: Page, started: float) -> float:
    expect(page.get_by_text(re.compile(r"\d+ of \d+ points")).first).to_be_visible(timeout=PATIENCE_MS)
    return time.monotonic() - started


def contest_page(browser: Browser, served: Served, student: str) -> Page:
    page = open_page(browser.new_context(), served.invite(student))
    go_to(page, served, "hand-in?assignment=springfield")
    return page


def test_a_personal_link_opens_the_own_page_and_leaves_the_address(browser: Browser, served: Served) -> None:
    page = open_page(browser.new_context(), served.invite("lisa"))
    assert page.inner_text("h1") == "Имя lisa"
    assert "key=" not in page.url
    page.reload()
    settle(page)
    assert page.inner_text("h1") == "Имя lisa"
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("This page is yours alone")).to_be_visible(timeout=PATIENCE_MS)
    page.wait_for_function("!document.cookie.includes('springfield_key=')")
    page.reload()
    settle(page)
    expect(page.get_by_text("This page is yours alone")).to_be_visible(timeout=PATIENCE_MS)


def test_a_good_notebook_becomes_points_within_seconds(browser: Browser, served: Served, tmp_path: Path) -> None:
    warm = open_page(browser.new_context(), served.invite("warm"))
    go_to(warm, served, "hand-in?assignment=resnet")
    wait_for_points(warm, hand_in(warm, served.notebook(tmp_path, "untouched")))  # the first one starts the sandbox
    page = open_page(browser.new_context(), served.invite("martin"))
    go_to(page, served, "hand-in?assignment=resnet")
    took_s = wait_for_points(page, hand_in(page, served.notebook(tmp_path, "reference")))
    print(f"block notebook: {took_s:.2f} s from the button to the points")
    assert took_s < (5 if is_quiet() else 60)


def test_a_csv_becomes_points_within_two_seconds(browser: Browser, served: Served, tmp_path: Path) -> None:
    page = contest_page(browser, served, "wendell")
    took_s = wait_for_points(page, hand_in(page, served.predictions(tmp_path, wrong=1)))
    print(f"csv: {took_s:.2f} s from the button to the points")
    assert took_s < (2 if is_quiet() else 60)
    expect(page.get_by_text("Left today: 1.")).to_be_visible(timeout=PATIENCE_MS)


def test_a_bad_csv_is_explained_before_it_is_sent(browser: Browser, served: Served, tmp_path: Path) -> None:
    page = contest_page(browser, served, "milhouse")
    page.set_input_files("input[type=file]", served.predictions(tmp_path, header="Id,Label"))
    expect(page.get_by_text("must be called 'Expected'")).to_be_visible(timeout=PATIENCE_MS)
    assert page.get_by_role("button", name="Hand in", exact=True).count() == 0
    with Board.open(served.course.database_url) as board:
        assert uploads_of(board, "milhouse") == []


def test_the_same_file_again_costs_nothing_and_the_quota_holds(
    browser: Browser, served: Served, tmp_path: Path
) -> None:
    page = contest_page(browser, served, "database")
    for wrong in (3, 2):
        hand_in(page, served.predictions(tmp_path, wrong=wrong))
        expect(page.get_by_text(re.compile(r"\d+ of \d+ points"))).to_have_count(4 - wrong, timeout=PATIENCE_MS)
        page.wait_for_selector("text=Your file for")
    expect(page.get_by_text("2 of 2 submissions used today")).to_be_visible(timeout=PATIENCE_MS)
    page.set_input_files("input[type=file]", served.predictions(tmp_path, wrong=2))
    expect(page.get_by_text("You have handed in this very file before")).to_be_visible(timeout=PATIENCE_MS)
    page.set_input_files("input[type=file]", served.predictions(tmp_path, wrong=1))
    expect(page.get_by_text("The file is fit to be graded.")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_role("button", name="Hand in").last).to_be_disabled()


def test_wrong_links_are_refused_and_after_ten_a_right_one_still_works(browser: Browser, served: Served) -> None:
    page = open_page(browser.new_context(), f"{served.address}/me?key={'x' * 43}&lang=en", is_good=False)
    expect(page.get_by_text("This link does not work")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_text("This page is yours alone")).to_be_visible(timeout=PATIENCE_MS)
    good = served.invite("todd")
    for number in range(10):
        page.goto(f"{served.address}/me?key={number:043d}&lang=en")
        settle(page)
    expect(page.get_by_text("Too many links that do not work")).to_be_visible(timeout=PATIENCE_MS)
    assert open_page(browser.new_context(), good).inner_text("h1") == "Имя todd"


def test_the_board_in_a_second_tab_follows(browser: Browser, served: Served, tmp_path: Path) -> None:
    visitor = open_page(browser.new_context(), f"{served.address}/assignments?assignment=springfield&lang=en")
    visitor.get_by_text("As plain text, for screen readers").click()
    page = contest_page(browser, served, "ralph")
    go_to(page, served, "me?assignment=springfield")
    alias = page.locator("[data-testid=stCaptionContainer] strong").first.inner_text()
    go_to(page, served, "hand-in?assignment=springfield")
    wait_for_points(page, hand_in(page, served.predictions(tmp_path, wrong=5)))
    expect(visitor.get_by_role("cell", name=alias)).to_be_visible(timeout=PATIENCE_MS)


def test_a_teacher_sets_a_grade_and_the_student_reads_why(browser: Browser, served: Served, tmp_path: Path) -> None:
    student = contest_page(browser, served, "bart")
    wait_for_points(student, hand_in(student, served.predictions(tmp_path, wrong=4)))
    teacher = open_page(browser.new_context(), served.invite_teacher())
    choose(teacher, "Student", "Имя bart")
    choose(teacher, "Assignment", "Journey to Springfield")
    teacher.get_by_label("Points", exact=True).fill("7")
    teacher.get_by_label("Reason; the student reads it").fill("explained it at the blackboard")
    teacher.get_by_role("button", name="Set the grade").click()
    expect(teacher.get_by_text("Done.")).to_be_visible(timeout=PATIENCE_MS)
    go_to(student, served, "me?assignment=springfield")
    expect(student.get_by_text("explained it at the blackboard")).to_be_visible(timeout=PATIENCE_MS)
    expect(student.get_by_text("7 of 18").first).to_be_visible(timeout=PATIENCE_MS)
    with next_run(teacher):
        teacher.get_by_role("button", name="Grade anew").click()
    expect(teacher.get_by_text("Done.")).to_be_visible(timeout=PATIENCE_MS)
    with next_run(teacher):
        teacher.get_by_text("Log", exact=True).click()
    expect(teacher.get_by_text("What teachers did")).to_have_count(0)
    teacher.get_by_text("As plain text, for screen readers").first.click()
    expect(teacher.get_by_role("cell", name="override").first).to_be_visible(timeout=PATIENCE_MS)
    expect(teacher.get_by_role("cell", name="rejudge").first).to_be_visible(timeout=PATIENCE_MS)


def choose(page: Page, label: str, option: str) -> None:
    box = page.get_by_role("combobox", name=label)
    for left in (4, 3, 2, 1, 0):
        settle(page)
        if box.input_value() == option:
            return  # the list does not offer what is chosen already
        box.fill(option)  # typed and not only opened: a long list shows its first lines only
        try:
            with next_run(page):
                page.get_by_role("option", name=option, exact=True).click(timeout=PATIENCE_MS / 8)
            return
        except PlaywrightTimeout:  # news arrived, and the page has closed the list by drawing itself anew
            if not left:
                raise
            box.press("Escape")


def test_a_new_link_of_the_teachers_ends_the_old_one(browser: Browser, served: Served) -> None:
    old = served.invite("nelson")
    student = open_page(browser.new_context(), old)
    teacher = open_page(browser.new_context(), served.invite_teacher())
    with next_run(teacher):
        teacher.get_by_text("Invitations", exact=True).click()
    choose(teacher, "Student", "Имя nelson")
    teacher.get_by_role("button", name="New link").click()
    link = teacher.locator("[data-testid=stCode] code").inner_text(timeout=PATIENCE_MS)
    assert open_page(browser.new_context(), f"{link}&lang=en").inner_text("h1") == "Имя nelson"
    go_to(student, served, "me")
    expect(student.get_by_text("This page is yours alone")).to_be_visible(timeout=PATIENCE_MS)


def test_the_language_switch_turns_the_own_page(browser: Browser, served: Served) -> None:
    page = open_page(browser.new_context(), served.invite("sherri").replace("&lang=en", ""))
    expect(page.get_by_text("Ваши работы")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_text("English").click()
    expect(page.get_by_text("Your submissions")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("link", name="Hand in").click()
    expect(page.get_by_role("heading", name="What to hand in")).to_be_visible(timeout=PATIENCE_MS)


def test_every_page_fits_a_phone(browser: Browser, served: Served) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = open_page(context, served.invite("terri"))
    for path in ("me?assignment=springfield", "hand-in?assignment=resnet", "assignments", "how"):
        go_to(page, served, path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_a_keyboard_is_enough_to_hand_in(browser: Browser, served: Served, tmp_path: Path) -> None:
    page = contest_page(browser, served, "kearney")
    with page.expect_file_chooser() as chosen:
        tab_to(page, "Upload")
        page.keyboard.press("Enter")
    chosen.value.set_files(served.predictions(tmp_path, wrong=6))
    page.wait_for_selector("text=The file is fit to be graded.")
    tab_to(page, "Hand in")
    page.keyboard.press("Enter")
    wait_for_points(page, time.monotonic())


def tab_to(page: Page, name: str) -> None:
    """Press Tab until a button of this name has the focus."""
    for _press in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate("[document.activeElement.tagName, document.activeElement.innerText || '']")
        if focused[0] == "BUTTON" and name in focused[1]:
            return
    raise AssertionError(f"the keyboard does not reach {name!r}")


def test_feedback_stands_in_a_frame_without_rights(browser: Browser, served: Served, tmp_path: Path) -> None:
    page = open_page(browser.new_context(), served.invite("jimbo"))
    go_to(page, served, "hand-in?assignment=resnet")
    wait_for_points(page, hand_in(page, served.notebook(tmp_path, "wrong/relu_missing_after_add")))
    go_to(page, served, "me?assignment=resnet")
    page.get_by_text("Feedback on your last submission").click(timeout=PATIENCE_MS)
    inner = page.frame_locator("iframe").frame_locator("iframe")
    expect(inner.locator("h1")).to_be_visible(timeout=PATIENCE_MS)
    sandbox = page.frame_locator("iframe").locator("iframe").get_attribute("sandbox")
    assert sandbox == ""
