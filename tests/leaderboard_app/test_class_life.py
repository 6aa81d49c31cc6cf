"""Baselines, events, a goal and badges: what makes the board a class's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from plausible_class import BLOCKS, CONTEST, START, run
from playwright.sync_api import sync_playwright
from test_own_pages import shown, visit

from grader.collect.uploads import PageRules
from grader.record.database import ClassDatabase
from grader.record.database.access import AccessList, hashed, new_token
from grader.record.database.decisions import Decisions
from grader.record.database.records import TaskRecord
from grader.scoring.baseline import Baseline, BaselineKind
from grader.scoring.points import DEFAULT_TABLE
from grader.service.page_settings import BoardSettings
from leaderboard_app.class_database import AssignmentSummary, Attempt
from leaderboard_app.events import EventKind, latest_events

LINES = (
    Baseline(BaselineKind.CONSTANT, 50, 991, "bart_simpson"),
    Baseline(BaselineKind.SIMPLE_CNN, 900, 991),
    Baseline(BaselineKind.REFERENCE, 985, 991),
)
RULES = PageRules(
    table=DEFAULT_TABLE, public_total=991, full_points=15.0, goal=10.0, baselines=LINES,
    image_ids=tuple(f"img{n}.jpg" for n in range(1041)),
)  # fmt: skip
TOKENS = {"student0": new_token(), "newcomer": new_token(), "Edna": new_token()}


@pytest.fixture
def lively(full_class: str) -> str:
    """The class with baselines and a goal, one block due tomorrow, and somebody who has handed in nothing."""
    soon = datetime.now(UTC) + timedelta(days=1)
    tasks = (
        TaskRecord("task1_shape", "", "passed", 1.0, 1.0),
        TaskRecord("task1_function", "", "passed", 2.0, 2.0),
        TaskRecord("task2_gradients", "", "failed", 0.5, 2.0),
        TaskRecord("task3_words", "", "not graded", None, 1.0),
    )
    with ClassDatabase.open(full_class) as database:
        database.ensure_assignments([replace(BLOCKS[1], deadline=soon), replace(CONTEST, max_points=18.0)])
        database.record_run(replace(run(0, BLOCKS[3], 3.5, day=60), tasks=tasks))
        access = AccessList(database)
        for name in ("student0", "newcomer"):
            access.invite_student(name, name, token_sha256=hashed(TOKENS[name]))
        access.invite_teacher("Edna", token_sha256=hashed(TOKENS["Edna"]))
        Decisions(database).set_rules([(CONTEST.slug, RULES.to_json())])
    return full_class


def test_rules_with_baselines_are_read_as_they_were_stored() -> None:
    assert PageRules.from_json(RULES.to_json()) == RULES
    earlier = {
        name: value for name, value in RULES.to_json().items() if name not in ("full_points", "goal", "baselines")
    }
    assert PageRules.from_json(earlier) == replace(RULES, full_points=None, goal=0.0, baselines=())


def test_baselines_stand_at_their_score_without_a_place(monkeypatch: pytest.MonkeyPatch, lively: str) -> None:
    app = visit(monkeypatch, lively, "assignments")
    frame = app.dataframe[0].value
    assert list(frame.iloc[:4, 0].fillna(0)) == [0, 1, 1, 3]
    assert frame.iloc[0, 1] == "◇ решение авторов · для сравнения"
    assert list(frame.iloc[0, 2:5]) == ["0.99394", 15.0, 985]
    assert frame.iloc[-2, 1] == "◇ всё — bart_simpson · для сравнения"  # behind it stands who has no valid score
    full = next(metric for metric in app.metric if metric.label == "Полный балл")
    assert full.value == "3 из 12"  # of 15 points: 18 need a teacher's


def test_the_feed_tells_improvements_alone() -> None:
    contest = AssignmentSummary("springfield", "", 18.0, is_contest=True, deadline=None, submissions=6)

    def attempt(alias: str, hour: int, correct: int | None, points: float = 0.0) -> Attempt:
        total = None if correct is None else 991
        return Attempt("springfield", alias, START + timedelta(hours=hour), points, correct, total, points)

    attempts = [
        attempt("A", 1, 890, 6.0), attempt("B", 2, 880, 5.0), attempt("B", 3, 870, 4.0), attempt("B", 4, 901, 7.0),
        attempt("A", 5, None), attempt("A", 6, 895, 7.0), attempt("A", 7, 970, 15.0),
    ]  # fmt: skip
    found = latest_events(contest, attempts, 15.0, LINES)
    told = [(event.alias, event.kind, event.gained) for event in reversed(found)]
    assert told == [
        ("A", EventKind.FIRST, 0),
        ("B", EventKind.FIRST, 0),
        ("B", EventKind.LEAD, 21),
        ("A", EventKind.BETTER, 5),
        ("A", EventKind.FULL, 75),
    ]
    assert found[-3].passed is BaselineKind.SIMPLE_CNN


def test_the_own_page_opens_on_what_is_due_and_leads_to_handing_in(
    monkeypatch: pytest.MonkeyPatch, lively: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setattr(BoardSettings, "to_environment", _with_inbox(str(tmp_path_factory.mktemp("inbox"))))
    app = visit(monkeypatch, lively, "me", TOKENS["newcomer"], assignment="")
    assert app.pills(key="assignment").value == "vgg"
    (button,) = [one for one in app.button if one.label == "Сдать"]
    button.click().run()
    assert not app.exception
    assert app.title[0].value == "Сдать"
    assert app.pills(key="assignment").value == "vgg"


def _with_inbox(inbox: str) -> Callable[[BoardSettings], dict[str, str]]:
    plain = BoardSettings.to_environment
    return lambda settings: plain(replace(settings, inbox=inbox))


def test_the_own_page_shows_badges_steps_and_the_personal_best(monkeypatch: pytest.MonkeyPatch, lively: str) -> None:
    contest = shown(visit(monkeypatch, lively, "me", TOKENS["student0"]))
    assert "Личный рекорд: F1 0.96972 (961 из 991)" in contest
    assert "891 → 941 → 961. Последний дал ещё 20 картинок" in contest
    assert "лучше модели" in contest
    block = shown(visit(monkeypatch, lively, "me", TOKENS["student0"], assignment="resnet"))
    assert "green-badge[:material/check_circle: Задача 1]" in block
    assert r"orange-badge[Задача 2\: 0\.5 из 2]" in block
    assert "Задача 3" not in block  # it is the teacher's to read


def test_how_grading_works_speaks_of_this_class(monkeypatch: pytest.MonkeyPatch, lively: str) -> None:
    app = visit(monkeypatch, lively, "how")
    said = shown(app)
    assert "Блоки: AlexNet, VGG, Skip connection, ResNet, DenseNet" in said
    assert "В этом классе сдают **тетрадь**" in said
    assert "их 1041" in said
    assert "простая CNN (0.90817)" in said.replace("\\", "")
    assert "баллов за них в курсе — 3" in said
    assert "Если опоздать" not in said  # it costs nothing here


@pytest.mark.slow
@pytest.mark.browser
def test_the_projector_is_read_from_eight_metres(
    chromium_path: str, serve: Callable[[BoardSettings], str], lively: str
) -> None:
    """At a picture two metres high a small letter has 25 mm, which is 1/80 of the height; and all of it is in sight."""
    address = serve(BoardSettings(lively))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--headless", "--no-sandbox"])
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.set_default_timeout(120_000)
        page.goto(f"{address}/projector?key={TOKENS['Edna']}&assignment=springfield")
        page.wait_for_selector("table.board")
        page.wait_for_selector(".goal")
        heights = page.evaluate(_LETTERS)
        bottom = page.evaluate("document.querySelector('table.board').getBoundingClientRect().bottom")
        text = page.inner_text("[data-testid=stMain]")
        browser.close()
    assert len(heights) > 20
    assert min(height for _text, height in heights) >= 1080 / 80, sorted(heights, key=lambda pair: pair[1])[:3]
    assert bottom <= 1080
    assert "1=" in text  # two share the first place
    assert "для сравнения" in text


# Of every text in sight: how high a small x of its font is, in pixels.
_LETTERS = """() => {
    const pen = document.createElement('canvas').getContext('2d');
    const walker = document.createTreeWalker(document.querySelector('[data-testid=stMain]'), NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
        const text = walker.currentNode.textContent.trim(), of = walker.currentNode.parentElement;
        if (!text || !of.checkVisibility() || ['STYLE', 'SCRIPT'].includes(of.tagName)) continue;
        if (of.closest('[data-testid=stTooltipIcon], [aria-hidden=true], [data-testid=stIconMaterial]')) continue;
        const style = getComputedStyle(of);
        pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
        found.push([text, pen.measureText('x').actualBoundingBoxAscent]);
    }
    return found;
}"""
