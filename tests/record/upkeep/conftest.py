from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest
from classroom import in_this_process, student_notebook
from whole_class import Known, known

from grader.course.folder import Course
from grader.pipeline import grade_class
from grader.record.planning import GradingStatus


@pytest.fixture(scope="module")
def graded_class(released_class: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class with two students graded; copy it, do not write in it."""
    root = tmp_path_factory.mktemp("graded") / "class"
    shutil.copytree(released_class, root)
    course = Course.open(root)
    for student, answer in (("lisa", "reference"), ("bart", "wrong/relu_missing_after_add")):
        folder = course.submitted / student / "resnet"
        folder.mkdir(parents=True)
        (folder / "resnet.ipynb").write_text(nbformat.writes(student_notebook(course, "resnet", answer)))
    rows = grade_class(course, ["resnet"], workers=in_this_process)
    assert [row.status for row in rows] == [GradingStatus.GRADED] * 2
    return root


@pytest.fixture
def graded(graded_class: Path, tmp_path: Path) -> Course:
    """Such a class of the test's own."""
    shutil.copytree(graded_class, tmp_path / "class")
    return Course.open(tmp_path / "class")


@pytest.fixture
def before(graded: Course) -> Known:
    """What the class knows before the fault."""
    return known(graded)
