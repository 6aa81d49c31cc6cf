"""Explain a lost test by the author's solution: the smallest change of it that behaves as the answer does."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import asdict, replace

from nbformat import NotebookNode

from grader.course.assignment import Assignment
from grader.diagnosis.diagnose import LIMIT_S, Diagnosis, diagnose
from grader.diagnosis.own_text import OwnRepair, OwnText
from grader.diagnosis.reference import Reference, ReferenceCell
from grader.diagnosis.told import Hints, Told
from grader.diagnosis.unwritten import unwritten
from grader.diagnosis.wording import place_of, words_of
from grader.examiner.remote import Session
from grader.examiner.uses import Use
from grader.language import _
from grader.outcomes import Outcome, TaskResult

OWN_SHARE = 0.6  # of the time, for the student's own text; then come changes of the author's
_EXPLAINABLE = (Outcome.FAILED, Outcome.RAISED, Outcome.PARTIAL)
# What Python itself finds wrong is written on a line of the student's, which the message quotes; no change of another
# text raises the same.
_PYTHONS_OWN = re.compile(
    r"^(?:[^\n]*: )?(?:AttributeError|ImportError|IndentationError|KeyError|ModuleNotFoundError|NameError"
    r"|NotImplementedError|RecursionError|SyntaxError|TypeError|UnboundLocalError): "
)


class Explainer:
    """Explains the lost tests of one notebook within one limit of time.

    Args:
        reference: the author's solution; nothing is explained where there is none.
        own: the student's own cells.
        hints: how much is told.
    """

    def __init__(self, reference: Reference, own: Reference = (), hints: Hints = "full") -> None:
        self._reference = reference
        self._own = own
        self.hints = hints
        self._left_s = LIMIT_S
        self._found: list[Diagnosis] = []
        self._own_repairs: list[OwnRepair] = []
        self._lost: list[str] = []

    def wants(self, result: TaskResult) -> bool:
        """Whether a result is worth explaining, and time is left for it."""
        is_lost = result.outcome in _EXPLAINABLE and result.is_lost
        return bool(self._reference) and is_lost and self._left_s > 0

    def explained(self, result: TaskResult, session: Session, *, is_visible: bool = False) -> TaskResult:
        """The result with its diagnosis, if one is found; with as much of it as the teacher wants to be told.

        Args:
            result: of a test that has just been examined in this session.
            session: the way to the student's objects; it knows what the test has called.
            is_visible: whether the finding is that of the test's visible part.
        """
        result = self.read(self._diagnosed(result, session) if self.wants(result) else result, session.uses.all)
        if result.is_lost:
            self._lost.append(result.grade_id)
        if self.hints == "full" or not result.is_lost or result.outcome is not Outcome.FAILED:
            return result
        finding = result.finding if is_visible else _("The check is not passed.")
        told = Told.read(result.diagnosis)
        place = place_of(told) if self.hints == "place" and told is not None else ""
        return replace(result, message=f"{finding}\n{place}".rstrip(), finding=finding, remedy=place)

    def _diagnosed(self, result: TaskResult, session: Session) -> TaskResult:
        started = time.monotonic()
        uses = list(session.uses.all)
        diagnosis = None
        try:
            if self.hints == "full":
                own = OwnText(self._own, self._reference, session)
                diagnosis = own.diagnosis(
                    result.grade_id, result.finding, uses, self._own_repairs, OWN_SHARE * self._left_s
                )
            if diagnosis is None and not _PYTHONS_OWN.match(result.finding):
                left = self._left_s - (time.monotonic() - started)
                diagnosis = diagnose(self._reference, result.grade_id, session, uses, self._found, left)
        except Exception:  # noqa: BLE001, S110  whatever happens, an explanation is not worth a grade
            pass
        self._left_s -= time.monotonic() - started
        if diagnosis is None:
            return result
        if not diagnosis.is_own and diagnosis.is_certain and diagnosis not in self._found:
            self._found.append(diagnosis)
        return self._with(result, diagnosis, keeps_remedy=True)

    def read(self, result: TaskResult, uses: Sequence[Use] = ()) -> TaskResult:
        """The result with what the student's own text lacks for certain, where the search has found nothing certain.

        Args:
            result: of a test.
            uses: what it has called of the student's.
        """
        told = Told.read(result.diagnosis)
        is_wanted = self._reference and result.is_lost and result.outcome in _EXPLAINABLE and self.hints == "full"
        if not is_wanted or (told is not None and told.is_certain):
            return result
        change = unwritten(self._own, result.message, uses)
        return result if change is None else self._with(result, Diagnosis((change,), is_own=True))

    def _with(self, result: TaskResult, diagnosis: Diagnosis, *, keeps_remedy: bool = False) -> TaskResult:
        """The result with a diagnosis: what a check says of a mistake it knows teaches more than the place alone."""
        told = diagnosis.told(self._reference, result.grade_id, self._lost)
        said = words_of(told)
        if keeps_remedy:
            said = f"{result.remedy} {said}".strip()
        return replace(
            result,
            message=f"{result.finding or result.message}\n{said}",
            remedy=said,
            diagnosis=asdict(told),
        )


def students_cells(notebook: NotebookNode, assignment: Assignment) -> Reference:
    """The student's solution cells and the visible parts of the tests, which have no lines, in the notebook's order."""
    cells = []
    for cell in notebook.cells:
        known = assignment.find(cell.metadata.get("nbgrader", {}).get("grade_id"))
        if known is not None and cell.cell_type == "code":
            lines = frozenset() if known.is_test else frozenset(range(1, cell.source.count("\n") + 2))
            cells.append(ReferenceCell(known.grade_id, cell.source, lines))
    return tuple(cells)
