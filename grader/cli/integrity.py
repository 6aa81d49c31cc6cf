"""The verb that shows a teacher what is more alike than chance explains."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from grader.cli.options import HERE, ClassDir, Json, Slugs
from grader.examiner.printable import printable
from grader.language import _, speaking

if TYPE_CHECKING:
    from grader.integrity.report import IntegrityReport


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

    A finding is a reason to talk, not a proof: the same code with the same seed gives the same predictions.

    Example: [bold]grader integrity springfield --leaked answers.csv[/]
    """
    from grader.course import Course
    from grader.integrity.report import integrity_report

    course = Course.open(class_dir)
    with speaking(course.config.language):
        reports = [integrity_report(course, slug, leaked) for slug in slugs or _graded(course, leaked)]
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
        "code": [asdict(pair) for pair in report.suspicious_code],
        "files": [asdict(same) for same in report.files],
    }


def _show(console: Console, report: IntegrityReport) -> None:
    found = [*_pairs(report), *_leaks(report), *_code(report), *_files(report)]
    head = _("{slug}: {students} students, {predictions} with predictions").format(
        slug=report.slug, students=report.students, predictions=report.predictions
    )
    if not found:
        console.print(f"[green]✓[/] {escape(head)}: " + escape(_("nothing stands out")))
        return
    table = Table(title=escape(head), title_justify="left")
    for column in (_("what"), _("who"), _("details")):
        table.add_column(column, overflow="fold")
    for what, who, details in found:
        table.add_row(escape(what), escape(printable(who, 500)), escape(printable(details, 1000)))
    console.print(table)


def _pairs(report: IntegrityReport) -> list[tuple[str, str, str]]:
    text = _(
        "{equal} of {total} equal, {expected:.0f} expected (z = {z:.1f}, p = {p:.1g}); both wrong on {both}, the same "
        "way on {same}"
    )
    lines = []
    for pair in report.suspicious_pairs:
        what = (
            _("identical predictions")
            if pair.is_identical
            else _("nearly identical predictions")
            if pair.is_nearly_identical
            else _("predictions agree too often")
        )
        numbers = {"both": pair.both_wrong, "same": pair.same_wrong, "z": pair.z, "p": pair.p}
        details = text.format(equal=pair.equal, total=pair.total, expected=pair.expected, **numbers)
        lines.append((what, f"{pair.first}, {pair.second}", details))
    return lines


def _leaks(report: IntegrityReport) -> list[tuple[str, str, str]]:
    text = _("{equal} of {total} as in the list; of its {errors} errors {followed} are followed (p = {p:.1g})")
    return [
        (
            _("follows the leaked list"),
            match.student,
            text.format(
                equal=match.equal,
                total=match.total,
                errors=match.list_errors,
                followed=match.followed_errors,
                p=match.p,
            ),
        )
        for match in report.suspicious_leaks
    ]


def _code(report: IntegrityReport) -> list[tuple[str, str, str]]:
    text = _("{share:.0%} of the shorter one's own code is found in the other")
    return [
        (_("shared code"), f"{pair.first}, {pair.second}", text.format(share=pair.share))
        for pair in report.suspicious_code
    ]


def _files(report: IntegrityReport) -> list[tuple[str, str, str]]:
    text = _("{names}: {size} bytes, SHA-256 {digest}")
    return [
        (
            _("the same file"),
            ", ".join(same.students),
            text.format(names=", ".join(sorted(set(same.names))), size=same.size, digest=same.sha256[:16]),
        )
        for same in report.files
    ]
