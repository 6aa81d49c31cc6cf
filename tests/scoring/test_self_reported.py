from fractions import Fraction

import pytest

from grader.language import speaking
from grader.scoring.self_reported import printed_f1, remark_on


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("val F1: 0.9731", ["0.9731"]),
        ("f1_score = .5", ["0.5"]),
        ("epoch 3 loss 0.2 f1 (weighted) 0.88 acc 0.9\nepoch 4 loss 0.1 f1 (weighted) 1.0", ["0.88", "1"]),
        ("F1 at least 0.83 gives a point", ["0.83"]),
        ("loss 0.97 accuracy 0.5", []),
        ("F1 of 12 and resnet f1x 0.5", []),
        ("F1\n0.5", []),
    ],
)
def test_numbers_behind_the_word_f1_are_found(text, found):
    assert printed_f1([text]) == [Fraction(value) for value in found]


@pytest.mark.parametrize(
    ("printed", "measured", "is_told"),
    [([], "0.5", False), (["0.99"], "0.95", False), (["0.99"], "0.7", True), (["0.2", "0.7", "0.99"], "0.7", False)],
)
def test_the_teacher_is_told_where_no_printed_number_is_near(printed, measured, is_told):
    with speaking("en"):
        remark = remark_on([Fraction(value) for value in printed], Fraction(measured))
    assert bool(remark) is is_told


def test_a_flood_of_output_is_read_to_its_end_in_no_time():
    assert printed_f1(["f1 " * 200_000 + "f1 0.5"]) == [Fraction("0.5")]
