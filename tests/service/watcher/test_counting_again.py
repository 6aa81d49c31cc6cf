"""The watcher counts work again when a teacher gives an extension on the page."""

from __future__ import annotations

from watched_class import Class

from grader.course.folder import Course
from grader.record.database.decisions import feedback_of, grades_of
from grader.record.database.queries import Board


def test_an_extension_of_the_page_gives_points_back_and_the_feedback_says_why(classroom: Class) -> None:
    path = classroom.course.root / "class.toml"
    text = path.read_text().replace('title = "ResNet"', 'title = "ResNet"\ndeadline = 2026-03-02')
    path.write_text(text.replace('policy = "none"  ', 'policy = "percent"\npercent = 10\nat_most = 50  '))
    classroom.course = Course.open(classroom.course.root)
    teacher, lisa = classroom.teacher(), classroom.invite("lisa")
    classroom.upload(lisa, "reference")
    classroom.watch()
    assert _points(classroom) == 8.5
    fields = {"students": "lisa", "assignment": "resnet", "until": "2099-01-01", "reason": "ill"}
    classroom.inbox.put_request(teacher, "extend", **fields)
    classroom.watch()
    assert _points(classroom) == 17
    with Board.open(classroom.course.database_url) as board:
        assert b"You have an extension until 1 January 2099, 23:59: ill" in (
            feedback_of(board, "lisa", "resnet") or b""
        )


def _points(classroom: Class) -> float | None:
    with Board.open(classroom.course.database_url) as board:
        (found,) = [grade.points for grade in grades_of(board, "lisa") if grade.assignment == "resnet"]
    return found
