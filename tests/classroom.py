"""What tests hand in, and how they have it graded: answers become notebooks, notebooks become submissions."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from grader.audit.answers import Answer, read_answer, reference_answer
from grader.course import new_class
from grader.course.folder import Course

REPOSITORY = Path(__file__).resolve().parent.parent
REAL_ARCHIVE = REPOSITORY.parent / "shared" / "data" / "journey-springfield.zip"


def source_notebook(slug: str) -> NotebookNode:
    """The author's notebook."""
    return nbformat.read(new_class.course_source() / "source" / slug / f"{slug}.ipynb", as_version=4)


def student_notebook(course: Course, slug: str, answer: Answer | str) -> NotebookNode:
    """The released notebook, filled in by a student.

    Args:
        course: whose release is filled in.
        slug: the assignment.
        answer: an answer, `reference`, `untouched`, or a path such as `wrong/relu_missing_after_add`.
    """
    released = nbformat.read(course.release / slug / f"{slug}.ipynb", as_version=4)
    if answer == "untouched":
        return released
    if isinstance(answer, str):
        path = new_class.course_solutions() / slug / f"{answer}.py"
        answer = Answer("reference", {}) if answer == "reference" else read_answer(path)
    return Answer(answer.name, {**reference_answer(source_notebook(slug)).cells, **answer.cells}).applied_to(released)


class AtOnce(Executor):
    """Runs each job where it is submitted."""

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  what an executor does
            future.set_exception(error)
        return future


@contextmanager
def in_this_process(_slots: int) -> Iterator[Executor]:
    """Workers for `grade_class` that share this process's warm sandbox, so that a test does not wait for a cold one."""
    yield AtOnce()


HandIn = Callable[..., Path]
