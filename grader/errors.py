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

import errno
from pathlib import Path

_FREE_SPACE = "Free some space there and run the same command again; what was recorded before stays."
_GIVE_RIGHTS = "Run the grader as the user whom the folder belongs to, or give this user the right to it."
_MAKE_WRITABLE = "Nothing can be written there: copy the folder to a disk that is not read-only."
_MOVE_AWAY = "Something of another kind lies under this name: move it away."
_REMEDIES = {
    errno.ENOSPC: _FREE_SPACE, errno.EDQUOT: _FREE_SPACE, errno.EACCES: _GIVE_RIGHTS, errno.EPERM: _GIVE_RIGHTS,
    errno.EROFS: _MAKE_WRITABLE, errno.ENOTDIR: _MOVE_AWAY, errno.EISDIR: _MOVE_AWAY, errno.EEXIST: _MOVE_AWAY,
    errno.ENOTEMPTY: _MOVE_AWAY, errno.ENAMETOOLONG: "Give it a shorter name.", errno.ELOOP: "Remove the link.",
    errno.EIO: "The disk does not answer as it should: look at it before anything else.",
    errno.EMFILE: "Raise the limit of open files (ulimit -n).", errno.ENFILE: "Close other programs.",
    errno.ENOENT: "Check the path.",
}  # fmt: skip


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


def is_of_disk(error: OSError) -> bool:
    """Whether an error of the system says that a disk, a path or rights are not as they should be."""
    return error.errno in _REMEDIES


def disk_fault(error: OSError, path: Path | None = None, doing: str = "read or written") -> EnvironmentFault:
    """What the system refused, as a sentence with what to do.

    Args:
        error: as it was raised.
        path: what it was about, where the error itself does not say that in a reader's words.
        doing: what could not be done to it.
    """
    what = path or error.filename or "The disk"
    reason = error.strerror or type(error).__name__
    return EnvironmentFault(
        f"{what!s} cannot be {doing}: {reason}.",
        remedy=_REMEDIES.get(error.errno or 0, "Look at the disk, then run the same command again."),
    )
