"""Read notebooks and answers, and run graded cells in this process, with real modules and hidden tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import torch

from grader.audit.answers import Answer, read_answer
from grader.language import speaking

ROOT = Path(__file__).resolve().parents[2]
SLUGS = sorted(path.stem for path in (ROOT / "assignments" / "source").glob("*/*.ipynb"))


@dataclass
class Outcome:
    """What the graded cells said: the ids of those that passed, the messages of those that failed."""

    passed: set[str] = field(default_factory=set)
    messages: dict[str, str] = field(default_factory=dict)


@cache
def notebook(slug: str) -> Any:
    return nbformat.read(ROOT / "assignments" / "source" / slug / f"{slug}.ipynb", as_version=4)


def grading(cell: Any) -> dict[str, Any]:
    return cell.metadata.get("nbgrader", {})


def language(cell: Any) -> str:
    tags = [tag for tag in cell.metadata.get("tags", []) if tag.startswith("lang-")]
    return tags[0].removeprefix("lang-") if tags else ""


def paths(slug: str, kind: str) -> list[Path]:
    return sorted((ROOT / "solutions" / slug / kind).glob("*.py"))


def marked(path: Path) -> Answer:
    """An answer with the header that solutions/README.md describes."""
    return read_answer(path)


def run(slug: str, cells: dict[str, str] | None = None) -> Outcome:
    """Execute the code cells, with the answer's cells in place of the reference's."""
    chosen = torch.get_default_dtype()
    try:
        return _run(slug, cells or {})
    finally:
        torch.set_default_dtype(chosen)


def _run(slug: str, replaced: dict[str, str]) -> Outcome:
    outcome, namespace = Outcome(), {"__name__": "__main__"}
    for cell in notebook(slug).cells:
        if cell.cell_type != "code":
            continue
        graded = bool(grading(cell).get("grade"))
        if graded:
            torch.set_default_dtype(torch.float32)  # as the examiner and the agent do, whatever the answer has chosen
        try:
            with speaking("en"):
                exec(compile(replaced.get(cell.id, cell.source), cell.id, "exec"), namespace)
        except Exception as error:  # noqa: BLE001 - as in a kernel, an error does not stop the cells behind it
            if graded:
                outcome.messages[cell.id] = f"{type(error).__name__}: {error}"
        else:
            if graded:
                outcome.passed.add(cell.id)
    return outcome
