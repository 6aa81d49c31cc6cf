"""The current examination: what a hidden test may use beside the student's objects.

`current()` is None where the same cell runs in a plain kernel or under pytest, without an examiner.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Protocol

from grader.errors import CheckFailed, InvalidSubmission
from grader.language import _
from grader.scoring.contest import ContestScore
from grader.scoring.rules import ContestRules
from grader.scoring.submission_csv import parse_submission

MAX_FILE_BYTES = 8 * 1024 * 1024


class WorkingFolder(Protocol):
    """A notebook's working folder, seen from outside; `grader.sandbox.kernel.Kernel` is one."""

    def names(self) -> list[str]:
        """Names in it."""

    def csv_files(self) -> list[str]:
        """Paths of csv files in it and below it, the newest first."""

    def read_file(self, name: str, limit: int) -> bytes | None:
        """An ordinary file of at most `limit` bytes, links not followed; None where there is none."""


@dataclass
class Examination:
    """State of one submission's examination.

    Attributes:
        folder: what the notebook left in its working folder.
        contest: the contest's rules, where the assignment is the contest.
        handed_in: files that lay in the folder from the start, by name.
        contest_missing: why there are no rules, for the message.
        earlier: `submission.csv` of the same student's earlier submissions, oldest first.
        notes: lines for the student, from hidden tests that passed.
        score: the contest's score once it is known.
        predictions: the `submission.csv` that was scored.
        has_changed_inputs: whether student code has written into tensors that it was given, where it may not.
    """

    folder: WorkingFolder
    contest: ContestRules | None = None
    contest_missing: str = ""
    handed_in: Mapping[str, bytes] = field(default_factory=dict)
    earlier: tuple[bytes, ...] = ()
    notes: list[str] = field(default_factory=list)
    score: ContestScore | None = None
    predictions: bytes = b""
    has_changed_inputs: bool = False

    def read_file(self, name: str) -> bytes:
        """A file that the notebook left in its working folder.

        Raises:
            CheckFailed: there is no such ordinary file, or it is too large.
        """
        data = self.folder.read_file(name, MAX_FILE_BYTES)
        if data is not None and self.handed_in.get(name) == data:
            raise CheckFailed(
                _("{name} is the file that was handed in: the notebook did not write it.").format(name=name),
                remedy=_("Let the notebook train, predict and write the file."),
            )
        if data is not None:
            return data
        names = self.folder.names()
        if name in names:
            raise CheckFailed(
                _("{name} is not an ordinary file of at most {allowed} MiB.").format(
                    name=name, allowed=MAX_FILE_BYTES >> 20
                )
            )
        left = ", ".join(other[:60] for other in names if other.endswith(".csv"))[:300] or _("none")
        raise CheckFailed(
            _("The notebook left no file {name} in its working folder (csv files there: {left}).").format(
                name=name, left=left
            ),
            remedy=_("Write it with to_csv({name!r}, index=False) and run the notebook from top to bottom.").format(
                name=name
            ),
        )

    def find_predictions(self, name: str) -> tuple[str, bytes]:
        """The notebook's predictions: the file of this name, or another that it wrote and that holds predictions.

        Returns:
            The path in the working folder, and the content.

        Raises:
            CheckFailed: there is no such file.
        """
        if self.contest is None or name in self.folder.names():
            return name, self.read_file(name)
        written = []
        for path in self.folder.csv_files():
            data = self.folder.read_file(path, MAX_FILE_BYTES)
            if data is not None and self.handed_in.get(path) != data:
                written.append((path, data))
        for path, data in written:
            with suppress(InvalidSubmission):
                parse_submission(data, self.contest.key.ids, self.contest.key.classes)
                return path, data
        return written[0] if len(written) == 1 else (name, self.read_file(name))


_examination: ContextVar[Examination | None] = ContextVar("examination", default=None)
_inputs_may_change: ContextVar[bool] = ContextVar("inputs_may_change", default=False)


def current() -> Examination | None:
    """The current examination, or None."""
    return _examination.get()


@contextmanager
def inputs_may_change() -> Iterator[None]:
    """Inside the block student code may write into the tensors that it is given.

    Elsewhere that fails a hidden test: `y = f(x)` followed by an expectation of `x` would believe the student.
    Nothing of this outside an examination.
    """
    token = _inputs_may_change.set(True)
    try:
        yield
    finally:
        _inputs_may_change.reset(token)


def note_changed_inputs() -> None:
    """Note that student code has written into a tensor that it was given; called by the stand-ins."""
    examination = current()
    if examination is not None and not _inputs_may_change.get():
        examination.has_changed_inputs = True


@contextmanager
def as_current(examination: Examination) -> Iterator[Examination]:
    """Inside the block this examination is the current one."""
    token = _examination.set(examination)
    try:
        yield examination
    finally:
        _examination.reset(token)


def inputs_were_changed() -> CheckFailed:
    """The failure of a hidden test whose own tensors were changed by the student's code."""
    return CheckFailed(
        _("Your code changed a tensor that it was given."),
        remedy=_("An in-place operation on the input does that: `inplace=True`, `x += ...`, `x.relu_()`."),
    )
