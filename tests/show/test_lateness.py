"""What late work costs, in words."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest

from grader.language import Language, speaking
from grader.scoring.late import LateRules, Policy
from grader.show.lateness import rules_in_words

PERCENT = LateRules(Policy.PERCENT, timedelta(minutes=10), Fraction(25, 2), Fraction(50))
BUDGET = LateRules(Policy.BUDGET, timedelta(), Fraction(10), Fraction(100), 3)


@pytest.mark.parametrize(
    ("rules", "language", "expected"),
    [
        (LateRules(), "en", ""),
        (
            PERCENT,
            "en",
            "Each day begun after the deadline takes 12.5% of the points, 50% at most. "
            "10 minutes late are not late yet.",
        ),
        (
            PERCENT,
            "ru",
            "Каждый начавшийся день после срока отнимает 12,5% баллов, но не больше 50% всего. "
            "10 минут сверх срока — ещё не опоздание.",
        ),
        (
            BUDGET,
            "en",
            "You have 3 late days for the whole term: each pays for a day begun after a deadline. "
            "Each day that they do not pay takes 10% of the points.",
        ),
        (
            BUDGET,
            "ru",
            "На весь курс у вас есть 3 дня опоздания: каждый покрывает один начавшийся день после срока. "
            "Каждый день сверх них отнимает 10% баллов.",
        ),
    ],
)
def test_a_classs_rules_are_said_in_words(rules: LateRules, language: Language, expected: str) -> None:
    with speaking(language):
        assert rules_in_words(rules) == expected
