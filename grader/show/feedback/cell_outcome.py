"""What the run of a cell gave, read from an executed notebook: from our metadata, or from bare outputs as nbgrader's.

Students can forge metadata, so little rests on it: points come from the gradebook, and all the rest is shown as text.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from nbformat import NotebookNode

from grader.diagnosis.told import Told
from grader.diagnosis.wording import words_of
from grader.language import _
from grader.outcomes import Outcome
from grader.printable import printable
from grader.show.feedback.sections import has_hidden_part

MAX_FINDING = 8000
_OWN_FRAME, _LIBRARY_FRAME = "Cell In[", "File "  # how IPython begins a frame of a traceback
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_EMPTY_LINES = re.compile(r"\n\n+")
_CELL_FILE = re.compile(r"\((?:<[^<>]*>|\d+\.py), line (\d+)\)")


@dataclass(frozen=True)
class CellOutcome:
    """What the run of a cell gave.

    Attributes:
        outcome: how a test ended; None where nbgrader alone had graded it.
        finding: what was found and what was expected.
        remedy: what to try.
        cause: what went wrong earlier.
        failure: the limit that a student's cell ran into, or how it ended the process.
        is_ours: whether our examination wrote it, part by part, so that an empty part means something.
    """

    outcome: Outcome | None = None
    finding: str = ""
    remedy: str = ""
    cause: str = ""
    failure: str = ""
    is_ours: bool = False


def read_outcome(cell: NotebookNode) -> CellOutcome:
    """What the run of a cell gave, by its metadata or its outputs."""
    marks = cell.metadata.get("springfield")
    marks = marks if isinstance(marks, dict) else {}
    outcome = marks.get("outcome")
    known = Outcome(outcome) if isinstance(outcome, str) and outcome in list(Outcome) else None
    if isinstance(marks.get("finding"), str):
        finding, remedy, cause = (printed(marks.get(part), MAX_FINDING) for part in ("finding", "remedy", "cause"))
        told = Told.read(marks.get("diagnosis"))
        if told is not None and told.is_certain:
            remedy = printed(words_of(told), MAX_FINDING)  # in the language of the page, whatever it was graded in
        return CellOutcome(known, finding, remedy, cause, is_ours=True)
    if isinstance(marks.get("trouble"), str):
        return CellOutcome(failure=printed(marks["trouble"], MAX_FINDING), is_ours=True)
    return CellOutcome(known, "\n".join(_said(cell)))


def _said(cell: NotebookNode) -> Iterator[str]:
    """What the outputs say; where a hidden test ran in the notebook itself, nothing that may be of the test."""
    is_secret = has_hidden_part(cell.source)
    for output in cell.get("outputs", []):
        if output.output_type == "stream" and not is_secret:
            yield printed(output.get("text"), MAX_FINDING).strip()
        elif output.output_type == "error":
            kind, text = printed(output.get("ename"), 100), printed(output.get("evalue"), 2000).strip()
            if kind == "AssertionError":
                yield text or _("A hidden test compared a value and found it wrong.")
            else:
                yield _("Your code raised an error: ") + (kind if is_secret or not text else f"{kind}: {text}")


def printed(value: object, limit: int | None) -> str:
    """A value of a notebook as text: a string, or the list of lines that the format allows.

    Args:
        value: anything.
        limit: characters that are kept, control characters taken out; None leaves the text as it is.
    """
    text = "".join(part for part in value if isinstance(part, str)) if isinstance(value, list) else value
    if not isinstance(text, str):
        return ""
    return text if limit is None else printable(text, limit)


def sentence(text: str) -> str:
    """The text with a capital letter and a full stop; empty stays empty."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


def exception_of(error: NotebookNode) -> str:
    """An error output in one line; the cell's file is called by a number that says nothing."""
    kind, text = printed(error.get("ename"), 100), printed(error.get("evalue"), 500)
    shown = _CELL_FILE.sub(lambda found: "(" + _("line {number}").format(number=found[1]) + ")", text)
    return f"{kind}: {shown}".rstrip(": ")


def traceback_of(error: NotebookNode) -> str:
    """An error output's traceback without its first lines, a rule and a heading, and without what libraries did."""
    found = error.get("traceback")
    lines = [line for line in found if isinstance(line, str)] if isinstance(found, list) else []
    while lines and ("Traceback (most recent call last)" in lines[0] or "-----------------" in lines[0]):
        lines.pop(0)
    frames = [textwrap.dedent(frame) for frame in _EMPTY_LINES.split(_COLOUR.sub("", "\n".join(lines)))]
    if any(frame.startswith(_OWN_FRAME) for frame in frames):
        frames = [frame for frame in frames if not frame.startswith(_LIBRARY_FRAME)]
    return "\n\n".join(frames)
