"""Moodle's web service over real HTTP: fetched and sent is what is new, and the token is nowhere to be read."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from moodle_server import CMID, FUNCTIONS, TOKEN, Moodle, serving
from typer.testing import CliRunner

from grader.cli.app import app
from grader.collect.submissions import find_submissions
from grader.course.config import MoodleConfig
from grader.course.folder import Course
from grader.errors import EnvironmentFault, InvalidConfig
from grader.lms import moodle_service
from grader.lms.moodle_service import MoodleSite, flattened
from grader.lms.transport import Transport
from grader.record.database import ClassDatabase
from grader.record.database.decisions import Decisions

NAMES = {101: "Симпсон Лиза", 102: "Барт Симпсон", 103: "Иван Петров", 105: "Милхаус", 150: "Нельсон Манц"}
NOTEBOOK = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
WHEN = 1_900_000_000


@pytest.fixture
def moodle() -> Iterator[Moodle]:
    users = [{"id": id_, "fullname": name, "roles": [{"shortname": "student"}]} for id_, name in NAMES.items()]
    users.append({"id": 2, "fullname": "Эдна Крабаппл", "roles": [{"shortname": "editingteacher"}]})
    with serving(Moodle(users=users)) as site:
        yield site


@pytest.fixture
def taught(graded: Course, moodle: Moodle, monkeypatch: pytest.MonkeyPatch) -> Course:
    """The class with this Moodle in its settings, and a terminal in its folder."""
    config = graded.root / "class.toml"
    config.write_text(f'{config.read_text()}\n[moodle]\nurl = "{moodle.url}"\nassignments = {{ resnet = {CMID} }}\n')
    monkeypatch.setenv(moodle_service.TOKEN, TOKEN)
    monkeypatch.chdir(graded.root)
    monkeypatch.setattr(moodle_service, "Transport", lambda: Transport(timeout_s=5, pause_s=0))
    return Course.open(graded.root)


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["moodle", *words])
    said = done.output + done.stderr
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert TOKEN not in said
    return done.exit_code, said


def override(course: Course, student: str, points: float) -> None:
    with ClassDatabase.open(course.database_url) as database:
        Decisions(database).override(student, "resnet", points, "talked about it", "Krabappel")


def test_points_and_comments_are_sent_once(taught: Course, moodle: Moodle) -> None:
    code, said = run("push", "resnet")
    assert (code, {user: grade for user, (grade, _comment) in moodle.grades.items()}) == (0, {101: 17, 102: 12, 103: 0})
    assert "Sent: 3" in said
    assert "task1 basic block identity" in moodle.grades[102][1]
    assert moodle.count("mod_assign_save_grades") == 1

    code, said = run("push", "resnet")
    assert (code, moodle.count("mod_assign_save_grades")) == (0, 1)
    assert "Sent: 0" in said

    override(taught, "bart", 14.5)
    code, said = run("push", "resnet")
    assert "Барт Симпсон (12 -> 14.5)" in said
    assert moodle.grades[102][0] == 14.5
    (user,) = (grade["userid"] for grade in moodle.asked[-1][1]["grades"].values())
    assert user == "102"


def test_a_new_comment_for_the_same_points_is_sent(taught: Course, moodle: Moodle) -> None:
    run("push", "resnet")
    override(taught, "bart", 12)
    run("push", "resnet")
    assert "talked about it" in moodle.grades[102][1]
    assert moodle.count("mod_assign_save_grades") == 2


def test_a_dry_run_shows_what_would_be_sent_and_sends_nothing(taught: Course, moodle: Moodle) -> None:
    code, said = run("push", "resnet", "--dry-run")
    assert (code, moodle.grades) == (0, {})
    assert "Would be sent: 3" in said
    assert "Симпсон Лиза: 17" in said
    assert not (taught.root / "moodle").exists()


def test_a_grade_that_a_person_gave_in_moodle_stays_unless_asked_for(taught: Course, moodle: Moodle) -> None:
    moodle.grades[101] = (19, "by hand")
    code, said = run("push", "resnet")
    assert code == 1
    assert "A person has graded these there" in said
    assert moodle.grades[101] == (19, "by hand")
    run("push", "resnet", "--overwrite")
    assert moodle.grades[101][0] == 17


def test_without_the_function_that_shows_grades_what_was_sent_is_remembered(taught: Course, moodle: Moodle) -> None:
    moodle.functions = tuple(name for name in FUNCTIONS if name != "mod_assign_get_grades")
    code, said = run("push", "resnet")
    assert (code, len(moodle.grades)) == (0, 3)
    assert "has no mod_assign_get_grades" in said
    run("push", "resnet")
    assert moodle.count("mod_assign_save_grades") == 1


def test_one_refused_student_costs_nobody_else_their_points(taught: Course, moodle: Moodle) -> None:
    moodle.refuses = {102}
    code, said = run("push", "resnet")
    assert code == 1
    assert {*moodle.grades} == {101, 103}
    assert "Not sent: Барт Симпсон (Moodle refuses mod_assign_save_grades: No grading of 102 ***" in said
    moodle.refuses = set()
    assert run("push", "resnet")[0] == 0
    assert moodle.grades[102][0] == 12


def test_points_are_converted_to_moodles_maximum_only_where_asked_for(taught: Course, moodle: Moodle) -> None:
    moodle.maximum = 100
    code, said = run("push", "resnet")
    assert (code, moodle.grades) == (2, {})
    assert "--scale" in said
    run("push", "resnet", "--scale")
    assert moodle.grades[101][0] == 85
    moodle.maximum = -2
    code, said = run("push", "resnet")
    assert code == 2
    assert "on a scale" in said


def test_submissions_are_fetched_with_their_time_once(taught: Course, moodle: Moodle) -> None:
    moodle.files = {
        101: [("old.ipynb", b"old", WHEN - 9), ("моя resnet.ipynb", NOTEBOOK, WHEN), ("weights.pth", b"w", WHEN)],
        105: [("resnet.ipynb", NOTEBOOK, WHEN + 5), ("newer.ipynb", b"x", WHEN + 6)],
    }
    code, said = run("pull", "resnet")
    assert code == 0, said
    assert "Fetched: 2 (lisa, milhouse)" in said
    for student, when in (("lisa", WHEN), ("milhouse", WHEN + 6)):
        (found,) = find_submissions(taught, ["resnet"], [student])
        assert found.received_at == datetime.fromtimestamp(when, UTC)
        assert found.read()[0] == NOTEBOOK
    assert (taught.submitted / "lisa" / "resnet" / "weights.pth").read_bytes() == b"w"

    asked = len(moodle.paths)
    code, said = run("pull", "resnet")
    assert "Already here: Симпсон Лиза (101), Милхаус (105)" in said
    assert not any("pluginfile" in path for path in moodle.paths[asked:])
    assert all(TOKEN not in path for path in moodle.paths)


def test_what_is_not_fetched_is_said_by_name(taught: Course, moodle: Moodle) -> None:
    moodle.files = {user: [("resnet.ipynb", NOTEBOOK, WHEN)] for user in NAMES} | {0: [("g.ipynb", NOTEBOOK, WHEN)]}
    moodle.files[102] = [("essay.docx", b"PK", WHEN)]
    moodle.states = {103: "draft", 101: "new"}
    code, said = run("pull", "resnet", "--json")
    assert code == 1
    assert json.loads(said) == {
        "notes": {
            "not_on_roster": ["Нельсон Манц (150)"],
            "no_notebook": ["Барт Симпсон (102): essay.docx"],
            "group": ["0"],
            "draft": ["Иван Петров (103)"],
        },
        "fetched": ["milhouse"],
    }


def test_something_newer_in_the_class_stays(taught: Course, moodle: Moodle) -> None:
    (taught.submitted / "lisa" / "resnet" / "timestamp.txt").write_text("2031-01-01 00:00:00 UTC")
    moodle.files = {101: [("resnet.ipynb", NOTEBOOK, WHEN)]}
    code, said = run("pull", "resnet")
    assert code == 0
    assert "The class has something newer, so left there: Симпсон Лиза (101)" in said


def test_a_file_that_comes_damaged_costs_nobody_else_theirs(taught: Course, moodle: Moodle, monkeypatch) -> None:
    moodle.files = {101: [("resnet.ipynb", NOTEBOOK, WHEN)], 105: [("resnet.ipynb", NOTEBOOK, WHEN)]}
    original = moodle._file

    def shorter(user: int, name: str, data: bytes, when: int):
        return original(user, name, data, when) | ({"filesize": 999} if user == 101 else {})

    monkeypatch.setattr(moodle, "_file", shorter)
    before = (taught.submitted / "lisa" / "resnet" / "resnet.ipynb").read_bytes()
    code, said = run("pull", "resnet")
    assert code == 1
    assert "bytes instead of 999" in said
    assert "Fetched: 1 (milhouse)" in said
    assert (taught.submitted / "lisa" / "resnet" / "resnet.ipynb").read_bytes() == before


def test_a_roster_is_made_of_moodles_list(taught: Course, moodle: Moodle) -> None:
    moodle.users[-2] |= {"email": "nelson@example.org"}
    code, said = run("roster", "resnet", "--to", "new.csv")
    assert (code, "5 students" in said) == (0, True)
    lines = (taught.root / "new.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[1] == "lisa,Лиза Симпсон,lisa@example.org,101"
    assert lines[-1] == "nelson,Нельсон Манц,nelson@example.org,150"
    (taught.root / "roster.csv").unlink()
    code, said = run("pull", "resnet")
    assert code == 2
    assert "grader moodle roster resnet" in said
    assert run("roster", "resnet", "--to", "new.csv")[0] == 2


def test_a_server_that_is_busy_is_asked_again(taught: Course, moodle: Moodle) -> None:
    moodle.answers_with = [503, 500]
    assert run("push", "resnet")[0] == 0
    moodle.answers_with = [503] * 3
    code, said = run("push", "resnet")
    assert code == 1
    assert "error 503" in said


def test_redirects_are_refused_and_named(taught: Course, moodle: Moodle) -> None:
    for target in ("http://evil.example/x?wstoken=1", "file:///etc/passwd", f"{moodle.url}/elsewhere"):
        moodle.redirect_to = target
        code, said = run("push", "resnet")
        assert code == 1
        assert "not followed" in said
        assert "wstoken" not in said
    assert len(moodle.paths) == 3


def test_a_file_on_another_site_is_not_asked_for(taught: Course, moodle: Moodle) -> None:
    moodle.files = {101: [("resnet.ipynb", NOTEBOOK, WHEN)]}
    real, moodle.url = moodle.url, "http://127.0.0.2:9/moodle"
    code, said = run("pull", "resnet")
    moodle.url = real
    assert code == 1
    assert "another site, http://127.0.0.2:9" in said
    assert not any("pluginfile" in path for path in moodle.paths)


@pytest.mark.parametrize(
    ("token", "code", "words"),
    [("f" * 32, 1, "invalidtoken"), ("", 2, "MOODLE_TOKEN"), ("not a token", 2, "letters and digits")],
)
def test_a_wrong_token_is_explained(taught: Course, monkeypatch, token: str, code: int, words: str) -> None:
    monkeypatch.setenv(moodle_service.TOKEN, token)
    done, said = run("push", "resnet")
    assert (done, words in said) == (code, True)
    assert "not a token" not in said


def test_a_token_may_lie_in_a_file_and_is_warned_of_where_others_can_read_it(
    taught: Course, moodle: Moodle, tmp_path, monkeypatch
) -> None:
    monkeypatch.delenv(moodle_service.TOKEN)
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o644)
    config = taught.root / "class.toml"
    config.write_text(f'{config.read_text()}token_file = "{path}"\n')
    code, said = run("push", "resnet", "--dry-run")
    assert code == 0
    assert f"chmod 600 {path}" in said
    path.chmod(0o600)
    assert "chmod" not in run("push", "resnet", "--dry-run")[1]


def test_a_missing_function_names_what_the_administrator_has_to_add(taught: Course, moodle: Moodle) -> None:
    moodle.functions = ("mod_assign_get_assignments",)
    code, said = run("push", "resnet")
    assert code == 1
    assert "add core_enrol_get_enrolled_users" in said


def test_a_number_that_is_no_assignment_is_answered_with_those_there_are(taught: Course) -> None:
    config = taught.root / "class.toml"
    config.write_text(config.read_text().replace(f"resnet = {CMID}", "resnet = 5"))
    code, said = run("push", "resnet")
    assert code == 1
    assert f"122 (VGG), {CMID} (ResNet)" in said


def test_without_settings_the_lines_to_add_are_said(graded: Course, monkeypatch) -> None:
    monkeypatch.chdir(graded.root)
    code, said = run("push", "resnet")
    assert code == 2
    assert "assignments = { resnet = 123 }" in said


def test_a_token_in_class_toml_is_refused_and_not_shown(graded: Course, monkeypatch) -> None:
    monkeypatch.chdir(graded.root)
    config = graded.root / "class.toml"
    config.write_text(f'{config.read_text()}\n[moodle]\nurl = "https://x.org"\ntoken = "{TOKEN}"\n')
    code, said = run("push", "resnet")
    assert code == 2
    assert "moodle.token" in said


@pytest.mark.parametrize("url", ["ftp://x.org", "x.org", "https://u:p@x.org", "https://x.org/?a=1", "file:///etc"])
def test_only_addresses_of_web_sites_are_taken(url: str) -> None:
    with pytest.raises(ValueError, match="address of a web site"):
        MoodleConfig(url=url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://no-such-host.invalid"])
def test_no_error_holds_the_token_wherever_it_ends_up(url: str) -> None:
    site = MoodleSite(url, TOKEN, Transport(timeout_s=2, tries=1))
    with pytest.raises(EnvironmentFault) as raised:
        site.assignment(1)
    assert TOKEN not in "".join(traceback.format_exception(raised.value)) + repr(site)


def test_a_page_that_is_no_moodle_is_said_to_be_none(taught: Course, moodle: Moodle) -> None:
    with pytest.raises(EnvironmentFault, match="not Moodle's"):
        MoodleSite(f"{moodle.url}/deeper", TOKEN).assignment(1)


def test_an_answer_that_is_too_large_is_refused(moodle: Moodle) -> None:
    with pytest.raises(EnvironmentFault, match="larger than 0 MiB"):
        Transport().post(f"{moodle.url}/x", {}, 10)
    with pytest.raises(EnvironmentFault, match="no address of a web site"):
        Transport().post("file:///etc/passwd", {}, 10)


def test_a_site_that_is_silent_or_slow_is_not_waited_for_long(moodle: Moodle) -> None:
    moodle.waits_s = 2
    begun = time.monotonic()
    with pytest.raises(EnvironmentFault, match="does not answer") as raised:
        MoodleSite(moodle.url, TOKEN, Transport(timeout_s=0.2, tries=2, pause_s=0)).assignment(1)
    assert time.monotonic() - begun < 1.5
    assert "run the same command again" in raised.value.remedy
    moodle.waits_s = 0
    with pytest.raises(EnvironmentFault, match="takes too long"):
        MoodleSite(moodle.url, TOKEN, Transport(total_s=0, tries=1)).assignment(1)


def test_a_site_that_has_gone_away_ends_the_sending_and_names_who_is_left(taught: Course, moodle: Moodle) -> None:
    moodle.answers_with = [200, 200, 200, 503, 503, 503]
    code, said = run("push", "resnet")
    assert code == 1
    assert "Sent: 0" in said
    assert all(name in said for name in ("Лиза", "Барт", "Иван"))
    assert len(moodle.paths) == 6


def test_nested_values_are_flattened_as_php_reads_them() -> None:
    value = {"a": 1, "grades": [{"userid": 2, "data": {"text": "x", "on": True}}]}
    assert list(flattened(value)) == [
        ("a", "1"),
        ("grades[0][userid]", "2"),
        ("grades[0][data][text]", "x"),
        ("grades[0][data][on]", "1"),
    ]


def test_an_assignment_that_moodle_does_not_know_by_number_is_refused(taught: Course) -> None:
    with pytest.raises(InvalidConfig, match="which assignment of Moodle's vgg is"):
        moodle_service.cmid_of(taught, "vgg")
