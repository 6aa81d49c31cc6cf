"""A class whose answers in words wait for a teacher."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
from classroom import in_this_process, student_notebook

from grader.course.folder import Course
from grader.pipeline import grade_class

CELLS = ("task6_gradient", "task6_degradation", "task6_bottleneck")
RUBRIC = """comments = ["Ответ верный, но слишком краткий."]

[task6_gradient]
criteria = [
    {points = 0.5, text = "Градиент — произведение производных всех следующих слоёв"},
    {points = 0.5, text = "С проводом производная равна F'(x) + 1, слагаемое 1 не зависит от глубины"},
]
comments = ["Посмотрите ещё раз на формулу $y = F(x) + x$."]
"""


def with_answers(root: Path, released: Path, answers: dict[str, dict[str, str]]) -> Course:
    """A Russian class in which these students have handed in these answers, graded.

    Args:
        root: where it is made.
        released: a class that it is copied from.
        answers: by student and cell.
    """
    shutil.copytree(released, root)
    toml = root / "class.toml"
    toml.write_text(toml.read_text().replace('language = "en"', 'language = "ru"'))
    (root / "source" / "resnet" / "rubric.toml").write_text(RUBRIC)
    course = Course.open(root)
    for student, cells in answers.items():
        path = course.submitted / student / "resnet" / "resnet.ipynb"
        path.parent.mkdir(parents=True)
        notebook = student_notebook(course, "resnet", "untouched")
        for cell in notebook.cells:
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
            if grade_id in cells:
                cell.source = cells[grade_id]
        nbformat.write(notebook, path)
    grade_class(course, ["resnet"], workers=in_this_process)
    return course
