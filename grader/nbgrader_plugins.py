"""What plugs into nbgrader, so that its own commands and formgrader's button grade behind the boundary too.

`configure` is all that a class's `nbgrader_config.py` calls. The steps are those of `grader grade`: same seal, same
sandbox, same examiner, same points.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateAssignment
from nbgrader.plugins import FileNameCollectorPlugin
from nbgrader.preprocessors import NbGraderPreprocessor, OverwriteCells, SaveAutoGrades
from traitlets import Unicode

from grader.assignment import load_assignment
from grader.course import Course
from grader.database.gradebook import open_gradebook_at
from grader.feedback.safe_html import safe_html, safe_markdown
from grader.notebook import mark_illustration
from grader.outcomes import Outcome

Resources = Any
HERE = "grader.nbgrader_plugins"
ILLUSTRATION = "illustration"  # tag of a cell whose picture is the same for everybody


def configure(config: Any, class_dir: Path) -> None:
    """Set up nbgrader for a class folder.

    Args:
        config: what `get_config()` gives in `nbgrader_config.py`.
        class_dir: the class folder.

    Raises:
        InvalidConfig: class.toml is wrong.
    """
    course = Course.open(class_dir)
    put_environment_on_path()
    config.CourseDirectory.root = str(course.root)
    config.CourseDirectory.db_url = course.gradebook_url
    config.Autograde.sanitize_preprocessors = [
        f"{HERE}.SealedOverwriteCells",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    config.Autograde.autograde_preprocessors = [
        f"{HERE}.SealedExecute",
        f"{HERE}.SealedSaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    released = GenerateAssignment.preprocessors.default_args[0]
    config.GenerateAssignment.preprocessors = [f"{HERE}.KeepLanguage", *released, f"{HERE}.MarkIllustrations"]
    config.GenerateFeedback.exporter_class = "grader.feedback.exporter.FeedbackExporter"
    config.GenerateFeedback.preprocessors = []  # the exporter reads the gradebook itself
    config.FeedbackExporter.class_dir = str(course.root)
    config.KeepLanguage.language = course.config.language
    config.SealedExecute.class_dir = str(course.root)
    # Markdown and outputs of students are hostile text in the teacher's and the student's browser.
    config.HTMLExporter.sanitize_html = True
    config.HTMLExporter.filters = {"markdown2html": safe_markdown, "clean_html": safe_html}
    config.ZipCollectApp.collector_plugin = f"{HERE}.SubmissionCollector"


def put_environment_on_path() -> None:
    """Nbgrader starts `alembic` by name: the environment's programs have to be found."""
    programs = str(Path(sys.executable).parent)
    if programs not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([programs, os.environ.get("PATH", "")])


class KeepLanguage(NbGraderPreprocessor, Preprocessor):
    """Keeps the text cells of one language and those without a language."""

    language = Unicode("ru", help="ru or en").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Drop cells tagged for another language, and the tag from those that stay."""
        kept = []
        for cell in nb.cells:
            tags = cell.metadata.get("tags", [])
            spoken = [tag for tag in tags if tag.startswith("lang-")]
            if spoken and f"lang-{self.language}" not in spoken:
                continue
            rest = [tag for tag in tags if tag not in spoken]
            if rest:
                cell.metadata["tags"] = rest
            else:
                cell.metadata.pop("tags", None)
            kept.append(cell)
        nb.cells = kept
        return nb, resources


class MarkIllustrations(NbGraderPreprocessor, Preprocessor):
    """Marks the code cells with the tag `illustration`, which grading may leave out."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Note the hash of their text."""
        for cell in nb.cells:
            if cell.cell_type == "code" and ILLUSTRATION in cell.metadata.get("tags", []):
                mark_illustration(cell)
        return nb, resources


class SealedOverwriteCells(OverwriteCells):
    """nbgrader's sanitising pass, with hidden tests taken out: what is written to `autograded/` holds none."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Seal the notebook."""
        from grader.seal import seal  # noqa: PLC0415  nbgrader reads this module for every command; torch need not come along

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
        from grader.autograding import autograde  # noqa: PLC0415  as above

        folder = Path(resources["metadata"]["path"])
        examined = autograde(nb, Course.open(Path(self.class_dir)), resources["nbgrader"]["assignment"], folder)
        for note in examined.report.notes:
            self.log.warning("%s", note)
        return examined.notebook, resources


