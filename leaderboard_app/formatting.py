"""How values read on the page. Scores are cut off, never rounded: no print reaches a threshold the score missed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from grader.language import Language, _, ngettext
from grader.scoring.baseline import Baseline, BaselineKind
from grader.scoring.f1 import wilson
from grader.scoring.mcnemar import RankRange
from grader.scoring.points import truncated

NOTHING = "—"
_ADDRESS = re.compile(r"(?i)(https?|ftp|www|mailto|xmpp)(?=[.:])|@")
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def f1_value(correct: int, total: int) -> str:
    """Five decimals: `0.96972`."""
    return truncated(Fraction(correct, total))


def threshold(score: Fraction) -> str:
    """A threshold of the ladder: `0.97`."""
    return truncated(score, 2)


def f1(correct: int | None, total: int | None) -> str:
    """Five decimals and the count: `0.96972 (961 of 991)`."""
    if correct is None or total is None:
        return NOTHING
    count = _("{correct} of {total}").format(correct=correct, total=total)
    return f"{f1_value(correct, total)} ({count})"


def interval(correct: int | None, total: int | None) -> str:
    """Both ends of the 95% interval; it is not symmetric."""
    if correct is None or total is None:
        return NOTHING
    bounds = wilson(correct, total)
    return f"{truncated(Fraction(bounds.low), 4)} – {truncated(Fraction(bounds.high), 4)}"


def rank_range(found: RankRange | None) -> str:
    """Ranks that cannot be told apart: `2–5`; a rank that can be told from all others stands alone."""
    if found is None:
        return NOTHING
    return f"{found.first}" if found.first == found.last else f"{found.first}–{found.last}"


def points(earned: float | None) -> str:
    """Points without idle zeros: `14`, `9.5`."""
    return NOTHING if earned is None else f"{earned:.2f}".rstrip("0").rstrip(".")


def points_of(earned: float | None, most: float) -> str:
    """Points with how many there are: `9 of 15`."""
    return _("{points} of {max_points}").format(points=points(earned), max_points=points(most))


def gain(amount: float, *, is_contest: bool) -> str:
    """How much better a result is: pictures in a contest, else points."""
    if is_contest:
        count = round(amount)
        return ngettext("{count} picture", "{count} pictures", count).format(count=count)
    return _("points: {points}").format(points=points(amount))


def moment(when: datetime | None, zone: ZoneInfo, language: Language) -> str:
    """A time in the class's zone: `2 мар., 15:04`."""
    if when is None:
        return NOTHING
    return format_datetime(when.astimezone(zone), "d MMM, HH:mm", locale=language)


def change(rank: int | None, before: int | None) -> str:
    """How a place has changed: `+2` is two places up, `=` none, `new` was not there."""
    if rank is None:
        return NOTHING
    if before is None:
        return _("new")
    return "=" if rank == before else f"{before - rank:+d}"


def marked(alias: str, own_alias: str) -> str:
    """The alias, with a word before it where it is the reader's own: a phone cuts off what stands behind."""
    return f"{_('you')} → {alias}" if alias == own_alias else alias


def out_of(title: str, most: float) -> str:
    """A heading that says how much there is: `ResNet, of 20`."""
    return _("{title}, of {most}").format(title=title, most=points(most))


def model(kind: BaselineKind, label: str = "") -> str:
    """What a baseline is called."""
    match kind:
        case BaselineKind.CONSTANT:
            return _("everything is {label}").format(label=label or "bart_simpson")
        case BaselineKind.HISTOGRAM:
            return _("colours alone")
        case BaselineKind.SIMPLE_CNN:
            return _("simple CNN")
        case BaselineKind.REFERENCE:
            return _("reference solution")


def baseline(line: Baseline) -> str:
    """The name of a baseline with the badge that tells its row from a student's."""
    return f"◇ {model(line.kind, line.label)} · {_('for comparison')}"


def time_left(deadline: datetime) -> str:
    """How long it is to a deadline, in whole hours or days: `3 дня`."""
    left_h = (deadline - datetime.now(UTC)).total_seconds() / 3600
    if left_h <= 0:
        return _("over")
    if left_h < 1:
        return _("less than an hour")
    if left_h < 48:
        return ngettext("{count} hour", "{count} hours", int(left_h)).format(count=int(left_h))
    return ngettext("{count} day", "{count} days", int(left_h / 24)).format(count=int(left_h / 24))


def plain(text: str) -> str:
    """Text that Streamlit's Markdown shows letter by letter, whatever markup, link or formula it spells."""
    # A bare address becomes a link even where its punctuation is escaped; an invisible joiner parts it.
    parted = _ADDRESS.sub("\\g<0>\u2060", " ".join(text.split()))
    return _PUNCTUATION.sub(r"\\\1", parted)


def plain_lines(text: str) -> str:
    """Several lines of text for Streamlit's Markdown, each letter by letter."""
    return "  \n".join(plain(line) for line in text.splitlines() if line.strip())
