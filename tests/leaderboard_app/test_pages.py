"""What the pages say, by Streamlit's own AppTest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from plausible_class import CONTEST, STUDENTS, run
from streamlit.testing.v1 import AppTest

import leaderboard_app
from grader.record.database import AssignmentRecord, ClassDatabase
from grader.record.database.ranges import Ranges
from grader.scoring.mcnemar import RankRange
from grader.service.page_settings import BoardSettings
from leaderboard_app import class_data

APP = Path(leaderboard_app.__file__).parent / "app.py"


@pytest.fixture(autouse=True)
def _nothing_cached() -> None:
    st.cache_data.clear()
    st.cache_resource.clear()


def _open(monkeypatch: pytest.MonkeyPatch, url: str, page: str = "", **query: str) -> AppTest:
    for name, value in BoardSettings(url, "Класс 10А", "Europe/Moscow").to_environment().items():
        monkeypatch.setenv(name, value)
    app = AppTest.from_file(str(APP), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    if page:
        # `switch_page` knows pages that are files; ours are functions, found by their place in the address.
        registered = app._registered_pages.items()
        app._page_hash = next(known for known, about in registered if about["url_pathname"] == page)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
    assert not app.exception
    return app


def _metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def _everything(app: AppTest) -> str:
    parts: list[Any] = [*app.title, *app.caption, *app.markdown, *app.subheader, *app.info, *app.metric]
    return " ".join([*(str(part.value) for part in parts), *(frame.value.to_string() for frame in app.dataframe)])


def test_the_page_speaks_russian_first(monkeypatch: pytest.MonkeyPatch, full_class: str) -> None:
    app = _open(monkeypatch, full_class)
    assert app.title[0].value == "Рейтинг курса"
    assert _metrics(app)["Учеников в рейтинге"] == str(STUDENTS)
    assert len(app.dataframe[0].value) == STUDENTS


def test_the_switch_turns_the_whole_page_to_english(monkeypatch: pytest.MonkeyPatch, full_class: str) -> None:
    app = _open(monkeypatch, full_class)
    app.segmented_control(key="lang").set_value("en").run()
    assert app.title[0].value == "Standings of the course"
    assert "Students in the ranking" in _metrics(app)


def test_a_link_keeps_the_language(monkeypatch: pytest.MonkeyPatch, full_class: str) -> None:
    assert _open(monkeypatch, full_class, lang="en").title[0].value == "Standings of the course"


def test_an_unknown_language_in_the_address_is_russian(monkeypatch: pytest.MonkeyPatch, full_class: str) -> None:
    assert _open(monkeypatch, full_class, lang="<script>").title[0].value == "Рейтинг курса"


def test_the_contest_shows_f1_cut_off_with_its_count(monkeypatch: pytest.MonkeyPatch, full_class: str) -> None:
    app = _open(monkeypatch, full_class, "assignments")
    frame = app.dataframe[0].value
    assert list(frame.iloc[:6, 0]) == [1, 1, 3, 4, 4, 4]
    assert list(frame.iloc[2:4, 2]) == ["0.97073", "0.96972"]
    assert list(frame.iloc[2:4, 3]) == [15.0, 14.0]
    assert list(frame.iloc[2:4, 4]) == [962, 961]
    assert frame.iloc[3, 6] == "0.9571 – 0.9787"
    headings = json.loads(app.dataframe[0].proto.columns)
    assert headings["4"]["label"] == "Верно из 991"
    assert _metrics(app)["Лучший F1"] == "0.99293"


def test_who_has_no_valid_score_comes_last_without_a_rank(monkeypatch: pytest.MonkeyPatch, full_class: str) -> None:
    last = _open(monkeypatch, full_class, "assignments").dataframe[0].value.iloc[-1]
    assert list(last.isna())[:8] == [True, False, True, True, True, True, True, True]


def test_behind_the_interval_stands_the_range_that_cannot_be_told_apart(
    monkeypatch: pytest.MonkeyPatch, full_class: str
) -> None:
    with ClassDatabase.open(full_class) as database:
        ranges = {"student2": RankRange(1, 2), "student6": RankRange(1, 1), "student1": RankRange(4, 9)}
        Ranges(database).store("springfield", ranges, counted_run=1)
    frame = _open(monkeypatch, full_class, "assignments").dataframe[0].value
    assert list(frame.iloc[:2, 7]) == ["1–2", "1"]
    assert frame.iloc[2:, 7].isna().all()  # not compared, or compared before a newer score: rank 3 is not in 4 to 9


def test_new_ranges_reach_a_page_that_is_open(monkeypatch: pytest.MonkeyPatch, full_class: str) -> None:
    monkeypatch.setattr(class_data, "_FRESH_S", 0)  # no view is two seconds old

    def seen() -> list[object]:
        return list(_open(monkeypatch, full_class, "assignments").dataframe[0].value.iloc[:, 7].dropna())

    assert seen() == []
    with ClassDatabase.open(full_class) as database:
        Ranges(database).store("springfield", {"student2": RankRange(1, 3)}, counted_run=1)
    assert seen() == ["1–3"]


def test_another_assignment_is_one_click_away(monkeypatch: pytest.MonkeyPatch, full_class: str) -> None:
    app = _open(monkeypatch, full_class, "assignments")
    app.pills(key="assignment").set_value("resnet").run()
    assert "Средний балл" in _metrics(app)


def test_an_unknown_assignment_in_the_address_shows_the_contest(
    monkeypatch: pytest.MonkeyPatch, full_class: str
) -> None:
    app = _open(monkeypatch, full_class, "assignments", assignment="nosuch")
    assert "Лучший F1" in _metrics(app)


def test_no_page_names_a_student_or_a_private_score(monkeypatch: pytest.MonkeyPatch, full_class: str) -> None:
    for page in ("", "assignments", "how"):
        shown = _everything(_open(monkeypatch, full_class, page))
        assert "Настоящее Имя" not in shown
        assert "student1" not in shown
        assert "из 50" not in shown


def test_the_plain_table_says_what_the_grid_says(monkeypatch: pytest.MonkeyPatch, full_class: str) -> None:
    app = _open(monkeypatch, full_class, "assignments")
    app.toggle[0].set_value(True).run()
    assert not app.dataframe
    assert r"0\.97073" in app.table[0].value.to_string()


def test_assignments_of_one_title_keep_a_column_each(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    with ClassDatabase.open(url) as database:
        for slug, points in (("one", 1.0), ("two", 2.0)):
            database.record_run(run(1, AssignmentRecord(slug, "# Блок", 5.0), points, day=1))
    app = _open(monkeypatch, url)
    assert list(app.dataframe[0].value.iloc[0])[2:5] == [3.0, 1.0, 2.0]
    app.toggle[0].set_value(True).run()
    table = app.table[0].value
    assert list(table.iloc[0])[2:5] == ["3", "1", "2"]
    assert [title.strip("\u2060") for title in table.columns[3:5]] == [r"\# Блок из 5", r"\# Блок из 5"]


def test_how_grading_works_needs_no_database(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    app = _open(monkeypatch, url, "how")
    assert app.title[0].value == "Как ставятся баллы"
    assert "962" in app.table[0].value.to_string()


def test_every_page_says_that_the_grade_is_the_last_submission_and_not_the_best(
    monkeypatch: pytest.MonkeyPatch, full_class: str
) -> None:
    for page in ("", "assignments"):
        captions = [caption.value for caption in _open(monkeypatch, full_class, page).caption]
        assert "В рейтинге — лучшая работа каждого. Оценка — в журнале: там последняя сданная работа." in captions
    how = _open(monkeypatch, full_class, "how")
    assert "Рейтинг и оценка" in [heading.value for heading in how.subheader]
    assert "в журнале — последняя сданная" in _everything(how)


def test_a_missing_database_is_explained_and_not_made(
    monkeypatch: pytest.MonkeyPatch, url: str, tmp_path: Path
) -> None:
    app = _open(monkeypatch, url)
    assert [heading.value for heading in app.subheader] == ["Пока ничего не проверено"]
    assert str(tmp_path) not in _everything(app)
    assert list(tmp_path.iterdir()) == []


def test_an_unreadable_database_is_explained(monkeypatch: pytest.MonkeyPatch, url: str, tmp_path: Path) -> None:
    (tmp_path / "class.db").write_text("Not a database, however long this text may be. " * 50)
    app = _open(monkeypatch, url, "assignments")
    assert [heading.value for heading in app.subheader] == ["Базу класса не удаётся прочитать"]


def test_a_class_without_submissions_says_so(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    with ClassDatabase.open(url) as database:
        database.ensure_assignments([CONTEST])
    assert _open(monkeypatch, url).info[0].value == "Пока никто ничего не сдал."
    assert "Будьте первыми" in _open(monkeypatch, url, "assignments").info[0].value


def test_without_a_database_url_the_page_says_how_to_start_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPRINGFIELD_CLASS_DB", raising=False)
    app = AppTest.from_file(str(APP), default_timeout=60).run()
    assert not app.exception
    assert "grader leaderboard" in app.error[0].value
