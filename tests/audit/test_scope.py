"""Names: what cells define and read, and what hidden tests call."""

from __future__ import annotations

from typing import Any

import pytest
from classroom import source_notebook
from nbformat.v4 import new_code_cell, new_notebook

from grader.audit.names import defined_names, unknown_names
from grader.audit.preparing import Prepared
from grader.audit.pruning import from_cell_on
from grader.audit.scope import names_of
from grader.course.assignment import Assignment, Cell
from grader.notebook import mark_illustration


def test_a_cells_names_are_those_of_the_notebook_not_of_its_functions() -> None:
    names = names_of("import a.b as c\nd = [e for e in f]\ndef g(h):\n    i = h + j\n    return i\nclass K(L): pass")
    assert names is not None
    assert names.bound == {"c", "d", "g", "K"}
    assert names.read >= {"f", "j", "L"}
    assert not names.read & {"e", "h", "i"}
    assert names_of("%matplotlib inline") is None


def notebook(*sources: str) -> Any:
    return new_notebook(cells=[new_code_cell(source) for source in sources])


def released(source: str) -> Assignment:
    return Assignment("one", (Cell("test1", "code", source, "", True, True, False, False, 1.0),))


@pytest.mark.parametrize(
    ("test", "findings"),
    [
        ("### BEGIN HIDDEN TESTS\nassert Net(3)\n### END HIDDEN TESTS", []),
        ("### BEGIN HIDDEN TESTS\nassert Nett(3)\n### END HIDDEN TESTS", ["did you mean Net?"]),
        ("### BEGIN HIDDEN TESTS\nassert quite_another(3)\n### END HIDDEN TESTS", ["which no cell defines."]),
        ("x = 1\n### BEGIN HIDDEN TESTS\nassert Net(x), torch.ones(1)\n### END HIDDEN TESTS", []),
        ("### BEGIN HIDDEN TESTS\nassert Net(\n### END HIDDEN TESTS", ["does not parse"]),
    ],
)
def test_names_that_nobody_defines_are_found(test: str, findings: list[str]) -> None:
    found = unknown_names(notebook("def Net(n):\n    return n", test), released(test))
    assert len(found) == len(findings)
    for text, words in zip(found, findings, strict=True):
        assert text.startswith("test1: ")
        assert words in text


def test_a_notebook_that_may_define_anything_is_not_blamed() -> None:
    test = "### BEGIN HIDDEN TESTS\nassert Nett(3)\n### END HIDDEN TESTS"
    assert unknown_names(notebook("from somewhere import *", test), released(test)) == []


def test_our_course_uses_no_name_that_it_does_not_define() -> None:
    assert {"BasicBlock", "ResNet", "torch", "stage_of_probes"} <= defined_names(source_notebook("resnet"))


def prepared(source: Any) -> Prepared:
    """As `prepare` gives it, without nbgrader."""
    cells = []
    for cell in source.cells:
        marks = cell.metadata.get("nbgrader", {})
        if "illustration" in cell.metadata.get("tags", []):
            mark_illustration(cell)
        if marks:
            kinds = (bool(marks.get("grade")), bool(marks.get("solution")), False)
            cells.append(
                Cell(marks["grade_id"], cell.cell_type, cell.source, "", kinds[0], *kinds, marks.get("points", 0))
            )
    return Prepared(Assignment("one", tuple(cells)), source, ())


def test_demonstrations_and_earlier_tests_are_left_out_and_what_later_tests_need_stays() -> None:
    source = source_notebook("resnet")
    part = from_cell_on(prepared(source), source, "task3_resnet")
    assert [cell.grade_id for cell in part.assignment.cells] == [
        "task3_resnet",
        "count_parameters",
        "task3_resnet_parameters",
        "task3_resnet_function",
        "task4_bottleneck",
        "task4_bottleneck_shape",
        "task4_bottleneck_function",
        "task4_bottleneck_gradients",
        "task5_make_resnet",
        "task5_make_resnet_basic",
        "task5_make_resnet_bottleneck",
        "task6_gradient",
        "task6_degradation",
        "task6_bottleneck",
    ]
    kept = [cell.metadata.get("nbgrader", {}).get("grade_id") or cell.source[:12] for cell in part.released.cells]
    needed = ["import matpl", "task1_basic_block", "task2_make_stage"]
    assert kept == [*needed, *(cell.grade_id for cell in part.assignment.cells)]
    whole = from_cell_on(prepared(source), source, "task1_basic_block")
    assert whole.assignment == prepared(source).assignment
    assert not any("draw_block" in cell.source for cell in whole.released.cells)


def test_a_cell_that_a_hidden_test_reads_from_stays() -> None:
    source = notebook("a = 1", "b = a + 1", "a = 5", "solved = 1", "c = 3\nprint(c)", "test")
    for cell, name in ((source.cells[3], "task1"), (source.cells[5], "test1")):
        cell.metadata["nbgrader"] = {"grade_id": name, "solution": name == "task1", "grade": name == "test1"}
    source.cells[5].source = "### BEGIN HIDDEN TESTS\nassert b == 2\n### END HIDDEN TESTS"
    part = from_cell_on(prepared(source), source, "task1")
    assert [cell.source for cell in part.released.cells[:-1]] == ["a = 1", "b = a + 1", "solved = 1"]


def test_a_loop_variable_and_a_caught_exception_need_no_earlier_cell() -> None:
    source = notebook(
        "name = error = rows = 1",
        "solved = 1",
        "for name in [1]:\n    found = name\ntry:\n    found\nexcept ValueError as error:\n    print(error)",
        "for found in rows:\n    pass",
    )
    for cell, name in ((source.cells[1], "task1"), (source.cells[2], "test1"), (source.cells[3], "test2")):
        cell.metadata["nbgrader"] = {"grade_id": name, "solution": name == "task1", "grade": name != "task1"}
    part = from_cell_on(prepared(source), source, "task1")
    assert len(part.released.cells) == 4  # `rows` is read
    source.cells[3].source = "found"
    part = from_cell_on(prepared(source), source, "task1")
    assert [cell.source for cell in part.released.cells[:1]] == ["solved = 1"]
