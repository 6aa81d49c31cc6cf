from __future__ import annotations

import json
import re
import runpy
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import pytest
from course_answers import ROOT, SLUGS, grading, language, notebook

from grader.course.titles import comment_title

AUTOGRADED = {"alexnet": 17, "densenet": 21, "resnet": 17, "skip_connection": 20, "springfield": 15, "vgg": 17}
MANUAL = {"alexnet": 3, "densenet": 2, "resnet": 3, "skip_connection": 2, "springfield": 3, "vgg": 3}

slugs = pytest.mark.parametrize("slug", SLUGS)


def file_of(slug: str) -> Path:
    return ROOT / "assignments" / "source" / slug / f"{slug}.ipynb"


@slugs
def test_script_and_notebook_are_one(slug: str) -> None:
    script = jupytext.read(ROOT / "solutions" / slug / f"{slug}.py", fmt="py:percent")
    pairs = list(zip(script.cells, notebook(slug).cells, strict=True))
    for ours, theirs in pairs:
        assert ours.cell_type == theirs.cell_type
        assert ours.source == theirs.source
        assert ours.metadata == theirs.metadata


@slugs
def test_a_rebuild_gives_the_same_bytes(slug: str) -> None:
    build = runpy.run_path(str(ROOT / "solutions" / "build.py"))
    assert build["notebook_text"](ROOT / "solutions" / slug / f"{slug}.py") == file_of(slug).read_text("utf-8")


@slugs
def test_ids_are_unique_and_readable_and_equal_to_grade_ids(slug: str) -> None:
    ids = [cell.id for cell in notebook(slug).cells]
    assert len(set(ids)) == len(ids)
    for cell in notebook(slug).cells:
        assert re.fullmatch(r"[a-z][a-z0-9_-]{2,63}", cell.id)
        assert cell.id == grading(cell).get("grade_id", cell.id)


@slugs
def test_the_notebook_has_no_outputs_and_no_stray_metadata(slug: str) -> None:
    raw = json.loads(file_of(slug).read_text("utf-8"))
    nbformat.validate(raw)
    assert raw["metadata"] == {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    for cell in raw["cells"]:
        assert set(cell["metadata"]) <= {"nbgrader", "tags"}
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@slugs
def test_points_add_up(slug: str) -> None:
    def total(kind: str, manual: bool) -> float:
        return sum(
            grading(cell)["points"]
            for cell in notebook(slug).cells
            if grading(cell).get("grade") and cell.cell_type == kind and grading(cell)["solution"] is manual
        )

    assert total("code", manual=False) == AUTOGRADED[slug]
    assert total("markdown", manual=True) == MANUAL[slug]


@slugs
def test_tests_are_locked_and_solutions_are_editable(slug: str) -> None:
    graded = [cell for cell in notebook(slug).cells if grading(cell)]
    assert graded
    for cell in graded:
        info = grading(cell)
        assert info["schema_version"] == 3
        assert info["locked"] is not info["solution"]
        if info["grade"] and not info["solution"]:
            assert "### BEGIN HIDDEN TESTS" in cell.source
            assert "from grader.checks" in cell.source.split("### BEGIN HIDDEN TESTS")[1]


@slugs
def test_a_check_has_a_title_in_each_language_and_names_its_points_in_both(slug: str) -> None:
    for cell in notebook(slug).cells:
        if cell.cell_type == "code" and grading(cell).get("grade"):
            points = f"{grading(cell)['points']:g}"
            assert re.search(rf"^# .+ \({points} балл(|а|ов) / {points} points?\)\n", cell.source), cell.source
            russian, english = comment_title(cell.source, "ru"), comment_title(cell.source, "en")
            assert russian
            assert english
            assert not re.search("[а-яё]", english)
            assert russian == english or re.search("[а-яё]", russian)
            assert "(" not in english + russian


@slugs
def test_every_text_is_there_in_both_languages_side_by_side(slug: str) -> None:
    texts = [cell for cell in notebook(slug).cells if cell.cell_type == "markdown" and not grading(cell)]
    assert [language(cell) for cell in texts] == ["ru", "en"] * (len(texts) // 2)
    for russian, english in zip(texts[::2], texts[1::2], strict=True):
        assert re.search("[а-яё]", russian.source)
        assert not re.search("[а-яё]", english.source)
        assert headings(russian) == headings(english)


def headings(cell: Any) -> list[str]:
    return re.findall(r"^#+ (?:\S+ \d)?", cell.source.replace("Задача", "Task"), re.MULTILINE)


@slugs
def test_every_solution_leaves_a_stub_after_release(slug: str) -> None:
    for cell in notebook(slug).cells:
        if grading(cell).get("solution") and cell.cell_type == "code":
            assert cell.source.count("### BEGIN SOLUTION") == cell.source.count("### END SOLUTION") > 0


def test_the_contest_cell_says_exactly_what_the_grader_expects() -> None:
    cell = next(cell for cell in notebook("springfield").cells if cell.id == "task1_contest_score")
    assert cell.source.endswith(
        "### BEGIN HIDDEN TESTS\n"
        "from grader.checks import contest_points\n"
        'contest_points("submission.csv")\n'
        "### END HIDDEN TESTS"
    )
