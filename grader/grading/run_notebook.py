"""Grade one submission: seal, run, examine. Plain data in, plain data out; no database and no shared folder is touched.

So it can be sent to any `concurrent.futures.Executor`. Whatever the submission does, one of two things comes back: a
result, or an error of `grader.errors` that says who has to act.
"""

from __future__ import annotations

import ast
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache

import nbformat
import torch
from nbformat import NotebookNode

from grader.checks.contest import is_contest_test
from grader.course.assignment import Assignment, Cell, names_to_define, split_hidden
from grader.diagnosis.reference import Reference
from grader.diagnosis.told import Hints
from grader.errors import KernelGone, SandboxLost
from grader.examiner.error_meanings import explain, is_without_forward
from grader.examiner.examination import Examination
from grader.examiner.hidden_test import MAX_MESSAGE, examine
from grader.examiner.remote import Session
from grader.grading.explained import Explainer, students_cells
from grader.grading.held_out import failures_of
from grader.grading.job import Conditions, Graded, Job, view_of
from grader.grading.network import NetworkFolder
from grader.grading.own_cells import OwnCells, first_line
from grader.grading.reviving import Ran, Reviver
from grader.grading.seal import PLACEHOLDER, seal
from grader.language import _, speaking
from grader.notebook import display_output, is_illustration, is_training, read_notebook, stream_output
from grader.outcomes import Outcome, Report, TaskResult
from grader.printable import printable
from grader.sandbox.error_reasons import absent_data, absent_library, reason_behind, tried_to_end
from grader.sandbox.kernel import Kernel
from grader.sandbox.outputs import CellRun
from grader.scoring.contest import ContestScore
from grader.scoring.self_reported import printed_f1, remark_on


def grade(job: Job) -> Graded:
    """Seal, run and examine one submission.

    Raises:
        InvalidSubmission: it cannot be graded as it is.
        EnvironmentFault: the machine cannot grade.
    """
    with speaking(job.conditions.language):
        sealed = seal(read_notebook(job.notebook), job.assignment, job.conditions.training_cells)
        examined = run_and_examine(
            sealed.notebook,
            job.assignment,
            job.conditions,
            job.files,
            notes=sealed.notes,
            until_lost=job.until_lost,
            earlier=job.earlier,
            killed_before=job.killed_before,
            reference=() if job.until_lost else job.reference,
        )
        return Graded(
            key=job.key,
            notebook=nbformat.writes(examined.notebook).encode(),
            report=examined.report,
            score=examined.score,
            predictions=examined.predictions,
            is_doubtful=examined.is_doubtful,
        )


@dataclass(frozen=True)
class Examined:
    """A notebook after its run, with the report on it; `is_doubtful` as in `Graded`."""

    notebook: NotebookNode
    report: Report
    score: ContestScore | None
    predictions: bytes
    is_doubtful: bool


def run_and_examine(
    notebook: NotebookNode,
    assignment: Assignment,
    conditions: Conditions,
    files: tuple[tuple[str, bytes], ...],
    *,
    notes: tuple[str, ...] = (),
    until_lost: bool = False,
    earlier: tuple[bytes, ...] = (),
    killed_before: bool = False,
    reference: Reference = (),
) -> Examined:
    """Run a sealed notebook in a sandbox and examine it from outside.

    Args:
        notebook: from `seal`; its cells receive their outputs.
        assignment: what it answers.
        conditions: limits, language, data, contest.
        files: (relative path, bytes) of the files handed in beside it.
        notes: the seal's notes, for the report.
        until_lost: whether to stop after the first test that gives less than its points.
        earlier: predictions of the same student's earlier submissions, oldest first.
        killed_before: whether an earlier run of the same was killed, and nobody knows by whom.
        reference: the author's solution, to explain lost tests by.

    Raises:
        EnvironmentFault: no kernel could be started, or something outside ended it.
    """
    torch.set_num_threads(conditions.device.threads)
    started = time.monotonic()
    view = view_of(conditions, files)
    with Kernel(view, killed_before=killed_before) as kernel:
        examination = _examination(kernel, conditions, dict(files), earlier)
        explainer = Explainer(reference, students_cells(notebook, assignment), conditions.hints)
        run = _NotebookRun(kernel, assignment, examination, explainer, conditions)
        tasks: list[TaskResult] = []
        for cell in notebook.cells:
            task = run.cell(cell)
            if task is not None:
                tasks.append(task)
                if until_lost and task.is_lost:
                    break
        if kernel.lost:
            raise SandboxLost(_("The notebook could not be run to its end: {why}.").format(why=kernel.lost))
        is_doubtful = kernel.is_doubtful  # from here on nothing decides about points
        failures = None
        if conditions.held_out is not None and examination.score is not None:
            sizes = {name: len(data) for name, data in files} if conditions.source == "network" else None
            failures = failures_of(kernel, conditions.held_out, sizes)
    remarks = remarks_on(notebook, assignment, examination.score)
    notebook.metadata["springfield"] = {"graded_at": datetime.now(UTC).isoformat(timespec="seconds")}
    if failures is not None:
        notebook.metadata["springfield"]["failures"] = failures.to_json()
    if killed_before:
        remarks.append(_("An earlier run of this notebook was killed, by whom is not known; this is the second one."))
    report = Report(tuple(tasks), round(time.monotonic() - started, 3), (*notes, *run.notes, *remarks))
    return Examined(notebook, report, examination.score, examination.predictions, is_doubtful)


