"""Points by hand: from a teacher's request to nbgrader's gradebook, the student's feedback and the board."""

from __future__ import annotations

import nbformat
import pytest
from classroom import student_notebook
from nbgrader.api import Gradebook
from watched_class import Class

from grader.audit.answers import Answer
from grader.record.by_hand.alike import EMPTY, group_hash
from grader.record.database.decisions import feedback_of, grades_of, outcome_of
from grader.record.database.hand_records import AnswerRecord, QuestionKind
from grader.record.database.hands import hand_answers_of, hand_counts, hand_questions, waiting_groups
from grader.record.database.queries import Board

CELL, OTHER = "task6_gradient", "task6_degradation"
RUBRIC = """[task6_gradient]
criteria = [{points = 0.5, text = "A product of derivatives"}, {points = 0.5, text = "A term 1 stays"}]
comments = ["Look at the formula again."]
"""


def words(**cells: str) -> Answer:
    """The reference with other answers in words."""
    return Answer("words", cells)


def hand_in(classroom: Class, student: str, answer: Answer | str) -> None:
    path = classroom.course.submitted / student / "resnet" / "resnet.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(student_notebook(classroom.course, "resnet", answer), path)


@pytest.fixture
def answered(classroom: Class) -> Class:
    """Three students: two whose answers are alike, one with another."""
    (classroom.course.source / "resnet" / "rubric.toml").write_text(RUBRIC)
    texts = {"bart": "The gradient  VANISHES.", "lisa": "the gradient vanishes.\n", "milhouse": "No."}
    for student, text in texts.items():
        hand_in(classroom, student, words(**{CELL: text}))
    classroom.watch()
    return classroom


def ask(classroom: Class, action: str, teacher: int = 0, **fields: str) -> str:
    """Ask as the page does; the refusal, or nothing."""
    request = classroom.inbox.put_request(teacher or classroom.teacher(), action, **fields)
    classroom.watch()
    with Board.open(classroom.course.database_url) as board:
        outcome = outcome_of(board, request.id)
    assert outcome is not None
    return outcome.detail if outcome.action == "refused" else ""


def points_of(board: Board) -> dict[str, float]:
    return {grade.student_id: grade.points or 0.0 for grade in grades_of(board) if grade.assignment == "resnet"}


def answer(classroom: Class, student: str, cell: str = CELL) -> AnswerRecord:
    with Board.open(classroom.course.database_url) as board:
        return next(one for one in hand_answers_of(board, student, "resnet") if one.grade_id == cell)


def feedback(classroom: Class, student: str) -> str:
    with Board.open(classroom.course.database_url) as board:
        return (feedback_of(board, student, "resnet") or b"").decode()


def in_gradebook(classroom: Class, student: str, cell: str = CELL) -> tuple[float | None, bool, str | None]:
    with Gradebook(classroom.course.gradebook_url) as gradebook:
        grade = gradebook.find_grade(cell, "resnet", "resnet", student)
        return (
            grade.manual_score,
            grade.needs_manual_grade,
            gradebook.find_comment(cell, "resnet", "resnet", student).manual_comment,
        )


def test_one_decision_reaches_gradebook_feedback_and_grade(answered: Class) -> None:
    with Board.open(answered.course.database_url) as board:
        groups = waiting_groups(board, "resnet", CELL)
        question = next(one for one in hand_questions(board) if one.grade_id == CELL)
        before = points_of(board)
    assert [[one.student_id for one in group.answers] for group in groups] == [["bart", "lisa"], ["milhouse"]]
    assert question.kind is QuestionKind.ANSWER
    assert "product" in question.model_answer
    assert question.title == "Where the gradient goes"
    fields = {"points": "0.5", "met": "1", "comment": "Why does it **vanish**? <script>x</script>"}
    assert ask(answered, "hand", assignment="resnet", cell=CELL, group=groups[0].group_sha256, **fields) == ""
    for student in ("bart", "lisa"):
        points, needs, comment = in_gradebook(answered, student)
        assert (points, needs) == (0.5, False)
        assert "✓ A term 1 stays (points: 0.5)" in str(comment)
        page = feedback(answered, student)
        assert "A term 1 stays" in page
        assert "<strong>vanish</strong>" in page
        assert "<script>x" not in page
    assert in_gradebook(answered, "milhouse")[:2] == (None, True)
    with Board.open(answered.course.database_url) as board:
        after = points_of(board)
        assert hand_counts(board)["resnet", CELL] == 1
    assert after["lisa"] == before["lisa"] + 0.5
    assert after["milhouse"] == before["milhouse"]


