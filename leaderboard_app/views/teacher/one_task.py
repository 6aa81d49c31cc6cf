"""One task of one student: the work as the student sees it, and points or a comment for any of its cells."""

from __future__ import annotations

import streamlit as st

from grader.language import _
from grader.service.page_settings import BoardSettings
from leaderboard_app import formatting
from leaderboard_app.class_data import ClassData
from leaderboard_app.class_database import (
    AnswerRecord,
    Board,
    Identity,
    QuestionKind,
    QuestionRecord,
    feedback_of,
    grades_of,
    hand_answers_of,
    hand_questions,
)
from leaderboard_app.views import asking, written
from leaderboard_app.views.sandboxed import feedback_frame


def draw(settings: BoardSettings, who: Identity, data: ClassData) -> None:
    """Draw the section."""
    titles = {board.assignment.slug: board.assignment.title for board in data.boards}
    with Board.open(settings.class_db_url) as board:
        names = {grade.student_id: grade.name or grade.student_id for grade in grades_of(board)}
    if not names:
        st.info(_("Nobody is in the class yet. Invite them: `grader invite roster.csv`."), icon=":material/group_add:")
        return
    left, right = st.columns(2)
    student = left.selectbox(_("Student"), sorted(names), format_func=names.__getitem__, key="task-student")
    slug = right.selectbox(_("Assignment"), list(titles), format_func=titles.__getitem__, key="task-assignment")
    with Board.open(settings.class_db_url) as board:
        questions = {one.grade_id: one for one in hand_questions(board, slug)}
        answers = {one.grade_id: one for one in hand_answers_of(board, student, slug)}
        page = feedback_of(board, student, slug)
    known = [cell for cell in questions if cell in answers]
    if not known:
        st.info(_("Nothing of this student's is graded here yet."), icon=":material/hourglass_empty:")
        return
    cell = st.selectbox(
        _("Task"), known, format_func=lambda one: task_name(questions[one], answers[one]), key="task-cell"
    )
    _decide(settings, who, questions[cell], answers[cell])
    if page is not None:
        with st.expander(_("The whole work, as the student sees it"), icon=":material/rate_review:"):
            feedback_frame(page)


def task_name(question: QuestionRecord, answer: AnswerRecord | None = None) -> str:
    """What a cell is called in a list, with the mark of one that waits."""
    name = formatting.plain(" · ".join(part for part in (question.section, question.title) if part))
    return f"⏳ {name}" if answer is not None and answer.is_waiting else name


def _decide(settings: BoardSettings, who: Identity, question: QuestionRecord, answer: AnswerRecord) -> None:
    has_points = question.kind is not QuestionKind.WORK
    if has_points:
        st.markdown(_now(question, answer))
    if question.kind is QuestionKind.ANSWER:
        with st.container(border=True):
            written.answer(answer.text, is_code=question.is_code)
    key = f"{answer.student_id}-{question.assignment}-{question.grade_id}"
    with st.form(f"task-{key}", border=True):
        points = None
        if has_points:
            points = st.number_input(
                _("Points; empty leaves them as they are"), min_value=0.0, max_value=question.max_points, value=None,
                step=0.25,
            )  # fmt: skip
        said = answer.comment if answer.mark is None else answer.mark.said
        comment = st.text_area(_("Comment; the student reads it"), said, max_chars=1500)
        if st.form_submit_button(_("Write it"), type="primary", icon=":material/edit_note:"):
            fields = {} if points is None else {"points": f"{points:g}"}
            if comment != said or points is None:
                fields["comment"] = comment
            asking.ask(
                settings, who, "hand", assignment=question.assignment, cell=question.grade_id,
                student=answer.student_id, answer=answer.answer_sha256, **fields,
            )  # fmt: skip
            st.rerun()


def _now(question: QuestionRecord, answer: AnswerRecord) -> str:
    if answer.points is None and answer.auto_points is None:
        return _("No points yet, of {points}.").format(points=formatting.points(question.max_points))
    shown = formatting.points_of(answer.effective_points, question.max_points)
    return (_("By hand: {points}.") if answer.points is not None else _("By the tests: {points}.")).format(points=shown)
