"""How many contest submissions a student has left: per calendar day in the class's time zone, and in total."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from grader.language import _


@dataclass(frozen=True)
class Quota:
    """What a student may hand in; 0 is no limit.

    Attributes:
        per_day: submissions of one calendar day.
        in_total: submissions of the whole contest.
        invalid_per_day: submissions of one calendar day that could not be scored; they use up none of the others.
        mib_per_day: MiB of weights that may be sent to the page on one calendar day.

    Raises:
        ValueError: a number is negative.
    """

    per_day: int = 5
    in_total: int = 0
    invalid_per_day: int = 20
    mib_per_day: int = 1000

    def __post_init__(self) -> None:
        if min(self.per_day, self.in_total, self.invalid_per_day, self.mib_per_day) < 0:
            raise ValueError("a quota is 0 (no limit) or more")


@dataclass(frozen=True, slots=True)
class Use:
    """One submission that was taken.

    Attributes:
        at: when, with a time zone.
        is_invalid: whether it could not be scored.
    """

    at: datetime
    is_invalid: bool


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left.

    Attributes:
        quota: the class's.
        used_today: of `per_day`.
        used_in_total: of `in_total`.
        invalid_today: of `invalid_per_day`.
        now: when this was counted, in the class's time zone.
        resets_at: the next midnight there.
    """

    quota: Quota
    used_today: int
    used_in_total: int
    invalid_today: int
    now: datetime
    resets_at: datetime

    @property
    def left_today(self) -> int | None:
        """Submissions left until `resets_at`; None without a limit."""
        left = [
            limit - used
            for limit, used in (
                (self.quota.per_day, self.used_today),
                (self.quota.in_total, self.used_in_total),
            )
            if limit
        ]
        return max(0, min(left)) if left else None

    @property
    def message(self) -> str:
        """Why nothing more is taken now; empty where something is."""
        quota = self.quota
        if quota.in_total and self.used_in_total >= quota.in_total:
            return _(
                "LIMIT: {used} of {allowed} submissions used. There are no more in this contest. "
                "This file was not counted."
            ).format(used=self.used_in_total, allowed=quota.in_total)
        if quota.per_day and self.used_today >= quota.per_day:
            text = _(
                "LIMIT: {used} of {allowed} submissions used today. Next at {at} (in {hours} h {minutes} min). "
                "This file was not counted."
            )
            return self._told(text, self.used_today, quota.per_day)
        if quota.invalid_per_day and self.invalid_today >= quota.invalid_per_day:
            text = _(
                "LIMIT: {used} of {allowed} files that could not be scored today. Next at {at} (in {hours} h "
                "{minutes} min). Check the format before you hand in."
            )
            return self._told(text, self.invalid_today, quota.invalid_per_day)
        return ""

    def _told(self, text: str, used: int, allowed: int) -> str:
        # In seconds of the clock that all share: where clocks change, a day has 23 or 25 hours.
        minutes = -(-int(self.resets_at.timestamp() - self.now.timestamp()) // 60)
        return text.format(
            used=used, allowed=allowed, at=f"{self.resets_at:%H:%M}", hours=minutes // 60, minutes=minutes % 60
        )


def allowance(uses: Iterable[Use], quota: Quota, now: datetime, zone: ZoneInfo) -> Allowance:
    """What a student with these uses has left.

    Args:
        uses: everything that was taken before, of any day.
        quota: the class's.
        now: with a time zone.
        zone: the class's.
    """
    here = now.astimezone(zone)
    known = list(uses)
    today = [use for use in known if use.at.astimezone(zone).date() == here.date()]
    return Allowance(
        quota=quota,
        used_today=sum(not use.is_invalid for use in today),
        used_in_total=sum(not use.is_invalid for use in known),
        invalid_today=sum(use.is_invalid for use in today),
        now=here,
        resets_at=datetime.combine(here.date() + timedelta(days=1), time(), zone),
    )
