"""Changes that change nothing, as the author marked them: `equivalent.diff` beside the answers.

    # A convolution before BatchNorm may have a bias.
    @@ task1_basic_block @@
    -self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
    +self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1)

A reason, the cell, and the lines that go and come, as the audit prints them; indentation does not count. A mark
without lines takes the whole cell out. One that fits no mutant any more, or one that the tests do notice, is a finding.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.audit.mutation import Mutant
from grader.errors import InvalidAssignment
from grader.language import _

FILE = "equivalent.diff"
HEAD = re.compile(r"@@ *(\S+) *@@")


@dataclass(frozen=True)
class Mark:
    """One mark.

    Attributes:
        cell: the cell's `grade_id`.
        gone: lines that go.
        come: lines that come.
        reason: why nothing changes.
    """

    cell: str
    gone: tuple[str, ...]
    come: tuple[str, ...]
    reason: str

    def covers(self, mutant: Mutant) -> bool:
        """Whether the mark is about this mutant."""
        return self.cell == mutant.cell and (not (self.gone or self.come) or mutant.change == (self.gone, self.come))

    def __str__(self) -> str:
        lines = [f"@@ {self.cell} @@", *(f"-{line}" for line in self.gone), *(f"+{line}" for line in self.come)]
        return "\n".join(lines)


def read_marks(folder: Path) -> list[Mark]:
    """The marks of an assignment; none where there is no file.

    Raises:
        InvalidAssignment: a line is none of the four kinds, or a mark has no reason.
    """
    path = folder / FILE
    if not path.is_file():
        return []
    marks: list[Mark] = []
    reason: list[str] = []
    is_reason_open = True
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        text = line.strip()
        if text.startswith("#"):
            reason = [*reason, text.lstrip("# ")] if is_reason_open else [text.lstrip("# ")]
            is_reason_open = True
            continue
        if not text or line.startswith(" "):
            continue
        head = HEAD.fullmatch(text)
        if head is not None and any(reason):
            marks.append(Mark(head[1], (), (), " ".join(reason)))
            is_reason_open = False
        elif head is None and marks and not is_reason_open and text[0] in "+-":
            marks[-1] = _with_line(marks[-1], text)
        else:
            raise InvalidAssignment(
                f"{path}, line {number}: expected `# reason`, `@@ cell @@`, `-line` or `+line`, in this order.",
                remedy="Copy the change from the report of `grader audit`, and write the reason above it.",
            )
    return marks


def _with_line(mark: Mark, text: str) -> Mark:
    line = text[1:].strip()
    if text[0] == "-":
        return Mark(mark.cell, (*mark.gone, line), mark.come, mark.reason)
    return Mark(mark.cell, mark.gone, (*mark.come, line), mark.reason)


def mark_findings(marks: Sequence[Mark], mutants: Sequence[Mutant], killed: Sequence[Mutant]) -> list[str]:
    """Marks that are not true (any more).

    Args:
        marks: all of them.
        mutants: all mutants of the assignment.
        killed: those that the tests notice.
    """
    found = []
    for mark in marks:
        if not any(mark.covers(mutant) for mutant in mutants):
            found.append(_("{file} marks a change that there is no more:\n{mark}").format(file=FILE, mark=mark))
        elif (mark.gone or mark.come) and any(mark.covers(mutant) for mutant in killed):
            found.append(_("{file} marks a change that the tests do notice:\n{mark}").format(file=FILE, mark=mark))
    return found
