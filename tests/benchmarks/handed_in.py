"""The class that the benchmarks grade: `resnet`, with right and wrong answers of which no two are the same bytes."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from grader.audit.answers import Answer, read_answer, reference_answer
from grader.course import new_class
from grader.course.assignment import load_assignment
from grader.course.folder import Course
from grader.course.gradebook import open_gradebook
from grader.course.release import release

SLUG = "resnet"
ANSWERS = (
    "reference",
    "right/module_list",
    "wrong/relu_missing_after_add",
    "right/shortcut_first",
    "wrong/padding_missing",
    "right/inheritance",
)
Points = dict[str, dict[str, float]]  # by student and cell


@dataclass(frozen=True)
class HandedIn:
    """Submissions before anybody has graded them.

    Attributes:
        notebooks: what each student handed in.
        released: a class folder with the assignment released; copy it, do not write in it.
    """

    notebooks: dict[str, NotebookNode]
    released: Path

    def put_into(self, folder: Path) -> None:
        """Write them to `folder/<student>/resnet/resnet.ipynb`, as nbgrader has them."""
        for student, notebook in self.notebooks.items():
            path = folder / student / SLUG / f"{SLUG}.ipynb"
            path.parent.mkdir(parents=True)
            nbformat.write(notebook, path)

    def as_class(self, root: Path) -> Course:
        """A class folder of its own, with everything handed in and nothing graded."""
        shutil.copytree(self.released, root)
        course = Course.open(root)
        self.put_into(course.submitted)
        return course


def hand_in(folder: Path, count: int) -> HandedIn:
    """Release the assignment and fill it in `count` times, with the answers in turn.

    Args:
        folder: an empty one.
        count: submissions.
    """
    course = new_class.init(folder / "released", name="Benchmark", language="en")
    release(course, SLUG)
    released = nbformat.read(course.release / SLUG / f"{SLUG}.ipynb", as_version=4)
    source = nbformat.read(course.source / SLUG / f"{SLUG}.ipynb", as_version=4)
    reference = reference_answer(source).cells
    notebooks = {}
    for number, name in zip(range(count), itertools.cycle(ANSWERS), strict=False):
        cells = {**reference, **_patch(name)}
        cells["task1_basic_block"] += f"\n# submission {number}: nothing that was seen before"
        notebooks[f"student-{number:03}"] = Answer(name, cells).applied_to(released)
    return HandedIn(notebooks, course.root)


def _patch(name: str) -> dict[str, str]:
    return {} if name == "reference" else read_answer(new_class.course_solutions() / SLUG / f"{name}.py").cells


def recorded_points(course: Course) -> Points:
    """Points of the tests in the gradebook of a class folder; what a teacher reads is left out."""
    tests = {cell.grade_id for cell in load_assignment(course.gradebook_url, SLUG).cells if cell.is_test}
    with open_gradebook(course) as gradebook:
        return {
            submission.student.id: {
                grade.name: float(grade.auto_score or 0)
                for book in submission.notebooks
                for grade in book.grades
                if grade.name in tests
            }
            for submission in gradebook.assignment_submissions(SLUG)
        }
