"""Audit one assignment: names, cases, mutants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import TracebackType
from typing import Self

from nbformat import NotebookNode

from grader.audit.answers import reference_answer
from grader.audit.cache import Cache, cache_folder
from grader.audit.cases import Case, Kind, find_cases, handed_in
from grader.audit.diagnoses import DEFAULT_LIMIT, Confusion, changes_made, judge
from grader.audit.equivalent import Mark, mark_findings, read_marks
from grader.audit.mutation import Mutant, mutants, sampled, solution_cells
from grader.audit.names import unknown_names
from grader.audit.preparing import Prepared, prepare, source_notebook
from grader.audit.pruning import from_cell_on
from grader.audit.results import AssignmentAudit, CaseResult, MutationResult, Survivor
from grader.audit.running import Runner
from grader.audit.settings import conditions_for, is_contest, tightened
from grader.audit.subjects import Subject
from grader.audit.verdicts import findings, is_killed, is_timely, points_lost
from grader.diagnosis.reference import Reference, read_reference
from grader.errors import GraderError, InvalidAssignment, MissingDataset
from grader.grading.conditions import require_contest
from grader.grading.job import Conditions, Job
from grader.language import _, speaking
from grader.outcomes import Outcome, Report

SLOW_S = 20.0
ORDER = (Kind.REFERENCE, Kind.RELEASE, Kind.RIGHT, Kind.WRONG)


class ProgressListener:
    """Is called as an audit goes on; a subclass shows it, and this one does nothing.

    Used as a context manager around the whole audit.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    def started(self, slug: str, what: str, total: int) -> None:
        """`total` answers or mutants of an assignment are to be graded."""

    def advanced(self) -> None:
        """One of them is done with."""


@dataclass(frozen=True)
class Wanted:
    """What an audit is to do.

    Attributes:
        slots: jobs at once.
        mutants: whether to mutate; None leaves out the contest, and what takes long.
        limit: mutants of one assignment at most; 0 takes all.
        diagnoses: whether to try how well changes of right answers are explained.
    """

    slots: int
    mutants: bool | None = None
    limit: int = 0
    diagnoses: bool = False


@dataclass(frozen=True)
class _Work:
    """One assignment on its way."""

    subject: Subject
    source: NotebookNode
    prepared: Prepared
    conditions: Conditions
    cache: Cache
    is_contest: bool
    reference: Reference

    def answered(self, cells: dict[str, str]) -> bytes:
        """The notebook with the reference solution, but for these cells; cells that are not in it are left out."""
        there = {cell.metadata.get("nbgrader", {}).get("grade_id") for cell in self.prepared.released.cells}
        solution = {**reference_answer(self.source).cells, **cells}
        return handed_in(self.prepared, {name: text for name, text in solution.items() if name in there})

    def job(self, notebook: bytes, conditions: Conditions, *, until_lost: bool = False) -> Job:
        return Job(
            "audit",
            notebook,
            self.prepared.files,
            self.prepared.assignment,
            conditions,
            until_lost,
            reference=() if until_lost else self.reference,
        )


def audit(
    subject: Subject, wanted: Wanted, runner: Runner, listener: ProgressListener | None = None
) -> AssignmentAudit:
    """Audit one assignment.

    Args:
        subject: the assignment.
        wanted: what to do.
        runner: grades, and stays warm for the next one.
        listener: is called as the audit goes on.

    Raises:
        EnvironmentFault: nothing can be written, or the contest has no data set.
        InvalidConfig: class.toml is wrong.
    """
    listener = listener or ProgressListener()
    with speaking(subject.language):
        try:
            return _audit(subject, wanted, runner, listener)
        except (InvalidAssignment, MissingDataset) as fault:
            return AssignmentAudit(subject.slug, str(subject.answers), findings=(str(fault),))


