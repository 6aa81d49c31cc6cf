from __future__ import annotations

from collections.abc import Iterator

import pytest
from watched_class import Class

from grader.course.folder import Course
from grader.record.database import ClassDatabase
from grader.record.page_rules import publish_rules


@pytest.fixture
def classroom(course: Course) -> Iterator[Class]:
    with ClassDatabase.open(course.database_url) as database:
        publish_rules(course, database)
        yield Class(course, database)
