"""Assignments as the gradebook knows them: put back from `source/` where the gradebook was lost."""

from __future__ import annotations

from collections.abc import Iterable

from nbgrader.api import Assignment
from sqlalchemy import select

from grader.course.folder import Course
from grader.course.gradebook import open_gradebook
from grader.course.release import release
from grader.record.ledger import Ledger


def forgotten(course: Course, slugs: Iterable[str]) -> list[str]:
    """Assignments that were graded and that the gradebook does not know."""
    graded = {slug for slug, _student, _key in Ledger(course.ledger).recorded()}
    suspects = [slug for slug in slugs if slug in graded]
    if not suspects:
        return []
    with open_gradebook(course) as gradebook:
        known = set(gradebook.db.scalars(select(Assignment.name)))
    return [slug for slug in suspects if slug not in known]


def put_back(course: Course, slugs: Iterable[str]) -> list[str]:
    """Release again what was graded and is forgotten: from the same source come the same cells, and the same keys.

    Returns:
        What was released.

    Raises:
        InvalidAssignment: nbgrader refuses one of them.
    """
    lost = [slug for slug in forgotten(course, slugs) if (course.source / slug / f"{slug}.ipynb").is_file()]
    for slug in lost:
        release(course, slug)
    return lost
