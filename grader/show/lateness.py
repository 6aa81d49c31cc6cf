"""What being late has cost, in words: the same in the feedback, on the page and in what goes to other systems."""

from __future__ import annotations

from fractions import Fraction

from grader.language import _, current_language, ngettext
from grader.record.database.late import CountedRecord
from grader.scoring.late import LateRules, Policy


def late_line(counted: CountedRecord | None) -> str:
    """How late work was and what that costs: `2 days late: −20%`; empty where it was in time."""
    if counted is None or not counted.days_late:
        return ""
    late = ngettext("{count} day late", "{count} days late", counted.days_late).format(count=counted.days_late)
    if counted.days_free:
        late += ", " + (
            _("paid with late days")
            if counted.days_free == counted.days_late
            else ngettext(
                "{count} of them paid with late days", "{count} of them paid with late days", counted.days_free
            )
        ).format(count=counted.days_free)
    return f"{late}: −{share_in_words(counted.taken)}" if counted.taken else late


def points_line(before: float, after: float) -> str:
    """The points before and after what being late has cost: `17 points became 13.6`."""
    return _("{before} points became {after}").format(before=_number(before), after=_number(after))


def days_left_line(counted: CountedRecord | None) -> str:
    """How many late days a student still has; empty where the class has none."""
    if counted is None or counted.days_left is None:
        return ""
    return _("Late days left for the term: {count}.").format(count=counted.days_left)


def rules_in_words(rules: LateRules) -> str:
    """What late work costs in this class, in a few sentences; empty where it costs nothing."""
    if rules.policy is Policy.NONE:
        return ""
    per_day, most = share_in_words(rules.percent / 100), share_in_words(rules.at_most / 100)
    taken = (
        _("{share} of the points").format(share=per_day)
        if rules.at_most >= 100
        else _("{share} of the points, {most} at most").format(share=per_day, most=most)
    )
    if rules.policy is Policy.BUDGET:
        have = ngettext(
            "You have {count} late day for the whole term: it pays for a day begun after a deadline.",
            "You have {count} late days for the whole term: each pays for a day begun after a deadline.",
            rules.days,
        )
        parts = [have.format(count=rules.days), _("Each day that they do not pay takes {taken}.").format(taken=taken)]
    else:
        parts = [_("Each day begun after the deadline takes {taken}.").format(taken=taken)]
    grace = round(rules.grace.total_seconds() / 60)
    if grace:
        text = ngettext("{count} minute late is not late yet.", "{count} minutes late are not late yet.", grace)
        parts.append(text.format(count=grace))
    return " ".join(parts)


def share_in_words(taken: Fraction) -> str:
    """A share as a percentage with at most two decimals: `12.5%`."""
    return f"{_number(float(100 * taken))}%"


def _number(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return text.replace(".", ",") if current_language() == "ru" else text
