"""Verbs on the class folder: init, release, collect."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from grader.cli.options import HERE, ClassDir, Json, Slugs
from grader.examiner.printable import printable


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
    from grader import course

    made = course.init(class_dir, name=name, language=language, timezone=timezone)
    if as_json:
        print(json.dumps({"class": str(made.root), "assignments": made.slugs()}, ensure_ascii=False))
        return
    console = Console(highlight=False)
    console.print(f"[green]made[/] {made.root} with the assignments {', '.join(made.slugs())}")
    console.print(f"next: cd {class_dir}; grader dataset synthesize; grader release")


def release(slugs: Slugs = None, class_dir: ClassDir = HERE, as_json: Json = False) -> None:
    """Make the students' notebooks, without solutions and hidden tests.

    Example: [bold]grader release resnet[/]
    """
    from grader import publishing
    from grader.course import Course

    course = Course.open(class_dir)
    done = {}
    for slug in course.wanted(slugs):
        publishing.release(course, slug)
        done[slug] = str(course.release / slug / f"{slug}.ipynb")
        if not as_json:
            Console(highlight=False).print(f"[green]released[/] {done[slug]}")
    if as_json:
        print(json.dumps({"released": done}, ensure_ascii=False))


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
    from grader import collect as collecting
    from grader.course import Course

    found = collecting.collect(Course.open(class_dir), slug, source)
    if as_json:
        print(json.dumps({"assignment": slug, **asdict(found)}, ensure_ascii=False))
        return
    console = Console(highlight=False)
    console.print(f"[green]collected[/] {slug}: {len(found.students)} students ({', '.join(found.students)})")
    for one in found.skipped:
        console.print(f"[yellow]skipped[/] {escape(printable(one.name, 300))}: {escape(printable(one.reason, 500))}")
