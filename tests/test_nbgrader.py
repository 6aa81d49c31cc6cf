"""nbgrader's own commands in a class folder: release, autograde, feedback."""

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import nbformat
import pytest
from classroom import HandIn, in_this_process

from grader.collect.folders import collect
from grader.collect.plain_names import student_of
from grader.course.assignment import load_assignment, split_hidden
from grader.course.folder import Course
from grader.course.gradebook import open_gradebook
from grader.pipeline import grade_class as grade_class_with_workers
from grader.show.feedback.making import make_feedback

grade_class = partial(grade_class_with_workers, workers=in_this_process)


def nbgrader(course: Course, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `nbgrader` as a teacher does, in the class folder."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course.root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def points(course: Course) -> dict[str, dict[str, float | None]]:
    with open_gradebook(course) as gradebook:
        return {
            submission.student.id: {
                grade.name: grade.auto_score for notebook in submission.notebooks for grade in notebook.grades
            }
            for submission in gradebook.assignment_submissions("resnet")
        }


@pytest.mark.slow
def test_stock_autograde_gives_the_same_points(course: Course, hand_in: HandIn) -> None:
    hand_in("lisa", "resnet", "reference")
    hand_in("bart", "resnet", "wrong/relu_missing_after_add")
    hand_in("kearney", "resnet", "hostile/os_exit")
    hand_in("maggie", "resnet", "untouched")
    grade_class(course, ["resnet"])
    ours = points(course)
    with open_gradebook(course) as gradebook:
        for student in list(ours):
            gradebook.remove_submission("resnet", student)
    assert points(course) == {}
    done = nbgrader(course, "autograde", "resnet", "--force")
    assert done.returncode == 0, done.stderr[-3000:]
    assert points(course) == ours
    for path in course.autograded.glob("*/resnet/resnet.ipynb"):
        assert "HIDDEN TESTS" not in path.read_text()


def test_the_release_holds_no_solution_and_no_hidden_test(course: Course) -> None:
    for slug in course.slugs():
        text = (course.release / slug / f"{slug}.ipynb").read_text()
        for mark in ("BEGIN SOLUTION", "HIDDEN TESTS", "grader.checks"):
            assert mark not in text, slug
        hidden = [split_hidden(cell.source)[1] for cell in load_assignment(course.gradebook_url, slug).cells]
        assert any(hidden)
        for line in {line.strip() for part in hidden for line in part.split("\n") if len(line.strip()) > 20}:
            assert json.dumps(line)[1:-1] not in text, line


def test_the_release_speaks_one_language(course: Course) -> None:
    for slug in course.slugs():
        released = nbformat.read(course.release / slug / f"{slug}.ipynb", as_version=4)
        source = nbformat.read(course.source / slug / f"{slug}.ipynb", as_version=4)
        english = [c.source for c in source.cells if "lang-en" in c.metadata.get("tags", [])]
        russian = [c.source for c in source.cells if "lang-ru" in c.metadata.get("tags", [])]
        texts = [c.source for c in released.cells]
        assert english
        assert [text for text in english if text not in texts] in ([], english[:1])
        # The contest's title says below itself which libraries the class has.
        assert english[0].split("\n")[0] in texts[0].split("\n")
        assert not any(text in texts for text in russian)


def test_feedback_shows_points_and_reasons_and_neither_tests_nor_live_html(course: Course, hand_in: HandIn) -> None:
    path = hand_in("bart", "resnet", "wrong/relu_missing_after_add")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_markdown_cell("<script>alert('md')</script> <img src=x onerror=alert(2)>"))
    notebook.cells.append(
        nbformat.v4.new_code_cell("from IPython.display import HTML\nHTML('<script>alert(3)</script>')")
    )
    nbformat.write(notebook, path)
    grade_class(course, ["resnet"])
    make_feedback(course, "resnet", "bart")
    html = (course.feedback / "bart" / "resnet" / "resnet.html").read_text()
    assert "There is no ReLU after the addition" in html
    for cell in load_assignment(course.gradebook_url, "resnet").cells:
        for line in split_hidden(cell.source)[1].split("\n"):
            assert len(line.strip()) < 20 or line.strip() not in html
    assert "<script>alert" not in html
    assert "onerror=alert" not in html.replace("&lt;img", "")


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("ivanova/resnet/resnet.ipynb", "ivanova"),
        ("ivanova/resnet.ipynb", "ivanova"),
        ("ivanova_resnet.ipynb", "ivanova"),
        ("ivanova_12345_67890_resnet.ipynb", "ivanova"),
        ("ivanova_late_12345_resnet-2.ipynb", "ivanova"),
        ("anna_ivanova_resnet.ipynb", "anna_ivanova"),
        ("ivanova/resnet (1).ipynb", "ivanova"),
        ("ivanova_101_assignsubmission_file_/ivanova_resnet.ipynb", "ivanova"),
        ("ivanova_resnet/ivanova_resnet.ipynb", "ivanova"),
        ("resnet/ivanova/resnet.ipynb", "ivanova"),
        ("resnet_2020.ipynb", None),
        ("resnet.ipynb", None),
        ("ivanova/petrov_resnet.ipynb", None),
        ("ivanova/petrov/resnet.ipynb", None),
        ("ivanova/resnet/petrov/ivanova_resnet.ipynb", None),
        ("petrov_ivanova_101_assignsubmission_file_/petrov_resnet.ipynb", None),
        ("notes.ipynb", None),
    ],
)
def test_names_of_submissions_are_understood(name: str, student: str | None) -> None:
    assert student_of(Path(name), "resnet") == student


@pytest.mark.slow
def test_a_folder_and_a_zip_are_collected(course: Course, tmp_path: Path) -> None:
    import zipfile

    released = (course.release / "resnet" / "resnet.ipynb").read_bytes()
    folder = tmp_path / "from-lms"
    (folder / "ivanova").mkdir(parents=True)
    (folder / "ivanova" / "resnet.ipynb").write_bytes(released)
    (folder / "petrov_4711_resnet.ipynb").write_bytes(released)
    (folder / "ivanova" / "draft.ipynb").write_bytes(released)
    found = collect(course, "resnet", folder)
    assert found.students == ("ivanova", "petrov")
    assert [one.name for one in found.skipped] == ["ivanova/draft.ipynb"]
    with zipfile.ZipFile(tmp_path / "lms.zip", "w") as archive:
        archive.writestr("sidorov/resnet/resnet.ipynb", released)
    assert collect(course, "resnet", tmp_path / "lms.zip").students == ("sidorov",)
    assert (course.submitted / "sidorov" / "resnet" / "resnet.ipynb").read_bytes() == released
