"""Read notebooks and answers, and run graded cells in this process, with real modules and hidden tests."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jupytext
import nbformat

from grader.language import speaking

ROOT = Path(__file__).resolve().parents[2]
SLUGS = sorted(folder.name for folder in (ROOT / "assignments" / "source").iterdir() if folder.is_dir())


@dataclass(frozen=True)
class Answer:
    """A patch of solution cells, as solutions/README.md describes it."""

    path: Path
    cells: dict[str, str]
    loses: frozenset[str]
    message: str


@dataclass
class Outcome:
    """What the graded cells said: the messages of those that failed, the ids of those that passed."""

    passed: set[str] = field(default_factory=set)
    messages: dict[str, str] = field(default_factory=dict)


@cache
def notebook(slug: str) -> Any:
    return nbformat.read(ROOT / "assignments" / "source" / slug / f"{slug}.ipynb", as_version=4)


def grading(cell: Any) -> dict[str, Any]:
    return cell.metadata.get("nbgrader", {})


def answers(slug: str, kind: str) -> list[Answer]:
    return [read_answer(path) for path in sorted((ROOT / "solutions" / slug / kind).glob("*.py"))]


def read_answer(path: Path) -> Answer:
    cells = jupytext.read(path, fmt="py:percent").cells
    header = dict(re.findall(r"^# (loses|message): (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE))
    return Answer(
        path=path,
        cells={cell.metadata["title"]: cell.source for cell in cells if "title" in cell.metadata},
        loses=frozenset(re.findall(r"[a-z0-9_]+", header.get("loses", ""))),
        message=header.get("message", ""),
    )


def run(slug: str, answer: Answer | None = None) -> Outcome:
    """Execute the code cells, with the answer's cells in place of the reference's."""
    replaced = answer.cells if answer else {}
    outcome, namespace = Outcome(), {"__name__": "__main__"}
    for cell in notebook(slug).cells:
        if cell.cell_type != "code":
            continue
        graded = bool(grading(cell).get("grade"))
        try:
            with speaking("en"):
                exec(compile(replaced.get(cell.id, cell.source), cell.id, "exec"), namespace)
        except Exception as error:  # as in a kernel, an error does not stop the cells behind it
            if graded:
                outcome.messages[cell.id] = f"{type(error).__name__}: {error}"
        else:
            if graded:
                outcome.passed.add(cell.id)
    return outcome
