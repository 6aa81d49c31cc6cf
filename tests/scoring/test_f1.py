from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.scoring.f1 import exact_f1, f1, wilson

LABELS = st.sampled_from(["apu", "bart", "carl", "disco", "edna"])
PAIRS = st.lists(st.tuples(LABELS, LABELS), min_size=1, max_size=60)


@settings(deadline=None)
@given(PAIRS, st.sampled_from(["micro", "macro"]))
def test_the_exact_f1_is_the_f1_of_scikit_learn(pairs, average):
    expected, predicted = [want for want, _ in pairs], [got for _, got in pairs]

    # Both are computed from the same counts; doubles lose at most some 1e-15 on the way.
    assert float(exact_f1(expected, predicted, average)) == pytest.approx(f1(expected, predicted, average), abs=1e-12)


@settings(deadline=None)
@given(PAIRS)
def test_micro_f1_is_the_share_of_right_images(pairs):
    right = sum(want == got for want, got in pairs)

    assert exact_f1([p[0] for p in pairs], [p[1] for p in pairs], "micro") == Fraction(right, len(pairs))


def test_macro_counts_a_class_that_was_only_predicted_as_zero():
    assert exact_f1(["bart", "bart"], ["bart", "apu"], "macro") == Fraction(1, 2) * Fraction(2, 3)


@pytest.mark.parametrize(("expected", "predicted"), [([], []), (["bart"], [])])
def test_labels_without_a_prediction_each_are_not_scored(expected, predicted):
    with pytest.raises(ValueError, match="cannot be compared"):
        exact_f1(expected, predicted, "micro")
    with pytest.raises(ValueError, match="cannot be compared"):
        f1(expected, predicted, "micro")


def test_the_interval_of_961_of_991_is_the_one_that_the_page_explains():
    interval = wilson(961, 991)

    assert (round(interval.low, 4), round(interval.high, 4)) == (0.9571, 0.9787)


@settings(deadline=None)
@given(st.integers(1, 2000), st.data())
def test_the_interval_holds_the_score_and_stays_between_zero_and_one(total, data):
    correct = data.draw(st.integers(0, total))
    interval = wilson(correct, total)

    assert -1e-12 <= interval.low <= correct / total + 1e-12
    assert correct / total - 1e-12 <= interval.high <= 1 + 1e-12


def test_no_images_have_no_interval():
    with pytest.raises(ValueError, match="is not a score"):
        wilson(0, 0)
