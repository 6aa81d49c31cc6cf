"""What running a cell gave: its outputs as far as they are kept, and its error.

Nothing that arrives from a kernel is trusted: the size of all outputs is capped while they arrive, and only text and
bitmaps are kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nbformat import NotebookNode

from grader.language import _
from grader.notebook import display_output, error_output, stream_output
from grader.sandbox.connection import Message

OUTPUT_CELLS = 8  # so many cells may print all that one may: the rest of a notebook's outputs is dropped
OUTPUT_OVERHEAD = 64  # bytes that an output counts for beside its text, so that a million empty ones count too
SAFE_TYPES = ("text/plain", "image/png", "image/jpeg")
MAX_NAME, MAX_TEXT, MAX_TRACEBACK = 200, 4000, 20_000
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_FRAME = re.compile(r"^ +Cell In\[(\d+)\], line (\d+)(?: in (\S+))?\n(.*)$", re.MULTILINE)  # as IPython writes it


@dataclass(frozen=True)
class CellError:
    """The exception that a cell ended with.

    Attributes:
        name: of its type, such as `ValueError`.
        text: its message.
        traceback: its traceback, one line below the other.
    """

    name: str
    text: str
    traceback: str

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> CellError:
        """The error that a message of type `error` tells of, shortened.

        Args:
            content: the message's content, not trusted.
        """
        traceback = content.get("traceback")
        lines = [_writable(line) for line in traceback] if isinstance(traceback, list) else []
        return cls(
            _writable(content.get("ename"))[:MAX_NAME],
            _writable(content.get("evalue"))[:MAX_TEXT],
            "\n".join(lines)[-MAX_TRACEBACK:],
        )

    @property
    def place(self) -> str:
        """The student's line that raised it, as `In [6], line 14, forward: x = self.conv(x)`.

        Empty where it was raised by no function of an earlier cell.
        """
        frames = _FRAME.findall(_COLOUR.sub("", self.traceback))
        earlier = [frame for frame in frames if frame[0] != frames[0][0]]
        if not earlier:
            return ""
        cell, line, function, code = earlier[-1]
        return f"In [{cell}], line {line}, {function}: {code.strip()}" if function else ""

    @property
    def is_out_of_memory(self) -> bool:
        """Whether it says that memory was not enough."""
        return self.name in ("MemoryError", "OutOfMemoryError") or "can't allocate memory" in self.text


@dataclass
class CellRun:
    """What running one cell gave.

    Attributes:
        outputs: notebook outputs, at most `limits.output_kib` of them.
        error: the exception that it raised, if any.
        limit: the limit that struck, in words, or an empty string.
        wall_s: seconds it took.
    """

    outputs: list[NotebookNode] = field(default_factory=list)
    error: CellError | None = None
    limit: str = ""
    wall_s: float = 0.0

    @property
    def printed(self) -> list[str]:
        """What it printed."""
        return [output.text for output in self.outputs if output.output_type == "stream"]


class OutputCollector:
    """Collects the outputs of one cell up to a size; the rest is dropped.

    Args:
        cell_bytes: what one cell may print.
        left_bytes: what is left of what the whole notebook may print.

    Attributes:
        outputs: notebook outputs that are kept.
        error: the last error that was sent.
        limit: the limit that struck, in words, or an empty string.
    """

    def __init__(self, cell_bytes: int, left_bytes: int) -> None:
        self.outputs: list[NotebookNode] = []
        self.error: CellError | None = None
        self.limit = ""
        self._used = 0
        self._cell_bytes = cell_bytes
        self._max_bytes = min(cell_bytes, left_bytes)

    @property
    def kept_bytes(self) -> int:
        """How much of it is kept."""
        return min(self._used, self._max_bytes)

    def add(self, message: Message) -> None:
        """Keep what a message of the iopub channel puts out, if it is an output and there is room for it."""
        kind = message["header"]["msg_type"]
        if kind not in ("stream", "display_data", "execute_result", "error"):
            return
        output = _plain_output(message)
        if output is None:
            return
        if kind == "error":
            # One is enough: a kernel sends one, and forged ones must not pile up.
            self.error = CellError.from_content(message["content"])
            self.outputs = [kept for kept in self.outputs if kept.output_type != "error"]
            self.outputs.append(output)
            return
        room = self._max_bytes - self._used
        size = len(output.text) if kind == "stream" else sum(len(text) for text in output.data.values())
        self._used += size + OUTPUT_OVERHEAD
        if self._used > self._max_bytes:
            self.limit = self.limit or self._exceeded()
            if kind != "stream" or room <= 0:
                return
            output.text = output.text[:room]
        self._append(output)

    def _exceeded(self) -> str:
        if self._max_bytes < self._cell_bytes:
            size = OUTPUT_CELLS * self._cell_bytes // 1024
            return _("output: {size} KiB of all cells together exceeded").format(size=size)
        return _("output: {size} KiB exceeded").format(size=self._cell_bytes // 1024)

    def _append(self, output: NotebookNode) -> None:
        """Append an output, to the one before where both are text of the same stream."""
        last = self.outputs[-1] if self.outputs else None
        if last is not None and (last.output_type, last.get("name")) == ("stream", output.get("name")):
            last.text += output.text
        else:
            self.outputs.append(output)


def _writable(value: object) -> str:
    """Text that can be written: JSON lets half a character (a surrogate) through, files and databases do not."""
    return str(value).encode("utf-8", "replace").decode()


def _plain_output(message: Message) -> Any:
    """The output with text and bitmaps only: HTML, SVG and JavaScript of a student never reach a reader's browser.

    Returns:
        A notebook output; None where nothing of it may be kept.
    """
    content = message["content"]
    if message["header"]["msg_type"] == "error":
        error = CellError.from_content(content)
        return error_output(error.name, error.text, error.traceback.split("\n"))
    if message["header"]["msg_type"] == "stream":
        name = content.get("name")
        return stream_output(name if name == "stderr" else "stdout", _writable(content.get("text", "")))
    data = content.get("data")
    if not isinstance(data, dict):
        return None
    kept = {kind: _writable(text) for kind, text in data.items() if kind in SAFE_TYPES and isinstance(text, str)}
    if not kept:
        return None
    return display_output(kept, is_result=message["header"]["msg_type"] == "execute_result")
