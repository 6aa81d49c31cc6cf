"""The verb that shows a teacher what is more alike than chance explains."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from grader.cli.options import HERE, ClassDir, Json, Slugs
from grader.cli.tables import print_table
from grader.language import _, addressing

if TYPE_CHECKING:
    from grader.show.integrity.report import IntegrityReport


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(integrity)


def integrity(
    slugs: Slugs = None,
    leaked: Annotated[
        Path | None,
        typer.Option("--leaked", metavar="FILE", help="A list of answers that goes around: Id,Expected."),
    ] = None,
    class_dir: ClassDir = HERE,
    as_json: Json = False,
) -> None:
    """Look for predictions, code and weights that students have in common. It changes no points.

    Of the contest it also tells who is right on test pictures and not on their altered copies.

    The teacher's page shows the newest report of each assignment.

    A finding is a reason to talk, not a proof: the same code with the same seed gives the same predictions.

    Example: [bold]grader integrity springfield --leaked answers.csv[/]
    """
    from grader.course.folder import Course
    from grader.show.integrity.publishing import publish
    from grader.show.integrity.report import integrity_report

    course = Course.open(class_dir)
    with addressing(course.config.language):
        reports = [
            integrity_report(course, slug, leaked)
            for slug in (course.wanted(slugs) if slugs else _graded(course, leaked))
        ]
        publish(course, reports)
        if as_json:
            print(json.dumps({"assignments": [_plain(report) for report in reports]}, ensure_ascii=False))
            return
        for report in reports:
            _show(Console(highlight=False), report)


def _graded(course: Any, leaked: Path | None) -> list[str]:
    """All assignments; with a leaked list, the contests."""
    return [slug for slug in course.slugs() if leaked is None or course.assignment_config(slug).contest]


def _plain(report: IntegrityReport) -> dict[str, Any]:
    return {
        "assignment": report.slug,
        "students": report.students,
        "predictions": [
            {**asdict(pair), "identical": pair.is_identical, "nearly_identical": pair.is_nearly_identical}
            for pair in report.suspicious_pairs
        ],
        "leaked": [asdict(match) for match in report.suspicious_leaks],
        "decoys": [asdict(loss) for loss in report.suspicious_decoys],
        "code": [asdict(pair) for pair in report.suspicious_code],
        "code_incomplete": list(report.code.incomplete),
        "files": [asdict(same) for same in report.files],
    }


def _show(console: Console, report: IntegrityReport) -> None:
    from grader.show.integrity.findings import findings

    found = findings(report)
    head = _("{slug}: {students} students, {predictions} with predictions").format(
        slug=report.slug, students=report.students, predictions=report.predictions
    )
    if not found:
        console.print(f"[green]✓[/] {escape(head)}: " + escape(_("nothing stands out")))
        return
    rows = [(one.what, ", ".join(one.students), one.details) for one in found]
    print_table(console, (_("what"), _("who"), _("details")), rows, title=head)
