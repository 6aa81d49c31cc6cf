"""What a student cannot cause never costs a point; what may be the student's doing counts the second time."""

from __future__ import annotations

import os
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import partial
from pathlib import Path

import nbformat
import pytest
from classroom import HandIn, in_this_process, source_notebook, student_notebook
from killing import PAUSE, killer

from grader.audit.answers import Answer, reference_answer
from grader.course.assignment import Assignment, load_assignment
from grader.course.folder import Course
from grader.course.gradebook import open_gradebook
from grader.files import write_atomically
from grader.fleet.fleet import Fleet, run_all
from grader.fleet.leftovers import sweep_class
from grader.fleet.workers import local_workers
from grader.grading.autograding import autograde
from grader.grading.job import Conditions, Job
from grader.grading.seal import seal
from grader.outcomes import Outcome
from grader.pipeline import grade_class as grade_class_with_workers
from grader.record.database import ClassDatabase
from grader.record.ledger import Ledger
from grader.record.planning import GradingStatus, Row
from grader.sandbox.devices import CPU

grade_class = partial(grade_class_with_workers, workers=in_this_process)


def ending_with(code: str, *cells: str) -> Answer:
    """The reference answer to `resnet`, with code at the end of some of its cells."""
    right = reference_answer(source_notebook("resnet")).cells
    return Answer("reference and more", {cell: f"{right[cell]}\n{code}\n" for cell in cells})


PAUSING = ending_with(PAUSE, "task2_make_stage")


def full_points(course: Course) -> float:
    return sum(cell.points for cell in load_assignment(course.gradebook_url, "resnet").cells if cell.is_test)


def recorded(course: Course) -> list[float | None]:
    with ClassDatabase.open(course.database_url) as database:
        return [report.record.points for report in database.reports(every_run=True)]


def lost(row: Row) -> set[str]:
    assert row.report is not None
    return {task.grade_id for task in row.report.tasks if task.is_lost}


def notes(row: Row) -> str:
    assert row.report is not None
    return "\n".join(row.report.notes)


@pytest.mark.parametrize(
    "victim", [pytest.param("bwrap", marks=pytest.mark.slow), pytest.param("zygote", marks=pytest.mark.slow), "kernel"]
)
def test_what_is_killed_once_from_outside_costs_nothing(course: Course, hand_in: HandIn, victim: str) -> None:
    hand_in("lisa", "resnet", PAUSING)
    with killer(victim, 1) as killed:
        (row,) = grade_class(course, ["resnet"])
    assert len(killed) == 1
    assert (row.status, row.report.points) == (GradingStatus.GRADED, full_points(course))
    assert recorded(course) == [full_points(course)]
    assert ("An earlier run of this notebook was killed" in notes(row)) == (victim == "kernel")


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["bwrap", "zygote"])
def test_a_sandbox_that_always_dies_is_not_graded_and_graded_later(
    course: Course, hand_in: HandIn, victim: str
) -> None:
    hand_in("lisa", "resnet", PAUSING)
    hand_in("bart", "resnet", "reference")
    with killer(victim, 9) as killed:
        bart, lisa = grade_class(course, ["resnet"])
    assert len(killed) == 2
    assert (lisa.status, lisa.report) == (GradingStatus.NOT_GRADED, None)
    assert "the sandbox was ended from outside" in lisa.problem
    assert bart.report.points == full_points(course)
    with open_gradebook(course) as gradebook:
        assert [one.student.id for one in gradebook.assignment_submissions("resnet")] == ["bart"]
    assert Ledger(course.ledger).current("resnet", "lisa") == ""
    assert [row.status for row in grade_class(course, ["resnet"])] == [GradingStatus.UNCHANGED, GradingStatus.GRADED]
    assert recorded(course) == [full_points(course)] * 2


def test_a_process_that_is_killed_each_time_is_the_students_and_that_is_said(course: Course, hand_in: HandIn) -> None:
    hand_in("lisa", "resnet", ending_with("import os\nos.kill(os.getpid(), 9)", "task2_make_stage"))
    (row,) = grade_class(course, ["resnet"])
    assert row.status is GradingStatus.GRADED
    assert 0 < row.report.points < full_points(course)
    assert "task2_make_stage: it was killed, in two runs out of two" in notes(row)
    assert "An earlier run of this notebook was killed" in notes(row)
    assert any("in two runs out of two" in task.message for task in row.report.tasks)
    assert recorded(course) == [row.report.points]


ENDINGS = {
    "task1_basic_block": "exit()",
    "task2_make_stage": "quit()\nget_ipython().ask_exit()",
    "task3_resnet": "get_ipython().kernel.do_shutdown(False)",
}


