"""Marks of changes that change nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.audit.equivalent import mark_findings, read_marks
from grader.audit.mutation import Mutant
from grader.errors import InvalidAssignment

MUTANT = Mutant("task1", "operator", 2, "def f(x):\n    return x > 0", "def f(x):\n    return x >= 0")
OTHER = Mutant("task1", "operator", 2, "def f(x):\n    return x > 0", "def f(x):\n    return x < 0")
MARK = "# They are equal.\n@@ task1 @@\n-return x > 0\n+return x >= 0\n"


def marks(folder: Path, text: str) -> list:
    (folder / "equivalent.diff").write_text(text, encoding="utf-8")
    return read_marks(folder)


def test_without_a_file_there_are_no_marks(tmp_path: Path) -> None:
    assert read_marks(tmp_path) == []


def test_a_mark_covers_the_change_whatever_its_indentation(tmp_path: Path) -> None:
    (mark,) = marks(tmp_path, MARK)
    assert mark.reason == "They are equal."
    assert mark.covers(MUTANT)
    assert not mark.covers(OTHER)
    assert mark_findings([mark], [MUTANT, OTHER], [OTHER]) == []


def test_what_the_audit_prints_can_be_pasted(tmp_path: Path) -> None:
    (mark,) = marks(tmp_path, f"# Because.\n{MUTANT.diff}\n")
    assert mark.covers(MUTANT)


def test_one_reason_may_stand_over_several_marks_and_be_long(tmp_path: Path) -> None:
    first, second, third = marks(tmp_path, "# One\n# reason.\n@@ a @@\n-x\n\n@@ b @@\n-y\n+z\n# Another.\n@@ c @@\n")
    assert first.reason == second.reason == "One reason."
    assert (third.reason, third.gone, third.come) == ("Another.", (), ())


def test_a_mark_without_lines_takes_the_whole_cell(tmp_path: Path) -> None:
    (mark,) = marks(tmp_path, "# A plot.\n@@ task1 @@\n")
    assert mark.covers(MUTANT)
    assert mark.covers(OTHER)


def test_marks_that_are_not_true_are_findings(tmp_path: Path) -> None:
    (mark,) = marks(tmp_path, MARK)
    assert "no more" in mark_findings([mark], [OTHER], [])[0]
    assert "do notice" in mark_findings([mark], [MUTANT], [MUTANT])[0]


@pytest.mark.parametrize("text", ["@@ task1 @@\n-x\n", "-x\n", "# why\nx > 0\n", "#\n@@ task1 @@\n", "# why\n-x\n"])
def test_a_mark_without_a_reason_or_out_of_place_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidAssignment, match=r"line \d"):
        marks(tmp_path, text)
