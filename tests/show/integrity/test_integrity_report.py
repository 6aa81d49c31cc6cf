"""`grader integrity` on a class: what a teacher sees."""

import json
from functools import partial

import pytest
from classroom import HandIn, in_this_process
from command_line import grader

from grader.audit.answers import Answer
from grader.course.config import CONFIG_NAME
from grader.course.folder import Course
from grader.datasets.layout import load_answer_key
from grader.datasets.synthesize import synthesize
from grader.pipeline import grade_class as grade_class_with_workers

grade_class = partial(grade_class_with_workers, workers=in_this_process)


@pytest.fixture
def town(course: Course) -> Course:
    synthesize(course.dataset, seed=3, images=126, size=32, per_class=20, workers=1)
    path = course.root / CONFIG_NAME
    path.write_text(path.read_text().replace('source = "rerun" ', 'source = "csv" '))
    return Course.open(course.root)


def wrong_on(town: Course, first: int, count: int) -> dict[str, str]:
    """Predictions that are wrong on so many images."""
    key = load_answer_key(town.dataset)
    other = dict(zip(key.classes, (*key.classes[3:], *key.classes[:3]), strict=True))
    spoiled = set(key.ids[first : first + count])
    return {image: other[label] if image in spoiled else label for image, label in key.expected.items()}


def csv_of(labels: dict[str, str]) -> str:
    return "".join(["Id,Expected\n", *(f"{image},{label}\n" for image, label in labels.items())])


def test_the_table_and_the_json_name_who_copied(town: Course) -> None:
    for student, labels in {
        "lisa": wrong_on(town, 0, 40),
        "bart": wrong_on(town, 0, 40),
        "milhouse": wrong_on(town, 60, 40),
    }.items():
        folder = town.submitted / student / "springfield"
        folder.mkdir(parents=True)
        (folder / "submission.csv").write_text(csv_of(labels))
    grade_class(town, ["springfield"])
    leaked = town.root / "leaked.csv"
    leaked.write_text(csv_of(wrong_on(town, 60, 12)))
    said = grader("integrity", "springfield", "--leaked", leaked, "--class", town.root)
    assert said.returncode == 0, said.stderr
    assert "identical predictions" in said.stdout
    assert "bart, lisa" in said.stdout
    assert "follows the leaked list" in said.stdout
    (found,) = json.loads(
        grader("integrity", "springfield", "--leaked", leaked, "--json", "--class", town.root).stdout
    )["assignments"]
    assert [(pair["first"], pair["second"], pair["identical"]) for pair in found["predictions"]] == [
        ("bart", "lisa", True)
    ]
    assert [match["student"] for match in found["leaked"]] == ["milhouse"]


def test_identical_weights_are_named_and_given_files_are_not(course: Course, hand_in: HandIn) -> None:
    (course.release / "resnet" / "given.bin").write_bytes(b"given" * 1000)
    for student in ("lisa", "bart"):
        path = hand_in(student, "resnet", Answer("reference", {}))
        path.with_name(f"{student}.pth").write_bytes(b"weights" * 1000)
        path.with_name("given.bin").write_bytes(b"given" * 1000)
    (found,) = json.loads(grader("integrity", "resnet", "--json", "--class", course.root).stdout)["assignments"]
    (same,) = found["files"]
    assert (same["students"], same["names"], same["size"]) == (["bart", "lisa"], ["bart.pth", "lisa.pth"], 7000)


def test_a_class_in_which_nothing_stands_out_says_so(course: Course) -> None:
    said = grader("integrity", "resnet", "--class", course.root)
    assert said.returncode == 0, said.stderr
    assert "nothing stands out" in said.stdout


def test_a_leaked_list_needs_predictions(course: Course) -> None:
    said = grader("integrity", "resnet", "--leaked", "list.csv", "--class", course.root)
    assert said.returncode == 2
    assert "no predictions" in said.stderr


def test_a_notebook_that_cannot_be_read_is_named_and_the_others_are_compared(course: Course, hand_in: HandIn) -> None:
    for student in ("lisa", "bart"):
        hand_in(student, "resnet", Answer("reference", {}))
    hand_in("mallory", "resnet", Answer("untouched", {})).write_text('{"nbformat": 3, "nbformat_minor": ["a"]}')
    said = grader("integrity", "resnet", "--class", course.root)
    assert said.returncode == 0, said.stderr
    assert "shared code" in said.stdout
    assert "code not compared in full" in said.stdout
    assert "mallory" in said.stdout
