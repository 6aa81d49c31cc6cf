"""The verb that adds a class's own pictures to the hidden test: dataset add-test."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from grader.cli.options import HERE, ClassDir, Json
from grader.language import _, addressing, ngettext

if TYPE_CHECKING:
    from grader.course.folder import Course
    from grader.datasets.adding import AdditionReport


@dataclass(frozen=True, slots=True)
class Outdated:
    """Students whose graded predictions lack the new pictures, by assignment.

    Attributes:
        run_again: their notebooks run again with the next `grader grade`.
        hand_in_again: they have to hand in a file that names the new pictures.
    """

    run_again: dict[str, list[str]] = field(default_factory=dict)
    hand_in_again: dict[str, list[str]] = field(default_factory=dict)


def add_test(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Pictures in folders named like the classes.")],
    class_dir: ClassDir = HERE,
    as_json: Json = False,
) -> None:
    """Add pictures of your own to the hidden test: FOLDER/<class>/*.jpg or *.png.

    No public archive has them, so no table of known pictures names them. All are added, or none: what is of an unknown
    class, cannot be read or is in the data set already is listed. Old test pictures keep their names.

    What is graded already lacks the new ones. Notebooks run again with the next `grader grade`; a submission.csv has to
    be handed in again, with a row for every picture.

    Example: [bold]grader dataset add-test ~/our-pictures[/] with ~/our-pictures/bart_simpson/1.jpg
    """
    from grader.course.folder import Course
    from grader.datasets import adding
    from grader.record.class_lock import class_lock

    course = Course.open(class_dir)
    with addressing(course.config.language), class_lock(course):
        report = adding.add_test(folder, course.dataset)
        outdated = _outdated(course)
        if as_json:
            print(
                json.dumps({"dataset": str(course.dataset), **asdict(report), **asdict(outdated)}, ensure_ascii=False)
            )
        else:
            _show(Console(highlight=False, soft_wrap=True), report, outdated)


def _outdated(course: Course) -> Outdated:
    from grader.collect.submissions import find_submissions
    from grader.record.ledger import Ledger
    from grader.scoring.contest import RUNS_NOTEBOOK

    ledger, outdated = Ledger(course.ledger), Outdated()
    for slug in course.slugs():
        settings = course.assignment_config(slug)
        if not settings.contest or settings.source == "kaggle":
            continue
        graded = [one.student for one in find_submissions(course, [slug]) if ledger.current(slug, one.student)]
        if graded:
            (outdated.run_again if settings.source in RUNS_NOTEBOOK else outdated.hand_in_again)[slug] = graded
    return outdated


def _show(console: Console, report: AdditionReport, outdated: Outdated) -> None:
    lines = [
        _("added to the hidden test: {public} public and {private} private pictures, {decoys} decoys").format(
            public=report.added_public, private=report.added_private, decoys=report.added_decoys
        ),
        *(f"    {label}: {count}" for label, count in report.added.items()),
        _("the hidden test now: {public} public and {private} private pictures, {decoys} decoys").format(
            public=report.public_images, private=report.private_images, decoys=report.decoys
        ),
    ]
    for slug, students in outdated.run_again.items():
        count = len(students)
        text = ngettext(
            "{slug}: {count} notebook runs again with the next `grader grade`, and its points may change",
            "{slug}: {count} notebooks run again with the next `grader grade`, and their points may change",
            count,
        )
        lines.append(text.format(slug=slug, count=count))
    for slug, students in outdated.hand_in_again.items():
        count = len(students)
        text = ngettext(
            "{slug}: {count} student has to hand in a submission.csv again, with a row for every picture; until then "
            "the old points stay: {students}",
            "{slug}: {count} students have to hand in a submission.csv again, with a row for every picture; until then "
            "their old points stay: {students}",
            count,
        )
        lines.append(text.format(slug=slug, count=count, students=", ".join(students)))
    for line in lines:
        console.print(escape(line))
