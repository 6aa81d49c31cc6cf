"""Verbs on the contest's data: dataset import, download, synthesize, add-test, baselines, solve."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from grader.cli.adding import add_test
from grader.cli.baselines import measure_baselines
from grader.cli.error_output import VerbGroup
from grader.cli.options import HERE, ClassDir, Json
from grader.cli.reference import solve
from grader.language import _, ngettext

if TYPE_CHECKING:
    from grader.course.folder import Course

app = typer.Typer(
    cls=VerbGroup, help="The contest's data: import the real archive, or draw a town.", no_args_is_help=True
)
app.command()(solve)
app.command("add-test")(add_test)
app.command("baselines")(measure_baselines)
Seed = Annotated[
    int | None,
    typer.Option(
        help="Decides the split. Left out, it is drawn and kept secret: who knows it can work out the answers."
    ),
]
Replace = Annotated[bool, typer.Option("--replace", help="Put it in the place of the data set that is there.")]

Decoys = Annotated[
    int,
    typer.Option(
        help="Altered copies of test pictures, mixed in and not scored: who looks pictures up in the public archive "
        "fails on them, and `grader integrity` says so.",
        min=0,
    ),
]


@app.command("import")
def import_(
    archive: Annotated[Path, typer.Argument(help="The contest's zip archive, or its folder.")],
    class_dir: ClassDir = HERE,
    seed: Seed = None,
    decoys: Decoys = 60,
    replace: Replace = False,
    as_json: Json = False,
) -> None:
    """Import the contest's archive and split it for this class.

    Test pictures are cut, resized and encoded anew: whoever has the archive cannot look their bytes up.

    Example: [bold]grader dataset import ~/Downloads/journey-springfield.zip[/]
    """
    from grader.course.folder import Course

    _import(Course.open(class_dir), archive, seed, decoys, replace=replace, as_json=as_json)


@app.command()
def download(
    class_dir: ClassDir = HERE,
    competition: Annotated[str, typer.Option(help="The contest's name in its address.")] = "journey-springfield",
    seed: Seed = None,
    decoys: Decoys = 60,
    replace: Replace = False,
    as_json: Json = False,
) -> None:
    """Download the contest's archive with Kaggle's own client and a token of yours, and import it.

    Example: [bold]grader dataset download[/]
    """
    from grader.course.folder import Course
    from grader.datasets.download import download as fetch
    from grader.language import addressing

    course = Course.open(class_dir)
    with addressing(course.config.language):
        folder = fetch(competition)
    _import(course, folder, seed, decoys, replace=replace, as_json=as_json)


def _import(course: Course, archive: Path, seed: int | None, decoys: int, *, replace: bool, as_json: bool) -> None:
    from grader.cli.bars import counted
    from grader.datasets.build import new_seed
    from grader.datasets.importer import import_archive

    with counted(_("importing"), quiet=as_json) as progress:
        report = import_archive(
            archive,
            course.dataset,
            seed=new_seed() if seed is None else seed,
            decoys=decoys,
            replace=replace,
            progress=progress,
        )
    _show(report, course.dataset, as_json=as_json)


@app.command()
def synthesize(
    class_dir: ClassDir = HERE,
    seed: Seed = None,
    images: Annotated[int, typer.Option(help="Training images.", min=126)] = 4000,
    size: Annotated[int, typer.Option(help="Side of an image, pixels.", min=32)] = 64,
    decoys: Decoys = 60,
    replace: Replace = False,
    as_json: Json = False,
) -> None:
    """Draw a town of 42 characters: a contest without any download.

    Example: [bold]grader dataset synthesize[/]
    """
    from grader.cli.bars import counted
    from grader.course.folder import Course
    from grader.datasets import synthesize as drawing
    from grader.datasets.build import new_seed

    course = Course.open(class_dir)
    with counted(_("drawing"), quiet=as_json) as progress:
        report = drawing.synthesize(
            course.dataset,
            seed=new_seed() if seed is None else seed,
            images=images,
            size=size,
            decoys=decoys,
            replace=replace,
            progress=progress,
        )
    _show(report, course.dataset, as_json=as_json)


def _show(report: Any, folder: Path, *, as_json: bool) -> None:
    facts = asdict(report)
    facts.pop("seed")  # a secret: it is in answers/dataset.json
    if as_json:
        print(json.dumps({"dataset": str(folder), **facts}, ensure_ascii=False, default=str))
        return
    classes = facts.pop("classes")
    console = Console(highlight=False)
    count = len(classes)
    table = Table(title=ngettext("{count} class", "{count} classes", count).format(count=count))
    for column in classes[0]:
        table.add_column(_fact(str(column)), justify="left" if column == "name" else "right", overflow="fold")
    for line in classes:
        table.add_row(*[str(value) for value in line.values()])
    console.print(table)
    for name, value in facts.items():
        if isinstance(value, list | tuple):
            console.print(f"{_fact(name)}: {len(value)}")
            for item in value[:10]:
                console.print(f"    {item}")
        else:
            console.print(f"{_fact(name)}: {value}")
    console.print(f"[green]{_('made')}[/] {folder}: " + _("student/ for notebooks, answers/ for the grader alone"))
    console.print(_("Rows for comparison on the board: grader dataset baselines"))


def _fact(name: str) -> str:
    """What a report calls a number, in the reader's language."""
    return _(name.replace("_", " "))
