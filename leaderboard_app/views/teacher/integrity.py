"""What students have in common: the integrity report of one assignment, made by the watcher when it is asked for."""

from __future__ import annotations

import streamlit as st

from grader.language import Language, _, speaking
from grader.service.page_settings import BoardSettings
from leaderboard_app import formatting, languages
from leaderboard_app.class_data import ClassData
from leaderboard_app.class_database import Board, Identity, IntegrityRecord, grades_of, integrity_of
from leaderboard_app.views import tables
from leaderboard_app.views.asking import ask
from leaderboard_app.views.entrance import require_teacher

_LOOK_S = 2


def draw(settings: BoardSettings, who: Identity, data: ClassData) -> None:
    """Draw the section."""
    st.caption(
        _("A finding is a reason to talk, not a proof: the same code with the same seed gives the same predictions.")
    )
    titles = {board.assignment.slug: board.assignment.title for board in reversed(data.boards)}
    if not titles:
        st.info(_("This class has no assignments yet."), icon=":material/hourglass_empty:")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        slug = st.selectbox(_("Assignment"), list(titles), format_func=lambda s: titles[s], key="integrity-assignment")
        if st.button(_("Compare anew"), type="primary", icon=":material/compare_arrows:"):
            ask(settings, who, "integrity", assignment=slug)
            st.rerun()
    with Board.open(settings.class_db_url) as board:
        is_waiting = integrity_of(board, slug).asked_at is not None
    st.fragment(_report, run_every=_LOOK_S if is_waiting else None)(settings, slug, was_waiting=is_waiting)


def _report(settings: BoardSettings, slug: str, *, was_waiting: bool) -> None:
    language = languages.chosen()
    with speaking(language):
        require_teacher(settings)  # a fragment runs without the page around it
        with Board.open(settings.class_db_url) as board:
            report = integrity_of(board, slug)
            names = {grade.student_id: grade.name or grade.student_id for grade in grades_of(board)}
        if was_waiting and report.asked_at is None:
            st.rerun()  # what it waited for is there: nothing has to refresh any more
        _tell(report, settings, language)
        _table(report, names, language)


def _tell(report: IntegrityRecord, settings: BoardSettings, language: Language) -> None:
    if report.asked_at is not None:
        text = _(
            "Being compared since {when}. A large class takes minutes; the page shows the report as soon as it is "
            "there."
        )
        st.info(
            text.format(when=formatting.moment(report.asked_at, settings.zone, language)),
            icon=":material/hourglass_top:",
        )
    if report.problem:
        text = _("The last try failed: {reason}")
        st.error(text.format(reason=formatting.plain(report.problem)), icon=":material/error:")
    if report.made_at is None:
        st.info(_("This assignment has not been compared yet."), icon=":material/hourglass_empty:")
        return
    text = _("As of {when}: students {students}, of them with predictions {predictions}.")
    when = formatting.moment(report.made_at, settings.zone, language)
    st.caption(text.format(when=when, students=report.students, predictions=report.predictions))


def _table(report: IntegrityRecord, names: dict[str, str], language: Language) -> None:
    found = [one for one in report.findings if one.language == language]
    if report.made_at is None:
        return
    if not found:
        st.success(_("Nothing stands out."), icon=":material/check_circle:")
        return
    who = [", ".join(names.get(student, student) for student in one.students) for one in found]
    tables.draw(
        [
            tables.Column(_("What"), [one.what for one in found]),
            tables.Column(_("Students"), who),
            tables.Column(_("Details"), [one.details for one in found]),
        ],
        alt=_("What students have in common"),
        key="integrity",
    )
