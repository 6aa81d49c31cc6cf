"""The page's process ends with `grader serve`, whenever that is."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from grader.course.folder import Course
from grader.record.database import ClassDatabase
from grader.service.page_sandbox import page_command
from grader.service.serve import _Page


def processes_with(mark: str) -> list[Path]:
    """Processes that have the mark among their arguments."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes().split(b"\0"):
                found.append(path.parent)
        except OSError:
            continue
    return found


@pytest.mark.parametrize("wait_ms", [0, 2, 5, 10, 20, 40, 300])
def test_a_page_that_is_stopped_while_it_starts_leaves_no_process(course: Course, wait_ms: int) -> None:
    with ClassDatabase.open(course.database_url):
        course.inbox.mkdir(mode=0o700, exist_ok=True)
    mark = f"page-{course.root}-{wait_ms}"
    page = _Page(page_command(course, [sys.executable, "-c", "import time; time.sleep(600)", mark], {}))
    time.sleep(wait_ms / 1000)
    page.end()
    time.sleep(0.2)
    assert processes_with(mark) == []
