"""Pages that are not everybody's, by Streamlit's own AppTest: who sees what."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from plausible_class import CONTEST, contest_run
from streamlit.testing.v1 import AppTest

import leaderboard_app
from grader.collect.uploads import PageRules
from grader.record.database import ClassDatabase
from grader.record.database.access import AccessList, hashed, new_token
from grader.record.database.decisions import Decisions
from grader.record.database.doubts import Doubts
from grader.record.database.hand_records import AnswerRecord, QuestionKind, QuestionRecord
from grader.record.database.hands import Hands
from grader.record.database.integrity import FindingRecord, IntegrityReports
from grader.record.database.ranges import Ranges
from grader.scoring.failures import Failures, Mistake, Said, count
from grader.scoring.mcnemar import RankRange
from grader.scoring.points import DEFAULT_TABLE
from grader.service.page_settings import BoardSettings
from leaderboard_app import class_data

APP = Path(leaderboard_app.__file__).parent / "app.py"


@pytest.fixture(autouse=True)
def _nothing_cached() -> None:
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def links(full_class: str) -> dict[str, str]:
    """Tokens of two students and a teacher."""
    tokens = {name: new_token() for name in ("student0", "student1", "Edna")}
    rules = PageRules(table=DEFAULT_TABLE, public_total=991)
    with ClassDatabase.open(full_class) as database:
        access = AccessList(database)
        for name in ("student0", "student1"):
            access.invite_student(name, f"Настоящее Имя {name}", token_sha256=hashed(tokens[name]))
        access.invite_teacher("Edna", token_sha256=hashed(tokens["Edna"]))
        Decisions(database).override("student0", "springfield", 13.0, "за помощь товарищу", "Edna")
        Decisions(database).set_rules([(CONTEST.slug, rules.to_json())])
    return tokens


def visit(
    monkeypatch: pytest.MonkeyPatch, url: str, page: str, token: str = "", assignment: str = "springfield"
) -> AppTest:
    for name, value in BoardSettings(url, "10А", "Europe/Moscow").to_environment().items():
        monkeypatch.setenv(name, value)
    app = AppTest.from_file(str(APP), default_timeout=120)
    if token:
        app.query_params["key"] = token
    app.run()
    registered = app._registered_pages.items()
    app._page_hash = next(known for known, about in registered if about["url_pathname"] == page)
    if assignment:
        app.query_params["assignment"] = assignment
    app.run()
    assert not app.exception
    return app


def shown(app: AppTest) -> str:
    parts: list[Any] = [*app.title, *app.caption, *app.markdown, *app.subheader, *app.info, *app.metric, *app.error]
    return " ".join([*(str(part.value) for part in parts), *(frame.value.to_string() for frame in app.dataframe)])


@pytest.mark.parametrize("page", ["me", "hand-in", "teacher"])
def test_a_visitor_reads_how_to_come_in_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, full_class: str, links: dict[str, str], page: str
) -> None:
    app = visit(monkeypatch, full_class, page)
    assert len(app.subheader) == 1
    assert "Настоящее Имя" not in shown(app)
    assert not app.metric
    assert not app.dataframe


def test_a_student_sees_the_own_page_with_the_teachers_reason(
    monkeypatch: pytest.MonkeyPatch, full_class: str, links: dict[str, str]
) -> None:
    app = visit(monkeypatch, full_class, "me", links["student0"])
    assert app.title[0].value == "Настоящее Имя student0"
    metrics = {metric.label: metric.value for metric in app.metric}
    assert metrics["Лучший F1"] == "0.96972"
    assert metrics["Ваша оценка"] == "13 из 15"
    said = shown(app)
    assert "за помощь товарищу" in said
    assert "student1" not in said
    assert "из 50" not in said  # the private part
    assert "962 из 991" in said  # the next step of the ladder


def test_the_own_card_has_the_range_beside_the_place(
    monkeypatch: pytest.MonkeyPatch, full_class: str, links: dict[str, str]
) -> None:
    with ClassDatabase.open(full_class) as database:
        Ranges(database).store("springfield", {"student0": RankRange(3, 6)}, counted_run=1)
    (place,) = [m for m in visit(monkeypatch, full_class, "me", links["student0"]).metric if m.label == "Место"]
    assert place.value == "4 (3–6)"
    assert place.help.startswith("Места с 3 по 6 нельзя различить")


def test_a_student_is_no_teacher(monkeypatch: pytest.MonkeyPatch, full_class: str, links: dict[str, str]) -> None:
    app = visit(monkeypatch, full_class, "teacher", links["student1"])
    assert [heading.value for heading in app.subheader] == ["Эта страница — для учителя"]
    assert not app.dataframe


def test_a_teacher_sees_names_and_private_scores(
    monkeypatch: pytest.MonkeyPatch, full_class: str, links: dict[str, str]
) -> None:
    said = shown(visit(monkeypatch, full_class, "teacher", links["Edna"]))
    assert "Настоящее Имя student0" in said
    assert "0.82000 (41 из 50)" in said
    assert "13*" in said


def test_a_link_that_is_revoked_ends_an_open_page(
    monkeypatch: pytest.MonkeyPatch, full_class: str, links: dict[str, str]
) -> None:
    app = visit(monkeypatch, full_class, "me", links["student0"])
    with ClassDatabase.open(full_class) as database:
        AccessList(database).revoke(student_id="student0")
    app.run()
    assert "Настоящее Имя" not in shown(app)
    assert [heading.value for heading in app.subheader] == ["Эта страница — только ваша"]


def test_the_readers_own_row_is_marked_and_others_are_not(
    monkeypatch: pytest.MonkeyPatch, full_class: str, links: dict[str, str]
) -> None:
    own = visit(monkeypatch, full_class, "assignments", links["student0"]).dataframe[0].value
    marked = [alias for alias in own.iloc[:, 1] if "вы →" in alias]
    assert len(marked) == 1
    visitor = visit(monkeypatch, full_class, "assignments").dataframe[0].value
    assert not [alias for alias in visitor.iloc[:, 1] if "→" in alias]


FINDING = ("одинаковые предсказания", ("student0", "student1"), "940 из 991")


@pytest.fixture
def compared(full_class: str, links: dict[str, str]) -> dict[str, str]:
    """The links of a class of which an integrity report was made."""
    with ClassDatabase.open(full_class) as database:
        found = [FindingRecord("ru", *FINDING), FindingRecord("en", "identical predictions", *FINDING[1:])]
        IntegrityReports(database).store("springfield", 11, 11, found)
    return links


def test_a_teacher_reads_the_integrity_report_with_names(
    monkeypatch: pytest.MonkeyPatch, full_class: str, compared: dict[str, str]
) -> None:
    app = visit(monkeypatch, full_class, "teacher", compared["Edna"])
    app.segmented_control(key="teacher-section").set_value("integrity").run()
    assert not app.exception
    assert list(app.dataframe[0].value.iloc[0]) == [
        "одинаковые предсказания",
        "Настоящее Имя student0, Настоящее Имя student1",
        "940 из 991",
    ]
    assert "учеников — 11" in shown(app)
    app.selectbox(key="integrity-assignment").set_value("resnet").run()
    assert "ещё не сравнивали" in shown(app)


@pytest.mark.parametrize("name", ["", "student0"])
@pytest.mark.parametrize("page", ["", "assignments", "me", "hand-in", "teacher", "how", "projector"])
def test_nobody_else_reads_it_anywhere(
    monkeypatch: pytest.MonkeyPatch, full_class: str, compared: dict[str, str], name: str, page: str
) -> None:
    app = visit(monkeypatch, full_class, page, compared[name] if name else "")
    app.session_state["teacher-section"] = "integrity"
    app.query_params["teacher-section"] = "integrity"
    app.run()
    assert not app.exception
    assert "одинаковые предсказания" not in shown(app)
    assert "940 из 991" not in shown(app)


PICTURE = "/9j/4AAQSkZJRg=="  # begins as a JPEG does


def test_a_student_sees_where_the_own_network_fails_and_nobody_else_does(
    monkeypatch: pytest.MonkeyPatch, full_class: str, links: dict[str, str]
) -> None:
    said = [Said("moe_szyslak", "bart_simpson", None, 0)] * 2 + [Said("moe_szyslak", "moe_szyslak", None, 0)] * 7
    mistake = Mistake("moe_szyslak", "<b>bart", 0.98, PICTURE)
    with ClassDatabase.open(full_class) as database:
        for day, cells in enumerate((count([*said, said[0]]), count([*said, said[-1]])), start=25):
            found = Failures("same", cells=cells, mistakes=(mistake,))
            database.record_run(replace(contest_run(0, 940 + day, day=day, hour=1), failures=found))
    app = visit(monkeypatch, full_class, "me", links["student0"])
    (drawn,) = [html.body for html in app.get("html") if "failures" in html.body]
    assert "Moe Szyslak" in drawn
    assert "8 / 10" in drawn
    assert "С прошлой сдачи: +1." in drawn
    assert "98" in drawn
    assert PICTURE in drawn
    assert "<b>bart" not in drawn.lower()
    other = visit(monkeypatch, full_class, "me", links["student1"])
    assert not [html for html in other.get("html") if "failures" in html.body]


@pytest.fixture
def answered(full_class: str, links: dict[str, str]) -> str:
    """An answer of student0's that waits, and a question of the same student's."""
    question = QuestionRecord("resnet", "task6", 0, QuestionKind.ANSWER, "Задача 6", "Подумайте", "Почему?", "ОБРАЗЕЦ",
                              max_points=2, comment_cell="task6")  # fmt: skip
    text = "ОТВЕТ <script>window.hacked=1</script> **x**"
    answer = AnswerRecord("student0", "resnet", "task6", text, "a" * 64, "b" * 64, True, None, None, "")
    with ClassDatabase.open(full_class) as database:
        Hands(database).set_questions("resnet", [question])
        Hands(database).set_answers("student0", "resnet", [answer])
        Decisions(database).set_grade("student0", "resnet", 3.0, 10.0, 0.0)
        Decisions(database).set_grade("student1", "resnet", 3.0, 10.0, 0.0)
        Doubts(database).ask("student0", "resnet", "task6", "student0", "ВОПРОС")
    return full_class


@pytest.mark.parametrize("section", ["waiting", "doubts", "task"])
def test_answers_and_questions_are_a_teachers_and_no_students(
    monkeypatch: pytest.MonkeyPatch, answered: str, links: dict[str, str], section: str
) -> None:
    app = visit(monkeypatch, answered, "teacher", links["Edna"])
    app.session_state["teacher-section"] = section
    app.run()
    assert not app.exception
    said = shown(app) + " ".join(html.proto.body for html in app.get("html"))
    assert ("ОБРАЗЕЦ" in said) == (section == "waiting")
    assert ("ВОПРОС" in said) == (section == "doubts")
    assert "<script>window.hacked" not in said
    stranger = visit(monkeypatch, answered, "teacher", links["student1"])
    stranger.session_state["teacher-section"] = section
    stranger.run()
    assert [heading.value for heading in stranger.subheader] == ["Эта страница — для учителя"]
    assert "ОТВЕТ" not in " ".join(html.proto.body for html in stranger.get("html"))


def test_a_question_is_on_the_page_of_who_has_asked_alone(
    monkeypatch: pytest.MonkeyPatch, answered: str, links: dict[str, str]
) -> None:
    own = visit(monkeypatch, answered, "me", links["student0"], assignment="resnet")
    assert "ВОПРОС" in shown(own)
    assert "ОБРАЗЕЦ" not in shown(own)
    assert "ВОПРОС" not in shown(visit(monkeypatch, answered, "me", links["student1"], assignment="resnet"))


def test_points_by_hand_are_on_the_board_at_once(answered: str) -> None:
    before = class_data.load(answered).board("resnet")
    with ClassDatabase.open(answered) as database:
        answer = AnswerRecord("student0", "resnet", "task6", "x", "a" * 64, "b" * 64, False, 1.5, None, "")
        Hands(database).set_answers("student0", "resnet", [answer])
        alias = database.ensure_student("student0")
    st.cache_resource.clear()
    after = class_data.load(answered).board("resnet")
    assert before is not None
    assert after is not None
    points = [next(row.points or 0.0 for row in board.standings if row.alias == alias) for board in (before, after)]
    assert points[1] == min(points[0] + 1.5, 10.0)
