"""The verb that shows the class its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from grader.cli.options import HERE, ClassDir
from grader.language import _

if TYPE_CHECKING:
    from grader.course.folder import Course


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(leaderboard)


def leaderboard(
    class_dir: ClassDir = HERE,
    port: Annotated[int, typer.Option(help="Where to listen.", min=1, max=65535)] = 8501,
    address: Annotated[str, typer.Option(help="Beyond this machine only behind a proxy with TLS.")] = "127.0.0.1",
) -> None:
    """Serve the class's page until Ctrl-C.

    Example: [bold]grader leaderboard --port 8501[/]
    """
    from grader.course.folder import Course

    serve_page(Course.open(class_dir), port=port, address=address)


def page_line(address: str, port: int) -> str:
    """Where the page is, as a sentence."""
    return _("the class's page: {url} (Ctrl-C ends it)").format(url=f"http://{address}:{port}")


def serve_page(course: Course, *, port: int, address: str = "127.0.0.1") -> None:
    """Become the page's server. The class database is made where there is none yet, so that an empty page can be shown.

    Raises:
        EnvironmentFault: the database cannot be opened.
    """
    from grader.record.database import ClassDatabase
    from grader.service.page import serve
    from grader.service.page_settings import BoardSettings

    ClassDatabase.open(course.database_url).close()
    Console(stderr=True, highlight=False).print(page_line(address, port))
    serve(BoardSettings(course.database_url, course.config.name, course.config.timezone), address=address, port=port)
