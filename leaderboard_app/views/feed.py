"""What is new in the class, a sentence an event."""

from __future__ import annotations

import streamlit as st

from grader.language import Language, _
from grader.service.page_settings import BoardSettings
from leaderboard_app import formatting
from leaderboard_app.class_data import AssignmentBoard
from leaderboard_app.events import Event, EventKind


def draw(board: AssignmentBoard, settings: BoardSettings, language: Language) -> None:
    """Draw the newest events of an assignment; nothing where there are none."""
    if not board.events:
        return
    st.subheader(_("What is new"), anchor=False)
    lines = [
        f"- {formatting.plain(sentence(event, board))} · :gray[{formatting.moment(event.at, settings.zone, language)}]"
        for event in board.events
    ]
    st.markdown("\n".join(lines))


def sentence(event: Event, board: AssignmentBoard) -> str:
    """An event in words, plain text."""
    score = _score(event, board)
    match event.kind:
        case EventKind.FULL:
            return _("{alias}: full points, {score}").format(alias=event.alias, score=score)
        case EventKind.LEAD:
            return _("{alias}: the best result of the class, {score}").format(alias=event.alias, score=score)
        case EventKind.PASSED if event.passed is not None:
            return _("{alias}: better than “{model}”, {score}").format(
                alias=event.alias, model=formatting.model(event.passed), score=score
            )
        case EventKind.BETTER:
            gain = formatting.gain(event.gained, is_contest=board.assignment.is_contest)
            return _("{alias}: {gain} more, now {score}").format(alias=event.alias, gain=gain, score=score)
        case _other:
            return _("{alias}: the first result, {score}").format(alias=event.alias, score=score)


def _score(event: Event, board: AssignmentBoard) -> str:
    if event.correct is not None and event.total is not None:
        return f"F1 {formatting.f1_value(event.correct, event.total)}"
    return formatting.points_of(event.points, board.full_points)
