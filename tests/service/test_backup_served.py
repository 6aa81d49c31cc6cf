"""A class is backed up while page and watcher run, and moves without losing a point."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from classroom import HandIn, in_this_process
from command_line import grader
from served_class import start, stop

from grader.course.folder import Course
from grader.pipeline import grade_class
from grader.record.database import ClassDatabase
from grader.record.database.decisions import feedback_of, grades_of
from grader.record.database.queries import Board
from grader.record.planning import GradingStatus
from grader.show.export import grade_table


def page(course: Course) -> list[object]:
    with Board.open(course.database_url) as board:
        return [board.standings("resnet"), grades_of(board), feedback_of(board, "lisa", "resnet")]


@pytest.mark.slow
def test_a_class_that_is_served_is_backed_up_and_the_same_elsewhere(
    course: Course, hand_in: HandIn, tmp_path: Path
) -> None:
    hand_in("lisa", "resnet", "reference")
    hand_in("bart", "resnet", "untouched")
    served = start(course, tmp_path / "log")
    try:
        give_up = time.monotonic() + 300
        while time.monotonic() < give_up and not has_feedback(course, "lisa", "bart"):
            time.sleep(0.5)
        made = grader("backup", course.root, "--to", tmp_path / "class.zip")
        assert made.returncode == 0, made.stderr
        assert served.process.poll() is None
    finally:
        stop(served)
    assert grader("restore", tmp_path / "class.zip", "--to", tmp_path / "moved").returncode == 0
    moved = Course.open(tmp_path / "moved")
    assert page(moved) == page(course)
    assert grade_table(moved) == grade_table(course)
    rows = grade_class(moved, ["resnet"], workers=in_this_process)
    assert [row.status for row in rows] == [GradingStatus.UNCHANGED] * 2


def has_feedback(course: Course, *students: str) -> bool:
    with ClassDatabase.open(course.database_url), Board.open(course.database_url) as board:
        return all(feedback_of(board, student, "resnet") for student in students)
