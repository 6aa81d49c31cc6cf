"""Students' questions: what may be asked and by whom, and what a teacher does about it."""

from __future__ import annotations

import nbformat
import pytest
from classroom import student_notebook
from nbgrader.api import Gradebook
from watched_class import Class

from grader.record.by_hand.doubts import MAX_A_DAY, MAX_OPEN
from grader.record.database.decisions import outcome_of
from grader.record.database.doubts import doubts_of, every_doubt, waiting_doubts
from grader.record.database.hand_records import DoubtEvent, DoubtRecord, QuestionKind
from grader.record.database.hands import hand_questions, titles_of
from grader.record.database.queries import Board


@pytest.fixture
def asking(classroom: Class) -> Class:
    """A class in which lisa and bart have handed in."""
    for student in ("lisa", "bart"):
        path = classroom.course.submitted / student / "resnet" / "resnet.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(student_notebook(classroom.course, "resnet", "untouched"), path)
    classroom.watch()
    return classroom


def request(classroom: Class, access: int, action: str, **fields: str) -> str:
    """Ask as the page does; the refusal, or nothing."""
    sent = classroom.inbox.put_request(access, action, **fields)
    classroom.watch()
    with Board.open(classroom.course.database_url) as board:
        outcome = outcome_of(board, sent.id)
    assert outcome is not None
    return outcome.detail if outcome.action == "refused" else ""


def tasks(classroom: Class) -> list[str]:
    with Board.open(classroom.course.database_url) as board:
        return [one.grade_id for one in titles_of(board, "resnet")]


def thread(classroom: Class, student: str = "lisa") -> DoubtRecord:
    with Board.open(classroom.course.database_url) as board:
        return doubts_of(board, student)[0]


def test_a_thread_from_question_to_corrected_points(asking: Class) -> None:
    with Board.open(asking.course.database_url) as board:
        check = next(one for one in hand_questions(board, "resnet") if one.kind is QuestionKind.CHECK)
    lisa, teacher = asking.invite("lisa"), asking.teacher()
    asked = {"assignment": "resnet", "cell": check.grade_id}
    assert request(asking, lisa, "doubt", **asked, text="Why 0?\x1b[2J <b>") == ""
    assert request(asking, lisa, "doubt", **asked, text="And it runs on my machine.") == ""
    number = str(thread(asking).id)
    with Board.open(asking.course.database_url) as board:
        assert waiting_doubts(board) == 1
    assert request(asking, teacher, "doubt-answer", doubt=number, text="You are right.", points="1", close="yes") == ""
    found = thread(asking)
    assert [line.event for line in found.lines] == [
        DoubtEvent.ASKED, DoubtEvent.ASKED, DoubtEvent.CORRECTED, DoubtEvent.ANSWERED, DoubtEvent.CLOSED,
    ]  # fmt: skip
    assert found.lines[0].text == "Why 0? <b>"
    assert (found.lines[2].points_before, found.lines[2].points_after) == (0, 1)
    with Gradebook(asking.course.gradebook_url) as gradebook:
        assert gradebook.find_grade(check.grade_id, "resnet", "resnet", "lisa").manual_score == 1
    assert "closed" in request(asking, teacher, "doubt-answer", doubt=number, text="More", points="", close="")
    with Board.open(asking.course.database_url) as board:
        assert doubts_of(board, "bart") == []
        assert len(every_doubt(board)) == 1


def test_a_regrade_is_a_line_of_the_thread(asking: Class) -> None:
    request(asking, asking.invite("lisa"), "doubt", assignment="resnet", cell=tasks(asking)[0], text="Why?")
    assert request(asking, asking.teacher(), "doubt-regrade", doubt=str(thread(asking).id)) == ""
    assert thread(asking).lines[-1].event is DoubtEvent.REGRADED


def test_what_may_be_asked_is_limited(asking: Class) -> None:
    lisa, cells = asking.invite("lisa"), tasks(asking)
    ask = {"assignment": "resnet", "text": "Why?"}
    assert "empty" in request(asking, lisa, "doubt", assignment="resnet", cell=cells[0], text=" \n")
    assert "no such task" in request(asking, lisa, "doubt", **ask, cell="nothing")
    assert "no such task" in request(asking, lisa, "doubt", assignment="springfield", cell=cells[0], text="Why?")
    for cell in cells[:MAX_OPEN]:
        assert request(asking, lisa, "doubt", **ask, cell=cell) == ""
    assert "are open" in request(asking, lisa, "doubt", **ask, cell=cells[MAX_OPEN])
    for _again in range(MAX_A_DAY - MAX_OPEN):
        assert request(asking, lisa, "doubt", **ask, cell=cells[0]) == ""
    assert "in a day" in request(asking, lisa, "doubt", **ask, cell=cells[0])


@pytest.mark.parametrize("action", ["hand", "hand-undo", "rubric", "doubt-answer", "doubt-regrade", "override"])
def test_a_student_does_nothing_that_is_a_teachers(asking: Class, action: str) -> None:
    fields = {
        "assignment": "resnet", "cell": "task6_gradient", "student": "lisa", "points": "1", "comment": "", "doubt": "1",
        "text": "x", "criteria": "", "comments": "", "reason": "x",
    }  # fmt: skip
    assert "no action" in request(asking, asking.invite("lisa"), action, **fields)
    with Gradebook(asking.course.gradebook_url) as gradebook:
        assert gradebook.find_grade("task6_gradient", "resnet", "resnet", "lisa").manual_score is None
    assert not (asking.course.source / "resnet" / "rubric.toml").exists()
