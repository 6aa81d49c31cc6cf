"""Under what conditions an audit grades: the class's own, in English, for that is what `# message:` is written in."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

from grader.audit.subjects import Subject
from grader.course.config import ClassConfig
from grader.course.folder import Course
from grader.course.new_class import class_toml
from grader.datasets.layout import load_answer_key
from grader.datasets.synthesize import IMAGES, SIZE, synthesize
from grader.errors import MissingDataset
from grader.grading.conditions import conditions_of
from grader.grading.job import Conditions
from grader.outcomes import Report

TOWN_SEED = 4
LEAST_S = 15.0
TIMES_SLOWER = 8.0


def conditions_for(subject: Subject, slots: int, folder: Path) -> Conditions:
    """Conditions for the cases of an assignment.

    Args:
        subject: the assignment.
        slots: jobs at once.
        folder: where our own course's contest keeps a small town.

    Raises:
        InvalidConfig: class.toml is wrong.
    """
    course = subject.course or _default_class(folder)
    if subject.course is None and course.assignment_config(subject.slug).contest:
        _draw_town(course)
    return replace(conditions_of(course, subject.slug, slots=slots), language="en")


def _default_class(folder: Path) -> Course:
    """Our own course in a class that nobody has changed.

    Its contest may train for ten minutes: our own answers stop after a number of epochs, long before, so that their F1
    does not depend on how busy the machine is.
    """
    return Course(folder, ClassConfig.model_validate(tomllib.loads(class_toml("audit", "en", "UTC"))))


def _draw_town(course: Course) -> None:
    """Draw the demo's town, unless an earlier audit did; always the same one, for nobody is graded on it."""
    try:
        load_answer_key(course.dataset)
    except MissingDataset:
        synthesize(course.dataset, seed=TOWN_SEED, images=IMAGES, size=SIZE, replace=True)


def is_contest(subject: Subject) -> bool:
    """Whether the assignment's points come from the contest."""
    course = subject.course or _default_class(Path())
    return course.assignment_config(subject.slug).contest


def tightened(conditions: Conditions, reference: Report) -> Conditions:
    """Conditions for mutants: several times what the reference needs. An endless loop must not hold up the audit."""
    limits = conditions.limits
    wall_s = min(limits.wall_s, max(LEAST_S, TIMES_SLOWER * reference.wall_s))
    tighter = limits.model_copy(
        update={"wall_s": wall_s, "cell_s": min(limits.cell_s, wall_s / 2), "call_s": min(limits.call_s, wall_s / 2)}
    )
    return replace(conditions, limits=tighter)
