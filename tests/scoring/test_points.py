from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import InvalidConfig
from grader.scoring.points import DEFAULT_TABLE, NextStep, PointsTable, Threshold, truncated

SIZES = (991, 941, 50, 7, 1)


@pytest.mark.parametrize("total", SIZES)
@pytest.mark.parametrize("step", DEFAULT_TABLE.thresholds, ids=lambda step: str(step.points))
def test_every_threshold_is_met_by_the_first_count_that_reaches_it_and_not_by_the_one_below(step, total):
    at = next(k for k in range(total + 1) if 100 * k >= step.f1 * 100 * total)

    assert DEFAULT_TABLE.points_for(Fraction(at, total)) >= step.points
    assert DEFAULT_TABLE.points_for(Fraction(at - 1, total)) < step.points
    assert DEFAULT_TABLE.points_for(min(Fraction(at + 1, total), Fraction(1))) >= step.points


def test_the_default_table_is_the_lessons_scale():
    assert [(step.f1, step.points) for step in DEFAULT_TABLE.thresholds] == [
        (Fraction(82 + n, 100), n) for n in range(1, 16)
    ]
    assert DEFAULT_TABLE.top == 15


@pytest.mark.parametrize(
    ("correct", "total", "points"),
    [(961, 991, 14), (962, 991, 15), (912, 941, 14), (913, 941, 15), (822, 991, 0), (823, 991, 1), (97, 100, 15)],
)
def test_counts_at_the_edge_of_a_threshold_get_the_points_that_integers_say(correct, total, points):
    assert DEFAULT_TABLE.points_for(Fraction(correct, total)) == points


@settings(deadline=None)
@given(st.integers(1, 2000), st.data())
def test_points_never_depend_on_floats(total, data):
    correct = data.draw(st.integers(0, total))
    whole_hundredths = 100 * correct // total

    assert DEFAULT_TABLE.points_for(Fraction(correct, total)) == max(0, min(15, whole_hundredths - 82))


def test_a_float_score_is_refused_because_it_cannot_hold_97_hundredths():
    with pytest.raises(TypeError, match="exact Fraction"):
        DEFAULT_TABLE.points_for(0.97)


@settings(deadline=None)
@given(st.integers(1, 1500), st.data())
def test_the_next_step_is_the_fewest_images_that_give_more_points(total, data):
    correct = data.draw(st.integers(0, total))
    now = DEFAULT_TABLE.points_for(Fraction(correct, total))
    step = DEFAULT_TABLE.next_step(correct, total)

    if step is None:
        assert now == 15
        return
    assert step.images_needed == correct + step.more <= total
    assert DEFAULT_TABLE.points_for(Fraction(step.images_needed, total)) == step.points > now
    assert DEFAULT_TABLE.points_for(Fraction(step.images_needed - 1, total)) == now


def test_the_ladder_speaks_in_images():
    assert DEFAULT_TABLE.next_step(945, 991) == NextStep(points=14, f1=Fraction(96, 100), images_needed=952, more=7)
    assert DEFAULT_TABLE.next_step(962, 991) is None


def test_one_image_may_climb_several_thresholds_of_a_small_test():
    assert DEFAULT_TABLE.next_step(8, 10) == NextStep(points=8, f1=Fraction(9, 10), images_needed=9, more=1)


@pytest.mark.parametrize(("correct", "total"), [(-1, 10), (11, 10), (0, 0)])
def test_an_impossible_count_has_no_next_step(correct, total):
    with pytest.raises(ValueError, match="is not a score"):
        DEFAULT_TABLE.next_step(correct, total)


@pytest.mark.parametrize(
    ("score", "printed"),
    [
        (Fraction(892, 941), "0.94792"),
        (Fraction(961, 991), "0.96972"),
        (Fraction(99999999, 100000000), "0.99999"),
        (Fraction(1), "1.00000"),
        (Fraction(0), "0.00000"),
    ],
)
def test_a_score_is_cut_off_and_never_rounded(score, printed):
    assert truncated(score) == printed


@settings(deadline=None)
@given(st.fractions(0, 1), st.integers(1, 9))
def test_a_printed_score_is_at_most_the_score_and_less_than_one_unit_below(score, decimals):
    printed = Fraction(truncated(score, decimals))

    assert 0 <= score - printed < Fraction(1, 10**decimals)


@settings(deadline=None)
@given(st.integers(1, 2000), st.data())
def test_a_printed_score_never_reaches_a_threshold_that_the_score_misses(total, data):
    score = Fraction(data.draw(st.integers(0, total)), total)

    assert DEFAULT_TABLE.points_for(Fraction(truncated(score))) <= DEFAULT_TABLE.points_for(score)


def test_a_table_is_read_from_the_rows_of_class_toml():
    table = PointsTable.parse([["0.5", 2], ["0.75", 5], [1, 9]])

    assert table.thresholds == (
        Threshold(Fraction(1, 2), 2),
        Threshold(Fraction(3, 4), 5),
        Threshold(Fraction(1), 9),
    )


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [["0.9", 1], ["0.9", 2]],
        [["0.9", 2], ["0.95", 2]],
        [["0.9", 2], ["0.8", 3]],
        [["0", 1]],
        [["1.01", 1]],
        [["0.9", 0]],
        [["0.9", "3"]],
        [["0.9", True]],
        [[0.9, 1]],
        [["nine tenths", 1]],
        [["1/0", 1]],
        [["0.9"]],
        ["09"],
    ],
)
def test_a_table_that_is_no_ladder_is_refused_with_an_example_of_one(rows):
    with pytest.raises(InvalidConfig) as caught:
        PointsTable.parse(rows)

    assert '[["0.83", 1], ["0.84", 2]]' in caught.value.remedy
