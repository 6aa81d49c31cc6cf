"""Charts by Altair. Every one has a text beside it that says the same, and none speaks by colour alone."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from grader.language import _
from grader.scoring.baseline import Baseline
from grader.scoring.f1 import wilson
from grader.scoring.points import PointsTable
from leaderboard_app import formatting
from leaderboard_app.class_database import LeaderboardRow, OwnRun

_HEIGHT_PX = 260
_GAP = 0.05  # between two bars of the histogram, in points
_ON_BOTH = "#7d7a94"  # reads on the light ground and on the dark one; Streamlit's theme colours bars, not rules


def ladder(table: PointsTable, correct: int | None, total: int) -> None:
    """The points ladder: a rung per threshold, those that are reached filled."""
    score = None if correct is None else Fraction(correct, total)
    steps = [
        {
            "points": step.points,
            "rung": f"{formatting.threshold(step.f1)}",
            "state": _("reached") if score is not None and score >= step.f1 else _("ahead"),
        }
        for step in table.thresholds
    ]
    chart = (
        alt.Chart(pd.DataFrame(steps))
        .mark_bar(cornerRadius=3)
        .encode(
            x=alt.X("rung:O", title=_("F1 at least"), axis=alt.Axis(labelAngle=0, labelOverlap="greedy")),
            y=alt.Y("points:Q", title=_("Points")),
            fillOpacity=alt.FillOpacity(
                "state:N",
                scale=alt.Scale(domain=[_("reached"), _("ahead")], range=[1.0, 0.22]),
                legend=alt.Legend(title=None, orient="top"),
            ),
            tooltip=[alt.Tooltip("rung:N", title="F1"), alt.Tooltip("points:Q", title=_("Points"))],
        )
        .properties(height=_HEIGHT_PX)
    )
    st.altair_chart(chart, alt=_("Points ladder: which F1 gives how many points, and how far you are"))


def progress(runs: Sequence[OwnRun], baselines: Sequence[Baseline]) -> None:
    """F1 of each submission in order, with the 95% interval, the best so far, and the baselines that are near."""
    rows = []
    best = 0.0
    for number, run in enumerate(runs, start=1):
        if run.correct is None or run.total is None:
            continue
        bounds = wilson(run.correct, run.total)
        f1 = run.correct / run.total
        best = max(best, f1)
        rows.append({"number": number, "f1": f1, "low": bounds.low, "high": bounds.high, "best": best})
    if len(rows) < 2:
        return
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=alt.X("number:O", title=_("Submission"), axis=alt.Axis(labelAngle=0, labelOverlap="greedy"))
    )
    scale = alt.Scale(zero=False)
    interval = base.mark_rule(strokeWidth=2, color=_ON_BOTH).encode(
        y=alt.Y("low:Q", title="F1", scale=scale), y2="high:Q"
    )
    points = base.mark_point(filled=True, size=70).encode(y=alt.Y("f1:Q", scale=scale), tooltip=["number", "f1"])
    line = base.mark_line(interpolate="step-after", strokeDash=[5, 4]).encode(y=alt.Y("best:Q", scale=scale))
    chart = interval + line + points
    near = _near(baselines, min(row["low"] for row in rows), best)
    if near:
        lines = alt.Chart(pd.DataFrame(near)).encode(y=alt.Y("f1:Q", scale=scale))
        chart += lines.mark_rule(strokeWidth=1.5, strokeDash=[2, 3], color=_ON_BOTH)
        chart += lines.mark_text(align="left", x=4, dy=-7, color=_ON_BOTH, fontSize=12).encode(text="name:N")
    st.altair_chart(
        chart.properties(height=_HEIGHT_PX),
        alt=_("F1 of your submissions with the 95% interval, and your best so far")
        + "".join(f"; {line['name']}: {line['f1']:.5f}" for line in near),
    )


def _near(baselines: Sequence[Baseline], low: float, best: float) -> list[dict[str, Any]]:
    """The baselines at the reader's height and the next one above: others would flatten the picture."""
    found = sorted((line.correct / line.total, formatting.model(line.kind, line.label)) for line in baselines)
    above = [line for line in found if line[0] > best][:1]
    return [{"f1": f1, "name": name} for f1, name in [line for line in found if low <= line[0] <= best] + above]


def distribution(rows: Sequence[LeaderboardRow], own: LeaderboardRow | None) -> None:
    """How many students have how many points; the reader's own place is marked."""
    earned = Counter(math.floor(row.points) for row in rows if row.points is not None)
    if earned.total() < 3:
        return
    # Written out and counted here: Altair takes 30 ms to say the same, and the whole class asks when a result comes in.
    bins = [
        {"from": points + _GAP, "to": points + 1 - _GAP, "students": count} for points, count in sorted(earned.items())
    ]
    on_points = {"type": "quantitative", "title": _("Points"), "axis": {"format": "d", "grid": False}}
    # Rectangles from corner to corner: bars over given bins are not drawn in Streamlit's version of Vega.
    layers: list[dict[str, Any]] = [
        {
            "data": {"values": bins},
            "mark": {"type": "rect", "cornerRadiusTopLeft": 3, "cornerRadiusTopRight": 3},
            "encoding": {
                "x": {"field": "from", **on_points},
                "x2": {"field": "to"},
                "y": {
                    "field": "students",
                    "type": "quantitative",
                    "title": _("Students"),
                    "axis": {"tickMinStep": 1, "format": "d"},
                    "scale": {"zero": True},
                },
                "y2": {"datum": 0},
            },
        }
    ]
    if own is not None and own.points is not None:
        place = {"values": [{"points": math.floor(own.points) + 0.5, "text": _("you")}]}
        x = {"field": "points", **on_points}
        layers.append(
            {
                "data": place,
                "mark": {"type": "rule", "strokeWidth": 3, "strokeDash": [2, 2], "color": _ON_BOTH},
                "encoding": {"x": x},
            }
        )
        layers.append(
            {
                "data": place,
                "mark": {"type": "text", "dy": -6, "y": 0, "fontWeight": "bold", "color": _ON_BOTH},
                "encoding": {"x": x, "text": {"field": "text", "type": "nominal"}},
            }
        )
    spec = {"layer": layers, "height": _HEIGHT_PX}
    st.vega_lite_chart(spec=spec, alt=_("How many students have how many points"))
