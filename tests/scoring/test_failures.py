"""Where a network fails, as numbers: no kernel, no picture."""

import json
from dataclasses import replace

import pytest

from grader.scoring.failures import (
    MOST_MISTAKES,
    Confused,
    Failures,
    Mistake,
    Said,
    count,
    most_certain_mistakes,
    noted_failures,
)


def said(character: str, named: str, certainty: float | None = None, picture: int = 0) -> Said:
    return Said(character, named, certainty, picture)


FOUND = Failures(
    "abc",
    cells=count([said("bart", "bart"), *[said("bart", "lisa")] * 2, said("lisa", "lisa"), said("moe", "")]),
    mistakes=(Mistake("bart", "lisa", 0.9, "x"), Mistake("moe", "", None)),
)


def test_recall_counts_by_character_the_worst_first() -> None:
    assert [(r.character, r.right, r.total, r.before) for r in FOUND.recalls()] == [
        ("moe", 0, 1, None), ("bart", 1, 3, None), ("lisa", 1, 1, None),
    ]  # fmt: skip
    assert (FOUND.right, FOUND.total) == (2, 5)
    assert FOUND.characters == ("bart", "lisa", "moe")
    assert FOUND.confused() == (Confused("bart", "lisa", 2), Confused("moe", "", 1))


def test_what_got_better_is_said_only_where_the_pictures_are_the_same() -> None:
    before = replace(FOUND, cells=count([said("bart", "lisa")] * 3 + [said("lisa", "lisa"), said("moe", "moe")]))
    assert {r.character: r.change for r in FOUND.recalls(before)} == {"moe": -1, "bart": 1, "lisa": 0}
    assert {r.before for r in FOUND.recalls(replace(before, pictures="other"))} == {None}
    assert {r.before for r in FOUND.recalls(Failures(reason="seen"))} == {None}


def test_the_mistakes_are_those_of_the_greatest_certainty() -> None:
    many = [said("bart", "lisa", number / 100, number) for number in range(50)]
    found = most_certain_mistakes([said("moe", "moe", 1.0), said("moe", "bart", None, 99), *many])
    assert [one.picture for one in found] == list(range(49, 49 - MOST_MISTAKES, -1))
    assert [one.certainty for one in most_certain_mistakes([said("a", "b", None), said("a", "c", 0.1)])] == [0.1, None]


def test_what_a_notebook_notes_is_read_again_and_anything_else_is_nothing() -> None:
    noted = json.loads(json.dumps({"springfield": {"failures": FOUND.to_json()}}))
    assert noted_failures(noted) == FOUND
    assert FOUND.without_pictures().with_pictures(["x", ""]) == FOUND
    assert FOUND.without_pictures().with_pictures([]).mistakes[0].picture == ""


@pytest.mark.parametrize("plain", [None, 3, {}, {"springfield": 1}, {"springfield": {"failures": {"reason": "x"}}}])
def test_rubbish_says_nothing(plain: object) -> None:
    assert noted_failures(plain) is None
