"""The errors of the project, by who has to act.

    GraderError
    ├── StudentFault            the student acts
    │   ├── InvalidSubmission       the file cannot be graded as it is
    │   ├── CheckFailed             a check compared values and found them wrong
    │   ├── StudentCodeRaised       the student's code raised inside the sandbox
    │   └── LimitExceeded           time, memory, output: the message names which
    ├── AuthorFault             the author of the assignment or of the class acts
    │   ├── InvalidConfig           class.toml
    │   └── InvalidAssignment       a notebook, a hidden test
    └── EnvironmentFault        whoever runs the machine acts
        ├── MissingDataset
        ├── SandboxUnavailable
        ├── SandboxLost             something outside ended a sandbox in mid-run
        └── KernelGone              the kernel ended before it answered

A message says what was found and what was expected; `remedy` says what to do next.
"""

from __future__ import annotations


class GraderError(Exception):
    """Base of every error that the project raises on purpose."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".rstrip()

    def __reduce__(self) -> tuple[object, ...]:
        # Errors travel from worker processes to the coordinator with their remedy.
        return _rebuild, (type(self), self.message, self.remedy)


def _rebuild(kind: type[GraderError], message: str, remedy: str) -> GraderError:
    return kind(message, remedy=remedy)


class StudentFault(GraderError):
    """The student has to change something."""


class InvalidSubmission(StudentFault):
    """What was handed in cannot be graded as it is."""


class CheckFailed(StudentFault):
    """A check compared values and found them wrong."""


class StudentCodeRaised(StudentFault):
    """The student's code raised inside the sandbox; the message carries the student's own traceback."""


class LimitExceeded(StudentFault):
    """A limit struck; the message names it, with its value."""


class AuthorFault(GraderError):
    """The author of the assignment or of the class has to change something."""


class InvalidConfig(AuthorFault):
    """class.toml does not say what it should."""


class InvalidAssignment(AuthorFault):
    """An assignment's notebook or hidden test is wrong."""


class EnvironmentFault(GraderError):
    """The machine or its set-up is not as it should be."""


class MissingDataset(EnvironmentFault):
    """The contest's data is not where the class expects it."""


class SandboxUnavailable(EnvironmentFault):
    """No sandbox can be made here, so nothing is graded."""


class SandboxLost(EnvironmentFault):
    """Something that no student can cause ended a sandbox in mid-run: what it was about has to be done again."""


class KernelGone(EnvironmentFault):
    """The kernel ended before it answered."""