def _audit(subject: Subject, wanted: Wanted, runner: Runner, listener: ProgressListener) -> AssignmentAudit:
    folder = cache_folder(subject.course)
    cache = Cache(folder)
    source = source_notebook(subject)
    prepared = prepare(subject, cache)
    conditions = conditions_for(subject, wanted.slots, folder)
    require_contest(conditions)
    work = _Work(subject, source, prepared, conditions, cache, is_contest(subject), read_reference(source))
    wrong_names = unknown_names(source, prepared.assignment)
    cases, reference = _run_cases(work, runner, listener)
    mutation, remark = None, ""
    if wanted.mutants is not False:
        remark = _why_not_mutated(work, wanted, cases, reference)
        if not remark and reference is not None:
            mutation = _run_mutants(work, wanted, tightened(conditions, reference), runner, listener)
    confusion = _try_diagnoses(work, wanted, runner, listener) if wanted.diagnoses and not work.is_contest else None
    cache.forget_old()
    return AssignmentAudit(subject.slug, str(subject.answers), cases, tuple(wrong_names), mutation, remark, confusion)


def _run_cases(work: _Work, runner: Runner, listener: ProgressListener) -> tuple[tuple[CaseResult, ...], Report | None]:
    cases = {case.name: case for case in find_cases(work.subject, work.source, work.prepared)}
    listener.started(work.subject.slug, _("answers"), len(cases))
    jobs = {name: work.job(case.notebook, work.conditions) for name, case in cases.items()}
    results = {}
    reference = None
    for name, report in runner.run(jobs, work.cache, work.conditions, partial(_is_final, work, cases)):
        results[name] = _case_result(cases[name], report, work)
        if name == Kind.REFERENCE and isinstance(report, Report):
            reference = report
        listener.advanced()
    results |= _read_in_the_classs_language(work, [cases[name] for name in results if results[name].findings], runner)
    return tuple(sorted(results.values(), key=lambda case: (ORDER.index(case.kind), case.name))), reference


def _read_in_the_classs_language(work: _Work, failed: list[Case], runner: Runner) -> dict[str, CaseResult]:
    """Wrong answers that are as they have to be if their message is read in the class's language, not in English."""
    conditions = replace(work.conditions, language=work.subject.language)
    if conditions == work.conditions:
        return {}
    cases = {case.name: case for case in failed if case.kind is Kind.WRONG and case.answer.message}
    jobs = {name: work.job(case.notebook, conditions) for name, case in cases.items()}
    graded = runner.run(jobs, work.cache, conditions, partial(_is_final, work, cases))
    results = {name: _case_result(cases[name], report, work) for name, report in graded}
    return {name: result for name, result in results.items() if not result.findings}


def _is_final(work: _Work, cases: Mapping[str, Case], name: str, report: Report) -> bool:
    """Whether the same would come out again: a network that had to stop early, on a busy machine, may do better."""
    return is_timely(report) and not (work.is_contest and _findings(work, cases[name], report))


def _findings(work: _Work, case: Case, report: Report) -> tuple[str, ...]:
    return tuple(findings(case, report, work.prepared.assignment, is_contest=work.is_contest))


def _case_result(case: Case, report: Report | GraderError, work: _Work) -> CaseResult:
    if not isinstance(report, Report):
        return CaseResult(case.kind, case.name, 0.0, 0.0, 0.0, (str(report),))
    tasks = [task for task in report.tasks if task.outcome is not Outcome.MANUAL]
    here, elsewhere = points_lost(case, report, work.reference)
    return CaseResult(
        kind=case.kind,
        name=case.name,
        points=sum(task.points for task in tasks),
        max_points=sum(task.max_points for task in tasks),
        wall_s=report.wall_s,
        findings=_findings(work, case, report),
        lost_here=here,
        lost_elsewhere=elsewhere,
    )


def _why_not_mutated(work: _Work, wanted: Wanted, cases: Sequence[CaseResult], reference: Report | None) -> str:
    if reference is None or any(case.findings for case in cases if case.kind is Kind.REFERENCE):
        return _("Not mutated: the reference solution has to earn full points first.")
    if wanted.mutants:
        return ""
    if work.is_contest:
        return _("Not mutated: a contest, which trains; `--mutants` does it all the same.")
    if reference.wall_s > SLOW_S:
        text = _("Not mutated: the reference solution takes {seconds:.0f} s; `--mutants` does it all the same.")
        return text.format(seconds=reference.wall_s)
    return ""


