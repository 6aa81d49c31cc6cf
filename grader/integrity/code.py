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
from grader.notebooks import read_notebook

K, WINDOW = 20, 4
SUSPICIOUS = 0.6
LEAST_TOKENS = 120
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


def shared_code(notebooks: Mapping[str, bytes], released: bytes) -> list[SharedCode]:
    """Every pair of students that shares any code, the most first. Notebooks that cannot be read are passed over."""
    codes = {student: text for student, data in sorted(notebooks.items()) if (text := _own_code(data, released))}
    common = _common(codes)
    prints = {student: _fingerprint(text, common) for student, text in codes.items()}
    found = []
    for (first, one), (second, two) in combinations(prints.items(), 2):
        tokens, shares, _slices = compare_files(one, two)
        share = min(1.0, float(max(shares)))
        if share > 0:
            found.append(SharedCode(first, second, round(share, 3), int(tokens)))
    return sorted(found, key=lambda pair: (-pair.share, -pair.tokens, pair.first, pair.second))


def _own_code(data: bytes, released: bytes) -> str:
    """The code cells that are not the release's own, joined."""
    try:
        cells = set(_cells(released))
        return "\n\n".join(source for source in _cells(data) if source not in cells)
    except InvalidSubmission:
        return ""


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
