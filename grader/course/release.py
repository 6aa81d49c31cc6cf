"""Release notebooks to students, with nbgrader's own commands."""

from __future__ import annotations

import contextlib
import errno
import io
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.apps import NbGraderAPI

from grader.course.assignment import load_assignment, split_hidden
from grader.course.changed_cells import CellChange, update_cells
from grader.course.folder import Course
from grader.course.gradebook import open_gradebook
from grader.course.nbgrader_config import nbgrader_config, put_environment_on_path
from grader.errors import EnvironmentFault, InvalidAssignment, InvalidSubmission, disk_fault, is_of_disk
from grader.language import _
from grader.notebook import read_notebook
from grader.printable import printable


@dataclass(frozen=True)
class Released:
    """What a release has changed.

    Attributes:
        path: the student's notebook.
        cells: cells that came or went after submissions.
        to_regrade: students who were graded under the earlier release: their points stay until they are graded anew.
    """

    path: Path
    cells: CellChange
    to_regrade: tuple[str, ...]


def release(course: Course, slug: str, *, drop_cells: bool = False) -> Released:
    """Make the student's version of an assignment and put its cells into the gradebook.

    Args:
        course: the class.
        slug: the assignment.
        drop_cells: whether cells that are gone from the source take along the points that were given for them.

    Raises:
        InvalidConfig: there is no such assignment.
        InvalidAssignment: its source is damaged, nbgrader refuses it, a hidden region is not closed, or cells are
            gone in which students have points.
        EnvironmentFault: the gradebook cannot be opened.
    """
    course.require(slug)
    source = course.source / slug / f"{slug}.ipynb"
    _require_notebook(source)
    open_gradebook(course).close()  # raises what is wrong with it in words; nbgrader would print a traceback
    before = _revision(course, slug)
    change = update_cells(course, slug, source, drop=drop_cells)
    run_nbgrader(course, f"release {slug}", lambda api: api.generate_assignment(slug, force=True, create=True))
    assignment = load_assignment(course.gradebook_url, slug)
    for cell in assignment.cells:
        split_hidden(cell.source)
    students = _graded(course, slug) if before not in ("", assignment.revision) else ()
    return Released(course.release / slug / f"{slug}.ipynb", change, students)


def _revision(course: Course, slug: str) -> str:
    """What the gradebook has of the assignment now; empty where it has nothing."""
    put_environment_on_path()
    try:
        return load_assignment(course.gradebook_url, slug).revision
    except InvalidAssignment:
        return ""


def _graded(course: Course, slug: str) -> tuple[str, ...]:
    with open_gradebook(course) as gradebook:
        return tuple(sorted(submission.student_id for submission in gradebook.assignment_submissions(slug)))


def _require_notebook(path: Path) -> None:
    try:
        read_notebook(path.read_bytes())
    except InvalidSubmission as error:
        raise InvalidAssignment(
            _("The author's notebook {path} cannot be read. {message}").format(path=path, message=error.message),
            remedy=error.remedy,
        ) from error
    except OSError as error:
        raise disk_fault(error, path, "read") from error


def run_nbgrader(course: Course, doing: str, call: Any) -> None:
    """Have nbgrader do something in a class folder.

    Args:
        course: the class.
        doing: what, in words for an error.
        call: does it, with nbgrader's API.

    Raises:
        InvalidAssignment: nbgrader refuses; with the last line of what it said.
        EnvironmentFault: the disk is the reason.
    """
    put_environment_on_path()
    with _inside(course), contextlib.redirect_stderr(io.StringIO()):
        outcome = call(NbGraderAPI(config=nbgrader_config(course)))
    if not outcome["success"]:
        said = (outcome.get("error") or outcome.get("log") or "").strip().splitlines() or ["it gave no reason"]
        fault = _fault_of_disk(said[-1])
        if fault is not None:
            raise fault
        raise InvalidAssignment(
            _("nbgrader could not {doing}: {said}").format(doing=doing, said=printable(said[-1].strip(), 800)),
            remedy=_("Put it right and run again."),
        )


def _fault_of_disk(said: str) -> EnvironmentFault | None:
    """The fault behind the last line of a traceback that ends in an error of the system, such as a full disk."""
    found = re.search(r"\[Errno (?P<errno>\d+)\] (?P<reason>[^:]+)(?:: '(?P<path>[^']*)')?", said)
    if found is None:
        return None
    error = OSError(int(found["errno"]), found["reason"], found["path"])
    return disk_fault(error, None, "written") if is_of_disk(error) and error.errno != errno.ENOENT else None


@contextmanager
def _inside(course: Course) -> Iterator[None]:
    """Nbgrader takes the course folder from the working directory; its log goes to its own handler."""
    before = os.getcwd()  # noqa: PTH109  restored exactly
    logging.getLogger("traitlets").setLevel(logging.ERROR)
    os.chdir(course.root)
    try:
        yield
    finally:
        os.chdir(before)
