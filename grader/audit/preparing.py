"""Release an assignment as nbgrader does, in a folder that is thrown away: the source as it is now is audited."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from grader.audit.cache import Cache, key_of
from grader.audit.subjects import Subject
from grader.course import new_class
from grader.course.assignment import Assignment, Cell, load_assignment
from grader.course.release import release
from grader.errors import InvalidAssignment
from grader.files import ordinary_files


@dataclass(frozen=True)
class Prepared:
    """An assignment, ready to be answered.

    Attributes:
        assignment: what it asks for.
        released: the notebook that students get.
        files: (relative path, bytes) of what they get beside it.
    """

    assignment: Assignment
    released: NotebookNode
    files: tuple[tuple[str, bytes], ...]

    def is_test(self, grade_id: str) -> bool:
        """Whether the cell of this name is graded by running it."""
        cell = self.assignment.find(grade_id)
        return cell is not None and cell.is_test


def prepare(subject: Subject, cache: Cache) -> Prepared:
    """Release the assignment, unless the same was done before.

    Raises:
        InvalidAssignment: nbgrader refuses it, or a hidden region is not closed.
    """
    key = key_of("release", subject.slug, subject.language, _source_hash(subject.source))
    known = cache.find(key)
    if known is None:
        known = _released(subject)
        cache.keep(key, known)
    cells = tuple(Cell(**cell) for cell in known["assignment"]["cells"])
    return Prepared(
        assignment=Assignment(subject.slug, cells, known["assignment"]["kernelspec"]),
        released=nbformat.reads(known["released"], as_version=4),
        files=tuple((name, b64decode(data)) for name, data in known["files"]),
    )


def _released(subject: Subject) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="grader-audit-") as folder:
        course = new_class.init(Path(folder) / "class", name="audit", language=subject.language)
        shutil.rmtree(course.source)
        shutil.copytree(subject.source, course.source / subject.slug, ignore=shutil.ignore_patterns(".*"))
        release(course, subject.slug)
        target = course.release / subject.slug
        notebook = target / f"{subject.slug}.ipynb"
        beside = [path for path in ordinary_files(target) if path != notebook]
        return {
            "assignment": asdict(load_assignment(course.gradebook_url, subject.slug)),
            "released": notebook.read_text(encoding="utf-8"),
            "files": [[str(path.relative_to(target)), b64encode(path.read_bytes()).decode()] for path in beside],
        }


def _source_hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in ordinary_files(folder):
        if not any(part.startswith(".") for part in path.relative_to(folder).parts):
            digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def source_notebook(subject: Subject) -> NotebookNode:
    """The author's notebook.

    Raises:
        InvalidAssignment: it cannot be read.
    """
    try:
        notebook: NotebookNode = nbformat.read(subject.notebook, as_version=4)
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise InvalidAssignment(f"{subject.notebook} cannot be read: {error}") from error
    return notebook
