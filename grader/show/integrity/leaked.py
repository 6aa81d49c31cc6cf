"""Predictions that follow a leaked list of answers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from grader.errors import InvalidConfig
from grader.language import _
from grader.scoring.csv_table import read_given_table

SUSPICIOUS_P = 0.001
# The best honest scores of the contest lie at 0.998; who matches a list beyond that has hardly predicted.
TOO_GOOD = Fraction(998, 1000)
CHANCE = 0.3
"""How often a wrong prediction is a given wrong label of its image: as in `agreement`, drawn from nothing."""


@dataclass(frozen=True, slots=True)
class LeakMatch:
    """How far a student's predictions follow the list.

    Attributes:
        student: whose they are.
        equal: images with the list's label.
        total: images that the list names.
        list_errors: images on which the list is wrong.
        followed_errors: on how many of those the student gives the list's wrong label.
        p: how likely so many followed errors are for somebody who has not seen the list, times the students; 1 where
            the list has no errors.
    """

    student: str
    equal: int
    total: int
    list_errors: int
    followed_errors: int
    p: float

    @property
    def is_suspicious(self) -> bool:
        """Whether the list's own errors are followed, or everything is."""
        return self.p < SUSPICIOUS_P or Fraction(self.equal, self.total) >= TOO_GOOD


def read_leaked(data: bytes, labels: Mapping[str, str]) -> dict[str, str]:
    """The list's labels of images of this test; columns `Id` and `Expected`.

    Raises:
        InvalidConfig: it is no table, or names none of them.
    """
    table = read_given_table(data, _("The leaked list"))
    places = [table.header.values.index(title) for title in ("Id", "Expected") if title in table.header.values]
    rows = [row.values for row in table.rows if len(places) == 2 and len(row.values) > max(places)]
    found = {row[places[0]]: row[places[1]] for row in rows}
    known = {image: label for image, label in found.items() if image in labels}
    if not known:
        raise InvalidConfig(
            _("The leaked list names none of the {count} images of the hidden test.").format(count=len(labels)),
            remedy=_("Expected the columns Id and Expected."),
        )
    return known


def leak_matches(
    predictions: Mapping[str, Mapping[str, str]], leaked: Mapping[str, str], labels: Mapping[str, str]
) -> list[LeakMatch]:
    """One line per student, the closest first."""
    errors = [image for image, label in leaked.items() if labels[image] != label]
    found = []
    for student, own in predictions.items():
        equal = sum(own[image] == label for image, label in leaked.items())
        followed = sum(own[image] == leaked[image] for image in errors)
        wrong = sum(own[image] != label for image, label in labels.items()) / len(labels)
        p = min(1.0, _binomial_tail(followed, len(errors), CHANCE * wrong) * len(predictions)) if errors else 1.0
        found.append(LeakMatch(student, equal, len(leaked), len(errors), followed, p))
    return sorted(found, key=lambda match: (-match.equal, match.student))


def _binomial_tail(at_least: int, of: int, chance: float) -> float:
    """P(X >= at_least) for X ~ Binomial(of, chance)."""
    return math.fsum(math.comb(of, k) * chance**k * (1 - chance) ** (of - k) for k in range(at_least, of + 1))
