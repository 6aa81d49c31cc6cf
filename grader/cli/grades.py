"""Verbs on grades: grade, feedback."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from grader.cli.machines import machines_of
from grader.cli.options import HERE, ClassDir, Device, Json, OnCluster, Slugs, Students
from grader.language import _, ngettext


def add_to(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command()(grade)
    app.command()(feedback)


def grade(
    slugs: Slugs = None,
    class_dir: ClassDir = HERE,
    students: Students = None,
    slots: Annotated[int, typer.Option(help="Submissions graded at once; 0: as class.toml says.", min=0)] = 0,
    device: Annotated[
        Device, typer.Option(help="Where notebooks run; auto: the contest's on GPUs where there are any.")
    ] = Device.AUTO,
    regrade: Annotated[
        int,
        typer.Option(metavar="N", help="Grade anew under this number; the same number again changes nothing.", min=0),
    ] = 0,
    unisolated: Annotated[
        bool,
        typer.Option("--unisolated", help="Without a sandbox, with your own rights: for your own notebooks."),
    ] = False,
    cluster: OnCluster = False,
    as_json: Json = False,
) -> None:
    """Grade what was handed in and not graded yet; running it again goes on where it stopped.

    With --cluster the machines grade on which `grader worker` runs, and this one hands out and records.

    Example: [bold]grader grade resnet springfield[/]
    """
    from grader.cli.results import ProgressWatcher, show_rows
    from grader.course.folder import Course
    from grader.errors import InvalidConfig
    from grader.pipeline import ProgressListener, grade_class
    from grader.record.planning import GradingStatus

    if cluster and unisolated:
        raise InvalidConfig(
            _("--unisolated is for this machine alone: on others nothing runs without a sandbox."),
            remedy=_("Leave out --cluster or --unisolated."),
        )
    course = Course.open(class_dir)
    wanted = course.wanted(slugs)
    console = Console(stderr=True)
    listener = ProgressListener() if as_json else ProgressWatcher(console)
    if unisolated:
        text = _(
            "--unisolated: the notebooks run without a sandbox. They can read every file that you can read, hidden "
            "tests and other submissions included, and use the network. Grade nothing with it that others have written."
        )
        console.print(f"[bold red]{_('warning:')}[/] {text}")
    with machines_of(course, partial(_say, console), is_wanted=cluster, device=device.value) as machines:
        rows = grade_class(
            course,
            wanted,
            students=students or (),
            regrade=regrade,
            slots=slots,
            device=device.value,
            listener=listener,
            isolated=not unisolated,
            machines=machines,
        )
    if as_json:
        print(json.dumps({"submissions": [_plain(row) for row in rows]}, ensure_ascii=False))
    else:
        show_rows(Console(), rows)
    if any(row.status is GradingStatus.NOT_GRADED for row in rows):
        raise typer.Exit(1)


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def feedback(slugs: Slugs = None, class_dir: ClassDir = HERE, students: Students = None, as_json: Json = False) -> None:
    """Make the HTML pages that students read.

    Example: [bold]grader feedback resnet[/]
    """
    from grader.collect.submissions import find_submissions
    from grader.course.folder import Course
    from grader.record.grades import publish_grades
    from grader.record.teams import with_teams
    from grader.show.feedback.making import make_feedback

    course = Course.open(class_dir)
    made, places = [], []
    handed_in = [(one.student, one.slug) for one in find_submissions(course, course.wanted(slugs), students or ())]
    for student, slug in with_teams(course, handed_in):
        if (course.autograded / student / slug).is_dir():
            make_feedback(course, slug, student)
            places.append((student, slug))
            made.append(str(course.feedback / student / slug / f"{slug}.html"))
    publish_grades(course, places)
    if as_json:
        print(json.dumps({"feedback": made}, ensure_ascii=False))
    else:
        text = ngettext("{count} page under {path}", "{count} pages under {path}", len(made))
        said = escape(text.format(count=len(made), path=course.feedback))
        Console(highlight=False, soft_wrap=True).print(f"[green]{_('made')}[/] {said}")


def _plain(row: Any) -> dict[str, Any]:
    report = row.report
    return {
        "student": row.student.encode("utf-8", "replace").decode(),
        "assignment": row.slug,
        "standing": row.status,
        "points": report.points if report else None,
        "max_points": report.max_points if report else None,
        "wall_s": report.wall_s if report else None,
        "f1": row.score.shown_f1 if row.score else None,
        "device": row.device,
        "problem": row.problem,
        "remark": row.remark,
        "lacked": list(row.lacked),
        "kept_by_hand": row.kept_by_hand,
        "was_damaged": row.was_damaged,
        "notes": list(report.notes) if report else [],
        "tasks": [asdict(task) for task in report.tasks] if report else [],
    }
