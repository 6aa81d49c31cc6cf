from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from scipy.stats import binomtest

from grader.scoring.mcnemar import RankRange, rank_ranges

CLASSES = arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=24))


def ranks(right: NDArray[np.bool_]) -> list[int]:
    counts = right.sum(1)
    return [1 + int((counts > own).sum()) for own in counts]


def are_told_apart(only_first: int, only_second: int) -> bool:
    """Whether so many images on which only one of two students is right give the two different ranges."""
    right = np.zeros((2, only_first + only_second), bool)
    right[0, :only_first] = True
    right[1, only_first:] = True
    return rank_ranges(right) != [RankRange(1, 2)] * 2


@given(only_first=st.integers(0, 400), only_second=st.integers(0, 400))
def test_significance_is_that_of_scipys_exact_test(only_first: int, only_second: int) -> None:
    together = only_first + only_second
    p = binomtest(only_first, together).pvalue if together else 1.0
    assert are_told_apart(only_first, only_second) == (p < 0.05)


@settings(max_examples=50, deadline=None)
@given(right=CLASSES)
def test_ranges_are_those_of_a_slow_loop_with_scipy(right: NDArray[np.bool_]) -> None:
    expected = []
    for own in right:
        better = worse = 0
        for other in right:
            more, less = int((other & ~own).sum()), int((own & ~other).sum())
            if more + less and binomtest(more, more + less).pvalue < 0.05:
                better += more > less
                worse += more < less
        expected.append(RankRange(1 + better, len(right) - worse))
    assert rank_ranges(right) == expected


@given(right=CLASSES, unknown=st.integers(0, 5))
def test_a_range_holds_the_own_rank_wherever_the_unknown_stand(right: NDArray[np.bool_], unknown: int) -> None:
    for rank, found in zip(ranks(right), rank_ranges(right, unknown), strict=True):
        assert 1 <= found.first <= rank
        assert rank + unknown <= found.last <= len(right) + unknown


@given(right=CLASSES, seed=st.integers(0, 1000))
def test_neither_the_order_of_students_nor_that_of_images_matters(right: NDArray[np.bool_], seed: int) -> None:
    random = np.random.default_rng(seed)
    students, images = random.permutation(right.shape[0]), random.permutation(right.shape[1])
    found = rank_ranges(right)
    assert rank_ranges(right[students][:, images]) == [found[student] for student in students]


@given(right=CLASSES)
def test_images_that_everybody_names_rightly_change_nothing(right: NDArray[np.bool_]) -> None:
    assert rank_ranges(np.hstack([right, np.ones((len(right), 7), bool)])) == rank_ranges(right)


@given(right=CLASSES)
def test_twins_share_a_range(right: NDArray[np.bool_]) -> None:
    found = rank_ranges(np.vstack([right, right]))
    assert found[: len(right)] == found[len(right) :]


@pytest.mark.parametrize(("better", "expected"), [(5, False), (6, True)])
def test_five_images_never_tell_two_apart_and_six_may(better: int, expected: bool) -> None:
    right = np.zeros((2, 50), bool)
    right[0, :better] = True
    assert rank_ranges(right) == ([RankRange(1, 1), RankRange(2, 2)] if expected else [RankRange(1, 2)] * 2)


def test_a_lead_of_ten_is_clear_where_little_differs_and_nothing_where_much_does() -> None:
    """What overlapping intervals of the two scores cannot see."""
    assert are_told_apart(10, 0)
    assert not are_told_apart(60, 50)


def test_an_empty_class_has_no_ranges() -> None:
    assert rank_ranges(np.zeros((0, 5), bool)) == []


def test_a_thousand_students_take_a_moment() -> None:
    random = np.random.default_rng(1)
    right = random.random((1000, 700)) < np.linspace(0.5, 0.99, 1000)[:, None]
    started = time.monotonic()
    found = rank_ranges(right)
    took_s = time.monotonic() - started
    print(f"1000 students, 700 images: {took_s:.2f} s")
    assert took_s < 3
    assert all(one.first <= rank <= one.last for rank, one in zip(ranks(right), found, strict=True))
