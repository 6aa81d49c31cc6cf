"""What of an author's notebook is executed to explain failures, and what is not."""

from __future__ import annotations

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grader.diagnosis.reference import Reference, before_test, execute, needed_cells, read_reference

SOLUTION = {"grade": False, "grade_id": "task1", "locked": False, "schema_version": 3, "solution": True, "task": False}
TEST = {**SOLUTION, "grade": True, "grade_id": "task1_test", "locked": True, "points": 1, "solution": False}


def reference_of(*cells: nbformat.NotebookNode) -> Reference:
    return read_reference(new_notebook(cells=list(cells)))


def solution(text: str, grade_id: str = "task1") -> nbformat.NotebookNode:
    marked = f"{text.split(chr(10), maxsplit=1)[0]}\n    ### BEGIN SOLUTION\n" + "\n".join(text.split("\n")[1:])
    return new_code_cell(f"{marked}\n    ### END SOLUTION", metadata={"nbgrader": {**SOLUTION, "grade_id": grade_id}})


def test_only_definitions_are_executed() -> None:
    given = new_code_cell("import math\nLIMIT = 3\nprint(1 / 0)\nlosses = train()")
    names = execute(reference_of(given, solution("def area(r):\n    return math.pi * r**2")), {})
    assert names["LIMIT"] == 3
    assert "losses" not in names
    assert round(names["area"](1), 2) == 3.14


def test_marks_and_hidden_tests_are_left_out() -> None:
    hidden = "assert f(1)\n### BEGIN HIDDEN TESTS\nsecret = 1\n### END HIDDEN TESTS"
    first, test = reference_of(solution("def f(x):\n    return x"), new_code_cell(hidden, metadata={"nbgrader": TEST}))
    assert first.text == "def f(x):\n    return x"
    assert first.lines == {2}
    assert "secret" not in test.text


def test_a_changed_cell_takes_the_place_of_the_authors() -> None:
    reference = reference_of(solution("def f(x):\n    return x"))
    assert execute(reference, {"task1": "def f(x):\n    return -x"})["f"](2) == -2


@pytest.mark.parametrize("code", ["import os\n    return os.getcwd()", "return open('/etc/hostname').read()"])
def test_a_changed_solution_reaches_no_file(code: str) -> None:
    names = execute(reference_of(solution(f"def f():\n    {code}")), {})
    with pytest.raises((ImportError, NameError)):
        names["f"]()


def test_cells_that_a_name_is_made_of_come_from_its_own_to_those_below() -> None:
    cells = reference_of(
        solution("def side(n):\n    return n // 2", "below"),
        solution("def area(n):\n    return side(n) ** 2", "own"),
        solution("def other(n):\n    return n", "other"),
    )
    assert [cell.grade_id for cell in needed_cells(cells, ["area"])] == ["own", "below"]


def test_the_heading_above_a_cell_names_its_task_in_each_language() -> None:
    russian = new_markdown_cell("## Задача 1. Площадь", metadata={"tags": ["lang-ru"]})
    english = new_markdown_cell("## Task 1. Area", metadata={"tags": ["lang-en"]})
    (cell,) = reference_of(russian, english, solution("def f(x):\n    return x"))
    assert dict(cell.title) == {"ru": "Задача 1. Площадь", "en": "Task 1. Area"}


def test_cells_behind_a_test_are_not_looked_at() -> None:
    cells = reference_of(
        solution("def f(x):\n    return x"), new_code_cell("f(1)", metadata={"nbgrader": TEST}), new_code_cell("y = 1")
    )
    assert [cell.grade_id for cell in before_test(cells, "task1_test")] == ["task1", "task1_test"]
