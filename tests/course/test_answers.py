from __future__ import annotations

from pathlib import Path

import pytest
from course_answers import SLUGS, grading, marked, notebook, paths, run

# The contest is graded against a data set; its answers are run in the class's own tests.
EXECUTED = [slug for slug in SLUGS if slug != "springfield"]


def every(kind: str, slugs: list[str]) -> list[object]:
    return [pytest.param(slug, path, id=f"{slug}-{path.stem}") for slug in slugs for path in paths(slug, kind)]


@pytest.mark.parametrize("slug", EXECUTED)
def test_the_reference_earns_every_autograded_point(slug: str) -> None:
    outcome = run(slug)
    assert outcome.messages == {}
    assert outcome.passed


@pytest.mark.slow
@pytest.mark.parametrize(("slug", "path"), every("right", EXECUTED))
def test_a_right_answer_in_other_clothes_earns_full_points(slug: str, path: Path) -> None:
    assert run(slug, marked(path).cells).messages == {}


@pytest.mark.slow
@pytest.mark.parametrize(("slug", "path"), every("wrong", EXECUTED))
def test_a_wrong_answer_loses_exactly_the_stated_cells_and_reads_why(slug: str, path: Path) -> None:
    answer = marked(path)
    outcome = run(slug, answer.cells)
    assert set(outcome.messages) == answer.loses, outcome.messages
    assert any(answer.message in message for message in outcome.messages.values()), outcome.messages


@pytest.mark.parametrize(("slug", "path"), [*every("right", SLUGS), *every("wrong", SLUGS)])
def test_an_answer_patches_solution_cells_of_the_notebook(slug: str, path: Path) -> None:
    solutions = {cell.id for cell in notebook(slug).cells if grading(cell).get("solution") and cell.cell_type == "code"}
    answer = marked(path)
    assert answer.cells
    assert set(answer.cells) <= solutions
    assert answer.doc


@pytest.mark.parametrize(("slug", "path"), every("wrong", SLUGS))
def test_a_wrong_answer_names_graded_cells_and_a_message(slug: str, path: Path) -> None:
    graded = {cell.id for cell in notebook(slug).cells if grading(cell).get("grade") and cell.cell_type == "code"}
    answer = marked(path)
    assert answer.loses
    assert answer.loses <= graded
    assert answer.message


@pytest.mark.slow
def test_a_failed_message_shows_no_hidden_code() -> None:
    for path in paths("resnet", "wrong")[:6]:
        for message in run("resnet", marked(path).cells).messages.values():
            assert "suspects" not in message
            assert "basic_block(" not in message
