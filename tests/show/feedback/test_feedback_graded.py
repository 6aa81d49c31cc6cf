"""From handing in to the page: what a real run leaves is what the student reads, whoever starts nbgrader."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from classroom import in_this_process, student_notebook
from feedback_pages import text_of
from nbformat.v4 import new_code_cell

from grader.course.assignment import load_assignment, split_hidden
from grader.course.folder import Course
from grader.course.gradebook import open_gradebook
from grader.pipeline import grade_class
from grader.show.feedback.making import make_feedback

ANSWERS = {
    "lisa": "reference",  # and a plot
    "wendell": "wrong/layers_in_a_list",
    "milhouse": "wrong/shortcut_not_called",  # and a try of his own
    "ralph": "hostile/syntax_error",
    "kearney": "hostile/os_exit",
    "maggie": "untouched",
}


@dataclass(frozen=True)
class Pages:
    """A class that was graded, with pages made in both languages."""

    course: Course
    english: dict[str, str]
    russian: dict[str, str]


def points_of(course: Course, student: str) -> float:
    """What the gradebook says."""
    with open_gradebook(course) as gradebook:
        return float(gradebook.find_submission("resnet", student).score)


def html_of(course: Course, student: str) -> str:
    return (course.feedback / student / "resnet" / "resnet.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pages(released_class: Path, tmp_path_factory: pytest.TempPathFactory) -> Pages:
    root = tmp_path_factory.mktemp("graded") / "class"
    shutil.copytree(released_class, root)
    course = Course.open(root)
    for student, answer in ANSWERS.items():
        made = student_notebook(course, "resnet", answer)
        if student == "lisa":
            made.cells.append(new_code_cell("plt.plot([1, 2])\nplt.show()\nprint('<b>my own plot</b>')"))
        if student == "milhouse":
            answers = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in made.cells]
            own = new_code_cell("BasicBlock(3, 8)(torch.zeros(1, 3, 8, 8))")
            made.cells.insert(answers.index("task1_basic_block") + 1, own)
        path = course.submitted / student / "resnet" / "resnet.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(made, path)
    (root / "roster.csv").write_text("id,name\n" + "".join(f"{name},{name.title()} <S>\n" for name in ANSWERS))
    grade_class(course, ["resnet"], workers=in_this_process)
    found = {}
    for language in ("ru", "en"):
        config = root / "class.toml"
        text = config.read_text()
        config.write_text(text.replace('language = "en"', f'language = "{language}"'))
        for student in ANSWERS:
            make_feedback(Course.open(root), "resnet", student)
        found[language] = {student: html_of(course, student) for student in ANSWERS}
        config.write_text(text)
    return Pages(course, found["en"], found["ru"])


def test_a_right_answer_waits_for_the_teacher_alone(pages: Pages) -> None:
    text = text_of(pages.english["lisa"])
    earned = points_of(pages.course, "lisa")
    assert f"{earned:g} of 20 points" in text
    assert "Every check that has been decided on is passed." in text
    assert f"Waiting for a teacher: {20 - earned:g} points." in text
    assert "Lisa <S> (lisa)" in text
    assert "What to fix" not in text
    assert f"{earned:g} из 20 баллов" in text_of(pages.russian["lisa"])


def test_an_error_of_pytorch_is_explained(pages: Pages) -> None:
    for text, explanation in (
        (text_of(pages.english["milhouse"]), "A layer has to be called:"),
        (text_of(pages.russian["milhouse"]), "Слой нужно вызвать:"),
    ):
        assert "TypeError: unsupported operand" in text
        assert explanation in text
    # What a check says was said while it was graded, in English; the page explains other cells in its own language.
    assert "A layer has to be called:" in text_of(pages.russian["milhouse"])


def test_a_students_own_plot_and_print_are_there(pages: Pages) -> None:
    html = pages.english["lisa"]
    assert '<img src="data:image/png;base64,' in html[html.index("A cell of your own") :]
    assert "&lt;b&gt;my own plot&lt;/b&gt;" in pages.english["lisa"]


def test_findings_and_remedies_of_real_checks_stand_apart(pages: Pages) -> None:
    html = pages.english["wendell"]
    assert html.count('<p class="finding">The module has no parameters at all.</p>') == 1
    assert "<p>PyTorch sees layers that are attributes of the module or lie in <code>nn.Sequential</code>" in html
    assert f"{points_of(pages.course, 'wendell'):g} of 20 points" in text_of(html)


def test_a_syntax_error_is_explained_once(pages: Pages) -> None:
    text = text_of(pages.english["ralph"])
    assert "Begin with this" in text
    assert "In “Task 1. The residual block”: SyntaxError: expected ':' (line 1)" in text
    assert text.count("Python could not read this cell") == 1
    assert "This probably follows from the first error above." in text
    assert "Earlier in the notebook" not in text
    assert "task1_basic_block" not in text


def test_a_cell_that_ends_python_is_named(pages: Pages) -> None:
    text = text_of(pages.english["kearney"])
    assert "The Python process is gone: it ended itself with exit code 0 (os._exit?)." in text
    assert "Take out whatever ends Python" in text


def test_an_untouched_release_gets_a_page(pages: Pages) -> None:
    text = text_of(pages.english["maggie"])
    assert "0 of 20 points" in text
    assert "Not solved yet" in text
    assert text.count("No answer") >= 8
    assert "Begin with this" not in text


def test_nothing_hidden_stands_on_any_page(pages: Pages) -> None:
    hidden = [split_hidden(cell.source)[1] for cell in load_assignment(pages.course.gradebook_url, "resnet").cells]
    lines = {line.strip() for part in hidden for line in part.split("\n") if len(line.strip()) > 15}
    assert lines
    for html in (*pages.english.values(), *pages.russian.values()):
        read = text_of(html)
        for line in lines:
            assert " ".join(line.split()) not in read
        for name in ("grader.checks", "HIDDEN TESTS", str(pages.course.root)):
            assert name not in html


@pytest.mark.slow
def test_nbgraders_own_command_makes_the_same_page(pages: Pages, tmp_path: Path) -> None:
    root = tmp_path / "class"
    shutil.copytree(pages.course.root, root)
    path = root / "feedback" / "wendell" / "resnet" / "resnet.html"
    ours = path.read_text()
    path.unlink()
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    command = [sys.executable, "-m", "nbgrader", "generate_feedback", "resnet", "--student", "wendell", "--force"]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert path.read_text() == ours


def test_what_a_teacher_gives_and_writes_comes_with_the_next_page(pages: Pages, tmp_path: Path) -> None:
    shutil.copytree(pages.course.root, tmp_path / "class")
    course = Course.open(tmp_path / "class")
    with open_gradebook(course) as gradebook:
        notebook = gradebook.find_submission_notebook("resnet", "resnet", "lisa")
        grade = next(grade for grade in notebook.grades if grade.needs_manual_grade)
        grade.manual_score, grade.needs_manual_grade = 0.5, False
        comment = gradebook.find_comment(grade.name, "resnet", "resnet", "lisa")
        comment.manual_comment = "And <script>alert(1)</script> *why*?"
        gradebook.db.commit()
    make_feedback(course, "resnet", "lisa")
    text = text_of(html_of(course, "lisa"))
    assert f"{points_of(pages.course, 'lisa') + 0.5:g} of 20 points" in text
    assert "Read by a teacher" in text
    assert "A teacher's comment And <script>alert(1)</script> why ?" in text
    assert "<script" not in html_of(course, "lisa")
