"""Students' questions about a task: the teacher reads the thread, answers, corrects points or regrades."""

from __future__ import annotations

import streamlit as st

from grader.language import _
from grader.service.page_settings import BoardSettings
from leaderboard_app import formatting, languages
from leaderboard_app.class_data import ClassData
from leaderboard_app.class_database import (
    AnswerRecord,
    Board,
    DoubtRecord,
    Identity,
    QuestionKind,
    QuestionRecord,
    every_doubt,
    feedback_of,
    grades_of,
    hand_answers_of,
    hand_questions,
)
from leaderboard_app.views import asking, threads, written
from leaderboard_app.views.sandboxed import feedback_frame


def draw(settings: BoardSettings, who: Identity, data: ClassData) -> None:
    """Draw the section."""
    titles = {board.assignment.slug: board.assignment.title for board in data.boards}
    with Board.open(settings.class_db_url) as board:
        found = every_doubt(board)
        names = {grade.student_id: grade.name or grade.student_id for grade in grades_of(board)}
        questions = {(one.assignment, one.grade_id): one for one in hand_questions(board)}
    if not found:
        st.info(_("No student has asked anything. They can, below their feedback."), icon=":material/forum:")
        return
    for doubt in found:
        question = questions.get((doubt.assignment, doubt.grade_id))
        task = doubt.grade_id if question is None else question.title
        student = names.get(doubt.student_id, doubt.student_id)
        head = " · ".join((student, titles.get(doubt.assignment, doubt.assignment), task))
        with st.expander(f"{formatting.plain(head)} — {threads.state(doubt)}", expanded=doubt.is_waiting):
            threads.lines(settings, doubt, languages.chosen(), student)
            if doubt.closed_at is None:
                _decide(settings, who, doubt, question)


def _decide(settings: BoardSettings, who: Identity, doubt: DoubtRecord, question: QuestionRecord | None) -> None:
    with Board.open(settings.class_db_url) as board:
        answers = {one.grade_id: one for one in hand_answers_of(board, doubt.student_id, doubt.assignment)}
        page = feedback_of(board, doubt.student_id, doubt.assignment)
    answer = answers.get(doubt.grade_id)
    if question is not None and answer is not None:
        _tell(question, answer)
    with st.form(f"doubt-{doubt.id}", border=False, clear_on_submit=True):
        text = st.text_area(_("Your answer; the student reads it"), max_chars=1000)
        points = None
        if question is not None:
            points = st.number_input(
                _("Points; empty leaves them as they are"), min_value=0.0, max_value=question.max_points, value=None,
                step=0.25,
            )  # fmt: skip
        with st.container(horizontal=True):
            is_sent = st.form_submit_button(_("Answer"), type="primary", icon=":material/reply:")
            is_closed = st.form_submit_button(_("Answer and close"), icon=":material/lock:")
            is_anew = st.form_submit_button(_("Grade anew"), icon=":material/replay:")
    if is_anew:
        asking.ask(settings, who, "doubt-regrade", doubt=str(doubt.id))
        st.rerun()
    if is_sent or is_closed:
        given = "" if points is None else f"{points:g}"
        asking.ask(
            settings, who, "doubt-answer", doubt=str(doubt.id), text=text, points=given,
            close="yes" if is_closed else "",
        )  # fmt: skip
        st.rerun()
    if page is not None and st.toggle(_("Show the whole work, as the student sees it"), key=f"doubt-page-{doubt.id}"):
        feedback_frame(page)


def _tell(question: QuestionRecord, answer: AnswerRecord) -> None:
    shown = formatting.points_of(answer.effective_points, question.max_points)
    st.markdown(_("Points now: {points}").format(points=shown))
    if question.kind is QuestionKind.ANSWER:
        with st.container(border=True):
            written.answer(answer.text, is_code=question.is_code)
