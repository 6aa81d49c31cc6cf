"""The verb that says how many machines a class needs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from grader.cli.options import Json
from grader.language import _, ngettext


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(plan)


def plan(
    students: Annotated[int, typer.Option(help="Students of the class.", min=1, max=100_000)],
    minutes: Annotated[float, typer.Option(help="Minutes that one run takes of a GPU, on average.", min=0.01)],
    gpus: Annotated[int, typer.Option(help="GPUs of one machine, or its lanes.", min=1, max=1024)] = 1,
    runs: Annotated[int, typer.Option(help="How often a student hands in.", min=1, max=100)] = 3,
    wait: Annotated[
        float, typer.Option(help="Minutes that nine tenths may wait at most on the last day.", min=0)
    ] = 60.0,
    half_hours: Annotated[
        float, typer.Option(help="Half of all runs come in so many hours before the deadline.", min=0.1, max=336)
    ] = 24.0,
    as_json: Json = False,
) -> None:
    """Say how many machines a class needs, and how long it waits before the deadline, by a model of the term.

    Example: [bold]grader plan --students 5000 --minutes 10 --gpus 8[/]
    """
    from grader.fleet.term import Term, machines_needed, waiting

    term = Term(students, runs, minutes, half_hours * 60)
    needed = machines_needed(term, gpus, wait)
    counts = sorted({max(1, needed // 2), max(1, needed * 3 // 4), needed, needed + max(1, needed // 4)})
    rows = {count: waiting(term, count * gpus) for count in counts}
    if as_json:
        shown = [{"machines": count, **asdict(row)} for count, row in rows.items()]
        print(json.dumps({"machines_needed": needed, "gpu_hours": term.lane_hours, "last_day": shown}))
        return
    console = Console(highlight=False)
    total = _("{runs} runs of {minutes:g} min: {hours:.0f} GPU hours in all.")
    console.print(total.format(runs=students * runs, minutes=minutes, hours=term.lane_hours))
    table = Table(title=_("Who hands in on the last day waits"))
    heads = (_("machines"), _("half"), _("9 of 10"), _("99 of 100"), _("longest"), _("last hour"), _("busy afterwards"))
    for head in heads:
        table.add_column(head, justify="right")
    for count, row in rows.items():
        times = (row.median, row.p90, row.p99, row.longest, row.last_hour, max(0.0, row.after_deadline))
        style = "bold" if count == needed else ""
        table.add_row(f"{count} x {gpus}", *(duration(time) for time in times), style=style)
    console.print(table)
    said = ngettext(
        "{count} machine is enough for nine tenths to wait {wait} at most.",
        "{count} machines are enough for nine tenths to wait {wait} at most.",
        needed,
    )
    console.print(said.format(count=needed, wait=duration(wait)))
    console.print(_("It is a model: half of all runs come in the last {hours:g} h.").format(hours=half_hours))


def duration(minutes: float) -> str:
    """A time as people say it: `12 min`, `3.5 h`."""
    if minutes < 100:
        return _("{minutes:.0f} min").format(minutes=minutes)
    return _("{hours:.1f} h").format(hours=minutes / 60)
