"""The whole path on a real class: points, messages, the ledger, and what happens when it is killed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from functools import partial

import nbformat
import pytest
from classroom import HandIn, in_this_process, student_notebook
from filelock import FileLock

from grader.audit.answers import Answer
from grader.course.assignment import load_assignment
from grader.course.folder import Course
from grader.course.gradebook import open_gradebook
from grader.errors import EnvironmentFault, InvalidAssignment, InvalidConfig
from grader.outcomes import Outcome
from grader.pipeline import grade_class as grade_class_with_workers
from grader.record.database import ClassDatabase, RunState
from grader.record.planning import GradingStatus, Row

grade_class = partial(grade_class_with_workers, workers=in_this_process)


def gradebook_points(course: Course, slug: str = "resnet") -> dict[str, float]:
    with open_gradebook(course) as gradebook:
        return {s.student.id: s.score for s in gradebook.assignment_submissions(slug)}


def by_student(rows: list[Row]) -> dict[str, Row]:
    return {row.student: row for row in rows}


def outcomes(row: Row) -> dict[str, Outcome]:
    return {task.grade_id: task.outcome for task in row.report.tasks}


def everything_recorded(course: Course) -> list[tuple[str, str]]:
    with ClassDatabase.open(course.database_url) as database:
        return [(report.student_id, report.record.state) for report in database.reports(every_run=True)]


def test_one_class_of_right_wrong_and_hostile_answers(course: Course, hand_in: HandIn) -> None:
    hand_in("lisa", "resnet", "reference")
    hand_in("bart", "resnet", "wrong/relu_missing_after_add")
    hand_in("ralph", "resnet", "hostile/syntax_error")
    hand_in("jimbo", "resnet", "hostile/endless_loop")
    hand_in("kearney", "resnet", "hostile/os_exit")
    hand_in("nelson", "resnet", "hostile/reads_the_answers")
    hand_in("maggie", "resnet", "untouched")
    hand_in("homer", "resnet", b"{ not a notebook")
    hand_in("marge", "resnet", student_notebook(course, "springfield", "untouched"))
    rows = by_student(grade_class_with_workers(course, ["resnet"]))  # two processes side by side
    points = gradebook_points(course)

    automatic = sum(cell.points for cell in load_assignment(course.gradebook_url, "resnet").cells if cell.is_test)
    assert rows["lisa"].report.points == points["lisa"] == automatic
    assert 0 < points["bart"] < automatic
    assert any("ReLU" in task.message for task in rows["bart"].report.tasks)
    assert points["maggie"] == 0
    # these three have nothing for task 1, and task 5 builds on it: lies about it earn nothing
    for student in ("nelson", "jimbo", "ralph"):
        lost = [task for task in rows[student].report.tasks if task.grade_id.startswith(("task1", "task5"))]
        earned = {task.grade_id for task in lost if task.points}
        # zeros of the right shape have the right shape, and nothing else
        assert earned == ({"task1_basic_block_shape"} if student == "nelson" else set()), student
    assert any("SyntaxError" in task.message for task in rows["ralph"].report.tasks)
    assert any("time: 20 s for one cell exceeded" in task.message for task in rows["jimbo"].report.tasks)
    # what came before os._exit keeps its points; a fresh kernel shows that the rest was not written
    assert 0 < points["kearney"] < automatic
    assert outcomes(rows["kearney"])["task1_basic_block_gradients"] is Outcome.PASSED
    assert any("os._exit" in task.message for task in rows["kearney"].report.tasks)
    # what cannot be graded is not a zero
    for student in ("homer", "marge"):
        assert rows[student].status is GradingStatus.NOT_GRADED
        assert rows[student].problem
        assert student not in points
    found = course.autograded / "nelson" / "resnet" / "resnet.ipynb"
    assert "files: [] secrets: []" in found.read_text()


def test_grading_again_does_nothing_and_says_the_same(course: Course, hand_in: HandIn) -> None:
    hand_in("lisa", "resnet", "reference")
    hand_in("homer", "resnet", b"no notebook")
    first = by_student(grade_class(course, ["resnet"]))
    recorded = everything_recorded(course)
    executed = course.autograded / "lisa" / "resnet" / "resnet.ipynb"
    before = executed.stat()
    second = by_student(grade_class(course, ["resnet"]))
    assert second["lisa"].status is GradingStatus.UNCHANGED
    assert second["lisa"].report == first["lisa"].report
    assert second["homer"].problem == first["homer"].problem
    assert everything_recorded(course) == recorded
    assert executed.stat().st_mtime_ns == before.st_mtime_ns


def test_a_new_submission_is_graded_and_an_old_one_handed_in_again_is_only_recorded(
    course: Course, hand_in: HandIn
) -> None:
    path = hand_in("lisa", "resnet", "wrong/relu_missing_after_add")
    grade_class(course, ["resnet"])
    weak = gradebook_points(course)["lisa"]
    first = path.read_bytes()
    hand_in("lisa", "resnet", "reference")
    grade_class(course, ["resnet"])
    assert gradebook_points(course)["lisa"] > weak
    path.write_bytes(first)
    started = time.monotonic()
    grade_class(course, ["resnet"])
    assert gradebook_points(course)["lisa"] == weak
    assert time.monotonic() - started < 3  # no kernel was started for it


def test_a_resubmission_without_test_cells_does_not_keep_the_old_points(course: Course, hand_in: HandIn) -> None:
    hand_in("bart", "resnet", "reference")
    grade_class(course, ["resnet"])
    notebook = student_notebook(course, "resnet", "untouched")
    notebook.cells = [c for c in notebook.cells if not c.metadata.get("nbgrader", {}).get("grade")]
    hand_in("bart", "resnet", notebook)
    grade_class(course, ["resnet"])
    assert gradebook_points(course)["bart"] == 0


@pytest.mark.slow
def test_a_killed_grading_leaves_nothing_half_done_and_the_next_one_finishes(course: Course, hand_in: HandIn) -> None:
    for student in ("a", "b", "c", "d", "e"):
        hand_in(student, "resnet", Answer(student, {"task1_basic_block": f"name = {student!r}"}))
    command = [sys.executable, "-m", "grader", "grade", "resnet", "--class", str(course.root), "--slots", "1"]
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 90
    while len(list((course.ledger / "results").glob("*.json"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    finished = {path.name for path in (course.ledger / "results").glob("*.json")}
    assert 2 <= len(finished) < 5
    before = {name: (course.ledger / "results" / name).stat().st_mtime_ns for name in finished}

    rows = grade_class(course, ["resnet"])
    assert all(row.report is not None for row in rows)
    assert set(gradebook_points(course)) == {"a", "b", "c", "d", "e"}
    assert everything_recorded(course) == [(student, RunState.SCORED) for student in "abcde"]
    assert {name: (course.ledger / "results" / name).stat().st_mtime_ns for name in finished} == before
    for student in "abcde":
        nbformat.read(course.autograded / student / "resnet" / "resnet.ipynb", as_version=4)


def test_two_graders_do_not_write_at_once(course: Course, hand_in: HandIn) -> None:
    hand_in("lisa", "resnet", "reference")
    with FileLock(str(course.root / ".grading.lock")), pytest.raises(EnvironmentFault, match="Another"):
        grade_class(course, ["resnet"])


def test_an_unknown_student_is_named_with_those_that_are_there(course: Course, hand_in: HandIn) -> None:
    hand_in("lisa", "resnet", "untouched")
    with pytest.raises(InvalidConfig, match=r"nobody.*lisa"):
        grade_class(course, ["resnet"], students=["nobody"])


def test_an_assignment_that_was_not_released_says_how_to(course: Course, hand_in: HandIn) -> None:
    hand_in("lisa", "lenet", b"{}")
    with pytest.raises(InvalidAssignment, match="grader release lenet"):
        grade_class(course, ["lenet"])


def test_an_empty_class_is_no_error(course: Course) -> None:
    assert grade_class(course, ["resnet"]) == []


def test_a_student_who_is_not_on_the_roster_is_not_graded(course: Course, hand_in: HandIn) -> None:
    (course.root / "roster.csv").write_text("id,name\nlisa,Lisa Simpson\n")
    hand_in("sideshow", "resnet", "untouched")
    (row,) = grade_class(course, ["resnet"])
    assert row.status is GradingStatus.NOT_GRADED
    assert "roster.csv" in row.problem


def test_the_contest_without_a_data_set_is_not_graded_and_not_a_zero(course: Course, hand_in: HandIn) -> None:
    hand_in("lisa", "springfield", "reference")
    (row,) = grade_class(course, ["springfield"])
    assert row.status is GradingStatus.NOT_GRADED
    assert "grader dataset" in row.problem
    assert gradebook_points(course, "springfield") == {}


def test_a_full_disk_loses_nothing(course: Course, hand_in: HandIn) -> None:
    """The class lives on a file system of 3 MiB that fills up while results are written."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("a small file system can be mounted by root only")
    hand_in("lisa", "resnet", "reference")
    grade_class(course, ["resnet"])
    points = gradebook_points(course)
    small = course.root / "ledger" / "results"
    kept = small.rename(course.root / "results-kept")
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)], check=True)
    try:
        (small / "filler").write_bytes(b"x" * 60_000)
        hand_in("bart", "resnet", "untouched")
        with pytest.raises(EnvironmentFault, match="No space left") as full:
            grade_class(course, ["resnet"], students=["bart"])
        assert "run the same command again" in full.value.remedy
        assert [p.name for p in small.iterdir()] == ["filler"]
    finally:
        subprocess.run(["umount", str(small)], check=True)
    small.rmdir()
    kept.rename(small)
    assert gradebook_points(course) == points
    rows = by_student(grade_class(course, ["resnet"]))
    assert rows["lisa"].status is GradingStatus.UNCHANGED
    assert rows["bart"].report is not None


@pytest.mark.parametrize("module", ["grader.pipeline", "grader.service.watcher.loop", "grader.audit.running"])
def test_what_only_hands_out_work_loads_no_torch(module: str) -> None:
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
