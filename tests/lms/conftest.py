"""A class with a real gradebook: three students graded, one who handed in nothing, and two of one name."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest
from classroom import in_this_process, student_notebook

from grader.course.folder import Course
from grader.pipeline import grade_class
from grader.record.planning import GradingStatus

ROSTER = """\
id,name,email,moodle
lisa,Лиза Симпсон,lisa@example.org,101
bart,Барт Симпсон,,102
ivan,Иван Петров,,103
ivan2,Пётр Иванов,,104
milhouse,Милхаус,milhouse@example.org,105
"""
ANSWERS = {"lisa": "reference", "bart": "wrong/relu_missing_after_add", "ivan": "untouched"}


@pytest.fixture(scope="session")
def graded_class(released_class: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class with graded students; copy it, do not write in it."""
    root = tmp_path_factory.mktemp("graded") / "class"
    shutil.copytree(released_class, root)
    (root / "roster.csv").write_text(ROSTER)
    course = Course.open(root)
    for student, answer in ANSWERS.items():
        folder = course.submitted / student / "resnet"
        folder.mkdir(parents=True)
        (folder / "resnet.ipynb").write_text(nbformat.writes(student_notebook(course, "resnet", answer)))
    rows = grade_class(course, ["resnet"], workers=in_this_process)
    assert [row.status for row in rows] == [GradingStatus.GRADED] * 3
    return root


@pytest.fixture
def graded(graded_class: Path, tmp_path: Path) -> Course:
    """Such a class of the test's own."""
    shutil.copytree(graded_class, tmp_path / "class")
    return Course.open(tmp_path / "class")
