"""The queue of answers that wait for a teacher: question by question, alike ones together, on the keyboard.

A decision is sent and not waited for: the next answer is there at once, and what was refused comes back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from grader.language import _, ngettext, speaking
from grader.service.page_settings import BoardSettings
from leaderboard_app import formatting, languages
from leaderboard_app.class_data import ClassData
from leaderboard_app.class_database import (
    AnswerGroup,
    Board,
    Identity,
    QuestionKind,
    QuestionRecord,
    grades_of,
    hand_counts,
    hand_questions,
    outcome_of,
    waiting_groups,
)
from leaderboard_app.views import asking, written
from leaderboard_app.views.entrance import require_teacher
from leaderboard_app.views.teacher import choice, rubric_form

_SENT, _SKIPPED, _SAVE, _QUESTION, _FIRST = "_hand_sent", "_hand_skipped", "_hand_save", "hand-question", "_hand_first"
_BACK, _DONE = "_hand_back_to", "_hand_done"
_Cell = tuple[str, str]


@dataclass(frozen=True)
class _Sent:
    """A decision on its way to the gradebook."""

    request_id: str
    cell: _Cell
    group: str


@dataclass(frozen=True)
class _Queue:
    """What waits now, what is on its way left aside."""

    questions: Mapping[_Cell, QuestionRecord]
    counts: Mapping[_Cell, int]
    titles: Mapping[str, str]

    @property
    def answers(self) -> int:
        return sum(self.counts.values())

    def name(self, cell: _Cell) -> str:
        question = self.questions[cell]
        parts = [self.titles.get(cell[0], cell[0]), question.title]
        return formatting.plain(" · ".join(parts))


def draw(settings: BoardSettings, _who: Identity, data: ClassData) -> None:
    """Draw the section."""
    st.fragment(_draw)(settings, {board.assignment.slug: board.assignment.title for board in data.boards})


def _draw(settings: BoardSettings, titles: Mapping[str, str]) -> None:
    with speaking(languages.chosen()):
        who = require_teacher(settings)  # a fragment runs without the page around it
        sent = _still_on_the_way(settings)
        asking.tell()
        queue = _queue(settings, titles, sent)
        cell = _chosen(queue)
        if cell is None:
            _tell_nothing_waits(settings, who, sent)
            return
        st.selectbox(_("Question"), list(queue.counts), format_func=queue.name, key=_QUESTION)
        with Board.open(settings.class_db_url) as board:
            groups = waiting_groups(board, *cell)
        on_the_way = {one.group for one in sent if one.cell == cell}
        groups = _in_order([one for one in groups if one.group_sha256 not in on_the_way], cell)
        if not groups:
            st.rerun(scope="fragment")
        _answer(settings, who, queue, queue.questions[cell], groups)


def _still_on_the_way(settings: BoardSettings) -> list[_Sent]:
    """Decisions that are not carried out yet; what was refused is told, and its answers are back in the queue."""
    sent: list[_Sent] = st.session_state.get(_SENT, [])
    left = []
    with Board.open(settings.class_db_url) as board:
        for one in sent:
            outcome = outcome_of(board, one.request_id)
            if outcome is None:
                left.append(one)
            elif outcome.action == "refused":
                st.error(formatting.plain(outcome.detail), icon=":material/error:")
    st.session_state[_SENT] = left
    return left


def _queue(settings: BoardSettings, titles: Mapping[str, str], sent: list[_Sent]) -> _Queue:
    with Board.open(settings.class_db_url) as board:
        known = {(one.assignment, one.grade_id): one for one in hand_questions(board)}
        counts = hand_counts(board)
        # What is on its way may be written already and not yet be told: then it waits no more, and is not taken off.
        counts.update({cell: _left(board, cell, sent) for cell in {one.cell for one in sent}})
    questions = {cell: one for cell, one in known.items() if one.kind is QuestionKind.ANSWER}
    left = {cell: counts.get(cell, 0) for cell in questions}
    return _Queue(questions, {cell: count for cell, count in left.items() if count > 0}, titles)


def _left(board: Board, cell: _Cell, sent: list[_Sent]) -> int:
    """How many answers to a question wait and are not on their way."""
    on_the_way = {one.group for one in sent if one.cell == cell}
    return sum(len(group.answers) for group in waiting_groups(board, *cell) if group.group_sha256 not in on_the_way)


def _chosen(queue: _Queue) -> _Cell | None:
    """The question that is shown: the one that was chosen as long as something of it waits, then the next."""
    back = st.session_state.pop(_BACK, None)
    if back in queue.counts:
        st.session_state[_QUESTION] = back
    cell = st.session_state.get(_QUESTION)
    if cell not in queue.counts:
        cells = list(queue.questions)
        start = cells.index(cell) if cell in cells else 0
        later = [other for other in (*cells[start:], *cells[:start]) if other in queue.counts]
        cell = later[0] if later else None
        st.session_state[_QUESTION] = cell
    return cell


def _tell_nothing_waits(settings: BoardSettings, who: Identity, sent: list[_Sent]) -> None:
    if sent:
        with st.spinner(_("The last decisions are being written ...")):
            if asking.wait(settings, sent[-1].request_id):
                st.rerun(scope="fragment")
        asking.tell()
        return
    st.success(_("Nothing waits for you: every answer is read."), icon=":material/task_alt:")
    _undo_button(settings, who)


def _in_order(groups: list[AnswerGroup], cell: _Cell) -> list[AnswerGroup]:
    """Those that were passed over come last; one that was just taken back comes first."""
    skipped: set[tuple[_Cell, str]] = st.session_state.setdefault(_SKIPPED, set())
    first = st.session_state.get(_FIRST)
    return sorted(groups, key=lambda one: (one.group_sha256 != first, (cell, one.group_sha256) in skipped))


def _answer(
    settings: BoardSettings, who: Identity, queue: _Queue, question: QuestionRecord, groups: list[AnswerGroup]
) -> None:
    group = groups[0]
    cell = (question.assignment, question.grade_id)
    item = f"{question.assignment}-{question.grade_id}-{group.group_sha256[:16]}"
    chosen = choice.of(item)
    if st.session_state.pop(_SAVE, None) == item and _save(settings, who, question, group, chosen):
        st.rerun(scope="fragment")
    _tell_progress(queue, groups)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _show(settings, question, group)
        _model(question)
    with right:
        earlier = group.answers[0].mark
        choice.points(question, chosen)
        points = choice.points_of(question, chosen)
        if points is None:
            st.markdown(_("Choose points by a digit."))
        else:
            shown = formatting.points_of(points, question.max_points)
            st.markdown("### " + _("Points: {points}").format(points=shown))
        with st.container(horizontal=True):
            save = _("Save, next one")
            st.button(save, type="primary", key=f"hand-save-{item}", shortcut="Enter", on_click=_want, args=(item,))
            st.button(
                _("Later"), key=f"hand-skip-{item}", shortcut="Right", on_click=_skip, args=(cell, group.group_sha256)
            )
            _undo_button(settings, who)
        choice.comment(question, chosen, group.answers[0].comment if earlier is None else earlier.said)
        rubric_form.draw(settings, who, question)
    choice.hear_keys(chosen)


def _tell_progress(queue: _Queue, groups: list[AnswerGroup]) -> None:
    answers = ngettext("{count} answer waits", "{count} answers wait", queue.answers).format(count=queue.answers)
    alike = ngettext("{count} different one to this question", "{count} different ones to this question", len(groups))
    st.caption(f"{answers} · {alike.format(count=len(groups))}")


def _show(settings: BoardSettings, question: QuestionRecord, group: AnswerGroup) -> None:
    if question.problem:
        st.warning(formatting.plain(question.problem), icon=":material/rule:")
    with st.expander(_("The question"), icon=":material/help:"):
        st.caption(formatting.plain(question.section))
        written.authors(question.question, is_code=False)
    with st.container(border=True):
        count = len(group.answers)
        st.caption(ngettext("One student's answer", "{count} students have answered alike", count).format(count=count))
        written.answer(group.text, is_code=question.is_code)
    earlier = group.answers[0]
    if earlier.points is not None:
        st.info(
            _("Handed in anew. The earlier answer has {points} points; they stand until you decide.").format(
                points=formatting.points(earlier.points)
            ),
            icon=":material/history:",
        )
    with st.expander(_("Who has answered so"), icon=":material/group:"):
        with Board.open(settings.class_db_url) as board:
            names = {grade.student_id: grade.name or grade.student_id for grade in grades_of(board)}
        st.markdown(formatting.plain(", ".join(names.get(one.student_id, one.student_id) for one in group.answers)))


def _model(question: QuestionRecord) -> None:
    if question.model_answer:
        with st.expander(_("A model answer"), icon=":material/lightbulb:", expanded=True):
            written.authors(question.model_answer, is_code=question.is_code)


def _want(item: str) -> None:
    st.session_state[_SAVE] = item


def _skip(cell: _Cell, group: str) -> None:
    skipped: set[tuple[_Cell, str]] = st.session_state.setdefault(_SKIPPED, set())
    skipped ^= {(cell, group)}
    st.session_state[_SKIPPED] = skipped
    st.session_state.pop(_FIRST, None)


def _save(
    settings: BoardSettings, who: Identity, question: QuestionRecord, group: AnswerGroup, chosen: choice.Choice
) -> bool:
    points = choice.points_of(question, chosen)
    if points is None:
        st.warning(_("Nothing is chosen yet: press a digit first, then Enter."), icon=":material/keyboard:")
        return False
    fields = {"points": f"{points:g}", "comment": choice.said_of(chosen)}
    if question.rubric.criteria and chosen.is_made:
        fields["met"] = ",".join(str(number) for number in sorted(chosen.met))
    cell = (question.assignment, question.grade_id)
    request = asking.send(settings, who, "hand", assignment=cell[0], cell=cell[1], group=group.group_sha256, **fields)
    if request:
        one = _Sent(request, cell, group.group_sha256)
        st.session_state[_SENT] = [*st.session_state.get(_SENT, []), one]
        st.session_state.setdefault(_DONE, []).append((cell, group.group_sha256))
        st.session_state.pop(_FIRST, None)
    return bool(request)


def _undo_button(settings: BoardSettings, who: Identity) -> None:
    done: list[tuple[_Cell, str]] = st.session_state.get(_DONE, [])
    if st.button(
        _("Undo"), key=f"hand-undo-{len(done)}", shortcut="Backspace", icon=":material/undo:", disabled=not done
    ):
        cell, group = done.pop()
        asking.ask(settings, who, "hand-undo")
        st.session_state[_FIRST] = group
        st.session_state[_SENT] = [
            one for one in st.session_state.get(_SENT, []) if (one.cell, one.group) != (cell, group)
        ]
        st.session_state[_BACK] = cell
        st.rerun(scope="fragment")
