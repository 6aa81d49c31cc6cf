"""The same assignment for otter-grader: each test cell is one test file that executes the cell's own text."""

from __future__ import annotations

import json
import shutil
import time
import zipfile
from pathlib import Path

import nbformat
from contenders import run
from handed_in import SLUG, HandedIn, Points
from timing import Timed

import grader
from grader.course.assignment import Cell, load_assignment
from grader.course.folder import Course

HOW_TO_INSTALL = (
    "otter-grader was not measured: install it into an environment of its own (`python -m venv otter`, then "
    "`otter/bin/pip install otter-grader ipykernel torch torchvision matplotlib scikit-learn`) and name it with "
    "--otter otter/bin/otter."
)
TEST_FILE = """\
from otter.test_files import test_case

OK_FORMAT = False
name = {name!r}
points = {points!r}


@test_case(points={points!r}, hidden=True)
def test_cell(env):
    exec({source!r}, env)
"""


def find_otter(given: str) -> Path | None:
    """The program that was named, or the one on PATH; None where there is none."""
    found = shutil.which(given or "otter")
    return Path(found).absolute() if found else None


def otter(handed_in: HandedIn, folder: Path, program: Path) -> Timed:
    """`otter run`, once per submission, as it is meant: no container, tests in the student's kernel."""
    folder.mkdir()
    tests = [
        cell for cell in load_assignment(Course.open(handed_in.released).gradebook_url, SLUG).cells if cell.is_test
    ]
    _write_autograder(tests, folder / "autograder.zip")
    for student, notebook in handed_in.notebooks.items():
        made = nbformat.from_dict(notebook)
        made.cells = [cell for cell in made.cells if not cell.metadata.get("nbgrader", {}).get("grade")]
        (folder / student).mkdir()
        nbformat.write(made, folder / student / f"{SLUG}.ipynb")
    package = str(Path(grader.__file__).parent.parent)
    began = time.perf_counter()
    finished_s: list[float] = []
    points: Points = {}
    for student in handed_in.notebooks:
        arguments = [str(program), "run", f"{student}/{SLUG}.ipynb", "-a", "autograder.zip", "-o", student, "--no-logo"]
        run(arguments, folder, PYTHONPATH=package)
        finished_s.append(time.perf_counter() - began)
        points[student] = _points(folder / student / "results.json", {cell.grade_id for cell in tests})
    return Timed(finished_s[-1], tuple(finished_s), 1, points)


def _write_autograder(tests: list[Cell], path: Path) -> None:
    """What `otter generate` makes, less the scripts that build a container's environment."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("otter_config.json", json.dumps({"pdf": False}))
        for cell in tests:
            text = TEST_FILE.format(name=cell.grade_id, points=cell.points, source=cell.source)
            archive.writestr(f"tests/{cell.grade_id}.py", text)


def _points(path: Path, names: set[str]) -> dict[str, float]:
    """Points by test; otter puts more than the name into a test's title."""
    found = {}
    for test in json.loads(path.read_text())["tests"]:
        words = test["name"].split()
        if words and words[0] in names:
            found[words[0]] = float(test["score"])
    return found
