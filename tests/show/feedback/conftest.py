"""Class folders in both languages, and a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from feedback_pages import class_of
from playwright.sync_api import Browser, sync_playwright

from grader.course.folder import Course


@pytest.fixture(scope="session")
def russian(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return class_of(tmp_path_factory.mktemp("feedback"), "ru")


@pytest.fixture(scope="session")
def english(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return class_of(tmp_path_factory.mktemp("feedback"), "en")


@pytest.fixture(scope="session")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pages are written to be looked at."""
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("CI has to look at the pages in a real browser, but there is no chromium")
        pytest.skip("there is no chromium on this machine")
    arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=arguments)
        yield opened
        opened.close()
