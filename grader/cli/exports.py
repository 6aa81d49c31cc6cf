"""The verb export: points as CSV, or filled into the files of a learning management system."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from grader.cli.options import HERE, ClassDir, Json, Slugs
from grader.cli.telling import telling
from grader.language import _, addressing, speaking

if TYPE_CHECKING:
    from grader.cli.telling import Teller
    from grader.course.folder import Course
    from grader.lms.filling import Filled


class Excel(StrEnum):
    """Whose Excel a table is for."""

    RU = "ru"


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(export)


def export(
    slugs: Slugs = None,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            "--out",
            metavar="FILE",
            help="Standard output if left out; for a file that is filled in, a new one beside it (NAME-filled.csv).",
        ),
    ] = None,
    class_dir: ClassDir = HERE,
    wide: Annotated[bool, typer.Option("--wide", help="One line per student, a column per assignment.")] = False,
    excel: Annotated[
        Excel | None,
        typer.Option(help="ru: semicolons, decimal commas, a byte order mark, the class's local time."),
    ] = None,
    worksheet: Annotated[
        Path | None,
        typer.Option("--moodle-worksheet", metavar="FILE", help="Fill in Moodle's grading worksheet, as downloaded."),
    ] = None,
    feedback_zip: Annotated[
        Path | None,
        typer.Option(
            "--moodle-feedback", metavar="ZIP", help="With the worksheet: a zip of feedback pages to upload in Moodle."
        ),
    ] = None,
    canvas: Annotated[
        Path | None, typer.Option("--canvas", metavar="FILE", help="Fill in Canvas's gradebook, as exported.")
    ] = None,
    column: Annotated[
        str, typer.Option(help="With --canvas: the assignment's column or number; else it is found by its title.")
    ] = "",
    scale: Annotated[
        bool, typer.Option("--scale", help="Convert the points where the maximum there is another one.")
    ] = False,
    gradescope: Annotated[
        Path | None,
        typer.Option(
            "--gradescope", metavar="DIR", help="A results.json for each submission: DIR/ASSIGNMENT/STUDENT/."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Export points as CSV, one line per student and assignment; or fill them into a file of Moodle's or Canvas's.

    A file that is filled in keeps every other byte. What the other system would skip is said before you upload it.
    Exit code 1: points are missing in it, or the gradebook has lost points that the ledger knows; they are named.

    Example: [bold]grader export --to grades.csv[/]

    Example: [bold]grader export resnet --moodle-worksheet Grades-CNN-ResNet-123.csv --moodle-feedback pages.zip[/]
    """
    from grader.cli.results import say_losses
    from grader.course.folder import Course
    from grader.record.upkeep.losses import losses
    from grader.record.upkeep.stored_results import Store

    _require_one_kind(worksheet, canvas, gradescope)
    _require_its_file(feedback_zip, worksheet, column, canvas, table_wanted=wide or excel is not None)
    course = Course.open(class_dir)
    wanted = course.wanted(slugs) if slugs else []
    with addressing(course.config.language):
        if worksheet is not None:
            is_whole = _to_moodle(course, wanted, worksheet, to, feedback_zip, scale=scale, as_json=as_json)
        elif canvas is not None:
            is_whole = _to_canvas(course, wanted, canvas, to, column, scale=scale, as_json=as_json)
        elif gradescope is not None:
            is_whole = _to_gradescope(course, wanted, gradescope, as_json=as_json)
        else:
            is_whole = _to_csv(course, wanted, to, excel, wide=wide, as_json=as_json)
    lost = [loss for loss in losses(course) if Store.GRADEBOOK in loss.lacking and (not wanted or loss.slug in wanted)]
    if lost:
        say_losses(Console(stderr=True, soft_wrap=True), lost)
    if lost or not is_whole:
        raise typer.Exit(1)


def _require_one_kind(worksheet: Path | None, canvas: Path | None, gradescope: Path | None) -> None:
    if sum(given is not None for given in (worksheet, canvas, gradescope)) > 1:
        raise typer.BadParameter(_("give one of --moodle-worksheet, --canvas and --gradescope at a time"))


def _require_its_file(
    feedback_zip: Path | None, worksheet: Path | None, column: str, canvas: Path | None, *, table_wanted: bool
) -> None:
    """Refuse an option whose file is not there: it would be passed over in silence."""
    if table_wanted and (worksheet is not None or canvas is not None):
        raise typer.BadParameter(_("--wide and --excel are for our own table; a file that is filled in keeps its form"))
    if column and canvas is None:
        raise typer.BadParameter(_("--column needs --canvas"))
    if feedback_zip is not None and worksheet is None:
        raise typer.BadParameter(
            _("--moodle-feedback needs --moodle-worksheet: the participants' numbers in it name the files")
        )


