"""What nobody may see or do: by address, cookie, websocket message, file name, or from the page's own process."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sending import run_apart
from served_class import PATIENCE_MS, Served, go_to, hand_in, open_page
from streamlit_client import Session, everything

from grader.collect.inbox import Inbox
from grader.course.folder import Course
from grader.record.database import ClassDatabase
from grader.record.database.access import AccessList, hashed, new_token
from grader.record.database.integrity import FindingRecord, IntegrityReports
from grader.service.page_sandbox import page_command
from leaderboard_app.identity import COOKIE
from leaderboard_app.rate_limits import RateLimit

pytestmark = pytest.mark.slow
HOSTILE = '"><img src=x onerror=window.hacked=1><script>window.hacked=1</script> **b** :red[r] $x$.ipynb'


def test_the_pages_process_sees_database_and_inbox_and_nothing_else(
    contest_class: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET", "x")
    with ClassDatabase.open(contest_class.database_url):
        contest_class.inbox.mkdir(exist_ok=True)
        code = f"""
import os, pathlib, sqlite3
root = pathlib.Path({str(contest_class.root)!r})
print(sorted(path.name for path in root.iterdir()))
(root / "inbox" / "mine").write_text("x"); (root / "inbox" / "mine").unlink()
for path in (root / "board" / "new", root / "new", pathlib.Path("/usr/new")):
    try:
        path.write_text("x")
    except OSError:
        pass
