"""How grading looks in a terminal: a bar with the time left, and a list with the reason for each lost point."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import TaskID

from grader.cli.bars import counting_bar
from grader.cli.pace import Pace
from grader.language import _, ngettext
from grader.outcomes import Outcome, Report, TaskResult
from grader.pipeline import ProgressListener
from grader.printable import printable
from grader.record.planning import GradingStatus, Row
from grader.record.upkeep.losses import Loss
from grader.record.upkeep.stored_results import Store
from grader.sandbox.devices import CPU

NOTES = 5
COLOURS = {Outcome.PASSED: "green", Outcome.PARTIAL: "yellow", Outcome.MANUAL: "dim", Outcome.NOT_GRADED: "magenta"}


class ProgressWatcher(ProgressListener):
    """Shows a bar; lines of finished submissions above it."""

    def __init__(self, console: Console) -> None:
        self._progress = counting_bar(console)
        self._task = self._progress.add_task(_("grading"), total=None)
        self._done = 0
        self._total = 0
        self._pace = Pace()
        self._places: dict[str, TaskID] = {}
        self._busy: dict[str, list[str]] = {}
        self._lanes: dict[str, int] = {}

    def started(self, total: int, to_grade: int) -> None:
        """Start the bar, unless there is nothing to do."""
        self._total = total
        self._progress.update(self._task, total=total)
        if to_grade:
            self._progress.start()

    def released(self, slug: str) -> None:
        """Say it, above the bar."""
        self._progress.console.print(
            f"  [yellow]{_('released again')}[/] {escape(slug)}: {_('the gradebook had lost it')}"
        )

    def placed(self, student: str, slug: str, device: str) -> None:
        """Name who runs on a GPU or on another machine, in a line for each; processors here are many and alike."""
        if device == CPU.name:
            return
        place, who = _place_of(device), f"{_safe(student)} {escape(slug)}"
        self._forget(who)  # where it ran before, a machine has gone
        busy = self._busy.setdefault(place, [])
        busy.append(who)
        self._lanes[place] = max(self._lanes.get(place, 1), len(busy))
        if place not in self._places:
            self._places[place] = self._progress.add_task("", total=None)
        self._show_places()

    def _forget(self, who: str) -> None:
        for busy in self._busy.values():
            if who in busy:
                busy.remove(who)

    def _show_places(self) -> None:
        for place, task in self._places.items():
            remaining, lanes = self._total - self._done, self._lanes[place]
            left_s = self._pace.left_s(place, remaining, len(self._places), lanes)
            left = "" if left_s is None else ", " + _("{minutes:.0f} min left").format(minutes=left_s / 60)
            doing = ", ".join(self._busy.get(place, ())) or _("idle")
            done = _("{count} done").format(count=self._pace.done(place))
            self._progress.update(task, description=f"{place}: {doing} ({done}{left})")

    def finished(self, row: Row) -> None:
        """Move the bar."""
        self._done += 1
        place = _place_of(row.device)
        if place in self._places and row.report is not None:
            self._pace.note(place, row.report.wall_s)
            self._forget(f"{_safe(row.student)} {escape(row.slug)}")
            self._show_places()
        self._progress.advance(self._task)
        if row.status is not GradingStatus.UNCHANGED:
            self._progress.console.print(_line(row))
        if self._done >= self._total:
            self._progress.stop()


def _place_of(device: str) -> str:
    """What has a line of its own: a GPU here, another machine as a whole."""
    return device.partition("/")[0]


def _line(row: Row) -> str:
    who = f"{_safe(row.student)} [dim]{escape(row.slug)}[/]"
    if row.report is None:
        return f"  [magenta]{_('not graded')}[/] {who}"
    f1 = f", F1 {row.score.shown_f1}" if row.score else ""
    return f"  {_points(row.report)} {who}{f1} [dim]{_('{seconds:.1f} s').format(seconds=row.report.wall_s)}[/]"


def _safe(text: str) -> str:
    """Student text for a terminal: no escape sequences, no markup."""
    return escape(printable(text, 4000))


def _points(report: Report) -> str:
    return f"{report.points:g}/{report.max_points:g}"


def show_rows(console: Console, rows: Sequence[Row]) -> None:
    """Print a line per submission, and below it the reason for each lost point."""
    if not rows:
        text = _("Nothing was handed in: no folders submitted/STUDENT/ASSIGNMENT. See `grader collect --help`.")
        console.print(escape(text), highlight=False, soft_wrap=True)
        return
    who = max(len(row.student) for row in rows)
    what = max(len(row.slug) for row in rows)
    for row in rows:
        points = _points(row.report) if row.report else f"[magenta]{_('not graded')}[/]"
        line = f"[bold]{_safe(row.student):{who}}[/]  {escape(row.slug):{what}}  [bold]{points:>7}[/]"
        if row.score:
            score = row.score
            of = _("{part} of {total}").format(part=score.public_correct, total=score.public_total)
            line += f"  F1 {score.shown_f1} ({of})"
        console.print(line, highlight=False, soft_wrap=True)  # names and points stay whole in one line
        for reason in _reasons(row):
            console.print(Padding(reason, (0, 0, 0, 4)), highlight=False)
    counts = {status: sum(row.status is status for row in rows) for status in GradingStatus}
    said = [_("{count} graded now").format(count=counts[GradingStatus.GRADED])]
    if counts[GradingStatus.RECORDED]:
        said.append(_("{count} recorded again from the ledger").format(count=counts[GradingStatus.RECORDED]))
    said.append(_("{count} unchanged").format(count=counts[GradingStatus.UNCHANGED]))
    said.append(_("{count} not graded").format(count=counts[GradingStatus.NOT_GRADED]))
    console.print("\n" + ", ".join(said))
    for line in repairs(rows):
        console.print(f"[yellow]{_('repaired')}[/] {_safe(line)}", highlight=False)


def repairs(rows: Sequence[Row]) -> list[str]:
    """What was put right, a line for each kind, and what nothing can put right."""
    lines = []
    for store in Store:
        students = [f"{row.student} {row.slug}" for row in rows if store in row.lacked]
        if students:
            count = len(students)
            text = ngettext(
                "{count} result was lost in {place}: {students}.",
                "{count} results were lost in {place}: {students}.",
                count,
            )
            said = text.format(count=count, place=place_of(store), students=_few(students))
            lines.append(f"{said} {_remains(store)}".rstrip())
    kept = [f"{row.student} {row.slug}" for row in rows if row.kept_by_hand]
    if kept:
        text = _(
            "Points given by hand for {students} stay as overrides (`grader override`), as the page had them; which "
            "cells they were for is lost."
        )
        lines.append(text.format(students=_few(kept)))
    damaged = sum(row.was_damaged for row in rows)
    if damaged:
        text = ngettext(
            "{count} damaged ledger entry was graded anew.", "{count} damaged ledger entries were graded anew.", damaged
        )
        lines.append(text.format(count=damaged))
    return lines


def place_of(store: Store) -> str:
    """What the reader calls a store of results."""
    return {
        Store.AUTOGRADED: "autograded/",
        Store.GRADEBOOK: _("the gradebook"),
        Store.DATABASE: _("the class database"),
    }[store]


def _remains(store: Store) -> str:
    """What no repair brings back."""
    return {
        Store.AUTOGRADED: "",
        Store.GRADEBOOK: _(
            "Other points, comments and extensions given by hand in formgrader come back from a backup only."
        ),
        Store.DATABASE: _(
            "Links, overrides and the log come back from a backup only: see `grader access`, `grader invite`; `grader "
            "feedback` shows feedback on the page again."
        ),
    }[store]


def say_losses(console: Console, lost: Sequence[Loss]) -> None:
    """Warn of points that the ledger knows and the gradebook does not hold."""
    count, names = len(lost), _few([f"{loss.student} {loss.slug}" for loss in lost])
    text = ngettext(
        "the gradebook does not hold {count} result that the ledger knows: {names}.",
        "the gradebook does not hold {count} results that the ledger knows: {names}.",
        count,
    )
    console.print(f"[bold yellow]{_('warning:')}[/] {_safe(text.format(count=count, names=names))}", highlight=False)
    remedy = _("Run `grader grade`: it records them again and runs nothing.")
    console.print(f"[bold]{_('what to do:')}[/] {remedy}", highlight=False)


def _few(names: Sequence[str], most: int = 5) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (_(" and {count} more").format(count=more) if more > 0 else "")


def _reasons(row: Row) -> list[str]:
    lines = [_safe(text) for text in (row.problem, row.remark) if text]
    tasks = row.report.tasks if row.report else ()
    lost = [task for task in tasks if task.points < task.max_points and task.outcome is not Outcome.MANUAL]
    lines += [_reason(text, names) for text, names in _grouped(lost)]
    lines += [f"[dim]{_safe(note[:300])}[/]" for note in (row.report.notes[:NOTES] if row.report else ())]
    manual = sum(task.max_points for task in tasks if task.outcome is Outcome.MANUAL)
    if manual:
        text = ngettext(
            "{points:g} point waits for a teacher", "{points:g} points wait for a teacher", math.ceil(manual)
        )
        lines.append(f"[dim]{text.format(points=manual)}[/]")
    return lines


def _grouped(tasks: Sequence[TaskResult]) -> list[tuple[TaskResult, list[str]]]:
    """Tasks with the same outcome and message share a line."""
    groups: dict[tuple[Outcome, str], tuple[TaskResult, list[str]]] = {}
    for task in tasks:
        groups.setdefault((task.outcome, task.message), (task, []))[1].append(task.grade_id)
    return list(groups.values())


def _reason(task: TaskResult, names: list[str]) -> str:
    colour = COLOURS.get(task.outcome, "red")
    message = _safe(task.message.strip()[:600])
    return f"[{colour}]{_(str(task.outcome).replace('_', ' '))}[/] [bold]{escape(', '.join(names))}[/]: {message}"