@pytest.mark.parametrize("language", ["en", "ru"])
def test_exit_costs_nothing_and_is_told_with_its_cell(course: Course, hand_in: HandIn, language: str) -> None:
    config = course.root / "class.toml"
    config.write_text(config.read_text().replace('language = "en"', f'language = "{language}"'))
    course = Course.open(course.root)
    right = reference_answer(source_notebook("resnet")).cells
    hand_in("lisa", "resnet", Answer("ends", {cell: f"{right[cell]}\n{code}" for cell, code in ENDINGS.items()}))
    (row,) = grade_class(course, ["resnet"])
    assert row.report.points == full_points(course)
    said = "take it out" if language == "en" else "уберите её"
    told = [note for note in row.report.notes if said in note]
    assert [note.split(":")[0] for note in told] == list(ENDINGS)
    executed = nbformat.read(course.autograded / "lisa" / "resnet" / "resnet.ipynb", as_version=4)
    troubled = [cell for cell in executed.cells if said in cell.metadata.get("springfield", {}).get("trouble", "")]
    assert [cell.metadata.nbgrader.grade_id for cell in troubled] == list(ENDINGS)


def test_a_cell_that_ends_the_process_a_moment_later_costs_itself_alone(course: Course, hand_in: HandIn) -> None:
    """Not the cell, or the test, that runs when it happens."""
    later = "import os, threading\nthreading.Timer(0.1, os._exit, [3]).start()"
    hand_in("lisa", "resnet", ending_with(later, "task2_make_stage"))
    hand_in("bart", "resnet", ending_with("import os\nos._exit(3)", "task2_make_stage"))
    bart, lisa = grade_class(course, ["resnet"])
    # A test of the cell's own that is done before the end comes has been passed; how many are is a matter of speed.
    assert lost(lisa) <= lost(bart) < {task.grade_id for task in bart.report.tasks}
    assert "task2_make_stage: it ended itself with exit code 3 (os._exit?)" in notes(lisa)
    executed = nbformat.read(course.autograded / "lisa" / "resnet" / "resnet.ipynb", as_version=4)
    troubled = [cell for cell in executed.cells if "trouble" in cell.metadata.get("springfield", {})]
    assert [cell.metadata.nbgrader.grade_id for cell in troubled] == ["task2_make_stage"]


@pytest.mark.slow
def test_autograde_leaves_to_a_person_what_could_not_be_run(course: Course) -> None:
    assignment = load_assignment(course.gradebook_url, "resnet")
    notebook = seal(student_notebook(course, "resnet", PAUSING), assignment).notebook
    before = nbformat.writes(notebook)
    folder = course.root / "submitted"
    with killer("zygote", 1):
        assert autograde(notebook, course, "resnet", folder).report.points == full_points(course)
    with killer("zygote", 2):
        examined = autograde(notebook, course, "resnet", folder)
    assert nbformat.writes(notebook) == before
    assert {task.outcome for task in examined.report.tasks} == {Outcome.NOT_GRADED}
    marks = [cell.metadata.get("springfield", {}).get("outcome") for cell in examined.notebook.cells]
    assert marks.count("not_graded") == len(examined.report.tasks) > 0


def which_worker(job: Job) -> int:
    if job.key == "crash" and job.faults == 0:
        os._exit(1)
    return os.getpid()


def once_more(job: Job, result: int | Exception) -> Job | None:
    return replace(job, faults=1) if isinstance(result, BrokenProcessPool) else None


@pytest.mark.slow
def test_a_worker_that_has_crashed_is_replaced_once_and_its_work_is_tried_again_alone() -> None:
    assignment = Assignment("resnet", ())
    work = [(key, Job(key, b"", (), assignment, Conditions())) for key in ("first", "crash", "a", "b", "c")]
    with Fleet[str, int]([CPU], local_workers, which_worker) as fleet:
        done = {finished.item: finished.result for finished in run_all(fleet, work, once_more)}
    assert list(done) == ["first", "b", "c", "crash", "a"]  # `a` waited in the lane of the worker that crashed
    assert len({done[item] for item in ("a", "b", "c", "crash")}) == 1
    assert done["first"] != done["a"]


def test_what_a_killed_writer_left_is_removed_and_what_a_living_one_writes_stays(course: Course) -> None:
    gone = os.fork()
    if gone == 0:
        os._exit(0)
    os.waitpid(gone, 0)

    def unfinished(pid: int) -> list[Path]:
        files = [course.root / f".writing-{pid}-x", course.ledger / "results" / f".writing-{pid}-x"]
        files.append(course.ledger / "current" / "resnet" / f".writing-{pid}-x")
        folders = [course.autograded / "lisa" / f".recording-{pid}-x", course.submitted / "lisa" / f".placing-{pid}-x"]
        for path in files:
            write_atomically(path, b"x")
        for path in folders:
            (path / "new").mkdir(parents=True)
        return files + folders

    left, own = unfinished(gone), unfinished(os.getpid())
    sweep_class(course)
    assert [path for path in left if path.exists()] == []
    assert [path for path in own if not path.exists()] == []
