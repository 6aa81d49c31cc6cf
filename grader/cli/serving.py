"""Verbs that go on until they are stopped: watch, serve."""

from __future__ import annotations

import logging
import os
import signal
import threading
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.logging import RichHandler

from grader.cli.board import page_line
from grader.cli.machines import machines_of
from grader.cli.options import HERE, ClassDir, OnCluster
from grader.language import _

if TYPE_CHECKING:
    from grader.course.folder import Course

_LOG = logging.getLogger("grader.watch")
Slots = Annotated[int, typer.Option(help="Submissions graded at once; 0: as class.toml says.", min=0)]


def add_to(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command()(watch)
    app.command()(serve)


def watch(class_dir: ClassDir = HERE, slots: Slots = 0, cluster: OnCluster = False) -> None:
    """Grade what comes in through the page or into submitted/, until Ctrl-C; it may be stopped at any moment.

    Example: [bold]grader watch --class cnn-2026[/]
    """
    from grader.course.folder import Course
    from grader.service.watcher.loop import watch as watch_class

    course = Course.open(class_dir)
    stop = _stop_on_signals()
    _log_to(Console(stderr=True))
    with machines_of(course, _LOG.info, is_wanted=cluster, waits=True) as machines:
        watch_class(course, stop, slots=slots, machines=machines)


def serve(
    class_dir: ClassDir = HERE,
    port: Annotated[int, typer.Option(help="Where to listen.", min=1, max=65535)] = 8501,
    address: Annotated[str, typer.Option(help="Beyond this machine only behind a proxy with TLS.")] = "127.0.0.1",
    slots: Slots = 0,
    cluster: OnCluster = False,
    systemd: Annotated[
        bool, typer.Option("--systemd", help="Print a unit for systemd that does so from each start of the machine.")
    ] = False,
) -> None:
    """Show the class its page and grade what is handed in there, until Ctrl-C.

    With --systemd nothing is started: a unit is printed, and on the terminal what to do with it. It runs as the user
    who prints it.

    Example: [bold]grader serve --port 8501[/]
    """
    from grader.course.folder import Course

    course = Course.open(class_dir)
    if systemd:
        _print_unit(course, address, port, slots, is_cluster=cluster)
        return
    from grader.service.serve import serve_class

    stop = _stop_on_signals()
    console = Console(stderr=True, highlight=False)
    _log_to(console)
    console.print(page_line(address, port))
    with machines_of(course, _LOG.info, is_wanted=cluster, waits=True) as machines:
        serve_class(course, stop, address=address, port=port, slots=slots, machines=machines)
    console.print(_("Stopped. Nothing is lost: what was not graded yet is graded after the next start."))


def _print_unit(course: Course, address: str, port: int, slots: int, *, is_cluster: bool) -> None:
    from grader.cli.systemd_unit import unit, unit_name

    path = os.environ.get("PATH", os.defpath)
    print(
        unit(
            course.root, course.config.name, address=address, port=port, slots=slots, path=path, is_cluster=is_cluster
        ),
        end="",
    )
    name = unit_name(course.root)
    text = _("To install it: save it as {file}, then `systemctl daemon-reload` and `systemctl enable --now {name}`.")
    said = text.format(file=f"/etc/systemd/system/{name}", name=name)
    Console(stderr=True, highlight=False, soft_wrap=True).print(said, markup=False)


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_given: stop.set())
    return stop


def _log_to(console: Console) -> None:
    handler = RichHandler(console=console, show_path=False, markup=False, highlighter=None)
    logger = logging.getLogger("grader.watch")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
