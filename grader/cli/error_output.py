"""How a verb ends where it cannot do what was asked: a sentence, what to do, and an exit code. Never a traceback."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from typer.core import TyperGroup

from grader.cli.help_texts import translate, translate_usage
from grader.errors import AuthorFault, EnvironmentFault, GraderError, disk_fault, is_of_disk
from grader.language import _

NOT_DONE = 1
WRONG = 2
CRASHED = 70  # EX_SOFTWARE of sysexits.h
STOPPED = 130  # what a shell says of Ctrl-C


class VerbGroup(TyperGroup):
    """The verbs, whose errors are reported as sentences, and whose help speaks the reader's language."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The verb of this name, with its help translated."""
        command = super().get_command(ctx, cmd_name)
        return None if command is None else translate(command, ctx)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write help on the group itself."""
        translate(self, ctx)
        super().format_help(ctx, formatter)

    def invoke(self, ctx: Any) -> Any:
        """Run the verb."""
        with errors_reported():
            return super().invoke(ctx)


@contextmanager
def errors_reported() -> Iterator[None]:
    """Report whatever goes wrong inside as a sentence on the terminal, and end with its exit code."""
    try:
        yield
        _flush()
    except GraderError as error:
        sys.exit(_print_error(error))
    except KeyboardInterrupt:
        _console().print(_("Stopped. What was recorded stays; run the same command again to go on."))
        sys.exit(STOPPED)
    except Exception as error:
        if _belongs_to_click(error):
            translate_usage(error)
            raise
        if isinstance(error, OSError) and is_of_disk(error) and error.errno != errno.ENOENT:
            sys.exit(_print_error(disk_fault(error)))
        sys.exit(_print_crash(error))


def _flush() -> None:
    """Write out what was printed, while it can still be said that this failed."""
    try:
        sys.stdout.flush()
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # or the interpreter tries once more at its end
        raise EnvironmentFault(
            _("The output cannot be written: {reason}.").format(reason=error.strerror),
            remedy=_("Free space, or send it elsewhere."),
        ) from error


def _belongs_to_click(error: Exception) -> bool:
    """Exits, usage errors and a reader who has gone: click knows what to do."""
    is_broken_pipe = isinstance(error, OSError) and error.errno == errno.EPIPE
    return is_broken_pipe or type(error).__module__.partition(".")[0] in ("click", "typer")


def _print_error(error: GraderError) -> int:
    if "--json" in sys.argv:
        _print_json({"error": error.message, "remedy": error.remedy, "kind": type(error).__name__})
    else:
        console = _console()
        console.print(f"[bold red]{_('error:')}[/]", end=" ")
        console.print(error.message, markup=False, highlight=False)
        if error.remedy:
            console.print(f"[bold]{_('what to do:')}[/]", end=" ")
            console.print(error.remedy, markup=False, highlight=False)
    return WRONG if isinstance(error, AuthorFault) else NOT_DONE


def _print_crash(error: Exception) -> int:
    from grader.crashes import in_a_line, write_report

    report = write_report(error)
    where = _("the report is {path}").format(path=report) if report else _("no report could be written")
    said = _("the grader itself failed ({what}); {where}").format(what=in_a_line(error), where=where)
    remedy = _(
        "send the report to whoever looks after the grader; what was recorded stays, the command may be run again."
    )
    if "--json" in sys.argv:
        _print_json({"error": said, "remedy": remedy, "kind": "Crash"})
    else:
        _console().print(f"{_('error:')} {said}; {remedy}", markup=False, highlight=False)
    return CRASHED


def _print_json(facts: dict[str, str]) -> None:
    print(json.dumps(facts, ensure_ascii=False))


def _console() -> Console:
    return Console(stderr=True, soft_wrap=True)
