import random
from collections import Counter
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.datasets.split import Picture, split

SHAPE = {"test_classes": 20, "per_class": 50, "private_share": Fraction(5, 100), "decoys": 0}


def town(counts: dict[str, int]) -> list[Picture]:
    return [
        Picture(label, f"{label}-{n}", Path(f"{label}/{n}")) for label, count in counts.items() for n in range(count)
    ]


CONTEST = town({f"class{i:02d}": max(3, 2200 - 100 * i) for i in range(42)})


def test_the_class_split_has_the_contests_shape():
    parts = split(CONTEST, seed=0, **SHAPE)
    labels = Counter(test.picture.label for test in parts.test)
    private = Counter(test.picture.label for test in parts.test if test.part == "private")

    assert labels == {f"class{i:02d}": 50 for i in range(20)}
    assert private.total() == 50
    assert set(private.values()) == {2, 3}
    assert [test.name for test in parts.test] == [f"img{n}.jpg" for n in range(1000)]


counts = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 30), min_size=1)


@settings(deadline=None)
@given(counts, st.integers(0, 2**64), st.integers(1, 9), st.integers(1, 20), st.fractions(0, Fraction(9, 10)))
def test_every_picture_is_in_exactly_one_place_and_no_class_loses_its_training_pictures(
    sizes, seed, test_classes, per_class, share
):
    pictures = town(sizes)
    parts = split(pictures, seed=seed, test_classes=test_classes, per_class=per_class, private_share=share, decoys=0)
    test = [t.picture for t in parts.test]

    assert sorted(p.digest for p in (*parts.train, *test)) == sorted(p.digest for p in pictures)
    assert {p.label for p in parts.train} == set(sizes)
    assert max(Counter(p.label for p in test).values(), default=0) <= per_class
    private = sum(t.part == "private" for t in parts.test)
    assert abs(private - len(test) * share) <= Fraction(1, 2)


@settings(deadline=None, max_examples=20)
@given(st.randoms(use_true_random=False))
def test_the_test_does_not_depend_on_the_order_of_the_archive(shuffler: random.Random):
    pictures = town({"a": 30, "b": 25, "c": 5})
    before = split(pictures, seed=7, **SHAPE)
    shuffler.shuffle(pictures)

    assert split(pictures, seed=7, **SHAPE).test == before.test


def test_another_seed_is_another_test():
    one, two = (split(CONTEST, seed=seed, **SHAPE) for seed in (1, 2))
    shared = {t.picture.digest for t in one.test} & {t.picture.digest for t in two.test}

    assert len(shared) < 200
    assert [t.picture.label for t in one.test] != [t.picture.label for t in two.test]


def test_the_order_of_the_names_says_nothing_about_the_class():
    labels = [test.picture.label for test in split(CONTEST, seed=0, **SHAPE).test]
    equal_neighbours = sum(a == b for a, b in pairwise(labels))

    assert equal_neighbours < 100  # 50 by chance, 980 in the order of the classes


def test_pictures_of_the_same_content_are_refused():
    with pytest.raises(ValueError, match="same content"):
        split([*town({"a": 4}), *town({"a": 1})], seed=0, **SHAPE)


@pytest.mark.parametrize("wrong", [{"test_classes": 0}, {"per_class": 0}, {"private_share": Fraction(1)}])
def test_a_test_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match="no test of"):
        split(town({"a": 9, "b": 9}), seed=0, **{**SHAPE, **wrong})
