"""Places in Python source: the parser counts columns in bytes, an edit needs characters."""

from __future__ import annotations

import ast
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Span:
    """A part of a text, in characters: `start` to `end`, the end not included."""

    start: int
    end: int


class Source:
    """A cell's text with its tree.

    Raises:
        SyntaxError: it does not parse.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = ast.parse(text)
        self._lines = text.split("\n")
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def span(self, node: ast.AST) -> Span:
        """Where a statement or an expression stands, without parentheses around it."""
        first, last = node.lineno, node.end_lineno  # type: ignore[attr-defined]
        return Span(
            self._offset(first, node.col_offset),  # type: ignore[attr-defined]
            self._offset(last, node.end_col_offset),  # type: ignore[attr-defined]
        )

    def segment(self, node: ast.AST) -> str:
        """The node's own text."""
        span = self.span(node)
        return self.text[span.start : span.end]

    def with_parentheses(self, span: Span) -> Span:
        """The span with the parentheses that stand directly around it."""
        start, end = span.start, span.end
        while True:
            left, right = start - 1, end
            while left >= 0 and self.text[left].isspace():
                left -= 1
            while right < len(self.text) and self.text[right].isspace():
                right += 1
            if left < 0 or right >= len(self.text) or (self.text[left], self.text[right]) != ("(", ")"):
                return Span(start, end)
            start, end = left, right + 1

    def replaced(self, span: Span, text: str) -> str:
        """The whole text with another text in the place of a span."""
        return self.text[: span.start] + text + self.text[span.end :]

    def line_of(self, span: Span) -> int:
        """The number of the line that a span begins in, from 1."""
        return self.text.count("\n", 0, span.start) + 1

    def _offset(self, line: int, column: int) -> int:
        encoded = self._lines[line - 1].encode()
        return self._starts[line - 1] + len(encoded[:column].decode())