def _run_mutants(
    work: _Work, wanted: Wanted, conditions: Conditions, runner: Runner, listener: ProgressListener
) -> MutationResult:
    """Grade mutants. They are remembered under the class's limits: the tighter ones change with the machine's load."""
    marks = read_marks(work.subject.answers)
    everything = mutants(solution_cells(work.source))
    chosen = sampled(everything, wanted.limit)
    shorter = _from_each_cell_on(work, dict.fromkeys(mutant.cell for mutant in chosen), runner)
    jobs = {}
    for number, mutant in enumerate(chosen):
        part = shorter[mutant.cell]
        notebook = part.answered({mutant.cell: mutant.source})
        jobs[str(number)] = part.job(notebook, conditions, until_lost=True)
    listener.started(work.subject.slug, _("mutants"), len(jobs))
    reports: dict[int, Report | GraderError] = {}
    slow = {}
    for name, report in runner.run(jobs, work.cache, work.conditions, lambda _name, report: is_timely(report)):
        if isinstance(report, Report) and not is_timely(report):
            slow[name] = jobs[name]
            continue
        reports[int(name)] = report
        listener.advanced()
    # An endless loop, or a machine that was busy with something else: a second time tells.
    for name, report in runner.run(slow, work.cache, work.conditions, lambda _name, _report: True):
        reports[int(name)] = report
        listener.advanced()
    return _counted(everything, [(mutant, reports[number]) for number, mutant in enumerate(chosen)], marks)


def _try_diagnoses(work: _Work, wanted: Wanted, runner: Runner, listener: ProgressListener) -> Confusion:
    made = changes_made(find_cases(work.subject, work.source, work.prepared), wanted.limit or DEFAULT_LIMIT)
    jobs = {str(number): work.job(work.answered(dict(one.cells)), work.conditions) for number, one in enumerate(made)}
    listener.started(work.subject.slug, _("diagnoses"), len(jobs))
    results, unnoticed = [], 0
    for name, report in runner.run(jobs, work.cache, work.conditions, lambda _name, report: is_timely(report)):
        judged = judge(made[int(name)], report) if isinstance(report, Report) else None
        unnoticed += judged is None
        results += [] if judged is None else [judged]
        listener.advanced()
    return Confusion(tuple(results), unnoticed)


def _from_each_cell_on(work: _Work, cells: Iterable[str], runner: Runner) -> dict[str, _Work]:
    """For each solution cell the part of the assignment that a change there can touch.

    The reference solution is graded on each part first; where it does not earn full points, all of the assignment is
    run after all.
    """
    parts = {cell: replace(work, prepared=from_cell_on(work.prepared, work.source, cell)) for cell in cells}
    jobs = {cell: part.job(part.answered({}), work.conditions) for cell, part in parts.items()}
    for cell, report in runner.run(jobs, work.cache, work.conditions, lambda _name, report: is_timely(report)):
        if not isinstance(report, Report) or any(task.is_lost for task in report.tasks):
            parts[cell] = work
    return parts


def _counted(
    everything: Sequence[Mutant], graded: Sequence[tuple[Mutant, Report | GraderError]], marks: Sequence[Mark]
) -> MutationResult:
    killed = [mutant for mutant, report in graded if isinstance(report, Report) and is_killed(report)]
    timed_out = [report for _mutant, report in graded if isinstance(report, Report) and not is_timely(report)]
    marked = [mutant for mutant, _report in graded if any(mark.covers(mutant) for mark in marks)]
    survivors = [
        Survivor(mutant, _remark(report)) for mutant, report in graded if mutant not in killed and mutant not in marked
    ]
    return MutationResult(
        tried=len(graded) - len(marked),
        killed=sum(mutant not in marked for mutant in killed),
        timed_out=len(timed_out),
        equivalent=len(marked),
        left_out=len(everything) - len(graded),
        survivors=tuple(survivors),
        findings=tuple(mark_findings(marks, everything, killed)),
    )


def _remark(report: Report | GraderError) -> str:
    """Why a mutant counts as a survivor where it is not plain that the tests passed."""
    if not isinstance(report, Report):
        return str(report)
    troubled = [task for task in report.tasks if task.outcome is Outcome.NOT_GRADED]
    text = _("{cell} could not be graded: {message}")
    return text.format(cell=troubled[0].grade_id, message=troubled[0].message) if troubled else ""
