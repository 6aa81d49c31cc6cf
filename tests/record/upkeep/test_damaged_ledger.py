"""A damaged file of the ledger costs one submission a second grading, and nobody else anything."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from classroom import in_this_process
from command_line import grader
from whole_class import Known, entry, grade_without_running, known

from grader.course.folder import Course
from grader.pipeline import grade_class
from grader.record.ledger import Ledger
from grader.record.planning import GradingStatus


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def of_another_schema(path: Path) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema": 99}))


def with_other_points(path: Path) -> None:
    path.write_text(path.read_text().replace('\\"points\\": 0.0', '\\"points\\": 1.0'))


DAMAGE: dict[str, tuple[str, Callable[[Path], object]]] = {
    "truncated": ("json", cut_off),
    "empty": ("json", lambda path: path.write_bytes(b"")),
    "binary": ("json", lambda path: path.write_bytes(b"\x00\xff\xfe" * 400)),
    "a list": ("json", lambda path: path.write_text("[]")),
    "another schema": ("json", of_another_schema),
    "deep": ("json", lambda path: path.write_text("[" * 200_000)),
    "not what was written": ("json", with_other_points),
    "notebook gone": ("ipynb", Path.unlink),
    "notebook truncated": ("ipynb", cut_off),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_entry_counts_as_none(graded: Course, before: Known, damage: str) -> None:
    kind, inflict = DAMAGE[damage]
    key = Ledger(graded.ledger).current("resnet", "bart")
    inflict(entry(graded, "bart", kind))
    assert Ledger(graded.ledger).find(key) is None
    assert Ledger(graded.ledger).damaged() == [key]
    rows = grade_without_running(graded)
    assert rows["lisa"].status is GradingStatus.UNCHANGED
    assert "was to be run" in rows["bart"].problem
    assert known(graded) == before, "and nothing is lost while it waits"


def test_it_is_graded_anew_and_said_and_points_are_as_before(graded: Course, before: Known) -> None:
    entry(graded, "bart").write_text("[]")
    rows = {row.student: row for row in grade_class(graded, ["resnet"], workers=in_this_process)}
    assert (rows["bart"].status, rows["bart"].was_damaged) == (GradingStatus.GRADED, True)
    # The executed notebook holds the time it took.
    assert replace(known(graded), notebooks={}) == replace(before, notebooks={})
    assert {row.status for row in grade_without_running(graded).values()} == {GradingStatus.UNCHANGED}


@pytest.mark.slow
def test_the_doctor_moves_damaged_entries_aside_and_the_command_grades_them(graded: Course, before: Known) -> None:
    path = entry(graded, "bart")
    path.write_bytes(b"")
    assert "1 damaged ledger entry" in grader("doctor", graded.root, "--json").stdout
    done = grader("doctor", graded.root, "--repair")
    assert "1 result has to be graded anew, run `grader grade`: bart resnet" in done.stdout
    assert not path.exists()
    assert (graded.ledger / "damaged" / path.name).exists()
    path.write_text("{")
    told = grader("grade", "resnet", "--slots", "1", cwd=graded.root)
    assert told.returncode == 0, told.stderr
    assert "1 damaged ledger entry was graded anew" in told.stdout
    assert known(graded).cells == before.cells


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe\x00", b"no key"])
def test_a_damaged_current_is_written_again(graded: Course, before: Known, damage: bytes) -> None:
    current = graded.ledger / "current" / "resnet" / "bart"
    key = current.read_bytes()
    current.write_bytes(damage)
    rows = grade_without_running(graded)
    assert rows["lisa"].status is GradingStatus.UNCHANGED
    assert rows["bart"].status is GradingStatus.RECORDED
    assert current.read_bytes() == key
    assert known(graded) == before


def test_an_entry_of_an_earlier_grader_without_a_hash_is_read(graded: Course) -> None:
    path = entry(graded, "bart")
    data = json.loads(path.read_text())
    del data["sha256"]
    path.write_text(json.dumps(data))
    assert grade_without_running(graded)["bart"].status is GradingStatus.UNCHANGED
