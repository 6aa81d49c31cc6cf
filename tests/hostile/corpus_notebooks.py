"""Attacks with the notebook file itself: marks, cells, JSON."""

# ruff: noqa: E501  attacks are programs inside strings: a line that is broken is another program
from __future__ import annotations

import json
from collections.abc import Callable

import nbformat
from attacks import Attack, Mutation
from gate import WRONG_BLOCK
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

NOTHING_DONE = {"task1_block": "", "task2_scale": "", "task3_evens": ""}
WRONG = {"task1_block": WRONG_BLOCK}


def marks(cell: NotebookNode) -> dict[str, object]:
    return cell.metadata.get("nbgrader", {})


def each_test(change: Callable[[NotebookNode], None]) -> Mutation:
    def mutate(notebook: NotebookNode) -> NotebookNode:
        for cell in notebook.cells:
            if marks(cell).get("grade") and cell.cell_type == "code":
                change(cell)
        return notebook

    return mutate


def each_cell(change: Callable[[NotebookNode], None]) -> Mutation:
    def mutate(notebook: NotebookNode) -> NotebookNode:
        for cell in notebook.cells:
            change(cell)
        return notebook

    return mutate


def with_json(change: Callable[[dict], object]) -> Mutation:
    """Change the notebook's JSON as it is, valid or not."""

    def mutate(notebook: NotebookNode) -> bytes:
        data = json.loads(json.dumps(notebook))
        return json.dumps(change(data) or data).encode()

    return mutate


def set_marks(**values: object) -> Callable[[NotebookNode], None]:
    return lambda cell: cell.metadata["nbgrader"].update(values)


def without_tests(notebook: NotebookNode) -> NotebookNode:
    notebook.cells = [cell for cell in notebook.cells if not marks(cell).get("grade")]
    return notebook


def doubled(notebook: NotebookNode) -> NotebookNode:
    """A copy of every test without its text, first and last."""
    copies = [
        new_code_cell("100.0", metadata={"nbgrader": dict(marks(c))}) for c in notebook.cells if marks(c).get("grade")
    ]
    notebook.cells = [*copies, *notebook.cells, *[nbformat.from_dict(dict(copy)) for copy in copies]]
    return notebook


def with_old_outputs(cell: NotebookNode) -> None:
    cell["outputs"] = [nbformat.v4.new_output("execute_result", data={"text/plain": "100.0"}, execution_count=1)]


def refused(name: str, mutation: Mutation, says: str = "", **more: object) -> Attack:
    """The file cannot be graded: that is said, and it is not a zero."""
    return Attack(name, WRONG, notebook=mutation, is_graded=False, earns=(), says=says, **more)  # type: ignore[arg-type]


def marked(name: str, mutation: Mutation, **more: object) -> Attack:
    return Attack(name, WRONG, notebook=mutation, **more)  # type: ignore[arg-type]


def _retyped(cell: NotebookNode) -> None:
    if marks(cell).get("grade_id") in ("task1_block", "task1_block_function"):
        cell["cell_type"] = "markdown"
        cell.pop("outputs", None)
        cell.pop("execution_count", None)


def _of_another_assignment(cell: NotebookNode) -> None:
    """Neither nbgrader's marks nor the cells' ids are ours."""
    cell.metadata.pop("nbgrader", None)
    cell["id"] = f"other-{cell['id']}"


