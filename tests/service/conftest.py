from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from served_class import ARGUMENTS, Served, start, stop

from grader.course.folder import Course
from grader.datasets.synthesize import synthesize


@pytest.fixture(scope="module")  # the loop that it runs on is in the way of tests with a loop of their own
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("there is no chromium on this machine")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def contest_class(released_class: Path, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A class with a small town and a contest that takes csv, two a day; copy it or serve it, once."""
    root = tmp_path_factory.mktemp("served") / "class"
    shutil.copytree(released_class, root)
    toml = root / "class.toml"
    text = toml.read_text().replace('source = "rerun" ', 'source = "csv" ').replace("per_day = 5", "per_day = 2")
    toml.write_text(text.replace("ladder = true", "ladder = false"))
    synthesize(root / "dataset", seed=3, images=600, size=16)
    return Course.open(root)


@pytest.fixture(scope="session")
def served(contest_class: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One class that all journeys share; each has students of its own."""
    running = start(contest_class, tmp_path_factory.mktemp("log") / "serve.log")
    yield running
    stop(running)


@pytest.fixture
def copied(released_class: Path) -> Callable[[Path], Course]:
    """Makes a class of the test's own."""

    def make(root: Path) -> Course:
        shutil.copytree(released_class, root)
        return Course.open(root)

    return make
