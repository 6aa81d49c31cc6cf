"""Mutants of small pieces of code: which there are, and which there are not."""

from __future__ import annotations

import ast

import nbformat
import pytest
from classroom import source_notebook
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grader.audit.mutation import mutants, sampled, solution_cells


def cell(source: str, name: str = "task1", **marks: object) -> nbformat.NotebookNode:
    made = new_code_cell(source)
    made.metadata["nbgrader"] = {"grade_id": name, "solution": True, "grade": False, **marks}
    return made


def changed(source: str) -> list[str]:
    """The mutated lines of a cell that is a solution as a whole."""
    return [line for mutant in mutants(solution_cells(new_notebook(cells=[cell(source)]))) for line in mutant.change[1]]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("y = a + b", ["y = a - b", "y = a", "y = b", "pass"]),
        ("y = (a + b) * c", ["y = (a - b) * c", "y = (a + b) + c", "y = (a + b)"]),
        ("y -= 2", ["y += 2", "y = 2", "y -= 3", "y -= 1"]),
        ("y = a < b", ["y = a <= b", "y = a >= b"]),
        ("y = a is not None", ["y = a is None"]),
        ("y = a not in b", ["y = a in b"]),
        ("y = a and b", ["y = a or b", "y = a", "y = b"]),
        ("y = not a", ["y = a"]),
        ("y = 1 if a else 2", ["y = 1", "y = 2", "y = 1 if not (a) else 2", "y = 0 if a else 2"]),
        ("y = 3", ["y = 4", "y = 2"]),
        ("y = 0", ["y = 1"]),
        ("y = True", ["y = False"]),
        ("y = 0.5", ["y = 1.0"]),
        ("y = 'same'", ["y = 'same_'"]),
        ("f(a, b, k=c)", ["f(b, k=c)", "f(a, k=c)", "f(a, b)", "f(b, a, k=c)", "pass"]),
        ("f((a, 1), b)", ["f(b)", "f((a, 1))", "f(b, (a, 1))"]),
        ("f((a + c), b)", ["f(b)", "f((a + c))", "f(b, (a + c))"]),
        ("y = [a, b]", ["y = [b]", "y = [a]", "y = [b, a]"]),
        ("y = x[1:n]", ["y = x[:n]", "y = x[1:]", "y = x[2:n]"]),
        ("for i in range(n): f(i)", ["for i in range(n - 1): f(i)", "for i in range(n + 1): f(i)", "pass"]),
        ("def f(a, b):\n    return a", ["return b", "pass"]),
        ("y = nn.MaxPool2d(2)", ["y = nn.AvgPool2d(2)", "y = nn.MaxPool2d()", "y = nn.MaxPool2d(3)"]),
        ("y = F.relu(x)", ["y = x", "y = F.sigmoid(x)", "y = F.relu()"]),
        ("y = x.flatten(1)", ["y = x", "y = x.flatten()", "y = x.flatten(2)"]),
        (
            "y = torch.cat([a, b], 1)",
            ["y = torch.stack([a, b], 1)", "y = torch.cat([a], 1)", "y = torch.cat([a, b], 0)"],
        ),
        ("for x in y:\n    break", ["continue"]),
        ("ширина = шаг + 1", ["ширина = шаг - 1", "ширина = шаг + 2"]),
    ],
)
def test_a_piece_of_code_is_changed_in_these_ways(source: str, expected: list[str]) -> None:
    assert set(expected) <= set(changed(source))


@pytest.mark.parametrize(
    "source",
    [
        "import torch",
        '"""A text."""',
        "print(a, 3)",
        "def f(x: int = None) -> int:\n    '''Says 3.'''",
        "y: dict[str, int]",
        "%matplotlib inline",
    ],
)
def test_what_decides_nothing_is_left_alone(source: str) -> None:
    assert changed(source) in ([], ["pass"])


def test_layers_of_a_class_are_swapped_for_their_neighbours() -> None:
    source = "class A:\n    def __init__(self):\n        self.a, self.b, self.c = 1, 2, 3\n    def forward(self, x):\n"
    lines = changed(source + "        return self.b(x)")
    assert {"return self.a(x)", "return self.c(x)", "return x"} <= set(lines)


def test_messages_of_errors_are_left_alone() -> None:
    assert changed("if n < 1:\n    raise ValueError(f'{n} is less than {1}')") == [
        "pass",
        "if True:",
        "if n <= 1:",
        "if n >= 1:",
        "if n < 0:",
        "if n < 2:",
        "pass",
    ]


def test_only_what_the_author_cut_out_is_mutated() -> None:
    source = (
        "def f(x, n=3):\n    ### BEGIN SOLUTION\n    y = x  # as it is\n    return y\n    ### END SOLUTION\n\nm = 5"
    )
    (solution,) = solution_cells(new_notebook(cells=[cell(source)]))
    assert "SOLUTION" not in solution.text
    found = mutants([solution])
    assert {mutant.line for mutant in found} == {2, 3}
    for mutant in found:
        assert "def f(x, n=3):" in mutant.source
        assert "m = 5" in mutant.source
    assert any("# as it is" in line for line in found[1].source.split("\n"))


def test_cells_that_a_teacher_grades_and_texts_are_left_alone() -> None:
    text = new_markdown_cell("1 + 1")
    text.metadata["nbgrader"] = {"grade_id": "text", "solution": True, "grade": True}
    assert solution_cells(new_notebook(cells=[text, cell("y = 1", grade=True), new_code_cell("y = 2")])) == []


def test_the_mutants_of_our_course_parse_differ_and_are_the_same_every_time() -> None:
    cells = solution_cells(source_notebook("resnet"))
    found = mutants(cells)
    assert len(found) > 200
    trees = {(mutant.cell, ast.dump(ast.parse(mutant.source))) for mutant in found}
    assert len(trees) == len(found)
    assert not trees & {(cell.grade_id, ast.dump(ast.parse(cell.text))) for cell in cells}
    assert mutants(cells) == found
    assert len({mutant.kind for mutant in found}) >= 7
    lines = [line for mutant in found for line in mutant.change[1]]
    for mistake in ("return F.relu(branch)", "return (branch + self.shortcut(x))", "return F.relu(branch + x)"):
        assert mistake in lines


def test_a_sample_is_spread_over_the_notebook() -> None:
    found = mutants(solution_cells(source_notebook("resnet")))
    chosen = sampled(found, 20)
    assert len(chosen) == 20
    assert {mutant.cell for mutant in chosen} == {mutant.cell for mutant in found}
    assert sampled(found, 20) == chosen
    assert sampled(found, 0) == sampled(found, 10**6) == found
