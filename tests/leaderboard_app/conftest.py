from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from plausible_class import fill

from grader.service.page_settings import BoardSettings


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'class.db'}"


@pytest.fixture
def full_class(url: str) -> str:
    fill(url)
    return url


@pytest.fixture(scope="session")
def chromium_path() -> str:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("CI has to drive the pages in a real browser, but there is no chromium")
        pytest.skip("there is no chromium on this machine")
    return path


Serve = Callable[[BoardSettings], str]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts the page as `grader leaderboard` does and gives its address."""
    running: list[subprocess.Popen[bytes]] = []
    log = (tmp_path / "page.log").open("wb")

    def start(settings: BoardSettings) -> str:
        port = _free_port()
        code = (
            "import sys; from grader.service.page import serve; from grader.service.page_settings import BoardSettings;"
            f"serve({settings!r}, port={port})"
        )
        page = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=log, stderr=log)
        running.append(page)
        _wait_until_up(f"http://127.0.0.1:{port}/_stcore/health", page)
        return f"http://127.0.0.1:{port}"

    with log:
        yield start
        for page in running:
            page.terminate()
            page.wait(timeout=20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_up(address: str, page: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + 180  # on a machine that is busy with other tests too
    while time.monotonic() < give_up:
        if page.poll() is not None:
            pytest.fail(f"the page ended with {page.returncode}")
        with _ignored_refusal(), urllib.request.urlopen(address, timeout=5):
            return
        time.sleep(0.2)
    pytest.fail("the page did not come up in three minutes")


@contextmanager
def _ignored_refusal() -> Iterator[None]:
    try:
        yield
    except (urllib.error.URLError, ConnectionError):
        return
