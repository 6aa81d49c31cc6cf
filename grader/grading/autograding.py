"""One submission for `nbgrader autograde` and formgrader's button: the sandbox and the examiner of `grader grade`."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

from nbformat import NotebookNode

from grader.collect.submissions import TIMESTAMP
from grader.course.assignment import Assignment, load_assignment
from grader.course.folder import Course
from grader.errors import KernelGone, SandboxLost
from grader.files import ordinary_files
from grader.grading.conditions import conditions_of, require_contest
from grader.grading.job import Conditions
from grader.grading.run_notebook import Examined, run_and_examine, write_result
from grader.language import speaking
from grader.outcomes import Outcome, Report, TaskResult
from grader.sandbox.devices import places

Files = tuple[tuple[str, bytes], ...]


def autograde(notebook: NotebookNode, course: Course, slug: str, folder: Path) -> Examined:
    """Run and examine a sealed notebook.

    Args:
        notebook: sealed; it stays as it is.
        course: the class.
        slug: the assignment.
        folder: what was handed in.

    Raises:
        EnvironmentFault: nothing can be graded on this machine.
    """
    files = tuple(
        (str(path.relative_to(folder)), path.read_bytes())
        for path in ordinary_files(folder)
        if path.suffix != ".ipynb" and path.name != TIMESTAMP
    )
    conditions = conditions_of(course, slug, slots=1)
    *_slots, last = places("auto", slots=1, per_gpu=1)  # a GPU, where there is one
    conditions = replace(conditions, device=last if conditions.gpu else conditions.device)
    require_contest(conditions)
    with speaking(conditions.language):
        return _tried(notebook, load_assignment(course.gradebook_url, slug), conditions, files)


def _tried(notebook: NotebookNode, assignment: Assignment, conditions: Conditions, files: Files) -> Examined:
    """As `tries.next_try` has it, but what cannot be graded is left to a person: nbgrader does not come back to it."""
    killed_before, lost = False, ""
    for _try in range(2):
        given = copy.deepcopy(notebook)
        try:
            examined = run_and_examine(given, assignment, conditions, files, killed_before=killed_before)
        except (SandboxLost, KernelGone) as error:
            lost = str(error)
            continue
        if not examined.is_doubtful or killed_before or lost:
            return examined
        killed_before = True
    return _left_to_a_person(copy.deepcopy(notebook), assignment, lost)


def _left_to_a_person(notebook: NotebookNode, assignment: Assignment, reason: str) -> Examined:
    tasks = []
    for cell in notebook.cells:
        known = assignment.find(cell.metadata.get("nbgrader", {}).get("grade_id"))
        if known is not None and known.is_test:
            tasks.append(TaskResult(known.grade_id, Outcome.NOT_GRADED, 0.0, known.points, reason))
            write_result(cell, tasks[-1], [])
    return Examined(notebook, Report(tuple(tasks), 0.0, (reason,)), None, b"", is_doubtful=False)
