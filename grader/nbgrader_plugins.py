"""What plugs into nbgrader, so that its own commands and formgrader's button grade behind the boundary too.

`configure` is all that a class's `nbgrader_config.py` calls. The steps are those of `grader grade`: same seal, same
sandbox, same examiner, same points.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from nbgrader.plugins import FileNameCollectorPlugin
from nbgrader.preprocessors import AssignLatePenalties, NbGraderPreprocessor, OverwriteCells
from traitlets import Unicode

from grader.collect.plain_names import student_of
from grader.course.assignment import load_assignment
from grader.course.folder import Course
from grader.course.nbgrader_config import configure

Resources = Any


class SealedOverwriteCells(OverwriteCells):
    """nbgrader's sanitising pass, with hidden tests taken out: what is written to `autograded/` holds none."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Seal the notebook."""
        from grader.grading.seal import seal  # noqa: PLC0415  nbgrader reads this module for every command; torch need not come along

        marks = resources["nbgrader"]
        sealed = seal(nb, load_assignment(marks["db_url"], marks["assignment"]))
        for note in sealed.notes:
            self.log.warning("%s", note)
        return sealed.notebook, resources


class SealedExecute(NbGraderPreprocessor, Preprocessor):
    """Runs the notebook in the sandbox and the hidden tests outside of it."""

    class_dir = Unicode("", help="the class folder").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Fill in the outputs: messages and points of the test cells."""
        from grader.grading.autograding import autograde  # noqa: PLC0415  as above

        folder = Path(resources["metadata"]["path"])
        examined = autograde(nb, Course.open(Path(self.class_dir)), resources["nbgrader"]["assignment"], folder)
        for note in examined.report.notes:
            self.log.warning("%s", note)
        return examined.notebook, resources


class LatePenalties(AssignLatePenalties):
    """Takes off what the class's rules for late work say; without any, what nbgrader's own plugin does."""

    class_dir = Unicode("", help="the class folder").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Write the penalty into the gradebook."""
        from grader.record.nbgrader_penalties import penalise  # noqa: PLC0415  as above

        marks = resources["nbgrader"]
        if not penalise(Course.open(Path(self.class_dir)), marks["db_url"], marks["assignment"], marks["student"]):
            super().preprocess(nb, resources)
        return nb, resources


class SubmissionCollector(FileNameCollectorPlugin):
    """Understands plain names of submissions for `nbgrader zip_collect`; `grader collect` understands many more."""

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        """Student and notebook of a file, or None where the name tells nothing."""
        # The folder is one of nbgrader's own settings; only the names below it are a submission's.
        path = Path(submitted_file).relative_to(self.parent._format_collect_path(self.parent.extracted_directory))
        slug = self.parent.coursedir.assignment_id
        if path.suffix not in self.valid_ext or path.name.startswith("."):
            return None
        found = student_of(path, slug)
        kind = "submission" if path.suffix == ".csv" else slug
        return None if found is None else {"student_id": found, "file_id": kind}


__all__ = [
    "LatePenalties",
    "SealedExecute",
    "SealedOverwriteCells",
    "configure",
]
