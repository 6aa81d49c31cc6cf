"""Verbs on Moodle's web service: moodle pull, push, roster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.error_output import VerbGroup
from grader.cli.options import HERE, ClassDir, Json
from grader.cli.telling import telling

if TYPE_CHECKING:
    from grader.cli.telling import Teller
    from grader.course.folder import Course
    from grader.lms.moodle_push import Push
    from grader.lms.notes import Note

app = typer.Typer(
    cls=VerbGroup,
    help="Moodle's web service: fetch what was handed in, send points and comments. Needs a section moodle in "
    "class.toml and a token in MOODLE_TOKEN or a file.",
    no_args_is_help=True,
)
Assignment = Annotated[str, typer.Argument(metavar="ASSIGNMENT")]


@app.command()
def pull(assignment: Assignment, class_dir: ClassDir = HERE, as_json: Json = False) -> None:
    """Fetch the latest submissions into submitted/; what is here already is not fetched again.

    Exit code 1: somebody's work was not fetched; they are named.

    Example: [bold]grader moodle pull resnet[/]
    """
    from grader.course.folder import Course
    from grader.language import _, addressing
    from grader.lms.moodle_pull import pull as fetch
    from grader.lms.moodle_service import open_site

    course = Course.open(class_dir)
    with addressing(course.config.language):
        course.require(assignment)
        done = fetch(course, open_site(course), assignment)
        with telling(as_json) as tell:
            _warn_of_open_token(course, tell)
            tell.notes(done.notes)
            made = _("Fetched: {count} {names}").format(count=len(done.students), names=_in_brackets(done.students))
            tell.made(made.strip(), fetched=list(done.students))
    if any(note.kind.is_problem for note in done.notes):
        raise typer.Exit(1)


@app.command()
def push(
    assignment: Assignment,
    class_dir: ClassDir = HERE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be sent, and send nothing.")] = False,
    scale: Annotated[bool, typer.Option("--scale", help="Convert the points where Moodle's maximum differs.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace grades too that a person has given in Moodle.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Send points and comments that are new; what Moodle has already is not sent again.

    Exit code 1: somebody's points were not sent; they are named.

    Example: [bold]grader moodle push resnet --dry-run[/]
    """
    from grader.course.folder import Course
    from grader.language import _, addressing, speaking
    from grader.lms.moodle_push import plan, send
    from grader.lms.moodle_service import open_site

    course = Course.open(class_dir)
    with addressing(course.config.language):
        course.require(assignment)
        site = open_site(course)
        with speaking(course.config.language):  # students read the comments
            planned = plan(course, site, assignment, scale=scale, overwrite=overwrite)
        with telling(as_json) as tell:
            _warn_of_open_token(course, tell)
            _tell_plan(tell, planned, dry_run=dry_run)
            failed: tuple[Note, ...] = ()
            if not dry_run:
                count, failed = send(site, planned)
                tell.notes(failed)
                tell.made(_("Sent: {count}").format(count=count), sent=count)
    if any(note.kind.is_problem for note in (*planned.notes, *failed)):
        raise typer.Exit(1)


@app.command()
def roster(
    assignment: Assignment,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="The roster to write, a new file.")],
    class_dir: ClassDir = HERE,
    as_json: Json = False,
) -> None:
    """Write a roster with Moodle's numbers: the class's people, and behind them Moodle's who are new.

    Example: [bold]grader moodle roster resnet --to roster-moodle.csv[/]
    """
    from grader.cli.exports import save
    from grader.course.folder import Course
    from grader.errors import InvalidConfig
    from grader.language import _, addressing
    from grader.lms.moodle_service import cmid_of, open_site
    from grader.lms.moodle_users import roster_with_numbers
    from grader.lms.results import people_of

    course = Course.open(class_dir)
    with addressing(course.config.language):
        if to.exists():
            raise InvalidConfig(_("{path} is there already.").format(path=to), remedy=_("Name another file with --to."))
        cmid = cmid_of(course, assignment)
        site = open_site(course)
        users = [user for user in site.users(site.assignment(cmid).course) if user.is_student]
        save(to, roster_with_numbers(people_of(course), users))
        with telling(as_json) as tell:
            _warn_of_open_token(course, tell)
            made = _("Moodle lists {count} students; the roster is {path}. Look through it before you use it.")
            tell.made(made.format(count=len(users), path=to), file=str(to), students=len(users))


def _tell_plan(tell: Teller, planned: Push, *, dry_run: bool) -> None:
    from grader.language import _
    from grader.lms.comments import number

    tell.notes(planned.notes)
    if not planned.sees_grades:
        tell.hint(
            _(
                "The token's web service has no mod_assign_get_grades, so grades that a person has given in Moodle are "
                "not seen, and may be replaced."
            )
        )
    lines = [
        f"{one.name}: {'' if one.before is None else f'{number(one.before)} -> '}{number(one.new.grade)}"
        for one in planned.grades
    ]
    if dry_run:
        text = _("Would be sent: {count}").format(count=len(lines))
        tell.made("\n  ".join([text, *lines]), would_send=lines)


def _warn_of_open_token(course: Course, tell: Teller) -> None:
    """Say where the token can be read by others: on its way, or on this machine."""
    from grader.language import _
    from grader.lms.moodle_service import readable_token_file, settings

    if settings(course).url.startswith("http://"):
        tell.hint(_("The site's address begins with http://: whoever is on the way can read the token. Use https://."))
    path = readable_token_file(course)
    if path is not None:
        tell.hint(_("Others on this machine can read the token: chmod 600 {path}").format(path=path))


def _in_brackets(names: tuple[str, ...]) -> str:
    return f"({', '.join(names)})" if names else ""
