"""Names: what cells define and read, and what hidden tests call."""

from __future__ import annotations

from typing import Any

import pytest
from classroom import source_notebook
from nbformat.v4 import new_code_cell, new_notebook

from grader.assignment import Assignment, Cell
from grader.audit.names import defined_names, unknown_names
from grader.audit.pruning import pruned
from grader.audit.scope import names_of


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


def test_demonstrations_are_left_out_and_what_tests_need_stays() -> None:
    source = source_notebook("resnet")
    short = pruned(source, source)
    kept = [cell.source for cell in short.cells]
    assert len(kept) < len(source.cells)
    assert any("import torch" in text for text in kept)
    assert not any("draw_block" in text for text in kept)
    graded = [cell for cell in source.cells if cell.metadata.get("nbgrader")]
    assert [cell for cell in short.cells if cell.metadata.get("nbgrader")] == graded


def test_a_cell_that_a_hidden_test_reads_from_stays() -> None:
    cells = notebook("a = 1", "b = a + 1", "a = 5", "c = 3\nprint(c)", "test").cells
    cells[-1].metadata["nbgrader"] = {"grade_id": "test1"}
    cells[-1].source = "### BEGIN HIDDEN TESTS\nassert b == 2\n### END HIDDEN TESTS"
    whole = new_notebook(cells=cells)
    assert [cell.source for cell in pruned(whole, whole).cells[:-1]] == ["a = 1", "b = a + 1"]
