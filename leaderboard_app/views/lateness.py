"""Time, on a student's page: when it is due, an extension, what being late has cost, late days that are left."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from grader.language import Language, _, ngettext
from grader.scoring.late import Counts
from grader.service.page_settings import BoardSettings
from grader.show.lateness import days_left_line, late_line, points_line
from leaderboard_app import formatting
from leaderboard_app.class_data import AssignmentBoard
from leaderboard_app.own_work import OwnWork


def draw(board: AssignmentBoard, work: OwnWork, settings: BoardSettings, language: Language) -> None:
    """Draw what there is to say about time for one assignment."""
    slug = board.assignment.slug
    extension, counted, grade = work.extensions.get(slug), work.counted.get(slug), work.grade(slug)
    if extension is not None:
        text = _("You have an extension until {moment}: {reason}").format(
            moment=formatting.moment(extension.until, settings.zone, language),
            reason=formatting.plain(extension.reason),
        )
        st.info(text, icon=":material/more_time:")
    line = late_line(counted)
    penalty = grade.late_penalty if grade is not None and grade.override is None else 0.0
    if line:
        if penalty and grade is not None and grade.points is not None:
            line += f", {points_line(grade.points + penalty, grade.points)}"
        (st.warning if penalty else st.info)(f"{line}. {days_left_line(counted)}", icon=":material/schedule:")
    elif penalty:
        text = _("Handed in late: {points} points less.").format(points=formatting.points(penalty))
        st.warning(text, icon=":material/schedule:")
    parts = [_due(board, work, settings, language), "" if line else days_left_line(counted)]
    if counted is not None and counted.of_submissions > 1:
        text = ngettext(
            "The best of {count} submission counts, that of {moment}.",
            "The best of {count} submissions counts, that of {moment}.",
            counted.of_submissions,
        )
        moment = formatting.moment(counted.received_at, settings.zone, language)
        parts.append(text.format(count=counted.of_submissions, moment=moment))
    if any(parts):
        st.caption(" ".join(part for part in parts if part))


def which_counts(board: AssignmentBoard) -> str:
    """Which of the submissions is the grade."""
    if board.rules.counts is Counts.BEST:
        return _("Of the best submission, as the gradebook has it.")
    return _("Of the last submission, as the gradebook has it.")


def where_the_best_counts(boards: Iterable[AssignmentBoard]) -> str:
    """What follows the sentence that the last submission is the grade, with a space; empty where that always holds."""
    titles = [formatting.plain(board.assignment.title) for board in boards if board.rules.counts is Counts.BEST]
    return " " + _("Of {titles} the best submission counts.").format(titles=", ".join(titles)) if titles else ""


def _due(board: AssignmentBoard, work: OwnWork, settings: BoardSettings, language: Language) -> str:
    due = work.due(board)
    if due is None:
        return ""
    zone = formatting.plain(settings.timezone)
    text = _("Deadline: {moment} ({zone}).").format(moment=formatting.moment(due, settings.zone, language), zone=zone)
    minutes = round(board.rules.late.grace.total_seconds() / 60)
    if not minutes:
        return text
    grace = ngettext("{count} minute later is still in time.", "{count} minutes later is still in time.", minutes)
    return f"{text} {grace.format(count=minutes)}"
