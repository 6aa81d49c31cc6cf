"""What waits for a teacher in a whole class, as nbgrader's gradebook says it now."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from grader.course.assignment import load_assignment
from grader.course.folder import Course
from grader.course.gradebook import open_gradebook
from grader.errors import InvalidAssignment
from grader.record.by_hand.gradebook_states import read_states
from grader.record.by_hand.questions import questions_of


@dataclass(frozen=True, slots=True)
class Waiting:
    """Answers to one question that wait.

    Attributes:
        assignment: slug.
        cell: nbgrader's name of it.
        title: what it is called in the notebook.
        points: what one answer is worth.
        answers: how many wait.
    """

    assignment: str
    cell: str
    title: str
    points: float
    answers: int


def waiting_in(course: Course) -> list[Waiting]:
    """The questions with answers that wait, in the order of the course.

    Raises:
        EnvironmentFault: the gradebook cannot be read.
    """
    with open_gradebook(course) as gradebook:
        states = read_states(gradebook)
    counts = Counter(
        (slug, cell) for (_student, slug), cells in states.items() for cell, one in cells.items() if one.needs_person
    )
    found = []
    for slug in course.slugs():
        try:
            assignment = load_assignment(course.gradebook_url, slug)
        except InvalidAssignment:
            continue  # not released
        found += [
            Waiting(slug, one.grade_id, one.title, one.max_points, counts[slug, one.grade_id])
            for one in questions_of(course, assignment)
            if counts[slug, one.grade_id]
        ]
    return found
