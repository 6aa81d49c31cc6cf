from __future__ import annotations

from pathlib import Path

import pytest
from own_assignment import write_assignment

from grader import course as courses
from grader.course import Course


@pytest.fixture
def own_class(tmp_path: Path) -> Course:
    """A class folder with the README's assignment in it, and nothing else."""
    course = courses.init(tmp_path / "class", name="7Б", language="ru")
    for folder in course.source.iterdir():
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
    write_assignment(course.root)
    return course
