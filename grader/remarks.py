"""What a teacher should know of a run that no point depends on."""

from __future__ import annotations

from nbformat import NotebookNode

from grader.assignment import Assignment
from grader.scoring.contest import ContestScore
from grader.scoring.self_reported import printed_f1, remark_on


def remarks_on(notebook: NotebookNode, assignment: Assignment, score: ContestScore | None) -> list[str]:
    """A remark for the teacher where the notebook prints quite another F1 than was measured."""
    if score is None or not score.accepted:
        return []
    tests = {cell.grade_id for cell in assignment.cells if cell.is_test}
    texts = [
        output.text
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade_id") not in tests
        for output in cell.outputs
        if output.output_type == "stream"
    ]
    remark = remark_on(printed_f1(texts), score.public_f1)
    return [remark] if remark else []