def _examination(
    kernel: Kernel, conditions: Conditions, files: dict[str, bytes], earlier: tuple[bytes, ...]
) -> Examination:
    contest = conditions.contest
    if conditions.source == "network" and contest is not None:
        folder = NetworkFolder(kernel, contest, files)
        return Examination(folder, contest, conditions.contest_missing, earlier=earlier)
    return Examination(kernel, contest, conditions.contest_missing, files, earlier)


class _NotebookRun:
    """Runs the cells of one notebook in order; remembers what went wrong, to explain what follows from it."""

    def __init__(
        self,
        kernel: Kernel,
        assignment: Assignment,
        examination: Examination,
        explainer: Explainer,
        conditions: Conditions,
    ) -> None:
        self._packages = conditions.packages
        self._is_contest = conditions.contest is not None
        self._leaves_training_out = conditions.source == "network"
        self._explainer = explainer
        self._kernel = kernel
        self._assignment = assignment
        self._examination = examination
        self._session = Session(kernel)
        self._student_names = names_to_define(assignment)
        self._own = OwnCells()
        self._reviver = Reviver(kernel)
        self.notes: list[str] = []

    def cell(self, cell: NotebookNode) -> TaskResult | None:
        """Run one cell and put its outputs in place; the result if it is worth points."""
        known = self._assignment.find(cell.metadata.get("nbgrader", {}).get("grade_id"))
        if known is not None and known.is_test:
            return self._test(cell, known)
        if self._leaves_training_out and is_training(cell):
            cell.outputs = [stream_output("stdout", _("Left out: the weights were handed in, so nothing trains here."))]
            return None
        is_needed = cell.source.strip() and not is_illustration(cell)
        if cell.cell_type == "code" and is_needed:
            run = self._run(cell, known.grade_id if known else first_line(cell.source))
            cell.outputs = run.outputs
            trouble = run.limit or tried_to_end(run.printed)
            if trouble:
                cell.metadata["springfield"] = {"trouble": trouble}
        if known is not None and (known.is_grade or known.is_task):
            return TaskResult(known.grade_id, Outcome.MANUAL, 0.0, known.points, _("A teacher reads this answer."))
        return None

    def _run(self, cell: NotebookNode, where: str) -> CellRun:
        """Run a cell of the student's; one that ends the kernel leaves nothing but how it ended, as its limit."""
        if not self._reviver.is_alive:
            return CellRun()
        try:
            run = self._kernel.run(cell.source)
        except KernelGone:
            why = self._kernel.gone
            if self._an_earlier_cell_did_it():
                return self._run(cell, where)
            return CellRun(limit=self._ended_by(cell, where, why))
        self._own.add(cell.source)
        if not self._kernel.gone:
            self._reviver.has_run(Ran(cell, where, run.wall_s))
        self._explain(run, cell, where)
        return run

    def _explain(self, run: CellRun, cell: NotebookNode, where: str) -> None:
        """Say what went wrong in a cell that has run."""
        raised = [] if run.error is None else [run.error.name, run.error.text, run.error.traceback]
        reason = self._absent(run) or reason_behind([*run.printed, *raised])
        ending = tried_to_end(run.printed)
        if ending:
            self.notes.append(f"{where}: {ending}")
        if run.limit:
            self.notes.append(f"{where}: {run.limit}")
            self._blame(cell, _("In {cell}: {what}.").format(cell=where, what=run.limit))
        elif run.error is not None:
            text = _("{cell} ended with {kind}: {text}")
            said = text.format(cell=where, kind=run.error.name, text=run.error.text[:300])
            self._blame(cell, f"{said}\n{reason}" if reason else said)
        elif reason:
            self._blame(cell, _("In {cell}: {what}.").format(cell=where, what=reason.rstrip(".")), is_over=False)

    def _absent(self, run: CellRun) -> str:
        """What a cell has asked for that is not there, and what is; empty where that is not its trouble."""
        if run.error is None:
            return ""
        return absent_library(run.error, self._packages) or (absent_data(run.error) if self._is_contest else "")

    def _an_earlier_cell_did_it(self) -> bool:
        """Replace a dead kernel; whether an earlier cell has ended it, which had returned by then."""
        culprits = self._reviver.revive()
        self._session = Session(self._kernel)  # the earlier one knows objects that are gone with their kernel
        for culprit in culprits:
            trouble = self._ended_by(culprit.ran.cell, culprit.ran.where, culprit.why)
            culprit.ran.cell.metadata["springfield"] = {"trouble": trouble}
        return bool(culprits)

    def _ended_by(self, cell: NotebookNode, where: str, why: str) -> str:
        """Blame a cell for the end of the kernel; how it ended, in a sentence."""
        self.notes.append(f"{where}: {why}")
        self._blame(cell, _("In {cell}: {what}.").format(cell=where, what=why))
        return printable(_("The Python process is gone: {why}.").format(why=why), MAX_MESSAGE)

    def _blame(self, cell: NotebookNode, trouble: str, *, is_over: bool = True) -> None:
        """Remember what went wrong in a cell, and whether it stopped there."""
        self._own.has_failed(cell.source, printable(trouble, MAX_MESSAGE), is_over=is_over)

    def _test(self, cell: NotebookNode, known: Cell) -> TaskResult:
        visible, hidden = split_hidden(known.source)
        result, shown = self._tested(known, visible, hidden)
        if self._kernel.gone and self._an_earlier_cell_did_it() and result.is_lost:
            result, shown = self._tested(known, visible, hidden)
        cell.source = f"{visible}\n{PLACEHOLDER}".lstrip("\n") if hidden else visible
        write_result(cell, result, shown, self._explainer.hints)
        return result

    def _tested(self, known: Cell, visible: str, hidden: str) -> tuple[TaskResult, list[NotebookNode]]:
        """The result of a test, and what its visible part put out."""
        shown: list[NotebookNode] = []
        if is_contest_test(hidden) and not _has_code(visible):
            pass  # what the notebook has written is scored however the notebook ended
        elif not self._reviver.is_alive:
            return self._not_reached(known), shown
        elif _has_code(visible):
            try:
                run = self._kernel.run(visible)
            except KernelGone as gone:
                text = printable(str(gone), MAX_MESSAGE)
                return TaskResult(known.grade_id, Outcome.RAISED, 0.0, known.points, text, text), shown
            shown = run.outputs
            failed = self._visible_failed(known, run)
            if failed is not None:
                return self._explained(self._diagnosed(failed, hidden), known), shown
        # A test without a hidden part is examined as a whole: what the kernel says of it decides nothing.
        code = hidden if hidden.strip() else visible
        result = examine(code, known.grade_id, known.points, self._session, self._examination, self._student_names)
        return self._explained(self._explainer.explained(result, self._session), known), shown

    def _diagnosed(self, failed: TaskResult, hidden: str) -> TaskResult:
        """A test whose visible part has failed, with what the hidden part finds; the points stay lost."""
        if not hidden.strip() or not self._explainer.wants(failed) or is_contest_test(hidden) or self._kernel.gone:
            return self._explainer.read(failed)
        found = examine(
            hidden, failed.grade_id, failed.max_points, self._session, self._examination, self._student_names
        )
        if found.is_lost and found.outcome is Outcome.FAILED:
            remedy = printable(" ".join(part for part in (found.finding, found.remedy) if part), MAX_MESSAGE)
            failed = replace(failed, message=f"{failed.finding}\n{remedy}", remedy=remedy)
        return self._explainer.explained(failed, self._session, is_visible=True)

    def _not_reached(self, known: Cell) -> TaskResult:
        message = _("Not reached: the notebook stopped before this test.")
        reason = self._own.first_trouble or self._kernel.gone
        return TaskResult(
            known.grade_id, Outcome.NOT_REACHED, 0.0, known.points, f"{message} {reason}", message, cause=reason
        )

    def _visible_failed(self, known: Cell, run: CellRun) -> TaskResult | None:
        """The result where the visible part raised or ran out of a limit: the student can only lose by that."""
        if run.limit:
            text = f"{run.limit}."
            return TaskResult(known.grade_id, Outcome.TIMED_OUT, 0.0, known.points, text, text)
        if run.error is None:
            return None
        kind, text = run.error.name, run.error.text
        outcome = Outcome.FAILED if kind == "AssertionError" else Outcome.RAISED
        message = text if kind == "AssertionError" and text else f"{kind}: {text}"
        if kind == "NotImplementedError" and is_without_forward(text):
            message = text
        elif kind == "NotImplementedError" and self._own.has_stub():
            message = _("Not solved yet: a cell still says NotImplementedError.")
        elif kind == "NotImplementedError" and text:
            message = text
        if outcome is Outcome.RAISED and run.error.place:
            message = f"{message}\n  {run.error.place}"
        finding = printable(message, MAX_MESSAGE)
        # A message of the author's needs no explanation.
        told = reason_behind([text]) or (
            explain(f"{message}\n{run.error.traceback}") if outcome is Outcome.RAISED else ""
        )
        remedy = printable(told, MAX_MESSAGE)
        message = f"{finding}\n{remedy}".rstrip()
        return TaskResult(known.grade_id, outcome, 0.0, known.points, message, finding, remedy)

    def _explained(self, result: TaskResult, known: Cell) -> TaskResult:
        """A lost test with its likely cause elsewhere: Cyrillic letters in a name, a cell that ended in an error."""
        if result.points or result.outcome is Outcome.NOT_GRADED:
            return result
        letters = self._own.letters_behind(result.finding, known.source)
        said = letters or self._own.gradients_off(result.finding) or self._own.kept_between_calls(known.source)
        if said:
            result = replace(result, message=f"{result.finding}\n{said}", remedy=said)
        trouble = self._own.trouble_behind(result.finding, known.source)
        if not trouble:
            return result
        if self._own.is_undefined(result.finding):  # whatever else was found follows from that
            result = replace(result, message=result.finding, remedy="", diagnosis=None)
        message = _("{message}\nEarlier in the notebook: {trouble}").format(message=result.message, trouble=trouble)
        return replace(result, message=message, cause=trouble)