def test_undo_puts_back_what_was_there_and_only_once(answered: Class) -> None:
    teacher = answered.teacher()
    group = answer(answered, "lisa").group_sha256
    ask(answered, "hand", teacher, assignment="resnet", cell=CELL, group=group, points="1", comment="Good")
    assert in_gradebook(answered, "bart") == (1.0, False, "Good")
    assert ask(answered, "hand-undo", teacher) == ""
    assert in_gradebook(answered, "bart") == in_gradebook(answered, "lisa") == (None, True, None)
    assert "Waits for a teacher" in feedback(answered, "lisa")
    assert "nothing to undo" in ask(answered, "hand-undo", teacher)


def test_undo_leaves_what_formgrader_has_changed_since(answered: Class) -> None:
    teacher = answered.teacher()
    group = answer(answered, "lisa").group_sha256
    ask(answered, "hand", teacher, assignment="resnet", cell=CELL, group=group, points="1", comment="")
    with Gradebook(answered.course.gradebook_url) as gradebook:
        gradebook.find_grade(CELL, "resnet", "resnet", "bart").manual_score = 0.25
        gradebook.db.commit()
    assert ask(answered, "hand-undo", teacher) == ""
    assert in_gradebook(answered, "bart")[0] == 0.25
    assert in_gradebook(answered, "lisa")[0] is None


def test_points_from_formgrader_are_on_the_page_and_in_the_feedback(answered: Class) -> None:
    with Gradebook(answered.course.gradebook_url) as gradebook:
        grade = gradebook.find_grade(CELL, "resnet", "resnet", "lisa")
        grade.manual_score, grade.needs_manual_grade = 0.75, False
        gradebook.find_comment(CELL, "resnet", "resnet", "lisa").manual_comment = "From formgrader"
        gradebook.db.commit()
    answered.watch()
    found = answer(answered, "lisa")
    assert (found.points, found.is_waiting, found.comment) == (0.75, False, "From formgrader")
    assert "From formgrader" in feedback(answered, "lisa")
    assert answer(answered, "bart").is_waiting


@pytest.mark.parametrize("by", ["page", "formgrader"])
def test_a_regrade_keeps_points_of_an_answer_that_has_not_changed_and_asks_again_for_one_that_has(
    answered: Class, by: str
) -> None:
    for cell in (CELL, OTHER):
        if by == "page":
            ask(answered, "hand", assignment="resnet", cell=cell, student="lisa", points="1", comment="Yes")
        else:
            with Gradebook(answered.course.gradebook_url) as gradebook:
                grade = gradebook.find_grade(cell, "resnet", "resnet", "lisa")
                grade.manual_score, grade.needs_manual_grade = 1.0, False
                gradebook.db.commit()
    ask(answered, "rejudge", student="lisa", assignment="resnet")
    assert in_gradebook(answered, "lisa")[:2] == in_gradebook(answered, "lisa", OTHER)[:2] == (1.0, False)
    hand_in(answered, "lisa", words(**{CELL: "Something else altogether."}))
    answered.watch()
    assert in_gradebook(answered, "lisa")[:2] == (1.0, True)
    assert in_gradebook(answered, "lisa", OTHER)[:2] == (1.0, False)
    assert answer(answered, "lisa").text == "Something else altogether."
    assert "was handed in anew" in feedback(answered, "lisa")
    ask(answered, "rejudge", student="lisa", assignment="resnet")
    assert in_gradebook(answered, "lisa")[1] is True  # nobody has read it yet


