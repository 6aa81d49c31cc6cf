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

from grader.errors import AuthorFault, EnvironmentFault, GraderError, disk_fault, is_of_disk

NOT_DONE = 1
WRONG = 2
CRASHED = 70  # EX_SOFTWARE of sysexits.h
STOPPED = 130  # what a shell says of Ctrl-C


class VerbGroup(TyperGroup):
    """The verbs, whose errors are reported as sentences."""

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
        _console().print("Stopped. What was recorded stays; run the same command again to go on.")
        sys.exit(STOPPED)
    except Exception as error:
        if _belongs_to_click(error):
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
            f"The output cannot be written: {error.strerror}.", remedy="Free space, or send it elsewhere."
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
        console.print("[bold red]error:[/]", end=" ")
        console.print(error.message, markup=False, highlight=False)
        if error.remedy:
            console.print("[bold]what to do:[/]", end=" ")
            console.print(error.remedy, markup=False, highlight=False)
    return WRONG if isinstance(error, AuthorFault) else NOT_DONE


def _print_crash(error: Exception) -> int:
    from grader.crashes import in_a_line, write_report

    report = write_report(error)
    where = f"the report is {report}" if report else "no report could be written"
    said = f"the grader itself failed ({in_a_line(error)}); {where}"
    remedy = "send the report to whoever looks after the grader; what was recorded stays, the command may be run again."
    if "--json" in sys.argv:
        _print_json({"error": said, "remedy": remedy, "kind": "Crash"})
    else:
        _console().print(f"error: {said}; {remedy}", markup=False, highlight=False)
    return CRASHED


def _print_json(facts: dict[str, str]) -> None:
    print(json.dumps(facts, ensure_ascii=False))


def _console() -> Console:
    return Console(stderr=True, soft_wrap=True)
