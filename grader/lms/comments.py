"""What a student reads beside the points in the learning management system: a short HTML text."""

from __future__ import annotations

from html import escape

from grader.language import _
from grader.outcomes import Outcome
from grader.printable import printable
from grader.record.database import RunRecord
from grader.record.database.late import CountedRecord
from grader.show.export import GradeLine
from grader.show.lateness import late_line, points_line

# Names the comment as ours, so that a teacher's own words are never replaced.
MARK = '<div class="springfield-grader">'
_MAX_MESSAGE = 600
_MAX_TASKS = 40


def comment_of(
    line: GradeLine, run: RunRecord | None, late_penalty: float = 0.0, counted: CountedRecord | None = None
) -> str:
    """Points, and why some were lost, in the current language.

    It is one line, begins with a tag (so that no spreadsheet takes it for a formula), and has neither straight quotes
    nor backslashes in its text: PHP, which reads a worksheet back, takes a quote behind a backslash for the cell's end.

    Args:
        line: the points.
        run: of what was handed in; None where it is not known.
        late_penalty: what was taken off the points of the run.
        counted: how late it was, where that is known.
    """
    earned, most = number(line.points), number(line.max_points)
    parts = [f"<p>{_text(_('{points} of {max_points} points.').format(points=earned, max_points=most))}</p>"]
    if line.reason:
        parts.append(f"<p>{_text(_('The teacher set the points: {reason}').format(reason=line.reason))}</p>")
    elif late_penalty:
        late = _("Handed in late: {points} points were taken off.").format(points=number(late_penalty))
        if known := late_line(counted):
            late = f"{known}, {points_line(line.points + late_penalty, line.points)}."
        parts.append(f"<p>{_text(late)}</p>")
    parts += _lost(run)
    return f"{MARK}{''.join(parts)}</div>"


def is_ours(comment: str) -> bool:
    """Whether a comment was made here, and may be replaced by a newer one; an empty one may."""
    return not comment.strip() or "springfield-grader" in comment[:200]


def number(value: float) -> str:
    """A number with at most two decimals, as short as it gets: `7`, `7.5`."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _lost(run: RunRecord | None) -> list[str]:
    tasks = run.tasks if run else ()
    lost = [task for task in tasks if task.points is not None and task.points < task.max_points]
    lost = [task for task in lost if task.outcome != Outcome.MANUAL]
    items = [
        f"<li><b>{_text(task.title or task.grade_id)}</b> ({number(task.points or 0)}/{number(task.max_points)}): "
        f"{_text(task.message.strip())}</li>"
        for task in lost[:_MAX_TASKS]
    ]
    return [f"<ul>{''.join(items)}</ul>"] if items else []


def _text(text: str) -> str:
    clean = escape(printable(text, _MAX_MESSAGE)).replace("\\", "&#92;").replace("\t", " ")
    return clean.replace("\n", "<br>")