class SealedSaveAutoGrades(SaveAutoGrades):
    """Saves points; a cell that could not be graded waits for a person and is not worth 0."""

    def save(self, nb: NotebookNode, gradebook: Gradebook, student: str, assignment: str) -> None:
        """The same as `preprocess`, in a gradebook that is open already: opening one costs more than the rest.

        Args:
            nb: the executed notebook.
            gradebook: open.
            student: whose it is.
            assignment: the assignment, and its notebook of the same name.
        """
        self.gradebook = gradebook
        self.student_id, self.assignment_id, self.notebook_id = student, assignment, assignment
        for index, cell in enumerate(nb.cells):
            self.preprocess_cell(cell, {}, index)

    def _add_score(self, cell: NotebookNode, resources: Resources) -> None:
        super()._add_score(cell, resources)
        if cell.metadata.get("springfield", {}).get("outcome") == Outcome.NOT_GRADED:
            marks = (self.notebook_id, self.assignment_id, self.student_id)
            grade = self.gradebook.find_grade(cell.metadata["nbgrader"]["grade_id"], *marks)
            grade.auto_score = None
            grade.needs_manual_grade = True
            self.gradebook.db.commit()


class SubmissionCollector(FileNameCollectorPlugin):
    """Understands how people and LMSs name submissions; see `grader.collect.collect`."""

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


def student_of(path: Path, slug: str) -> str | None:
    """The student's id from a submission's path, or None: the path names nobody, or one student in another's folder.

    The folder at the top, or the name of a file that lies in none, is the teacher's or the LMS's word. Names further
    inside are the student's own: they may say the same, and nothing else.

    Args:
        path: relative to the folder or archive, such as `ivanova/resnet/resnet.ipynb` or `ivanova_12345_resnet.ipynb`.
        slug: the assignment.
    """
    stem = _stem(path)
    kinds = kinds_of(path, slug)
    names = [part for part in path.parts[:-1] if part != slug]
    if stem not in kinds:
        named = _student_in(stem, kinds)
        if named is None:
            return None
        names.append(named)
    if not names:
        return None
    top, *inside = names
    if not {*inside} <= {top, _student_in(top, [slug, "assignsubmission_file", "assignsubmission_file_"])}:
        return None
    return names[-1] if is_student_id(names[-1]) else None


def kinds_of(path: Path, slug: str) -> tuple[str, ...]:
    """The names that a submission has where its folder tells whose it is."""
    return (slug, "submission") if path.suffix == ".csv" else (slug,)


def has_plain_name(path: Path, slug: str) -> bool:
    """Whether a file has such a name, as the student, a browser or an LMS wrote it."""
    return _stem(path) in kinds_of(path, slug)


def _stem(path: Path) -> str:
    return re.sub(r" ?\(\d+\)$|-\d+$", "", path.stem)  # a browser's "resnet (1)", an LMS's "resnet-2"


def _student_in(name: str, endings: Sequence[str]) -> str | None:
    """The student in a name such as `ivanova_late_12345_resnet`."""
    known = "|".join(map(re.escape, endings))
    named = re.fullmatch(rf"(?P<student>.+?)(_late)?(_attempt)?(_[\d\-]+)*_(?:{known})", name)
    return named["student"] if named else None


def is_student_id(name: str) -> bool:
    """Whether a name can be a student's id: it becomes a folder."""
    return (
        bool(re.fullmatch(r"[\w.@\- ]{1,64}", name))
        and not name.startswith(".")
        and name not in ("archive", "extracted")
    )


def open_gradebook(course: Course) -> Gradebook:
    """The class's gradebook; use it as a context manager.

    Raises:
        InvalidConfig: its folder is not there.
        EnvironmentFault: it cannot be opened; later, that it cannot be read or written.
    """
    put_environment_on_path()
    return open_gradebook_at(course.gradebook_url)


def nbgrader_config(course: Course) -> Any:
    """The configuration that `nbgrader` has in this class folder."""
    from traitlets.config import Config  # noqa: PLC0415

    config = Config()
    configure(config, course.root)
    config.CourseDirectory.root = str(course.root)
    return config


__all__ = [
    "KeepLanguage",
    "MarkIllustrations",
    "SealedExecute",
    "SealedOverwriteCells",
    "SealedSaveAutoGrades",
    "configure",
]
