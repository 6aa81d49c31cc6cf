from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from own_assignment import audited, write_assignment

from grader.audit.results import AssignmentAudit
from grader.course import new_class
from grader.course.folder import Course


@pytest.fixture(scope="session")
def eight_steps(tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, AssignmentAudit]:
    """A class folder with the README's assignment and nothing else, and what the audit says; do not write in it."""
    course = new_class.init(tmp_path_factory.mktemp("eight") / "class", name="7Б", language="ru")
    shutil.rmtree(course.source)
    write_assignment(course.root)
    return course, audited(course)


@pytest.fixture
def own_class(eight_steps: tuple[Course, AssignmentAudit], tmp_path: Path) -> Course:
    """The same class for a test of its own, with the audit's memory: what did not change is not run again."""
    shutil.copytree(eight_steps[0].root, tmp_path / "class")
    return Course.open(tmp_path / "class")