@lru_cache(maxsize=1024)
def _has_code(source: str) -> bool:
    try:
        return bool(ast.parse(source).body)
    except SyntaxError:
        return True  # cell magics


def write_result(cell: NotebookNode, result: TaskResult, shown: list[NotebookNode], hints: Hints = "full") -> None:
    """Put message and points into the cell's outputs, in the form that nbgrader reads as a score.

    nbgrader gives 0 for anything on stderr and full points for a missing number, so neither can occur: a cell that
    could not be graded says 0.0 and carries a mark that `SealedSaveAutoGrades` turns into "needs manual grading".
    """
    pictures = [output for output in shown if output.output_type == "display_data"]
    text = "".join(output.text for output in shown if output.output_type == "stream")
    said = "\n".join(part for part in (text.rstrip(), result.message) if part)
    outputs = [*pictures]
    if said:
        outputs.append(stream_output("stdout", f"{said}\n"))
    outputs.append(display_output({"text/plain": repr(float(result.points))}, is_result=True))
    cell.outputs = outputs
    cell.metadata["springfield"] = {
        "outcome": str(result.outcome),
        "finding": result.finding or result.message,
        "remedy": result.remedy,
        "cause": result.cause,
        "diagnosis": result.diagnosis if hints == "full" else None,
    }


def remarks_on(notebook: NotebookNode, assignment: Assignment, score: ContestScore | None) -> list[str]:
    """A remark for the teacher where the notebook prints quite another F1 than was measured."""
    if score is None or not score.accepted:
        return []
    tests = {cell.grade_id for cell in assignment.cells if cell.is_test}
    texts = [
        output.text
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade_id") not in tests
        for output in cell.outputs
        if output.output_type == "stream"
    ]
    remark = remark_on(printed_f1(texts), score.public_f1)
    return [remark] if remark else []
