"""The bar of verbs that work through a known number of things."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from grader.language import _


def counting_bar(console: Console, *, transient: bool = False) -> Progress:
    """A bar that says what is being done, how many of how many are done, and the time spent and left.

    Args:
        console: where it is drawn.
        transient: it goes away at its end, because what follows says the same.
    """
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn(_("left")),
        TimeRemainingColumn(),
        console=console,
        transient=transient,
    )


@contextmanager
def counted(doing: str, *, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on the error stream, and what moves it: called with how many are done and how many there are in all."""
    if quiet:
        yield None
        return
    with counting_bar(Console(stderr=True)) as progress:
        task = progress.add_task(doing, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
