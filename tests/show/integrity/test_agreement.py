"""The statistic on made-up classes: honest students who share hard images and confusions, and some who copy."""

import random

import pytest

from grader.show.integrity.agreement import Agreement, agreements

IMAGES = [f"img{n}.jpg" for n in range(950)]
CLASSES = [f"class{n}" for n in range(20)]
LABELS = {image: CLASSES[n % 20] for n, image in enumerate(IMAGES)}


def honest_class(draw: random.Random, accuracies: list[float]) -> dict[str, dict[str, str]]:
    """Students whose mistakes lie on the same hard images and half of the time take the same likely wrong label."""
    hardness = {image: draw.expovariate(1) for image in IMAGES}
    mean = sum(hardness.values()) / len(IMAGES)
    likely = {image: draw.choice([c for c in CLASSES if c != LABELS[image]]) for image in IMAGES}
    students = {}
    for number, accuracy in enumerate(accuracies):
        own = {}
        for image in IMAGES:
            is_wrong = draw.random() < min(0.95, (1 - accuracy) * hardness[image] / mean)
            wrong = likely[image] if draw.random() < 0.5 else draw.choice(CLASSES)
            own[image] = wrong if is_wrong else LABELS[image]
        students[f"s{number:02}"] = own
    return students


def suspicious(found: list[Agreement]) -> set[tuple[str, str]]:
    return {(pair.first, pair.second) for pair in found if pair.is_suspicious}


@pytest.mark.parametrize("seed", range(5))
def test_honest_students_are_not_suspected(seed: int) -> None:
    draw = random.Random(seed)
    accuracies = [draw.uniform(0.75, 0.985) for _number in range(16)]
    assert suspicious(agreements(honest_class(draw, accuracies), LABELS)) == set()


@pytest.mark.parametrize(("accuracy", "changed"), [(0.8, 0.15), (0.9, 0.05), (0.95, 0.02), (0.97, 0.01)])
def test_a_copy_with_some_changes_is_found_and_nobody_else(accuracy: float, changed: float) -> None:
    draw = random.Random(1)
    students = honest_class(draw, [accuracy] * 12)
    copy = dict(students["s03"])
    for image in draw.sample(IMAGES, int(changed * len(IMAGES))):
        copy[image] = draw.choice(CLASSES)
    students["thief"] = copy
    assert suspicious(agreements(students, LABELS)) == {("s03", "thief")}


def test_two_students_are_enough_to_tell_a_copy_from_honest_work() -> None:
    students = honest_class(random.Random(2), [0.9, 0.9])
    (pair,) = agreements(students, LABELS)
    assert not pair.is_suspicious
    (pair,) = agreements({"a": students["s00"], "b": dict(students["s00"])}, LABELS)
    assert pair.is_identical
    assert pair.is_suspicious


def test_nearly_identical_files_of_good_students_need_common_mistakes() -> None:
    right = dict(LABELS)
    first = right | dict.fromkeys(IMAGES[:3], "class19")
    second = right | dict.fromkeys(IMAGES[40:43], "class19")
    (pair,) = agreements({"a": first, "b": second}, LABELS)
    assert pair.equal == 944
    assert not pair.is_nearly_identical


def test_perfect_students_agree_by_being_right() -> None:
    (pair,) = agreements({"a": dict(LABELS), "b": dict(LABELS)}, LABELS)
    assert pair.is_identical
    assert not pair.is_suspicious


def test_nobody_and_one_student_give_no_pairs() -> None:
    assert agreements({}, LABELS) == []
    assert agreements({"a": dict(LABELS)}, LABELS) == []
