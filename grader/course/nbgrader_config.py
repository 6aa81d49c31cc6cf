"""How nbgrader is set up for a class folder: its own commands grade behind the boundary too.

Plugins are named as text: nbgrader imports those that a command needs.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory

from grader.course.folder import Course
from grader.course.packages import packages_of, told
from grader.course.rubric import RUBRIC

_PLUGINS = "grader.nbgrader_plugins"
_STEPS = "grader.course.release_steps"
_FEEDBACK = "grader.show.feedback"


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
    # The rubric lies beside the source and is the teacher's: nbgrader would hand it out with the notebook.
    config.CourseDirectory.ignore = [*CourseDirectory.ignore.default_args[0], RUBRIC]
    config.Autograde.sanitize_preprocessors = [
        f"{_PLUGINS}.SealedOverwriteCells",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    config.Autograde.autograde_preprocessors = [
        f"{_PLUGINS}.SealedExecute",
        "grader.record.gradebook_writer.SealedSaveAutoGrades",
        f"{_PLUGINS}.LatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    released = GenerateAssignment.preprocessors.default_args[0]
    config.GenerateAssignment.preprocessors = [
        f"{_STEPS}.KeepLanguage",
        f"{_STEPS}.NamePackages",
        f"{_STEPS}.AddColabLink",
        *released,
        f"{_STEPS}.MarkIllustrations",
    ]
    config.GenerateFeedback.exporter_class = f"{_FEEDBACK}.exporter.FeedbackExporter"
    config.GenerateFeedback.preprocessors = []  # the exporter reads the gradebook itself
    config.FeedbackExporter.class_dir = str(course.root)
    config.KeepLanguage.language = course.config.language
    config.AddColabLink.language = course.config.language
    config.AddColabLink.addresses = {slug: course.config.colab_of(slug) for slug in course.slugs()}
    packages = told(packages_of(course.config.packages))
    config.NamePackages.language = course.config.language
    config.NamePackages.packages = {slug: packages for slug in course.slugs() if course.assignment_config(slug).contest}
    config.SealedExecute.class_dir = str(course.root)
    config.LatePenalties.class_dir = str(course.root)
    # Markdown and outputs of students are hostile text in the teacher's and the student's browser.
    config.HTMLExporter.sanitize_html = True
    config.HTMLExporter.filters = {
        "markdown2html": f"{_FEEDBACK}.safe_html.safe_markdown",
        "clean_html": f"{_FEEDBACK}.safe_html.safe_html",
    }
    config.ZipCollectApp.collector_plugin = f"{_PLUGINS}.SubmissionCollector"


def put_environment_on_path() -> None:
    """Nbgrader starts `alembic` by name: the environment's programs have to be found."""
    programs = str(Path(sys.executable).parent)
    if programs not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([programs, os.environ.get("PATH", "")])


def nbgrader_config(course: Course) -> Any:
    """The configuration that `nbgrader` has in this class folder."""
    from traitlets.config import Config  # noqa: PLC0415

    config = Config()
    configure(config, course.root)
    config.CourseDirectory.root = str(course.root)
    return config