def test_points_that_a_teacher_gave_a_check_are_asked_for_again_when_the_work_has_changed(answered: Class) -> None:
    with Board.open(answered.course.database_url) as board:
        check = next(one for one in hand_questions(board, "resnet") if one.kind is QuestionKind.CHECK)
    ask(answered, "hand", assignment="resnet", cell=check.grade_id, student="lisa", points="0", comment="Copied.")
    assert "Copied." in feedback(answered, "lisa")
    ask(answered, "rejudge", student="lisa", assignment="resnet")
    assert not answer(answered, "lisa", check.grade_id).is_waiting
    hand_in(answered, "lisa", words(**{CELL: "Another one."}))
    answered.watch()
    assert answer(answered, "lisa", check.grade_id).is_waiting
    assert answer(answered, "lisa", check.grade_id).points == 0


def test_what_cannot_be_given_is_refused_and_nothing_is_written(answered: Class) -> None:
    lisa = answer(answered, "lisa")
    fields = {"assignment": "resnet", "cell": CELL, "points": "1", "comment": ""}
    assert "not from 0 to 1" in ask(answered, "hand", **{**fields, "points": "1.5"}, student="lisa")
    assert "no number" in ask(answered, "hand", **{**fields, "points": "one"}, student="lisa")
    assert "handed in anew" in ask(answered, "hand", **fields, student="lisa", answer="0" * 64)
    assert "has no graded" in ask(answered, "hand", **fields, student="nobody")
    assert "None of these" in ask(answered, "hand", **fields, group="f" * 64)
    assert "rubric was changed" in ask(answered, "hand", **fields, student="lisa", met="7")
    assert "no cell" in ask(answered, "hand", **{**fields, "cell": "task1_nothing"}, student="lisa")
    assert in_gradebook(answered, "lisa") == (None, True, None)
    assert answer(answered, "lisa") == lisa


def test_a_rubric_written_on_the_page_is_a_file_and_a_broken_file_is_said(answered: Class) -> None:
    path = answered.course.source / "resnet" / "rubric.toml"
    path.write_text("# mine\n" + RUBRIC)
    said = ask(answered, "rubric", assignment="resnet", cell=OTHER, criteria="0,5 One\n0.5 Two", comments="Short.")
    assert said == ""
    text = path.read_text()
    assert text.startswith("# mine\n[task6_gradient]")
    assert '{points = 0.5, text = "One"}' in text
    assert "is 'Two'" in ask(answered, "rubric", assignment="resnet", cell=OTHER, criteria="Two", comments="")
    assert path.read_text() == text
    path.write_text("[task6_gradien]\ncriteria = []\n")
    answered.watch()
    with Board.open(answered.course.database_url) as board:
        question = next(one for one in hand_questions(board, "resnet") if one.grade_id == CELL)
    assert "Did you mean 'task6_gradient'?" in question.problem
    assert "task6_gradien'" in ask(answered, "rubric", assignment="resnet", cell=OTHER, criteria="1 One", comments="")


def test_the_rubric_is_not_handed_out(answered: Class) -> None:
    from grader.course.release import release

    release(answered.course, "resnet")
    assert [path.name for path in (answered.course.release / "resnet").iterdir()] == ["resnet.ipynb"]


def test_answers_are_alike_but_for_spaces_case_and_what_was_given_out() -> None:
    assert group_hash("The  GRADIENT\n") == group_hash("the gradient")
    assert group_hash("Всё") == group_hash("все")
    assert group_hash(" \n") == group_hash("Write HERE.", "write here.") == EMPTY
    assert group_hash("a") != group_hash("b")
