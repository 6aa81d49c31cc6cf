from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from grader.scoring.late import Attempt, Counts, LateRules, Policy, Terms, count, days_late, exact, penalty, weigh

MOSCOW = ZoneInfo("Europe/Moscow")
BERLIN = ZoneInfo("Europe/Berlin")
DUE = datetime(2026, 3, 2, 23, 59, tzinfo=MOSCOW)
TENTH_A_DAY = LateRules(Policy.PERCENT, percent=Fraction(10))
HALF_AT_MOST = LateRules(Policy.PERCENT, percent=Fraction(20), at_most=Fraction(50))
THREE_DAYS = LateRules(Policy.BUDGET, percent=Fraction(100), days=3)


def attempt(slug: str, hours: float, points: float = 10, key: str = "") -> Attempt:
    """A submission so many hours behind the deadline."""
    return Attempt(slug, DUE + timedelta(hours=hours), exact(points), key or f"{slug}{hours}")


def counted(rules: LateRules, *attempts: Attempt, counts: Counts = Counts.LAST) -> dict[str, tuple[int, int, Fraction]]:
    terms = {one.assignment: Terms(DUE, counts) for one in attempts}
    found = count(attempts, terms, rules, MOSCOW)
    return {slug: (one.days_late, one.days_free, one.points) for slug, one in found.items()}


@pytest.mark.parametrize(
    ("late", "grace", "days"),
    [
        (timedelta(seconds=-1), 0, 0),
        (timedelta(), 0, 0),
        (timedelta(microseconds=1), 0, 1),
        (timedelta(minutes=15), 15, 0),
        (timedelta(minutes=15, microseconds=1), 15, 1),
        (timedelta(hours=24), 0, 1),
        (timedelta(hours=24, minutes=15), 15, 1),
        (timedelta(hours=24, minutes=15, seconds=1), 15, 2),
        (timedelta(days=400, seconds=1), 0, 401),
    ],
)
def test_a_day_is_late_when_it_has_begun_and_grace_comes_on_top(late: timedelta, grace: int, days: int) -> None:
    assert days_late(DUE + late, DUE, timedelta(minutes=grace), MOSCOW) == days


def test_without_a_deadline_nothing_is_late() -> None:
    assert days_late(DUE, None, timedelta(), MOSCOW) == 0


@pytest.mark.parametrize(
    ("due", "length_h"),
    [(datetime(2026, 10, 24, 23, 59, tzinfo=BERLIN), 25), (datetime(2026, 3, 28, 23, 59, tzinfo=BERLIN), 23)],
)
def test_a_day_ends_on_the_walls_clock_though_the_night_is_longer_or_shorter(due: datetime, length_h: int) -> None:
    end = due.astimezone(UTC) + timedelta(hours=length_h)
    assert [days_late(end + timedelta(seconds=s), due, timedelta(), BERLIN) for s in (-1, 0, 1)] == [1, 1, 2]
    # The same moments count alike whatever zone the deadline and the submission are written in.
    assert days_late(end.astimezone(MOSCOW), due.astimezone(UTC), timedelta(), BERLIN) == 1


def test_a_percentage_is_exact_and_has_a_limit() -> None:
    assert counted(TENTH_A_DAY, attempt("a", 30, 0.1))["a"] == (2, 0, Fraction(8, 100))
    assert counted(HALF_AT_MOST, attempt("a", 24 * 9, 7))["a"] == (9, 0, Fraction(7, 2))
    assert counted(LateRules(Policy.PERCENT, percent=Fraction("33.3")), attempt("a", 1, 3))["a"][2] == Fraction(
        2001, 1000
    )
    assert counted(TENTH_A_DAY, attempt("a", 24 * 30))["a"][2] == 0
    assert penalty(Fraction(-1), Fraction(1)) == 0  # nothing is taken off a negative number


def test_without_a_policy_late_work_keeps_its_points_and_is_late_all_the_same() -> None:
    assert counted(LateRules(), attempt("a", 30))["a"] == (2, 0, 10)


def test_a_budget_is_spent_in_the_order_of_time_and_what_it_does_not_cover_costs() -> None:
    found = counted(THREE_DAYS, attempt("third", 49), attempt("first", 1), attempt("second", 25))
    assert found == {"first": (1, 1, 10), "second": (2, 2, 10), "third": (3, 0, 0)}
    softer = LateRules(Policy.BUDGET, percent=Fraction(25), days=4)
    found = counted(softer, attempt("third", 49), attempt("first", 1), attempt("second", 25))
    assert found["third"] == (3, 1, 5)


def test_handing_in_again_gives_the_days_of_that_assignment_back_first() -> None:
    found = counted(THREE_DAYS, attempt("a", 25), attempt("b", 26), attempt("a", 50))
    assert found == {"a": (3, 2, 0), "b": (2, 1, 0)}  # a has 3 days less the one that b has spent meanwhile
    assert counted(THREE_DAYS, attempt("a", 49), attempt("a", 50))["a"] == (3, 3, 10)


def test_the_best_is_chosen_by_the_points_that_are_left() -> None:
    early, late = attempt("a", -1, 8), attempt("a", 30, 9.9)
    assert counted(TENTH_A_DAY, early, late, counts=Counts.BEST)["a"] == (0, 0, 8)
    assert counted(TENTH_A_DAY, early, late, counts=Counts.LAST)["a"] == (2, 0, Fraction(792, 100))
    assert counted(TENTH_A_DAY, early, attempt("a", 30, 10), counts=Counts.BEST)["a"] == (2, 0, 8)  # equal: the latest


def test_late_days_are_not_spent_on_a_submission_that_is_no_better() -> None:
    assert counted(THREE_DAYS, attempt("a", -1), attempt("a", 5), counts=Counts.BEST)["a"] == (0, 0, 10)
    assert counted(THREE_DAYS, attempt("a", -1, 9), attempt("a", 5), counts=Counts.BEST)["a"] == (1, 1, 10)


def test_an_empty_budget_lets_no_better_work_become_worse() -> None:
    found = counted(THREE_DAYS, attempt("b", 49), attempt("a", -1, 4), attempt("a", 50, 10), counts=Counts.BEST)
    assert found == {"b": (3, 3, 10), "a": (0, 0, 4)}


def test_an_extension_is_another_deadline_and_frees_the_days() -> None:
    longer = Terms(DUE + timedelta(days=1))
    assert weigh(attempt("a", 24), longer, TENTH_A_DAY, MOSCOW, 0).taken == 0
    found = count([attempt("a", 30), attempt("b", 31)], {"a": longer, "b": Terms(DUE)}, THREE_DAYS, MOSCOW)
    assert [(one.days_late, one.days_free) for one in found.values()] == [(1, 1), (2, 2)]
