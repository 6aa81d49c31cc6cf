"""The student's cells that have run: which of them a lost test goes back to, and what their text says of its cause."""

from __future__ import annotations

import re
from dataclasses import dataclass

from grader.examiner.hidden_test import free_names
from grader.examiner.look_alikes import letters_told, look_alike
from grader.grading.shared_lists import shared_lists
from grader.language import _
from grader.printable import printable

MAX_LINE = 60
_WORD = re.compile(r"[^\W\d]\w*")
_MISSING = re.compile(r"name '(\w+)' is not defined|has no attribute '(\w+)'|unexpected keyword argument '(\w+)'")
_NOT_DEFINED = re.compile(r"name '(\w+)' is not defined")
_DEFINES = re.compile(r"^\s*(?:class|def)\s+(\w+)|^(\w+)\s*=(?!=)", re.MULTILINE)
_GRADIENTS_OFF = re.compile(
    r"^\s*torch\.(?:set_grad_enabled\(False\)|autograd\.set_grad_enabled\(False\))", re.MULTILINE
)
_STUB = re.compile(r"^\s*raise\s+NotImplementedError\b", re.MULTILINE)


def first_line(source: str) -> str:
    """What a cell without a name is called: its first line that says something, in backticks."""
    lines = [line.strip() for line in source.split("\n") if line.strip()]
    line = next((line for line in lines if not line.startswith("#")), lines[0] if lines else "")
    return f"`{printable(line, MAX_LINE).replace('`', '')}`"


@dataclass(frozen=True)
class _Failed:
    """A cell that went wrong.

    Attributes:
        names: that it was to define.
        words: of its text: what it was to import too.
        trouble: what went wrong.
        is_over: whether it stopped there.
    """

    names: frozenset[str]
    words: frozenset[str]
    trouble: str
    is_over: bool


class OwnCells:
    """What the student's cells of one notebook were, and how those went wrong that did."""

    def __init__(self) -> None:
        self._sources: list[str] = []
        self._failed: list[_Failed] = []

    def add(self, source: str) -> None:
        """Remember a cell that is about to run."""
        self._sources.append(source)

    def has_failed(self, source: str, trouble: str, *, is_over: bool = True) -> None:
        """Remember what went wrong in a cell, and whether it ran to its end all the same (`!pip install`)."""
        names = (next(filter(None, found)) for found in _DEFINES.findall(source))
        self._failed.append(_Failed(frozenset(names), frozenset(_WORD.findall(source)), trouble, is_over))

    @property
    def first_trouble(self) -> str:
        """The first thing that went wrong, and the first that stopped a cell if that is another; or an empty string."""
        first = self._failed[:1]
        stopped = next((failed for failed in self._failed if failed.is_over), None)
        both = first if stopped is None or stopped in first else [*first, stopped]
        return "\n".join(failed.trouble for failed in both)

    def trouble_behind(self, finding: str, test: str) -> str:
        """What went wrong in the cell that a lost test goes back to, or an empty string.

        That is a cell that was to define a name which the finding speaks of; then one which the test reads; then the
        first that failed: later ones mostly follow from it.

        Args:
            finding: what was found to be wrong.
            test: the test's text.
        """
        for names in (frozenset(_WORD.findall(finding)), _names_read(test)):
            for failed in self._failed:
                if failed.names & names:
                    return self._root(failed).trouble
        return self.first_trouble

    def _root(self, failed: _Failed) -> _Failed:
        """The cell that another's failure goes back to: the one that was to define or import the name it lacks."""
        name = _NOT_DEFINED.search(failed.trouble)
        if name is None:
            return failed
        before = self._failed[: self._failed.index(failed)]
        return next((earlier for earlier in before if earlier.is_over and name[1] in earlier.words), failed)

    def is_undefined(self, finding: str) -> bool:
        """Whether a finding says that a name is not defined which a cell that failed was to define."""
        name = _NOT_DEFINED.search(finding)
        return name is not None and any(name[1] in failed.names for failed in self._failed)

    def has_stub(self) -> bool:
        """Whether a cell still raises NotImplementedError by a line of its own."""
        return any(_STUB.search(source) for source in self._sources)

    def letters_behind(self, finding: str, test: str) -> str:
        """What to say where a name is missing because the student has written it with Cyrillic letters."""
        words = frozenset(_WORD.findall(finding))
        missing = {next(filter(None, found)) for found in _MISSING.findall(finding)} | (words & _names_read(test))
        for name in sorted(missing):
            other = look_alike(name, self._sources)
            if other:
                return letters_told(other)
        return ""

    def gradients_off(self, finding: str) -> str:
        """What to say where no gradient comes because a cell has switched them off for good."""
        if "does not require grad" not in finding or not any(map(_GRADIENTS_OFF.search, self._sources)):
            return ""
        return _(
            "A cell of the notebook switches gradients off for all that follows: `torch.set_grad_enabled(False)`. Take "
            "it out; `with torch.no_grad():` does so for its own lines only."
        )

    def kept_between_calls(self, test: str) -> str:
        """What to say where a function that the test calls writes into a list that outlives the call."""
        names = _names_read(test)
        for source in self._sources:
            for function, kept in shared_lists(source):
                if function in names:
                    said = _(
                        "`{function}` adds to `{kept}`, which is made once and not at each call, so the second call "
                        "finds what the first one has left. Make it inside the function: `{kept} = []`."
                    )
                    return said.format(function=function, kept=kept)
        return ""


def _names_read(test: str) -> frozenset[str]:
    try:
        return frozenset(free_names(test))
    except SyntaxError:
        return frozenset()  # cell magics
