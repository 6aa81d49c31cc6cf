"""Verbs on the class folder: init, release."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from grader.cli.options import HERE, ClassDir, Json, Slugs
from grader.language import _, ngettext
from grader.printable import printable

if TYPE_CHECKING:
    from grader.course.release import Released


def add_to(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command()(init)
    app.command()(release)


def init(
    class_dir: Annotated[Path, typer.Argument(metavar="CLASS_DIR", help="A new folder.")],
    name: Annotated[str, typer.Option(help="The class's name; the folder's name if left out.")] = "",
    language: Annotated[str, typer.Option(help="ru or en.")] = "ru",
    timezone: Annotated[str, typer.Option(help="IANA name.")] = "Europe/Moscow",
    as_json: Json = False,
) -> None:
    """Make a class folder with the course in it.

    Example: [bold]grader init cnn-2026 --name "CNN, autumn 2026"[/]
    """
    from grader.course import new_class

    made = new_class.init(class_dir, name=name, language=language, timezone=timezone)
    if as_json:
        print(json.dumps({"class": str(made.root), "assignments": made.slugs()}, ensure_ascii=False))
        return
    console = Console(highlight=False, soft_wrap=True)
    text = _("{path} with the assignments {names}").format(path=made.root, names=", ".join(made.slugs()))
    console.print(f"[green]{_('made')}[/] {escape(text)}")
    console.print(escape(f"{_('next:')} cd {class_dir}; grader dataset synthesize; grader release"))


def release(
    slugs: Slugs = None,
    class_dir: ClassDir = HERE,
    drop_cells: Annotated[
        bool,
        typer.Option("--drop-cells", help="Cells gone from the source go, with the points that students have in them."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Make the students' notebooks, without solutions and hidden tests.

    Cells may be added after students were graded: their points stay until `grader grade` has graded them anew.
    With `colab` in class.toml, which says where you put the notebooks, each gets a link that opens it in Google Colab.

    Example: [bold]grader release resnet[/]
    """
    from grader.course import release as releasing
    from grader.course.folder import Course

    course = Course.open(class_dir)
    done = []
    for slug in course.wanted(slugs):
        released = releasing.release(course, slug, drop_cells=drop_cells)
        done.append((slug, released))
        if not as_json:
            _show_release(slug, released)
    if as_json:
        changed = {slug: {**asdict(one.cells), "to_regrade": one.to_regrade} for slug, one in done if one.to_regrade}
        print(json.dumps({"released": {slug: str(one.path) for slug, one in done}, "changed": changed}))


def _show_release(slug: str, released: Released) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[green]{_('released')}[/] {escape(str(released.path))}")
    for doing, names in ((_("new"), released.cells.added), (_("dropped"), released.cells.dropped)):
        if names:
            console.print(f"  {doing}: {escape(', '.join(names))}")
    if released.to_regrade:
        count = len(released.to_regrade)
        text = ngettext(
            "{count} student was graded under the earlier release and keeps the points until graded anew, run `grader "
            "grade {slug}`: {students}",
            "{count} students were graded under the earlier release and keep their points until they are graded anew, "
            "run `grader grade {slug}`: {students}",
            count,
        ).format(count=count, slug=slug, students=", ".join(released.to_regrade))
        console.print(f"  {escape(printable(text, 3000))}")
