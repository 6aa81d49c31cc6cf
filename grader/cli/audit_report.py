"""How an audit looks in a terminal: a bar with the time left, then a short report for each assignment."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from grader.audit.auditing import ProgressListener
from grader.audit.cases import Kind
from grader.audit.diagnoses import NAMED, Confusion, Verdict
from grader.audit.results import AssignmentAudit, CaseResult, MutationResult, Survivor
from grader.cli.bars import counting_bar
from grader.language import Language, _, addressing, ngettext
from grader.printable import printable

LEAST_NAMED = 85.0
COLOURS = {"-": "red", "+": "green", "@": "cyan"}


class ProgressWatcher(ProgressListener):
    """Shows a bar for what is being graded. Use it as a context manager."""

    def __init__(self, console: Console) -> None:
        self._progress = counting_bar(console, transient=True)
        self._task = self._progress.add_task("", total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def started(self, slug: str, what: str, total: int) -> None:
        """Begin a new bar."""
        self._progress.reset(self._task, total=total, description=f"{slug}: {what}")

    def advanced(self) -> None:
        """Move the bar."""
        self._progress.advance(self._task)


def show_audit(console: Console, audited: AssignmentAudit, least: float, language: Language) -> None:
    """Print what was found about one assignment: what is good in a line, what is not in full."""
    with addressing(language):
        good = audited.is_good(least)
        mark = "[green]✓[/]" if good else "[bold red]✗[/]"
        console.print(f"{mark} [bold]{escape(audited.slug)}[/]  [dim]{escape(audited.answers)}[/]")
        for finding in audited.findings:
            _indented(console, f"[red]✗[/] {_safe(finding)}")
        for kind in Kind:
            _show_cases(console, kind, [case for case in audited.cases if case.kind is kind])
        if audited.remark:
            _indented(console, f"[yellow]{_safe(audited.remark)}[/]")
        if audited.mutation is not None:
            _show_mutation(console, audited.mutation, least)
        if audited.confusion is not None:
            _show_diagnoses(console, audited.confusion)


def _show_cases(console: Console, kind: Kind, cases: Sequence[CaseResult]) -> None:
    wrong = [case for case in cases if case.findings]
    if not cases:
        if kind in (Kind.RIGHT, Kind.WRONG):
            _indented(console, f"[yellow]–[/] {kind}: " + _("no answers"))
        return
    mark = "[red]✗[/]" if wrong else "[green]✓[/]"
    if kind in (Kind.REFERENCE, Kind.RELEASE):
        (case,) = cases
        text = f"{case.points:g}/{case.max_points:g}" + (f", {case.wall_s:.1f} s" if kind is Kind.REFERENCE else "")
    else:
        text = _("{good} of {total} as they have to be").format(good=len(cases) - len(wrong), total=len(cases))
    _indented(console, f"{mark} {kind}: {text}")
    here = sum(case.lost_here for case in cases)
    if kind is Kind.WRONG and here:
        elsewhere = sum(case.lost_elsewhere for case in cases)
        text = _(
            "a mistake is charged with {here:.1f} points in its own task and {elsewhere:.1f} in others, on average"
        )
        _indented(console, "[dim]" + text.format(here=here / len(cases), elsewhere=elsewhere / len(cases)) + "[/]", 4)
    for case in wrong:
        for finding in case.findings:
            _indented(console, f"[red]{escape(case.name)}[/]: {_safe(finding)}", 4)


def _show_mutation(console: Console, mutation: MutationResult, least: float) -> None:
    is_enough = mutation.percent >= least
    mark = "[green]✓[/]" if is_enough and not mutation.findings else "[red]✗[/]"
    text = _("mutants: {killed} of {tried} killed, {percent:.1f} %").format(
        killed=mutation.killed, tried=mutation.tried, percent=int(mutation.percent * 10) / 10
    )
    more = []
    if mutation.timed_out:
        more.append(_("{count} of them by a time limit").format(count=mutation.timed_out))
    if mutation.equivalent:
        more.append(_("{count} marked as equivalent").format(count=mutation.equivalent))
    if mutation.left_out:
        more.append(_("{count} left out").format(count=mutation.left_out))
    _indented(console, f"{mark} {text}" + (f" [dim]({', '.join(more)})[/]" if more else ""))
    for finding in mutation.findings:
        _indented(console, f"[red]✗[/] {_safe(finding)}", 4)
    if mutation.survivors:
        count = len(mutation.survivors)
        text = ngettext("{count} survivor; what no test notices:", "{count} survivors; what no test notices:", count)
        _indented(console, text.format(count=count))
    for survivor in mutation.survivors:
        _show_survivor(console, survivor)


def _show_diagnoses(console: Console, confusion: Confusion) -> None:
    """A table: kind of change made against how the diagnosis fits; then those that name another place."""
    text = _(
        "diagnoses: of {tried} changes of right answers that cost points {named:.0f} % named (exactly {exact:.0f} %), "
        "{another:.0f} % named another"
    )
    named, another = confusion.share(*NAMED), confusion.share(Verdict.ANOTHER)
    mark = "[green]✓[/]" if named >= LEAST_NAMED and not another else "[yellow]–[/]"
    exact = confusion.share(Verdict.EXACT)
    said = text.format(tried=len(confusion.results), named=named, exact=exact, another=another)
    _indented(console, f"{mark} {said}")
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column(_("change made"))
    for verdict in Verdict:
        table.add_column(str(verdict), justify="right")
    for kind, counts in confusion.table():
        table.add_row(kind, *(str(counts.get(str(verdict), 0)) for verdict in Verdict))
    console.print(Padding(table, (0, 0, 0, 4)))
    for result in confusion.results:
        if result.verdict is Verdict.ANOTHER:
            _indented(console, f"[red]{escape(result.made.answer)}[/]: {_safe(result.text)}", 4)
            for line in result.made.mutant.diff.split("\n"):
                console.print(f"    [{COLOURS.get(line[:1], 'dim')}]{escape(line)}[/]", soft_wrap=True)


def _show_survivor(console: Console, survivor: Survivor) -> None:
    for line in survivor.mutant.diff.split("\n"):
        colour = COLOURS.get(line[:1], "dim")
        console.print(f"    [{colour}]{escape(line)}[/]", soft_wrap=True)  # whole lines: they can be copied
    if survivor.remark:
        _indented(console, f"[magenta]{_safe(survivor.remark)}[/]", 4)


def _indented(console: Console, text: str, columns: int = 2) -> None:
    console.print(Padding(text, (0, 0, 0, columns), expand=False))


def _safe(text: str) -> str:
    """Messages quote what student code said: no escape sequences, no markup."""
    return escape(printable(text, 4000))
