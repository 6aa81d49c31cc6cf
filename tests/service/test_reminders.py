"""Reminders reach a real mail server on this machine; the service's address is in no log and no message."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from typer.testing import CliRunner, Result

from grader.cli.app import app
from grader.collect.inbox import Request
from grader.course.folder import Course
from grader.record.actions import Teacher, extend
from grader.record.database import ClassDatabase
from grader.record.database.decisions import audit_lines
from grader.record.page_rules import publish_rules
from grader.service.watcher.reminders import start_reminding

PASSWORD = "tops3cret"
ROSTER = (
    "id,name,email,telegram\n"
    "lisa,Лиза Симпсон,lisa@example.org,\n"
    "bart,Барт Симпсон,bart@example.org,\n"
    "nelson,Нельсон,,\n"
    'moe,Мо,"moe@example.org, bart@example.org",\n'
)


class Letters:
    """A mail server's letters: to whom, and what."""

    def __init__(self) -> None:
        self.found: list[tuple[list[str], Message]] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:
        self.found.append((envelope.rcpt_tos, message_from_bytes(envelope.content)))
        return "250 OK"


@pytest.fixture
def letters() -> Iterator[tuple[Letters, int]]:
    handler = Letters()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Controller(handler, hostname="127.0.0.1", port=port)
    server.start()
    yield handler, port
    server.stop()


@pytest.fixture
def with_roster(course: Course, hand_in, monkeypatch: pytest.MonkeyPatch, letters: tuple[Letters, int]) -> Course:
    """A Russian class in which lisa has handed in, and class.toml names a variable with the mail server."""
    path = course.root / "class.toml"
    text = path.read_text().replace('language = "en"', 'language = "ru"')
    text = text.replace('title = "ResNet"', 'title = "ResNet"\ndeadline = 2099-03-02T23:59:00')
    path.write_text(f'{text}\n[reminders]\nurl_env = "REMIND_BY"\npage = "https://board.example"\n')
    (course.root / "roster.csv").write_text(ROSTER, encoding="utf-8")
    hand_in("lisa", "resnet", "untouched")
    service = f"mailto://127.0.0.1:{letters[1]}?from=teacher@example.org&to={{email}}&mode=insecure"
    monkeypatch.setenv("REMIND_BY", service)
    return Course.open(course.root)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_who_has_not_handed_in_gets_a_letter_and_the_rest_is_named(
    with_roster: Course, letters: tuple[Letters, int], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = run("remind", "resnet", "--dry-run", "--class", with_roster.root)
    assert shown.exit_code == 0, shown.output
    assert "bart@example.org" in shown.output
    assert "lisa" not in shown.output
    assert letters[0].found == []

    done = run("remind", "resnet", "--class", with_roster.root)
    assert done.exit_code == 1, done.output  # nelson has no address, and moe's is none
    assert "reminded 1  bart" in done.output
    assert "no address 2  nelson, moe" in done.output
    ((receivers, letter),) = letters[0].found
    assert receivers == ["bart@example.org"]
    assert str(make_header(decode_header(letter["Subject"]))) == "ResNet: сдать до 2 марта, 23:59"
    part = next(one for one in letter.walk() if one.get_content_type() == "text/plain")
    body = part.get_payload(decode=True).decode()
    assert "Здравствуйте, Барт Симпсон!" in body
    assert "Вы ещё не сдали «ResNet»." in body
    assert "https://board.example" in body
    with ClassDatabase.open(with_roster.database_url) as database:
        line = audit_lines(database)[0]
    assert (line.action, line.subject, line.detail) == ("remind", "resnet", "sent 1, failed 0, without an address 2")
    assert PASSWORD not in caplog.text + done.output + shown.output


def test_a_student_with_an_extension_reads_its_end(with_roster: Course, letters: tuple[Letters, int]) -> None:
    with ClassDatabase.open(with_roster.database_url) as database:
        publish_rules(with_roster, database)
        extend(Teacher(with_roster, database, "Ms K."), ["bart"], "resnet", "2099-03-09", "ill")
    run("remind", "resnet", "--class", with_roster.root)
    assert "9 марта, 23:59" in str(make_header(decode_header(letters[0].found[0][1]["Subject"])))


def test_the_page_asks_and_the_log_tells_what_came_of_it(with_roster: Course, letters: tuple[Letters, int]) -> None:
    request = Request.model_validate(
        {
            "id": "a" * 32,
            "access_id": 1,
            "at": "2026-03-01T00:00:00Z",
            "action": "remind",
            "fields": {"assignment": "resnet"},
        }
    )
    start_reminding(with_roster, "Ms K.", request).join(timeout=60)
    assert len(letters[0].found) == 1
    refused = request.model_copy(update={"id": "b" * 32, "fields": {"assignment": "reznet"}})
    start_reminding(with_roster, "Ms K.", refused).join(timeout=60)
    with ClassDatabase.open(with_roster.database_url) as database:
        assert [line.action for line in audit_lines(database)[:2]] == ["refused", "remind"]


def test_a_server_that_is_not_there_is_told_without_its_address(
    with_roster: Course, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("REMIND_BY", f"mailto://t:{PASSWORD}@127.0.0.1:1?from=t@example.org&to={{email}}")
    done = run("remind", "resnet", "--class", with_roster.root)
    assert (done.exit_code, "not reached 1  bart" in done.output) == (1, True)
    assert PASSWORD not in caplog.text + done.output


@pytest.mark.parametrize(
    ("settings", "mode", "said"),
    [
        ("", 0, "class.toml does not say how"),
        ('url_env = "NOWHERE"', 0, "No service is named in NOWHERE"),
        ('url_file = "open"', 0o644, "Others on this machine may read"),
        ('url_file = "gone"', 0, "There is no"),
        ('url_file = "inside"', 0, "lies in the class folder"),
        (f'url_env = "mailto://t:{PASSWORD}@example.org"', 0, "expected the name of a variable"),
        ('url_env = "A"\nurl_file = "b"', 0, "one of them"),
    ],
)
def test_what_cannot_be_sent_is_said_before_anything_is(
    with_roster: Course, tmp_path: Path, settings: str, mode: int, said: str
) -> None:
    path = with_roster.root / "class.toml"
    places = {"open": tmp_path / "open", "gone": tmp_path / "gone", "inside": with_roster.root / "inside"}
    for name, place in places.items():
        settings = settings.replace(f'url_file = "{name}"', f'url_file = "{place}"')
    if mode:
        places["open"].write_text("mailto://example.org")
        places["open"].chmod(mode)
    text = path.read_text().partition("\n[reminders]")[0]
    path.write_text(f"{text}\n[reminders]\n{settings}\n" if settings else text)
    done = run("remind", "resnet", "--class", with_roster.root)
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())
    assert PASSWORD not in done.output


def test_invitations_are_fit_for_a_mail_merge(with_roster: Course, tmp_path: Path) -> None:
    links = tmp_path / "links.csv"
    assert run("invite", "--to", links, "--class", with_roster.root).exit_code == 0
    lines = links.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "id,name,link,email,due"
    assert lines[1].startswith("lisa,Лиза Симпсон,http://127.0.0.1:8501/me?key=")
    assert lines[1].endswith(",lisa@example.org,")
    assert lines[2].endswith(',bart@example.org,"ResNet: 2 марта, 23:59"')
