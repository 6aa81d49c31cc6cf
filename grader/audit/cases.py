"""The four kinds of cases: reference, untouched release, right and wrong answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import nbformat
from nbformat import NotebookNode

from grader.audit.answers import Answer, read_answer, reference_answer
from grader.audit.preparing import Prepared
from grader.audit.subjects import Subject


class Kind(StrEnum):
    """What an answer has to earn."""

    REFERENCE = "reference"
    RELEASE = "release"
    RIGHT = "right"
    WRONG = "wrong"


@dataclass(frozen=True)
class Case:
    """One answer to grade.

    Attributes:
        kind: what it has to earn.
        answer: the answer; without cells for the reference and the release.
        notebook: what is handed in, as JSON bytes.
    """

    kind: Kind
    answer: Answer
    notebook: bytes

    @property
    def name(self) -> str:
        """Such as `wrong/relu_missing_after_add`."""
        return f"{self.kind}/{self.answer.name}" if self.kind in (Kind.RIGHT, Kind.WRONG) else str(self.kind)


def find_cases(subject: Subject, source: NotebookNode, prepared: Prepared) -> list[Case]:
    """All cases; the reference last, when the sandbox is warm and its time means something.

    Raises:
        InvalidAssignment: an answer is not as solutions/README.md says.
    """
    reference = reference_answer(source)
    cases = [Case(Kind.RELEASE, Answer("release", {}), handed_in(prepared, {}))]
    for kind in (Kind.RIGHT, Kind.WRONG):
        for path in sorted((subject.answers / kind).glob("*.py")):
            answer = read_answer(path)
            cases.append(Case(kind, answer, handed_in(prepared, {**reference.cells, **answer.cells}, answer.name)))
    cases.append(Case(Kind.REFERENCE, Answer("reference", {}), handed_in(prepared, reference.cells)))
    return cases


def handed_in(prepared: Prepared, cells: dict[str, str], name: str = "reference") -> bytes:
    """The released notebook with these cells filled in.

    Raises:
        InvalidAssignment: it has no cell of one of the names.
    """
    return str(nbformat.writes(Answer(name, cells).applied_to(prepared.released))).encode()