database = sqlite3.connect(f"file:{{root}}/board/class.db?mode=ro", uri=True)
print(database.execute("SELECT count(*) FROM student").fetchone())
import grader
package = pathlib.Path(grader.__file__).parent
print([str(path) for path in package.parent.glob("*") if path.name in ("assignments", "solutions", "tests")])
print(sorted(name for name in os.listdir("/proc") if name.isdigit()))
print(sorted(os.environ))
"""
        command = page_command(contest_class, [sys.executable, "-c", code], {"PATH": os.environ["PATH"]})
        seen = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout.splitlines()
    assert seen[0] == "['board', 'inbox']"
    assert not [path for path in (contest_class.root / "new", contest_class.root / "board" / "new") if path.exists()]
    assert seen[1].startswith("(")
    assert seen[2] == "[]"
    assert seen[3] in ("['1']", "['1', '2']")
    assert "A_SECRET" not in seen[4]


def test_a_student_who_says_what_a_teacher_chooses_is_not_sent_the_integrity_report(served: Served) -> None:
    finding = "одинаковые предсказания, 6 из 7"
    with ClassDatabase.open(served.course.database_url) as database:
        access = AccessList(database)
        tokens = {name: new_token() for name in ("edna", "nelson", "jimbo")}
        access.invite_teacher("edna", token_sha256=hashed(tokens["edna"]))
        for student in ("nelson", "jimbo"):
            access.invite_student(student, f"Настоящее имя {student}", token_sha256=hashed(tokens[student]))
        found = [FindingRecord(language, finding, ("nelson", "jimbo"), finding) for language in ("ru", "en")]
        IntegrityReports(database).store("springfield", 2, 2, found)

    async def visit() -> tuple[bytes, bytes]:
        async with Session(served.address, f"{COOKIE}={tokens['edna']}") as teacher:
            sections = next(
                message.delta.new_element.button_group
                for message in await teacher.run("teacher")
                if message.delta.new_element.button_group.id.endswith("teacher-section")
            )
            labels = [option.content for option in sections.options]
            sent = [everything(await teacher.run("teacher", chosen={sections.id: label})) for label in labels]
        stolen = []
        for cookie in ("", f"{COOKIE}={tokens['nelson']}"):
            async with Session(served.address, cookie) as student:
                for page in ("teacher", "me", "assignments"):
                    stolen += [everything(await student.run(page, chosen={sections.id: label})) for label in labels]
        return b"".join(sent), b"".join(stolen)

    sent, stolen = run_apart(visit())
    assert finding.encode() in sent
    assert finding.encode() not in stolen
    assert "Настоящее имя jimbo".encode() not in stolen


def test_what_a_visitor_is_sent_holds_no_name_no_id_and_no_private_score(served: Served, tmp_path: Path) -> None:
    with ClassDatabase.open(served.course.database_url) as database:
        AccessList(database).invite_student("maggie", "Настоящее имя Мэгги", token_sha256=hashed(new_token()))
        way = next(line.id for line in AccessList(database).every() if line.student_id == "maggie")
        Inbox(served.course.inbox).put_upload(
            way, "springfield", "submission.csv", served.predictions(tmp_path, wrong=7).read_bytes()
        )
        alias = database.ensure_student("maggie").encode()

    async def visit() -> bytes:
        for _try in range(120):
            async with Session(served.address) as session:
                sent = everything(await session.run("assignments", "assignment=springfield"))
                sent += everything(await session.run("", ""))
            if alias in sent:
                return sent
            await asyncio.sleep(0.5)
        raise AssertionError("the upload never reached the board")

    sent = run_apart(visit())
    assert "Настоящее имя".encode() not in sent
    assert b"maggie" not in sent
    assert b"private" not in sent.lower()


@pytest.mark.browser
def test_a_hostile_file_name_is_only_text(browser: Browser, served: Served, tmp_path: Path) -> None:
    page = open_page(browser.new_context(), served.invite("kirk"))
    go_to(page, served, "hand-in?assignment=resnet")
    notebook = served.notebook(tmp_path, "untouched")
    page.set_input_files(
        "input[type=file]",
        [{"name": HOSTILE, "mimeType": "application/json", "buffer": notebook.read_bytes()}],
    )
    page.get_by_role("button", name="Hand in").last.click(timeout=PATIENCE_MS)
    expect(page.get_by_text("onerror=window.hacked=1").last).to_be_visible(timeout=PATIENCE_MS)
    assert page.evaluate("window.hacked") is None
    assert page.locator("[data-testid=stCaptionContainer] :is(strong, img, script, .katex)").count() == 0


def test_a_limit_counts_only_what_is_recent_and_each_name_alone() -> None:
    now = [0.0]
    limit = RateLimit(2, per_s=60, clock=lambda: now[0])
    limit.note("a")
    now[0] = 30
    limit.note("a")
    assert limit.wait_s("a") == 30
    assert limit.wait_s("b") == 0
    now[0] = 61
    assert limit.wait_s("a") == 0


def test_two_browsers_and_a_worker_lose_nothing(browser: Browser, served: Served, tmp_path: Path) -> None:
    ways = {}
    with ClassDatabase.open(served.course.database_url) as database:
        for student in ("uter", "janey"):
            AccessList(database).invite_student(student, student, token_sha256=hashed(new_token()))
            ways[student] = next(line.id for line in AccessList(database).every() if line.student_id == student)
    inbox = Inbox(served.course.inbox)
    sent = {
        inbox.put_upload(
            way, "springfield", "submission.csv", served.predictions(tmp_path, wrong=wrong).read_bytes()
        ).id
        for wrong in (8, 9)
        for way in ways.values()
    }
    pages = [open_page(browser.new_context(), served.invite(name)) for name in ("rod", "lewis")]
    for number, page in enumerate(pages):
        go_to(page, served, "hand-in?assignment=springfield")
        hand_in(page, served.predictions(tmp_path, wrong=10 + number))
    for page in pages:
        expect(page.get_by_text("of 15 points").first).to_be_visible(timeout=PATIENCE_MS)
    give_up = time.monotonic() + PATIENCE_MS / 1000
    while inbox.items() and time.monotonic() < give_up:  # a second upload comes after everybody's first
        time.sleep(0.1)
    with ClassDatabase.open(served.course.database_url) as database:
        reports = database.reports(assignment="springfield", every_run=True)
    per_student = {s: sum(r.student_id == s for r in reports) for s in ("uter", "janey", "rod", "lewis")}
    assert len(sent) == 4
    assert per_student == {"uter": 2, "janey": 2, "rod": 1, "lewis": 1}


def test_no_parameter_cookie_or_message_shows_one_student_the_other(served: Served) -> None:
    with ClassDatabase.open(served.course.database_url) as database:
        access = AccessList(database)
        tokens = {name: new_token() for name in ("alice", "mallory")}
        for name, token in tokens.items():
            access.invite_student(name, f"Настоящее имя {name}", token_sha256=hashed(token))
        alias = database.ensure_student("alice")
        alices = next(line.id for line in access.every() if line.student_id == "alice")
    # her id stands in the attacker's own addresses, which come back
    secret = ["Настоящее имя alice".encode(), alias.encode()]

    stolen, own = hashed(tokens["alice"]), f"{COOKIE}={tokens['mallory']}"
    cookies = ("", f"{COOKIE}={stolen}", f"{COOKIE}=' OR 1=1 --", f"{own}; student_id=alice")
    queries = ("", "student=alice", "student_id=alice", f"key={stolen}", f"access_id={alices}")
    pages = ("me", "hand-in", "teacher")
    tries = [(cookie, "", page) for cookie in cookies for page in pages]
    tries += [(own, query, page) for query in queries for page in pages]

    async def attack() -> list[bytes]:
        seen = []
        for cookie, query, page in tries:
            async with Session(served.address, cookie) as session:
                seen.append(everything(await session.run(page, query)))
                for fragment in session.fragments:
                    seen.append(everything(await session.run(page, query, fragment)))
        return seen

    for sent in run_apart(attack()):
        assert not [text for text in secret if text in sent]
