"""The gradebook with names, an export of it, and what a teacher decides about one grade."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from grader.language import _
from grader.service.page_settings import BoardSettings
from grader.show.spreadsheet import to_csv
from leaderboard_app import formatting
from leaderboard_app.class_data import ClassData
from leaderboard_app.class_database import Board, GradeRecord, Identity, RunLine, all_runs, grades_of, runs_of
from leaderboard_app.views import tables
from leaderboard_app.views.asking import ask
from leaderboard_app.views.lateness import where_the_best_counts


def draw(settings: BoardSettings, who: Identity, data: ClassData) -> None:
    """Draw the section."""
    with Board.open(settings.class_db_url) as board:
        grades = grades_of(board)
        contest = {slug: all_runs(board, assignment=slug, limit=10_000) for slug in _contests(data)}
    students = list(dict.fromkeys(grade.student_id for grade in grades))
    if not students:
        st.info(_("Nobody is in the class yet. Invite them: `grader invite roster.csv`."), icon=":material/group_add:")
        return
    _table(students, grades, contest, data)
    st.download_button(
        _("Export as CSV"),
        to_csv(*_export(grades)),
        file_name="grades.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )
    _decide(settings, who, students, grades, data)


def _contests(data: ClassData) -> list[str]:
    return [board.assignment.slug for board in data.boards if board.assignment.is_contest]


def _table(
    students: Sequence[str], grades: Sequence[GradeRecord], contest: dict[str, list[RunLine]], data: ClassData
) -> None:
    by_place = {(grade.student_id, grade.assignment): grade for grade in grades}
    first = {student: next(grade for grade in grades if grade.student_id == student) for student in students}
    columns = [
        tables.Column(_("Student"), [first[student].name or student for student in students]),
        tables.Column(_("Id"), list(students)),
        tables.Column(_("Alias"), [first[student].alias for student in students]),
    ]
    for board in data.boards:
        slug = board.assignment.slug
        cells = [_grade(by_place.get((student, slug))) for student in students]
        columns.append(tables.Column(board.assignment.title, cells))
        if slug in contest:
            private = _private(contest[slug])
            columns.append(tables.Column(_("Private F1"), [private.get(student, "") for student in students]))
    sums = [
        sum(by_place[student, b.assignment.slug].effective_points or 0.0 for b in data.boards) for student in students
    ]
    columns.append(tables.Column(_("Sum"), sums, kind="points"))
    tables.draw(columns, alt=_("Grades of the class, with names"), key="gradebook")
    st.caption(
        _("An asterisk marks a grade that was set by hand. Grades are of the last submission, late penalty taken off.")
        + where_the_best_counts(data.boards)
    )


def _grade(grade: GradeRecord | None) -> str:
    if grade is None or grade.effective_points is None:
        return formatting.NOTHING
    return formatting.points(grade.effective_points) + ("*" if grade.override is not None else "")


def _private(runs: Sequence[RunLine]) -> dict[str, str]:
    """The private score of each student's newest scored run."""
    found: dict[str, str] = {}
    for run in runs:
        if run.private_correct is not None and run.private_total:
            found.setdefault(run.student_id, formatting.f1(run.private_correct, run.private_total))
    return found


def _export(grades: Sequence[GradeRecord]) -> tuple[list[str], list[list[str]]]:
    header = ["student", "name", "assignment", "points", "max_points", "late_penalty", "reason"]
    rows = [
        [
            g.student_id,
            g.name or "",
            g.assignment,
            f"{g.effective_points:g}",
            f"{g.max_points:g}",
            f"{g.late_penalty:g}",
            g.reason,
        ]
        for g in grades
        if g.effective_points is not None
    ]
    return header, rows


def _decide(
    settings: BoardSettings, who: Identity, students: Sequence[str], grades: Sequence[GradeRecord], data: ClassData
) -> None:
    st.subheader(_("One grade"), anchor=False)
    names = {grade.student_id: grade.name or grade.student_id for grade in grades}
    titles = {board.assignment.slug: board.assignment.title for board in data.boards}
    left, right = st.columns(2)
    student = left.selectbox(_("Student"), students, format_func=lambda s: names[s], key="decide-student")
    slug = right.selectbox(_("Assignment"), list(titles), format_func=lambda s: titles[s], key="decide-assignment")
    grade = next(g for g in grades if g.student_id == student and g.assignment == slug)
    _tell_grade(grade)
    with st.form("override", border=True):
        points = st.number_input(
            _("Points"), min_value=0.0, max_value=grade.max_points, value=grade.effective_points or 0.0, step=0.5
        )
        reason = st.text_input(_("Reason; the student reads it"), max_chars=500)
        if st.form_submit_button(_("Set the grade"), type="primary", icon=":material/edit_note:"):
            ask(settings, who, "override", student=student, assignment=slug, points=f"{points:g}", reason=reason)
            st.rerun()
    with st.container(horizontal=True):
        if grade.override is not None and st.button(_("Take the set grade back"), icon=":material/undo:"):
            ask(settings, who, "drop-override", student=student, assignment=slug)
            st.rerun()
        if st.button(
            _("Grade anew"), icon=":material/replay:", help=_("The old result stands until the new one is there.")
        ):
            ask(settings, who, "rejudge", student=student, assignment=slug)
            st.rerun()
    _report(settings, student, slug)


def _tell_grade(grade: GradeRecord) -> None:
    parts = [_("In the gradebook: {points}.").format(points=formatting.points(grade.points))]
    if grade.late_penalty:
        parts.append(_("Late: {points} points less.").format(points=formatting.points(grade.late_penalty)))
    if grade.override is not None:
        parts.append(
            _("Set by hand: {points}, because: {reason}").format(
                points=formatting.points(grade.override), reason=formatting.plain(grade.reason)
            )
        )
    st.markdown(" ".join(parts))


def _report(settings: BoardSettings, student: str, slug: str) -> None:
    with Board.open(settings.class_db_url) as board:
        runs = runs_of(board, student, slug)
    if not runs:
        return
    with st.expander(_("What the last run said, check by check"), icon=":material/receipt_long:"):
        last = runs[-1]
        if last.problem:
            st.markdown(formatting.plain_lines(last.problem))
        tables.draw(
            [
                tables.Column(_("Check"), [task.title for task in last.tasks]),
                tables.Column(_("Outcome"), [task.outcome for task in last.tasks]),
                tables.Column(_("Points"), [task.points for task in last.tasks], kind="points"),
                tables.Column(_("Out of"), [task.max_points for task in last.tasks], kind="points"),
                tables.Column(_("Message"), [task.message for task in last.tasks]),
            ],
            alt=_("What the last run said, check by check"),
            key="report",
        )
