"""Test cells that come, go and change their names after students were graded."""

import copy
import json

import nbformat
import pytest
from command_line import grader
from whole_class import Known, grade_without_running, known

from grader.course.folder import Course
from grader.course.release import release
from grader.errors import InvalidAssignment
from grader.record.planning import GradingStatus


def change_source(course: Course, change) -> None:
    path = course.source / "resnet" / "resnet.ipynb"
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    path.write_text(nbformat.writes(notebook))


def first_test(notebook):
    return next(
        cell
        for cell in notebook.cells
        if (marks := cell.metadata.get("nbgrader", {})).get("grade") and not marks.get("solution")
    )


def with_one_more(notebook) -> None:
    made = copy.deepcopy(first_test(notebook))
    made.id = made.metadata.nbgrader["grade_id"] = "task1_once_more"
    made.metadata.nbgrader["points"] = 2
    notebook.cells.insert(notebook.cells.index(first_test(notebook)) + 1, made)


def without_the_first(notebook) -> None:
    notebook.cells.remove(first_test(notebook))


@pytest.mark.slow
def test_a_test_cell_added_after_submissions_gets_its_column_and_old_points_stay(graded: Course, before: Known) -> None:
    change_source(graded, with_one_more)
    done = grader("release", "resnet", cwd=graded.root)
    assert done.returncode == 0, done.stderr
    assert "new: task1_once_more" in done.stdout
    assert "2 students were graded under the earlier release" in done.stdout
    assert "bart, lisa" in done.stdout
    between = known(graded)
    for student, cells in before.cells.items():
        assert between.cells[student] == {**cells, "task1_once_more": None}
    assert [line.points for line in between.export] == [line.points for line in before.export]

    graded_again = grader("grade", "resnet", "--json", "--slots", "1", cwd=graded.root)
    lines = {line["student"]: line for line in json.loads(graded_again.stdout)["submissions"]}
    assert {line["standing"] for line in lines.values()} == {"graded"}
    after = known(graded)
    assert after.cells["lisa"] == {**before.cells["lisa"], "task1_once_more": 2.0}

    (graded.root / "gradebook.db").unlink()  # and a fresh gradebook has the same cells in another order
    assert {row.status for row in grade_without_running(graded).values()} == {GradingStatus.RECORDED}
    assert known(graded) == after


def test_a_removed_test_cell_takes_points_along_only_where_that_is_said(graded: Course, before: Known) -> None:
    name = first_test(nbformat.read(graded.source / "resnet" / "resnet.ipynb", as_version=4)).metadata.nbgrader.grade_id
    change_source(graded, without_the_first)
    refused = grader("release", "resnet", cwd=graded.root)
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
    for words in (name, "2 students", "same grade_id", "--drop-cells"):
        assert words in refused.stderr
    assert known(graded) == before
    assert {row.status for row in grade_without_running(graded).values()} == {GradingStatus.UNCHANGED}
    done = grader("release", "resnet", "--drop-cells", "--json", cwd=graded.root)
    assert done.returncode == 0, done.stderr
    changed = json.loads(done.stdout)["changed"]["resnet"]
    assert changed == {"added": [], "dropped": [name], "to_regrade": ["bart", "lisa"]}
    for student, cells in before.cells.items():
        assert known(graded).cells[student] == {cell: points for cell, points in cells.items() if cell != name}


def test_a_renamed_test_cell_is_a_removed_one_and_a_new_one(graded: Course, before: Known) -> None:
    def rename(notebook) -> None:
        cell = first_test(notebook)
        cell.id = cell.metadata.nbgrader["grade_id"] = "task1_another_name"

    change_source(graded, rename)
    with pytest.raises(InvalidAssignment, match="not in the source any more") as refused:
        release(graded, "resnet")
    assert "a renamed cell is a removed one and a new one" in refused.value.remedy
    assert known(graded) == before
