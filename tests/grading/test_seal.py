"""Sealing: the author's cells come back, hidden tests go out, nothing a student writes in metadata counts."""

import json

import nbformat
import pytest
from classroom import student_notebook
from nbformat.v4 import new_code_cell

from grader.course.assignment import Assignment, load_assignment, split_hidden
from grader.course.folder import Course
from grader.errors import InvalidAssignment, InvalidSubmission
from grader.grading.seal import PLACEHOLDER, seal
from grader.language import speaking
from grader.notebook import is_illustration, read_notebook


@pytest.fixture
def resnet(course: Course) -> Assignment:
    return load_assignment(course.gradebook_url, "resnet")


def test_no_hidden_line_is_left_in_a_sealed_notebook(course: Course, resnet: Assignment) -> None:
    sealed = seal(student_notebook(course, "resnet", "reference"), resnet).notebook
    text = nbformat.writes(sealed)
    assert "HIDDEN TESTS" not in text
    assert "grader.checks" not in text
    assert text.count(json.dumps(PLACEHOLDER, ensure_ascii=False)[1:-1]) == sum(
        bool(split_hidden(cell.source)[1]) for cell in resnet.cells if cell.is_test
    )


def test_tags_and_foreign_metadata_are_dropped(course: Course, resnet: Assignment) -> None:
    notebook = student_notebook(course, "resnet", "untouched")
    for cell in notebook.cells:
        cell.metadata["tags"] = ["skip-execution", "lang-ru"]
        cell.metadata["evil"] = "x"
    sealed = seal(notebook, resnet).notebook
    assert all("skip-execution" not in cell.metadata.get("tags", []) for cell in sealed.cells)
    assert all("evil" not in cell.metadata for cell in sealed.cells)


def test_points_and_kinds_are_the_authors(course: Course, resnet: Assignment) -> None:
    notebook = student_notebook(course, "resnet", "untouched")
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.metadata["nbgrader"].update(points=1000, solution=True, locked=False)
            cell.source = "# mine"
    sealed = seal(notebook, resnet)
    points = {
        c.metadata["nbgrader"]["grade_id"]: c.metadata["nbgrader"].get("points")
        for c in sealed.notebook.cells
        if "nbgrader" in c.metadata
    }
    assert all(points[cell.grade_id] == cell.points for cell in resnet.cells if cell.is_grade)
    assert any("author's text was put back" in note for note in sealed.notes)


def test_deleted_cells_come_back_in_their_order(course: Course, resnet: Assignment) -> None:
    notebook = student_notebook(course, "resnet", "reference")
    notebook.cells = [c for c in notebook.cells if not c.metadata.get("nbgrader", {}).get("grade")]
    sealed = seal(notebook, resnet)
    names = [c.metadata["nbgrader"]["grade_id"] for c in sealed.notebook.cells if "nbgrader" in c.metadata]
    assert sorted(names) == sorted(cell.grade_id for cell in resnet.cells)
    assert names.index("task1_basic_block") < names.index("task1_basic_block_shape")
    assert len([note for note in sealed.notes if "was missing" in note]) == sum(c.is_grade for c in resnet.cells)


def test_cells_that_lost_nbgraders_marks_are_found_by_their_ids(course: Course, resnet: Assignment) -> None:
    notebook = student_notebook(course, "resnet", "reference")
    whole = seal(notebook, resnet)
    for cell in notebook.cells:
        cell.metadata.pop("nbgrader", None)
        cell.metadata.pop("springfield", None)
    sealed = seal(read_notebook(nbformat.writes(notebook).encode()), resnet)
    names = [cell.metadata.get("nbgrader") for cell in sealed.notebook.cells]
    assert names == [cell.metadata.get("nbgrader") for cell in whole.notebook.cells]
    assert [cell.source for cell in sealed.notebook.cells] == [cell.source for cell in whole.notebook.cells]
    assert sealed.notes == ("The marks of nbgrader were missing in the file; the cells were found by their ids.",)


def test_an_id_names_no_cell_whose_name_another_bears(course: Course, resnet: Assignment) -> None:
    notebook = student_notebook(course, "resnet", "reference")
    own = new_code_cell("BasicBlock = 2")
    own["id"] = "task1_basic_block"
    named = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == own["id"]]
    named[0]["id"] = "another"
    notebook.cells.append(own)
    kept = [cell for cell in seal(notebook, resnet).notebook.cells if cell.source == own.source]
    assert ["nbgrader" in cell.metadata for cell in kept] == [False]


def test_notes_are_russian_in_a_russian_class(course: Course, resnet: Assignment) -> None:
    notebook = student_notebook(course, "resnet", "reference")
    notebook.cells = [c for c in notebook.cells if not c.metadata.get("nbgrader", {}).get("grade")]
    with speaking("ru"):
        notes = seal(notebook, resnet).notes
    assert notes
    assert all("ячейки не было, она возвращена на место" in note for note in notes)


def test_of_copied_cells_the_last_counts(course: Course, resnet: Assignment) -> None:
    notebook = student_notebook(course, "resnet", "untouched")
    first = next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "task1_basic_block")
    again = nbformat.from_dict(first)
    again["source"] = "BasicBlock = 2"
    notebook.cells.insert(notebook.cells.index(first) + 1, again)
    sealed = seal(notebook, resnet)
    kept = [c for c in sealed.notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "task1_basic_block"]
    assert [c.source for c in kept] == ["BasicBlock = 2"]


def test_the_notebook_of_another_assignment_is_refused_with_its_cells_named(course: Course, resnet: Assignment) -> None:
    other = student_notebook(course, "springfield", "untouched")
    with pytest.raises(InvalidSubmission, match=r"task1_contest_score.*resnet\.ipynb"):
        seal(other, resnet)


@pytest.mark.parametrize(
    "data",
    [b"", b"not json", b"[]", b"{}", b'{"cells": 3, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
     b"\xff\xfe\x00",
     b'{"cells": [{"cell_type": "code", "source": 5}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
     b"[" * 100_000],
    ids=["empty", "text", "list", "object", "cells", "bytes", "source", "deep"],
)  # fmt: skip
def test_a_file_that_is_no_notebook_is_refused_with_what_to_do(data: bytes) -> None:
    with pytest.raises(InvalidSubmission) as refused:
        read_notebook(data)
    assert refused.value.remedy


def test_a_hidden_region_that_is_not_closed_is_the_authors_fault() -> None:
    with pytest.raises(InvalidAssignment, match="never closed"):
        split_hidden("x = 1\n### BEGIN HIDDEN TESTS\nassert x")


def test_an_illustration_is_known_only_while_nobody_has_changed_it(course: Course, resnet: Assignment) -> None:
    notebook = student_notebook(course, "resnet", "reference")
    drawings = [cell for cell in notebook.cells if is_illustration(cell)]
    assert drawings
    note = drawings[0].metadata["springfield"]
    drawings[0].source += "\nmine = 5"
    for odd in (note, None, [], "illustration", {"illustration": None}, {}):
        notebook.cells.append(new_code_cell("mine = 6", metadata={"springfield": odd}))
    sealed = seal(notebook, resnet).notebook
    assert [cell.source for cell in sealed.cells if is_illustration(cell)] == [cell.source for cell in drawings[1:]]
