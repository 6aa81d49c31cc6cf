"""What a student has reached in an assignment: badges by task, the personal best, and the steps to it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

import streamlit as st

from grader.language import _
from leaderboard_app import formatting
from leaderboard_app.class_data import AssignmentBoard
from leaderboard_app.class_database import OwnRun

_TASK = re.compile(r"task\s*_?(\d+)")
_STEPS = 6


def draw(board: AssignmentBoard, runs: Sequence[OwnRun]) -> None:
    """Draw it; nothing for who has no result yet.

    Args:
        board: of the assignment.
        runs: the student's, the oldest first.
    """
    scored = [run for run in runs if run.points is not None]
    if not scored:
        return
    badges = [*_tasks(scored), *_models(board, scored)]
    if badges:
        st.markdown(" ".join(badges))
    best = max(scored, key=_score)  # of equal ones the first
    number = runs.index(best) + 1
    steps = _steps(scored)
    text = _("**Personal best: {score}**, in try {number} of {count}.").format(
        score=_shown(best, board), number=number, count=len(runs)
    )
    if len(steps) > 1:
        gain = _score(steps[-1]) - _score(steps[-2])
        text += " " + _("Steps: {steps}. The last one brought {gain}.").format(
            steps=" → ".join(_short(run) for run in steps[-_STEPS:]), gain=_gain(gain, best)
        )
    st.markdown(text)


def _tasks(runs: Sequence[OwnRun]) -> list[str]:
    """A badge for each numbered task: of each of its cells the best that any run has had."""
    best: dict[str, float] = {}
    most: dict[str, float] = {}
    for task in (task for run in runs for task in run.tasks):
        if task.points is not None:
            best[task.grade_id] = max(best.get(task.grade_id, 0.0), task.points)
            most[task.grade_id] = task.max_points
    earned: dict[str, float] = defaultdict(float)
    possible: dict[str, float] = defaultdict(float)
    for grade_id, points in best.items():
        found = _TASK.match(grade_id)
        name = _("Task {number}").format(number=found[1]) if found else grade_id.replace("_", " ")
        earned[name] += points
        possible[name] += most[grade_id]
    return [_badge(name, earned[name], possible[name]) for name in possible if possible[name] > 0]


def _badge(name: str, earned: float, possible: float) -> str:
    if earned >= possible:
        return f":green-badge[:material/check_circle: {formatting.plain(name)}]"
    text = f"{name}: {formatting.points_of(earned, possible)}"
    return f":{'orange' if earned else 'gray'}-badge[{formatting.plain(text)}]"


def _models(board: AssignmentBoard, runs: Sequence[OwnRun]) -> list[str]:
    """A badge for each baseline that the best score is above."""
    best = max((_score(run) for run in runs if run.total), default=0.0)
    return [
        ":violet-badge[:material/trending_up: "
        + formatting.plain(_("better than “{model}”").format(model=formatting.model(line.kind, line.label)))
        + "]"
        for line in board.rules.baselines
        if best > line.correct / line.total
    ]


def _steps(runs: Sequence[OwnRun]) -> list[OwnRun]:
    """The runs that were better than all before them."""
    found: list[OwnRun] = []
    for run in runs:
        if not found or _score(run) > _score(found[-1]):
            found.append(run)
    return found


def _score(run: OwnRun) -> float:
    if run.correct is not None and run.total:
        return run.correct / run.total
    return run.points or 0.0


def _short(run: OwnRun) -> str:
    return formatting.points(run.points) if run.correct is None else str(run.correct)


def _shown(run: OwnRun, board: AssignmentBoard) -> str:
    if run.correct is not None and run.total is not None:
        return f"F1 {formatting.f1(run.correct, run.total)}"
    return formatting.points_of(run.points, board.full_points)


def _gain(gain: float, best: OwnRun) -> str:
    if best.total is not None and best.correct is not None:
        return formatting.gain(gain * best.total, is_contest=True)
    return formatting.gain(gain, is_contest=False)
