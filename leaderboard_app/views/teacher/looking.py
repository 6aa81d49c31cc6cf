"""What a teacher reads: runs, hints at what is unusual, the log."""

from __future__ import annotations

import streamlit as st

from grader.language import _
from grader.service.page_settings import BoardSettings
from leaderboard_app import formatting, languages
from leaderboard_app.class_data import ClassData
from leaderboard_app.class_database import (
    AnomalyKind,
    Board,
    Identity,
    RunLine,
    RunState,
    all_runs,
    audit_log,
    find_anomalies,
)
from leaderboard_app.views import tables

_RUNS = 500
_ALL_RUNS = 100_000


def draw_runs(settings: BoardSettings, _who: Identity, _data: ClassData) -> None:
    """The newest runs with names, states and private scores."""
    language = languages.chosen()
    with Board.open(settings.class_db_url) as board:
        runs = all_runs(board, limit=_RUNS)
    if not runs:
        st.info(_("Nothing has been graded yet."), icon=":material/hourglass_empty:")
        return
    tables.draw(
        [
            tables.Column(_("When"), [formatting.moment(r.received_at, settings.zone, language) for r in runs]),
            tables.Column(_("Student"), [run.name or run.student_id for run in runs]),
            tables.Column(_("Assignment"), [run.assignment for run in runs]),
            tables.Column(_("State"), [_state(run.state) for run in runs]),
            tables.Column(_("Points"), [run.points for run in runs], kind="points"),
            tables.Column(_("Public F1"), [formatting.f1(run.correct, run.total) for run in runs]),
            tables.Column(_("Private F1"), [_private(run) for run in runs]),
            tables.Column(_("Seconds"), [round(run.wall_s, 1) for run in runs], kind="points"),
            tables.Column(_("Problem"), [run.problem or formatting.NOTHING for run in runs]),
        ],
        alt=_("The newest runs"),
        key="runs",
    )


def draw_anomalies(settings: BoardSettings, _who: Identity, _data: ClassData) -> None:
    """Hints, not verdicts."""
    with Board.open(settings.class_db_url) as board:
        runs = all_runs(board, limit=_ALL_RUNS)
    names = {run.student_id: run.name or run.student_id for run in runs}
    found = find_anomalies(runs)
    st.caption(_("Hints, not verdicts: talk to the student before you decide anything."))
    if not found:
        st.success(_("Nothing unusual."), icon=":material/check_circle:")
        return
    words = {
        AnomalyKind.SAME_FILE: _("The very same file"),
        AnomalyKind.MANY_NEAR: _("Many submissions that differ by a picture or two"),
        AnomalyKind.JUMP: _("A leap by half of all points or more"),
    }
    tables.draw(
        [
            tables.Column(_("What"), [words[line.kind] for line in found]),
            tables.Column(_("Assignment"), [line.assignment for line in found]),
            tables.Column(_("Students"), [", ".join(names[student] for student in line.students) for line in found]),
            tables.Column(_("How often"), [line.count for line in found], kind="count"),
        ],
        alt=_("What is worth a second look"),
        key="anomalies",
    )


def draw_log(settings: BoardSettings, _who: Identity, _data: ClassData) -> None:
    """What teachers did, on this page and on the command line."""
    language = languages.chosen()
    with Board.open(settings.class_db_url) as board:
        lines = audit_log(board)
    if not lines:
        st.info(_("Nobody has decided anything yet."), icon=":material/history:")
        return
    tables.draw(
        [
            tables.Column(_("When"), [formatting.moment(line.at, settings.zone, language) for line in lines]),
            tables.Column(_("Who"), [line.author for line in lines]),
            tables.Column(_("Action"), [line.action for line in lines]),
            tables.Column(_("Whom or what"), [line.subject for line in lines]),
            tables.Column(_("Details"), [line.detail for line in lines]),
        ],
        alt=_("What teachers did, the newest first"),
        key="log",
    )


def _private(run: RunLine) -> str:
    return formatting.f1(run.private_correct, run.private_total)


def _state(state: RunState) -> str:
    match state:
        case RunState.SCORED:
            return _("Graded")
        case RunState.FAILED:
            return _("Not graded")
        case _other:
            return _("Being graded")
