"""Copied code: shared fingerprints of two students' cells, by copydetect (winnowing, Schleimer et al. 2003).

Names and comments do not count. What the release hands out does not count either, nor what half of the class writes:
the same short block is written by everybody.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import nbformat
from copydetect import CodeFingerprint, compare_files

from grader.errors import InvalidSubmission
from grader.notebook import read_notebook

K, WINDOW = 20, 4
SUSPICIOUS = 0.6
LEAST_TOKENS = 120
MAX_CODE_CHARACTERS = 200_000  # the lexer takes up to 7 s for so many
_COMMON_SHARE, _COMMON_LEAST = 0.5, 4


@dataclass(frozen=True, slots=True)
class SharedCode:
    """Code of one student that is found at another one's.

    Attributes:
        share: of the shorter one's own code, 0 to 1.
        tokens: how long the shared passages are, in characters after names were left out.
    """

    first: str
    second: str
    share: float
    tokens: int

    @property
    def is_suspicious(self) -> bool:
        """Whether most of it is shared, and it is more than a few lines."""
        return self.share >= SUSPICIOUS and self.tokens >= LEAST_TOKENS


@dataclass(frozen=True, slots=True)
class CodeComparison:
    """What the students' code has in common.

    Attributes:
        pairs: every pair of students that shares any code, the most first.
        incomplete: whose code was not compared, or only its beginning: the notebook cannot be read, or holds more than
            `MAX_CODE_CHARACTERS` of code.
    """

    pairs: tuple[SharedCode, ...]
    incomplete: tuple[str, ...]


def shared_code(notebooks: Mapping[str, bytes], released: bytes) -> CodeComparison:
    """Compare the code of every student with that of every other.

    Args:
        notebooks: by student; empty where none was handed in.
        released: the notebook that was handed out; empty where there is none.

    Raises:
        InvalidSubmission: the released notebook cannot be read.
    """
    given = set(_cells(released))
    codes: dict[str, str] = {}
    incomplete = []
    for student, data in sorted(notebooks.items()):
        try:
            code = _without_blanks("\n".join(source for source in _cells(data) if source not in given))
        except InvalidSubmission:
            incomplete.append(student)
            continue
        if len(code) > MAX_CODE_CHARACTERS:
            incomplete.append(student)
        if code:
            codes[student] = code[:MAX_CODE_CHARACTERS]
    common = _common(codes)
    prints = {student: _fingerprint(text, common) for student, text in codes.items()}
    found = []
    for (first, one), (second, two) in combinations(prints.items(), 2):
        tokens, shares, _slices = compare_files(one, two)
        share = min(1.0, float(max(shares)))
        if share > 0:
            found.append(SharedCode(first, second, round(share, 3), int(tokens)))
    found.sort(key=lambda pair: (-pair.share, -pair.tokens, pair.first, pair.second))
    return CodeComparison(tuple(found), tuple(incomplete))


def _without_blanks(code: str) -> str:
    """Blanks at the ends of lines and empty lines count for nothing, and cost the lexer the square of their number."""
    return "\n".join(line for text in code.splitlines() if (line := text.rstrip()))


def _cells(data: bytes) -> Iterator[str]:
    if data:
        notebook: nbformat.NotebookNode = read_notebook(data)
        yield from (cell.source.strip() for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip())


def _common(codes: Mapping[str, str]) -> list[int]:
    """Fingerprints that so many students have that nobody copied them."""
    counts = Counter(mark for text in codes.values() for mark in _fingerprint(text, [], window=1).hashes)
    least = max(_COMMON_LEAST, int(_COMMON_SHARE * len(codes)) + 1)
    return [mark for mark, count in counts.items() if count >= least]


def _fingerprint(text: str, boilerplate: list[int], *, window: int = WINDOW) -> CodeFingerprint:
    return CodeFingerprint("cells.py", K, window, boilerplate, fp=io.StringIO(text))
