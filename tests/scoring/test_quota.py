from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from grader.language import speaking
from grader.scoring.quota import Quota, Use, allowance

MOSCOW = ZoneInfo("Europe/Moscow")
NOON = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # 12:00 in Moscow


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


def uses(*hours_ago: float, invalid: bool = False) -> list[Use]:
    return [Use(NOON - timedelta(hours=hours), invalid) for hours in hours_ago]


def test_a_day_is_a_calendar_day_of_the_class_and_not_24_hours():
    found = allowance(uses(1, 11.9, 12.1, 30), Quota(per_day=3), NOON, MOSCOW)
    assert (found.used_today, found.used_in_total, found.left_today, found.message) == (2, 4, 1, "")
    assert found.resets_at.isoformat() == "2026-03-03T00:00:00+03:00"


def test_the_limit_is_reached_with_the_last_one_and_says_when_the_next_comes():
    found = allowance(uses(1, 2, 3), Quota(per_day=3), NOON - timedelta(minutes=12), MOSCOW)
    assert found.left_today == 0
    assert found.message == (
        "LIMIT: 3 of 3 submissions used today. Next at 00:00 (in 12 h 12 min). This file was not counted."
    )


def test_the_total_ends_everything():
    found = allowance(uses(1, 50, 60), Quota(per_day=5, in_total=3), NOON, MOSCOW)
    assert found.left_today == 0
    assert found.message.startswith("LIMIT: 3 of 3 submissions used. There are no more in this contest.")


def test_invalid_ones_have_a_cap_of_their_own():
    quota = Quota(per_day=2, invalid_per_day=3)
    assert allowance(uses(1, 2, invalid=True), quota, NOON, MOSCOW).message == ""
    found = allowance(uses(1, 2, 3, invalid=True), quota, NOON, MOSCOW)
    assert found.used_today == 0
    assert found.message.startswith(
        "LIMIT: 3 of 3 files that could not be scored today. Next at 00:00 (in 12 h 0 min)."
    )


def test_zero_is_no_limit():
    found = allowance(uses(*range(1, 10)), Quota(0, 0, 0), NOON, MOSCOW)
    assert (found.left_today, found.message) == (None, "")


def test_the_day_on_which_clocks_change_has_its_own_length():
    berlin, before = ZoneInfo("Europe/Berlin"), datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # 01:30, an hour is skipped
    found = allowance([Use(before, False)], Quota(per_day=1), before, berlin)
    assert "(in 21 h 30 min)" in found.message


def test_a_negative_quota_is_refused():
    with pytest.raises(ValueError, match="0"):
        Quota(per_day=-1)
