"""A class that `grader serve` shows and grades, as a school would run it; links for its people."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
from classroom import student_notebook
from playwright.sync_api import Browser, BrowserContext, Page, expect

from grader.audit.answers import Answer
from grader.course.folder import Course
from grader.datasets.layout import load_answer_key
from grader.record.actions import Teacher, invite, invite_teacher
from grader.record.database import ClassDatabase
from grader.record.database.access import hashed, new_token
from grader.record.page_rules import publish_rules

READY = '[data-testid=stApp][data-test-script-state="notRunning"]'
PATIENCE_MS = 120_000
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


@dataclass
class Served:
    """A running class.

    Attributes:
        course: its folder.
        port: where the page listens.
        process: `grader serve`.
    """

    course: Course
    port: int
    process: subprocess.Popen[bytes]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def invite(self, student: str) -> str:
        """A student's personal link."""
        token = new_token()
        with ClassDatabase.open(self.course.database_url) as database:
            invite(Teacher(self.course, database, "test"), student, f"Имя {student}", hashed(token))
        return f"{self.address}/me?key={token}&lang=en"

    def invite_teacher(self) -> str:
        """A teacher's link."""
        token = new_token()
        with ClassDatabase.open(self.course.database_url) as database:
            invite_teacher(Teacher(self.course, database, "test"), f"Edna {token[:4]}", hashed(token))
        return f"{self.address}/teacher?key={token}&lang=en"

    def notebook(self, folder: Path, answer: Answer | str, slug: str = "resnet") -> Path:
        """A notebook to be handed in."""
        path = folder / f"{slug}.ipynb"
        nbformat.write(student_notebook(self.course, slug, answer), path)
        return path

    def predictions(self, folder: Path, *, wrong: int = 0, header: str = "Id,Expected") -> Path:
        """A submission.csv with so many wrong labels."""
        key = load_answer_key(self.course.dataset)
        classes = sorted(set(key.labels.values()))
        spoiled = set(list(key.labels)[:wrong])
        path = folder / f"submission{wrong}.csv"
        lines = [header]
        for image, label in key.expected.items():
            other = next(name for name in classes if name != label)
            lines.append(f"{image},{other if image in spoiled else label}")
        path.write_text("\n".join(lines) + "\n")
        return path


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(course: Course, log: Path, port: int = 0) -> Served:
    """Serve a class and wait until the page is up and the watcher has told it the rules.

    Args:
        course: the class.
        log: where the output goes.
        port: where the page listens; 0 takes a free one.
    """
    with ClassDatabase.open(course.database_url) as database:
        publish_rules(course, database)
    port = port or free_port()
    command = [sys.executable, "-m", "grader", "serve", "--class", str(course.root), "--port", str(port)]
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, env={**os.environ, "COLUMNS": "200"})
    served = Served(course, port, process)
    give_up = time.monotonic() + 120
    while time.monotonic() < give_up and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{served.address}/_stcore/health", timeout=5):
                return served
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"`grader serve` did not come up: {log.read_text()}")


def stop(served: Served) -> int:
    """Stop it as Ctrl-C does; its exit code."""
    served.process.send_signal(signal.SIGINT)
    return served.process.wait(timeout=60)


def open_page(context: BrowserContext | Browser, link: str, *, is_good: bool = True) -> Page:
    """A tab in which the page has come to rest; with a good link, one that will be known again."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(link)
    settle(page)
    if "key=" in link and is_good:
        page.wait_for_function("document.cookie.includes('springfield_key=')")
    return page


def settle(page: Page) -> None:
    """Wait until the script is done."""
    page.wait_for_selector("h1, h2, h3")
    page.wait_for_selector(READY)


_NEXT_RUN = """() => {
    const app = document.querySelector('[data-testid=stApp]');
    let ran = false;
    window.nextRun = new Promise((done, give_up) => {
        new MutationObserver((_changes, observer) => {
            if (app.dataset.testScriptState !== 'notRunning') { ran = true; return; }
            if (ran) { observer.disconnect(); done(true); }
        }).observe(app, {attributes: true, attributeFilter: ['data-test-script-state']});
        setTimeout(() => give_up(new Error('the page did not run')), 120000);
    });
}"""


@contextmanager
def next_run(page: Page) -> Iterator[None]:
    """What is done inside makes the page's script run; wait until it has.

    Only to wait for a page at rest would not do: it may not have begun, and then draws anew what is being typed into.
    """
    settle(page)
    page.evaluate(_NEXT_RUN)
    yield
    page.evaluate("() => window.nextRun")


def go_to(page: Page, served: Served, path: str) -> None:
    """Open another page of ours in the same tab."""
    page.goto(f"{served.address}/{path}{'&' if '?' in path else '?'}lang=en")
    settle(page)


def hand_in(page: Page, path: Path) -> float:
    """Choose a file and press the button; when that was, for a stopwatch."""
    page.set_input_files("input[type=file]", path)
    button = page.get_by_role("button", name="Hand in", exact=False).last
    expect(page.get_by_text("The file is fit to be graded.")).to_be_visible(timeout=PATIENCE_MS)
    started = time.monotonic()
    button.click()
    return started
