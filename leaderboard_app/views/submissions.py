"""A student's submissions with their states, refreshing by themselves while something is on its way."""

from __future__ import annotations

import streamlit as st

from grader.language import Language, _, speaking
from grader.service.page_settings import BoardSettings
from leaderboard_app import formatting, languages, own_work
from leaderboard_app.class_data import AssignmentBoard
from leaderboard_app.class_database import OwnRun, RunState, TaskRecord, UploadRecord
from leaderboard_app.own_work import OwnWork
from leaderboard_app.turns import in_turn
from leaderboard_app.views.entrance import require_student

_FAST_S = 0.5
_SLOW_S = 30
_SHOWN = 8
_ICONS = {
    RunState.RECEIVED: ":material/inbox:",
    RunState.QUEUED: ":material/hourglass_top:",
    RunState.RUNNING: ":material/progress_activity:",
    RunState.SCORED: ":material/check_circle:",
    RunState.FAILED: ":material/error:",
}


def draw(settings: BoardSettings, board: AssignmentBoard, *, is_waiting: bool) -> None:
    """Draw the list for one assignment; `is_waiting` decides how often it is drawn again."""
    st.fragment(_list, run_every=_FAST_S if is_waiting else _SLOW_S)(
        settings, board.assignment.slug, board.full_points, was_waiting=is_waiting
    )


def _list(settings: BoardSettings, slug: str, full_points: float, *, was_waiting: bool) -> None:
    language = languages.chosen()
    with in_turn(), speaking(language):
        work = own_work.load(settings, require_student(settings))
        if work.is_waiting != was_waiting:
            st.rerun()  # the card above changes too, and so does the pace
        st.subheader(_("Your submissions"), anchor=False)
        uploads = [upload for upload in work.uploads if upload.assignment == slug]
        through_page = {upload.run_key for upload in uploads}
        others = [run for run in reversed(work.runs_for(slug)) if run.key not in through_page]
        if not uploads and not others:
            st.info(_("You have handed nothing in yet."), icon=":material/upload_file:")
        for upload in uploads[:_SHOWN]:
            _upload(upload, work, settings, language, full_points)
        for run in others[:_SHOWN]:
            _run(run, settings, language, full_points)


def _upload(
    upload: UploadRecord, work: OwnWork, settings: BoardSettings, language: Language, full_points: float
) -> None:
    run = work.run_of(upload)
    with st.container(border=True):
        when = formatting.moment(upload.received_at, settings.zone, language)
        st.markdown(f"{_ICONS[upload.state]} **{_state(upload, work, run, full_points)}**")
        st.caption(f"{formatting.plain(upload.filename)} · {when}")
        if upload.message:
            st.markdown(formatting.plain_lines(upload.message))
        if run is not None:
            _tasks(run)


def _run(run: OwnRun, settings: BoardSettings, language: Language, full_points: float) -> None:
    with st.container(border=True):
        when = formatting.moment(run.received_at, settings.zone, language)
        st.markdown(f"{_ICONS[run.state]} **{_result(run, full_points)}**")
        st.caption(_("Handed in outside this page · {when}").format(when=when))
        if run.problem:
            st.markdown(formatting.plain_lines(run.problem))
        _tasks(run)


def _state(upload: UploadRecord, work: OwnWork, run: OwnRun | None, full_points: float) -> str:
    match upload.state:
        case RunState.RECEIVED:
            return _("Received")
        case RunState.QUEUED:
            return _("In the queue, number {place}").format(place=work.ahead.get(upload.id, 0) + 1)
        case RunState.RUNNING:
            return _("Being graded")
        case RunState.SCORED:
            return _("Graded") if run is None else _result(run, full_points)
        case RunState.FAILED:
            return _("Not taken")


def _result(run: OwnRun, full_points: float) -> str:
    """The points of what was run: what a teacher reads later is no part of them."""
    if run.points is None:
        return _("Not graded")
    text = _("{points} of {max_points} points").format(
        points=formatting.points(run.points), max_points=formatting.points(min(run.max_points, full_points))
    )
    return text if run.correct is None else f"{text} · F1 {formatting.f1(run.correct, run.total)}"


def _tasks(run: OwnRun) -> None:
    if run.remarks:
        st.markdown(formatting.plain_lines("\n".join(run.remarks)))
    lost = [task for task in run.tasks if task.points is not None and task.points < task.max_points]
    if not lost:
        return
    label = _("What to fix: {count}").format(count=len(lost))
    with st.expander(label, icon=":material/build:"):
        for task in lost:
            _task(task)


def _task(task: TaskRecord) -> None:
    earned = formatting.points_of(task.points, task.max_points)
    st.markdown(f"**{formatting.plain(task.title)}** · {earned}  \n{formatting.plain_lines(task.message)}")
