"""How an assignment goes, for its teacher: by task, who is missing, who is stuck; and what is done for many at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from grader.language import Language, _, ngettext
from grader.service.page_settings import BoardSettings
from leaderboard_app import formatting, languages
from leaderboard_app.class_data import AssignmentBoard, ClassData
from leaderboard_app.class_database import (
    Board,
    ExtensionRecord,
    Identity,
    Missing,
    Stuck,
    TaskStatistics,
    Tried,
    extensions_of,
    grades_of,
    missing_from,
    stuck_in,
    submissions_of,
    task_statistics,
)
from leaderboard_app.views import charts, tables
from leaderboard_app.views.asking import ask


def draw(settings: BoardSettings, who: Identity, data: ClassData) -> None:
    """Draw the section."""
    if not data.boards:
        st.info(_("This class has no assignments yet."), icon=":material/hourglass_empty:")
        return
    boards = {board.assignment.slug: board for board in data.boards}
    slug = st.selectbox(
        _("Assignment"),
        list(boards),
        index=list(boards).index(_first(data)),
        format_func=lambda slug: boards[slug].assignment.title,
        key="statistics-assignment",
    )
    if slug is None:
        return
    language = languages.chosen()
    with Board.open(settings.class_db_url) as board:
        tried, missing = submissions_of(board, slug), missing_from(board, slug)
        names = {grade.student_id: grade.name or grade.student_id for grade in grades_of(board)}
        extensions = [found for (_student, own), found in extensions_of(board).items() if own == slug]
    _cards(boards[slug], tried, missing, settings, language)
    if tried:
        _tasks(task_statistics(tried, {*names, *names.values()}))
        st.subheader(_("Points of the class"), anchor=False)
        charts.distribution(boards[slug].standings, None)
        _stuck(stuck_in(tried), settings, language)
    _missing(missing)
    _extensions(extensions, names, settings, language)
    _for_many(settings, who, boards[slug], names, missing)


def _first(data: ClassData) -> str:
    """The assignment with the nearest deadline ahead, else the last one that anybody has handed in."""
    now = datetime.now(UTC)
    ahead = [
        (deadline, board.assignment.slug)
        for board in data.boards
        if (deadline := board.assignment.deadline) is not None and deadline > now
    ]
    if ahead:
        return min(ahead)[1]
    handed_in = [board.assignment.slug for board in data.boards if board.standings]
    return (handed_in or [data.boards[0].assignment.slug])[-1]


def _cards(
    board: AssignmentBoard,
    tried: Sequence[Tried],
    missing: Sequence[Missing],
    settings: BoardSettings,
    language: Language,
) -> None:
    students = len({one.student_id for one in tried})
    deadline = board.assignment.deadline
    with st.container(horizontal=True):
        everybody = students + len(missing)
        st.metric(_("Handed in"), _("{count} of {students}").format(count=students, students=everybody), border=True)
        st.metric(_("Submissions"), len(tried), border=True)
        if deadline is not None:
            help_ = formatting.moment(deadline, settings.zone, language)
            st.metric(_("Deadline"), formatting.time_left(deadline), border=True, help=help_)


def _tasks(found: Sequence[TaskStatistics]) -> None:
    st.subheader(_("By task"), anchor=False)
    tables.draw(
        [
            tables.Column(_("Task"), [one.title for one in found], width_px=170),
            tables.Column(_("Solved"), [f"{one.solved} ({100 * one.share:.0f}%)" for one in found], kind="score"),
            tables.Column(_("Tries"), [one.tries for one in found], kind="points", width_px=90),
        ],
        alt=_("How each task went"),
        key="by-task",
    )
    st.caption(_("Tries: submissions until the task was solved, the median of those who solved it."))
    lost = sorted((one for one in found if one.diagnoses), key=lambda one: -one.diagnoses[0].students)
    if not lost:
        return
    st.subheader(_("The commonest mistakes"), anchor=False)
    st.caption(_("In the words that a student read; nobody is named, so it can be shown in class."))
    for one in lost:
        first = one.diagnoses[0].students
        count = ngettext("{count} student", "{count} students", first).format(count=first)
        with st.expander(f"{formatting.plain(one.title)} · {count}", expanded=one is lost[0]):
            for diagnosis in one.diagnoses:
                number = diagnosis.students
                count = ngettext("{count} student", "{count} students", number).format(count=number)
                st.markdown(f"**{count}**")
                st.markdown(formatting.plain_lines(diagnosis.example[:600]))


def _stuck(found: Sequence[Stuck], settings: BoardSettings, language: Language) -> None:
    st.subheader(_("Who is stuck"), anchor=False)
    if not found:
        st.success(_("Nobody has tried three times or more without getting further."), icon=":material/check_circle:")
        return
    tables.draw(
        [
            tables.Column(_("Student"), [one.name for one in found]),
            tables.Column(_("Tries"), [one.tries for one in found], kind="count"),
            tables.Column(_("Since a gain"), [one.since_gain for one in found], kind="count"),
            tables.Column(_("Points"), [one.points for one in found], kind="points"),
            tables.Column(_("Last"), [formatting.moment(one.last_at, settings.zone, language) for one in found]),
        ],
        alt=_("Who has tried several times without a gain"),
        key="stuck",
    )


def _missing(missing: Sequence[Missing]) -> None:
    st.subheader(_("Who has not handed in"), anchor=False)
    if not missing:
        st.success(_("Everybody has handed in."), icon=":material/check_circle:")
        return
    st.markdown(", ".join(formatting.plain(one.name) for one in missing))


def _extensions(
    found: Sequence[ExtensionRecord], names: dict[str, str], settings: BoardSettings, language: Language
) -> None:
    if not found:
        return
    st.subheader(_("Extensions"), anchor=False)
    ordered = sorted(found, key=lambda one: names.get(one.student_id, one.student_id))
    tables.draw(
        [
            tables.Column(_("Student"), [names.get(one.student_id, one.student_id) for one in ordered]),
            tables.Column(_("Until"), [formatting.moment(one.until, settings.zone, language) for one in ordered]),
            tables.Column(_("Reason"), [one.reason for one in ordered]),
            tables.Column(_("By"), [one.author for one in ordered]),
        ],
        alt=_("Extensions for this assignment"),
        key="extensions",
    )


def _for_many(
    settings: BoardSettings, who: Identity, board: AssignmentBoard, names: dict[str, str], missing: Sequence[Missing]
) -> None:
    st.subheader(_("For many at once"), anchor=False)
    slug, deadline = board.assignment.slug, board.assignment.deadline
    if deadline is None:
        st.caption(_("Without a deadline there is nothing to extend and nothing to remind of."))
    else:
        with st.form(f"extend-{slug}", border=True):
            students = st.multiselect(
                _("Extend the deadline of"),
                sorted(names, key=lambda student: names[student]),
                default=[one.student_id for one in missing if one.student_id in names],
                format_func=lambda student: names[student],
                key=f"extend-students-{slug}",
            )
            until = st.datetime_input(
                _("Until, in the zone {zone}").format(zone=settings.timezone), value=None, key=f"extend-until-{slug}"
            )
            reason = st.text_input(_("Reason; the student reads it"), max_chars=500, key=f"extend-reason-{slug}")
            if st.form_submit_button(_("Extend"), type="primary", icon=":material/more_time:"):
                when = until.isoformat(timespec="minutes") if isinstance(until, datetime) else ""
                _extend(settings, who, slug, students, when, reason)
    with st.container(horizontal=True):
        if st.button(_("Grade all anew"), icon=":material/replay:", key=f"regrade-all-{slug}"):
            ask(settings, who, "rejudge-all", assignment=slug)
            st.rerun()
        is_open = deadline is not None and deadline > datetime.now(UTC)
        if st.button(
            _("Remind who is missing"),
            icon=":material/notifications:",
            disabled=not (is_open and missing),
            help=_("By e-mail or messenger, if class.toml says how: `grader remind`."),
            key=f"remind-{slug}",
        ):
            ask(settings, who, "remind", assignment=slug)
            st.rerun()


def _extend(
    settings: BoardSettings, who: Identity, slug: str, students: Sequence[str], until: str, reason: str
) -> None:
    if not (students and until):
        st.error(_("Choose students, and until when."), icon=":material/error:")
        return
    ask(settings, who, "extend", students="\n".join(students), assignment=slug, until=until, reason=reason)
    st.rerun()