def _to_csv(
    course: Course, wanted: Sequence[str], to: Path | None, excel: Excel | None, *, wide: bool, as_json: bool
) -> bool:
    from grader.files import writing_given
    from grader.show.export import grade_table
    from grader.show.grade_csv import Style, russian_excel, write_grades

    lines = [line for line in grade_table(course) if not wanted or line.assignment in wanted]
    if as_json:
        print(json.dumps([asdict(line) for line in lines], ensure_ascii=False))
        return True
    style = russian_excel(course.config.timezone) if excel is Excel.RU else Style()
    with speaking(course.config.language), writing_given(to) if to else nullcontext(sys.stdout) as file:
        write_grades(file, lines, style, wide=wide)
    return True


def _to_moodle(
    course: Course,
    wanted: Sequence[str],
    worksheet: Path,
    to: Path | None,
    feedback_zip: Path | None,
    *,
    scale: bool,
    as_json: bool,
) -> bool:
    from grader.files import read_given
    from grader.lms.moodle_feedback import feedback_archive
    from grader.lms.moodle_worksheet import Worksheet, fill
    from grader.lms.results import results_of

    sheet = Worksheet.read(read_given(worksheet), str(worksheet))
    slug = _one(course, wanted)
    with speaking(course.config.language):  # students read the comments
        known = results_of(course, slug)
        filled = fill(sheet, known, scale=scale)
        pages = None if feedback_zip is None else feedback_archive(course, sheet, known)
    with telling(as_json) as tell:
        _save_filled(tell, filled, worksheet, to)
        if pages is not None and feedback_zip is not None:
            save(feedback_zip, pages.data)
            tell.notes(pages.notes)
            made = _("{count} feedback pages are in {path}.").format(count=pages.count, path=feedback_zip)
            tell.made(made, feedback=str(feedback_zip), pages=pages.count)
        tell.hint(
            _(
                "Moodle also skips, without a word, rows that were graded there after the worksheet was downloaded: "
                "download it shortly before, and upload the new file at once."
            )
        )
    return not filled.has_problem


def _to_canvas(
    course: Course, wanted: Sequence[str], canvas: Path, to: Path | None, column: str, *, scale: bool, as_json: bool
) -> bool:
    from grader.files import read_given
    from grader.lms.canvas import CanvasGradebook, fill
    from grader.lms.results import results_of

    gradebook = CanvasGradebook.read(read_given(canvas), str(canvas))
    slug = _one(course, wanted)
    with speaking(course.config.language):
        known = results_of(course, slug)
    target = gradebook.column_of(known, column)
    with speaking(course.config.language):
        filled = fill(gradebook, target, known, scale=scale)
    with telling(as_json) as tell:
        _save_filled(tell, filled, canvas, to)
    return not filled.has_problem


def _to_gradescope(course: Course, wanted: Sequence[str], folder: Path, *, as_json: bool) -> bool:
    from grader.lms.gradescope import results_json
    from grader.lms.results import results_of
    from grader.show.export import grade_table

    count = 0
    for slug in wanted or dict.fromkeys(line.assignment for line in grade_table(course)):
        with speaking(course.config.language):
            written = {one.student: results_json(one).encode() for one in results_of(course, slug).results.values()}
        for student, data in written.items():
            save(folder / slug / student / "results.json", data, makes_folder=True)
        count += len(written)
    with telling(as_json) as tell:
        made = _("{count} files results.json are below {path}.").format(count=count, path=folder)
        tell.made(made, gradescope=str(folder), results=count)
    return True


def _one(course: Course, wanted: Sequence[str]) -> str:
    """The one assignment that a file of another system is about."""
    from grader.errors import InvalidConfig

    known = wanted or course.slugs()
    if len(known) == 1:
        return known[0]
    raise InvalidConfig(
        _("Such a file is about one assignment; the class has: {names}.").format(names=", ".join(course.slugs())),
        remedy=_("Name the one: grader export ASSIGNMENT ..."),
    )


def _save_filled(tell: Teller, filled: Filled, source: Path, to: Path | None) -> None:
    """Say what there is to say of a file, and write it beside the one that it was made from."""
    from grader.errors import InvalidConfig

    target = to or source.with_name(f"{source.stem}-filled{source.suffix}")
    if target.resolve() == source.resolve():
        raise InvalidConfig(
            _("{path} is the file that is filled in; it stays as it is.").format(path=target),
            remedy=_("Name another file with --to."),
        )
    tell.notes(filled.notes)
    save(target, filled.data)
    made = _("{count} new grades are in {path}.").format(count=filled.count, path=target)
    tell.made(made, file=str(target), grades=filled.count)


def save(path: Path, data: bytes, *, makes_folder: bool = False) -> None:
    """Write a file that a teacher has named, as a whole or not at all.

    Args:
        path: the file.
        data: its bytes.
        makes_folder: whether missing folders are made.

    Raises:
        InvalidConfig: there is no such folder.
        EnvironmentFault: it cannot be written.
    """
    from grader.errors import InvalidConfig
    from grader.files import write_atomically

    if not (makes_folder or path.parent.is_dir()):
        raise InvalidConfig(
            _("{path} cannot be written: there is no folder {folder}.").format(path=path, folder=path.parent),
            remedy=_("Make the folder first, or name another file."),
        )
    write_atomically(path, data)
