"""Verbs on the class folder: init, release, collect."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from grader.cli.options import HERE, ClassDir, Json, Slugs
from grader.printable import printable

if TYPE_CHECKING:
    from grader.course.release import Released


def add_to(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command()(init)
    app.command()(release)
    app.command()(collect)


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
    console = Console(highlight=False)
    console.print(f"[green]made[/] {made.root} with the assignments {', '.join(made.slugs())}")
    console.print(f"next: cd {class_dir}; grader dataset synthesize; grader release")


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
    console.print(f"[green]released[/] {released.path}")
    for doing, names in (("new", released.cells.added), ("dropped", released.cells.dropped)):
        if names:
            console.print(f"  {doing}: {escape(', '.join(names))}")
    if released.to_regrade:
        students = escape(printable(", ".join(released.to_regrade), 2000))
        console.print(
            f"  {len(released.to_regrade)} students were graded under the earlier release and keep their points until "
            f"they are graded anew, run `grader grade {escape(slug)}`: {students}"
        )


def collect(
    slug: Annotated[str, typer.Argument(metavar="ASSIGNMENT")],
    source: Annotated[Path, typer.Argument(help="A folder, or a zip archive from an LMS.")],
    class_dir: ClassDir = HERE,
    as_json: Json = False,
) -> None:
    """Bring submissions into the class folder, through nbgrader's zip_collect.

    Names that are understood: STUDENT/ASSIGNMENT.ipynb, STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb,
    STUDENT_ASSIGNMENT.ipynb and STUDENT_123_ASSIGNMENT.ipynb.

    Example: [bold]grader collect resnet ~/Downloads/resnet.zip[/]
    """
    from grader.collect import folders as collecting
    from grader.course.folder import Course

    found = collecting.collect(Course.open(class_dir), slug, source)
    if as_json:
        print(json.dumps({"assignment": slug, **asdict(found)}, ensure_ascii=False))
        return
    console = Console(highlight=False)
    console.print(f"[green]collected[/] {slug}: {len(found.students)} students ({', '.join(found.students)})")
    for one in found.skipped:
        console.print(f"[yellow]skipped[/] {escape(printable(one.name, 300))}: {escape(printable(one.reason, 500))}")