def _first(data: dict) -> dict:
    return next(c for c in data["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == "task1_block")


def _append(*cells: NotebookNode) -> Mutation:
    def mutate(notebook: NotebookNode) -> NotebookNode:
        notebook.cells += cells
        return notebook

    return mutate


NOTEBOOKS = [
    Attack("does_nothing", NOTHING_DONE),
    marked(
        "skips_the_tests_by_tag", each_test(lambda c: c.metadata.update(tags=["skip-execution", "raises-exception"]))
    ),
    marked("claims_1000_points", each_test(set_marks(points=1000))),
    marked("unlocks_the_tests", each_test(lambda c: (set_marks(locked=False)(c), c.update(source="1000.0")))),
    marked("calls_tests_solutions", each_test(set_marks(solution=True, locked=False, grade=True))),
    marked("calls_tests_tasks", each_test(set_marks(task=True, grade=False))),
    marked("empties_the_tests", each_test(lambda c: c.update(source=""))),
    marked("rewrites_the_tests", each_test(lambda c: c.update(source="from IPython import embed\n100.0"))),
    marked("keeps_old_outputs", each_test(with_old_outputs)),
    marked("deletes_the_tests", without_tests),
    marked("doubles_the_tests", doubled),
    marked("renames_the_tests", each_test(lambda c: set_marks(grade_id=f"{marks(c)['grade_id']}_renamed")(c))),
    marked(
        "gives_all_tests_one_name",
        each_test(set_marks(grade_id="task2_scale_values")),
        earns=("task2_scale_values", "task3_evens_values"),
    ),
    marked("makes_tests_markdown", each_cell(_retyped)),
    marked("makes_tests_raw", each_test(lambda c: c.update(cell_type="raw"))),
    marked(
        "marks_are_a_list", with_json(lambda d: [c["metadata"].update(nbgrader=[1]) for c in d["cells"][:1]] and None)
    ),
    marked("names_are_numbers", with_json(lambda d: d["cells"][0]["metadata"].update(nbgrader={"grade_id": [1, {}]}))),
    marked(
        "asks_for_another_kernel",
        lambda n: n.metadata.update(kernelspec={"name": "bash", "display_name": "x", "language": "sh"}) or n,
    ),
    marked("duplicates_cell_ids", each_cell(lambda c: c.update(id="same"))),
    marked("has_lost_its_marks", each_cell(lambda c: c.metadata.pop("nbgrader", None))),
    marked("has_odd_cell_ids", with_json(lambda d: [c.update(id="<script>" * 100) for c in d["cells"]] and None)),
    marked(
        "has_tests_before_everything",
        lambda n: n.update(cells=sorted(n.cells, key=lambda c: not marks(c).get("grade"))) or n,
        earns=(),
    ),
    marked("has_megabytes_of_metadata", with_json(lambda d: d["metadata"].update(x=["y" * 1000] * 5000))),
    marked(
        "writes_to_its_own_notebook",
        _append(
            new_code_cell(
                "import glob, json\nfor path in glob.glob('/kaggle/**/*.ipynb', recursive=True): open(path, 'w').write('{}')\n"
                "open('gate.ipynb', 'w').write('{}')"
            )
        ),
    ),
    marked(
        "has_magics_everywhere",
        _append(
            new_code_cell("%%bash\nkill -9 1; echo 100.0"),
            new_code_cell("!echo 100.0"),
            new_code_cell("%run /etc/passwd"),
            new_code_cell("%%script false\n"),
            new_code_cell("%%writefile submission.csv\nx"),
            new_code_cell("%reset -f\n%xdel torch"),
        ),
    ),
    marked("has_400_cells_of_an_error", _append(*[new_code_cell("1/0") for _ in range(400)]), within_s=40),
    refused("is_not_json", lambda n: b"{ not a notebook"),
    refused("is_empty", lambda n: b""),
    refused("is_binary", lambda n: bytes(range(256)) * 100),
    refused("is_a_number", lambda n: b"42"),
    refused("is_a_list", lambda n: b"[]"),
    refused("has_no_cells", lambda n: b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}'),
    refused(
        "has_cells_that_are_numbers", lambda n: b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [1, 2]}'
    ),
    refused(
        "is_100000_levels_deep",
        lambda n: b'{"nbformat": 4, "metadata": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    ),
    refused("has_65_mib", lambda n: b'{"x": "' + b"x" * (65 << 20) + b'"}', says="MiB"),
    refused("has_2500_cells", _append(*[new_code_cell("") for _ in range(2500)]), says="2000"),
    refused("is_of_another_assignment", each_cell(_of_another_assignment), says="not the notebook"),
    refused(
        "has_cells_without_a_type",
        with_json(lambda d: [c.pop("cell_type") for c in d["cells"]] and None),
        says="not a notebook",
    ),
    refused(
        "has_metadata_that_is_text",
        with_json(lambda d: [c.update(metadata="x") for c in d["cells"]] and None),
        says="not",
    ),
    refused(
        "has_sources_that_are_numbers",
        with_json(lambda d: [c.update(source=5) for c in d["cells"]] and None),
        says="not",
    ),
    refused("is_of_format_99", with_json(lambda d: d.update(nbformat=99)), says="not a notebook"),
    refused("is_of_format_minus_1", with_json(lambda d: d.update(nbformat=-1)), says="not a notebook"),
    refused("has_a_format_of_text", with_json(lambda d: d.update(nbformat="4")), says="not a notebook"),
    marked("is_of_a_later_minor_format", with_json(lambda d: d.update(nbformat_minor=99))),
    marked(
        "has_half_a_character_in_a_text_cell",
        with_json(
            lambda d: d["cells"].append(
                {"cell_type": "markdown", "id": "half", "metadata": {}, "source": "half \ud800"}
            )
        ),
    ),
    marked(
        "has_half_a_character_in_the_code",
        with_json(
            lambda d: _first(d).update(
                source=[
                    "x = '\udcff'\n",
                    _first(d)["source"] if isinstance(_first(d)["source"], str) else "".join(_first(d)["source"]),
                ]
            )
        ),
        earns=None,
    ),
    marked("has_zero_bytes_in_the_code", with_json(lambda d: _first(d).update(source="x = '\x00\x01'"))),
    marked(
        "has_a_line_of_two_megabytes",
        with_json(lambda d: _first(d).update(source="x = '" + "y" * 2_000_000 + "'")),
        within_s=30,
    ),
    marked(
        "has_attachments",
        with_json(
            lambda d: d["cells"].append(
                {
                    "cell_type": "markdown",
                    "id": "att",
                    "metadata": {},
                    "source": "![x](attachment:x.svg)",
                    "attachments": {"x.svg": {"image/svg+xml": "<svg onload=alert(1)>"}},
                }
            )
        ),
    ),
    marked(
        "has_markdown_that_takes_long",
        _append(*[new_markdown_cell(mark * 3000) for mark in ("[", "*a ", "`", "<!--", "![[", "> ")]),
    ),
]
