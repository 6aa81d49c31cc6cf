"""The contest's own data, from its archive to points: a small network trains in the sandbox, and its F1 is shown."""

import json
import re
from fractions import Fraction

import nbformat
import pytest
from classroom import REAL_ARCHIVE
from command_line import grader

from grader.audit.answers import reference_answer
from grader.course.folder import Course
from grader.course.gradebook import open_gradebook
from grader.record.database.queries import Board
from grader.scoring.points import DEFAULT_TABLE

pytestmark = [pytest.mark.slow, pytest.mark.real_data]

# Counted in epochs, not in seconds: the same steps on a machine that other work keeps busy.
EPOCHS = 2
# At 950 test images; guessing gives 0.05.
LEARNED_F1 = 0.5


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A class with the contest's data, released."""
    folder = tmp_path_factory.mktemp("real") / "class"
    assert grader("init", folder, "--language", "en").returncode == 0
    imported = grader("dataset", "import", REAL_ARCHIVE, "--class", folder)
    assert imported.returncode == 0, imported.stderr
    assert grader("release", "springfield", "--class", folder).returncode == 0
    return Course.open(folder)


@pytest.fixture(scope="module")
def row(course: Course) -> dict[str, object]:
    """What `grader grade --json` says of lisa's network."""
    released = nbformat.read(course.release / "springfield" / "springfield.ipynb", as_version=4)
    source = nbformat.read(course.source / "springfield" / "springfield.ipynb", as_version=4)
    path = course.submitted / "lisa" / "springfield" / "springfield.ipynb"
    path.parent.mkdir(parents=True)
    reference = reference_answer(source)
    trains = reference.cells["task1_submission"]
    assert trains.count("TRAIN_SECONDS)") == 1
    reference.cells["task1_submission"] = trains.replace("TRAIN_SECONDS)", f"TRAIN_SECONDS, epochs={EPOCHS})")
    nbformat.write(reference.applied_to(released), path)
    done = grader("grade", "springfield", "--json", "--class", course.root)
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = json.loads(done.stdout)["submissions"]
    return line


def test_the_network_learns_from_the_real_pictures(row: dict[str, object]) -> None:
    assert row["standing"] == "graded"
    assert float(str(row["f1"])) > LEARNED_F1


def test_f1_and_points_stand_in_gradebook_feedback_and_standings(course: Course, row: dict[str, object]) -> None:
    with Board.open(course.database_url) as board:
        (standing,) = board.standings("springfield")
    assert standing.correct is not None
    assert standing.total == 950
    shown = f"{standing.correct * 100_000 // standing.total / 100_000:.5f}"
    assert row["f1"] == shown
    earned = DEFAULT_TABLE.points_for(Fraction(standing.correct, standing.total))
    assert standing.points == row["points"] == earned
    with open_gradebook(course) as gradebook:
        assert gradebook.find_submission("springfield", "lisa").score == standing.points
    assert grader("feedback", "springfield", "--class", course.root).returncode == 0
    page = (course.feedback / "lisa" / "springfield" / "springfield.html").read_text()
    text = re.sub("<[^>]+>", "", page)
    assert f"F1 {shown} ({standing.correct} of 950 images right): {standing.points:g} points" in text
    assert f"{standing.points:g} of 18 points" in text
    export = grader("export", "--class", course.root).stdout
    assert f"lisa,,springfield,{standing.points:g},18,{shown}," in export
