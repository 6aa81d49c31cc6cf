"""Open nbgrader's gradebook; whatever is wrong with it becomes an error of one sentence with a remedy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from grader.course.database_url import database_fault, explain_faults, parse, shown, sqlite_path
from grader.course.folder import Course
from grader.course.nbgrader_config import put_environment_on_path
from grader.errors import EnvironmentFault, InvalidConfig
from grader.language import _

if TYPE_CHECKING:
    from nbgrader.api import Gradebook


def open_gradebook(course: Course) -> Gradebook:
    """The class's gradebook; use it as a context manager.

    Raises:
        InvalidConfig: its folder is not there.
        EnvironmentFault: it cannot be opened; later, that it cannot be read or written.
    """
    return open_gradebook_at(course.gradebook_url)


def open_gradebook_at(url: str) -> Gradebook:
    """The gradebook behind a URL, made where there is none yet; use it as a context manager.

    Raises:
        InvalidConfig: its folder is not there.
        EnvironmentFault: it cannot be opened; later, that it cannot be read or written.
    """
    from nbgrader.api import Gradebook  # noqa: PLC0415  it takes a second, and the page has no use for it

    put_environment_on_path()  # a new gradebook is made with `alembic`, by name
    parsed = parse(url)
    path = sqlite_path(parsed)
    if path is not None:
        _require_place(path)
    name = f"The gradebook {path or shown(parsed)}"
    try:
        gradebook = Gradebook(url)
    except SQLAlchemyError as error:
        raise database_fault(error, f"{name} cannot be opened") from error
    explain_faults(gradebook.engine, name)
    return gradebook


def _require_place(path: Path) -> None:
    if path.is_dir():
        raise EnvironmentFault(
            _("The gradebook {path} is a folder; expected nbgrader's database, a file.").format(path=path),
            remedy=_("Move the folder away; `grader release` makes a gradebook."),
        )
    if not path.parent.is_dir():
        raise InvalidConfig(
            _("The gradebook {path} cannot be made: there is no folder {parent}.").format(
                path=path, parent=path.parent
            ),
            remedy=_("Make the folder, or put `gradebook` in class.toml right."),
        )
