"""What the ledger knows comes back, wherever it was lost; nothing is run for it, and it is said."""

import json
import shutil
from pathlib import Path

import pytest
from command_line import grader
from whole_class import Known, grade_without_running, known

from grader.course.folder import Course
from grader.course.gradebook import open_gradebook
from grader.record.database import ClassDatabase
from grader.record.database.access import AccessList
from grader.record.database.decisions import Decisions
from grader.record.planning import GradingStatus
from grader.record.upkeep.stored_results import Store


def sqlite_file(course: Course, name: str) -> Path:
    return course.root / {"gradebook": "gradebook.db", "database": "board/class.db"}[name]


def delete(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


def test_an_untouched_class_is_unchanged(graded: Course, before: Known) -> None:
    rows = grade_without_running(graded)
    assert {row.status for row in rows.values()} == {GradingStatus.UNCHANGED}
    assert known(graded) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lost", "store"),
    [("gradebook", Store.GRADEBOOK), ("database", Store.DATABASE), ("autograded", Store.AUTOGRADED)],
)
def test_what_was_deleted_is_recorded_again(graded: Course, before: Known, lost: str, store: Store) -> None:
    if lost == "autograded":
        shutil.rmtree(graded.autograded)
    else:
        delete(sqlite_file(graded, lost))
    rows = grade_without_running(graded)
    assert {(row.status, row.lacked) for row in rows.values()} == {(GradingStatus.RECORDED, (store,))}
    assert known(graded) == before
    assert {row.status for row in grade_without_running(graded).values()} == {GradingStatus.UNCHANGED}


@pytest.mark.slow
@pytest.mark.parametrize("lost", ["gradebook", "database"])
def test_an_older_copy_takes_what_is_newer_from_the_ledger(graded: Course, tmp_path: Path, lost: str) -> None:
    """Bart's first, weak submission is in the copy; then he hands in Lisa's."""
    path = sqlite_file(graded, lost)
    shutil.copy(path, tmp_path / "older")
    better = (graded.submitted / "lisa/resnet/resnet.ipynb").read_bytes()
    (graded.submitted / "bart/resnet/resnet.ipynb").write_bytes(better)
    assert grader("grade", "resnet", "--class", graded.root, "--slots", "1").returncode == 0
    newer = known(graded)
    delete(path)
    shutil.copy(tmp_path / "older", path)
    rows = grade_without_running(graded)
    assert rows["bart"].status is GradingStatus.RECORDED
    assert rows["lisa"].status is GradingStatus.UNCHANGED
    assert known(graded) == newer


@pytest.mark.slow
def test_the_command_says_what_was_lost_and_exports_nothing_in_silence(graded: Course, before: Known) -> None:
    whole = grader("export", cwd=graded.root)
    (graded.root / "gradebook.db").unlink()
    exported = grader("export", cwd=graded.root)
    assert exported.returncode == 1
    assert "does not hold 2 results" in exported.stderr
    assert "lisa resnet" in exported.stderr
    assert "grader grade" in exported.stderr
    done = grader("grade", "resnet", cwd=graded.root)
    assert done.returncode == 0, done.stderr
    assert "2 recorded again from the ledger" in done.stdout
    assert "lost in the gradebook: bart resnet, lisa resnet" in done.stdout
    assert "by hand" in done.stdout
    assert "released again" in done.stderr
    again = grader("export", cwd=graded.root)
    assert (again.returncode, again.stdout) == (0, whole.stdout)
    assert known(graded) == before


@pytest.mark.slow
def test_the_doctor_finds_and_repairs_on_purpose(graded: Course, before: Known) -> None:
    (graded.root / "gradebook.db").write_bytes(b"\x00garbage\xff" * 500)
    shutil.rmtree(graded.autograded / "lisa")
    delete(sqlite_file(graded, "database"))
    looked = grader("doctor", graded.root, "--json")
    found = {line["what"]: line for line in json.loads(looked.stdout)}
    assert looked.returncode == 1
    assert "--repair" in found["gradebook"]["remedy"]
    done = grader("doctor", graded.root, "--repair")
    assert "gradebook.db.damaged-" in done.stdout
    assert "2 results were lost in the class database" in done.stdout
    assert "2 stand, in every place" in done.stdout
    assert done.returncode == 1, "the other assignments' definitions are not back"
    assert "ok   resnet: released" in done.stdout
    assert {row.status for row in grade_without_running(graded).values()} == {GradingStatus.UNCHANGED}
    assert known(graded) == before
    assert len(list(graded.root.glob("gradebook.db.damaged-*"))) == 1


@pytest.mark.slow
def test_manual_points_are_never_overwritten_with_nothing(graded: Course) -> None:
    """Formgrader writes into the gradebook alone; `grader feedback` tells the page."""
    from grader.record.grades import publish_grades

    with open_gradebook(graded) as gradebook:
        grade = gradebook.find_submission_notebook("resnet", "resnet", "bart").grades[0]
        grade.manual_score = (grade.auto_score or 0) + 2
        gradebook.db.commit()
    publish_grades(graded, [("bart", "resnet")])
    given = known(graded)
    (graded.root / "gradebook.db").unlink()
    rows = grade_without_running(graded)
    assert rows["bart"].kept_by_hand
    assert not rows["lisa"].kept_by_hand
    after = known(graded)
    assert after.page == given.page
    assert [line.points for line in after.export] == [line.points for line in given.export]
    assert "by hand" in after.export[0].reason
    assert grade_without_running(graded)["bart"].status is GradingStatus.UNCHANGED
    assert known(graded) == after


def test_manual_points_stay_in_a_gradebook_that_is_there(graded: Course) -> None:
    with open_gradebook(graded) as gradebook:
        grade = gradebook.find_submission_notebook("resnet", "resnet", "bart").grades[0]
        grade.manual_score, grade.needs_manual_grade = 1.5, False
        gradebook.db.commit()
    shutil.rmtree(graded.autograded)
    delete(sqlite_file(graded, "database"))
    assert grade_without_running(graded)["bart"].lacked == (Store.AUTOGRADED, Store.DATABASE)
    with open_gradebook(graded) as gradebook:
        grade = gradebook.find_submission_notebook("resnet", "resnet", "bart").grades[0]
        assert (grade.manual_score, grade.needs_manual_grade) == (1.5, False)


@pytest.mark.slow
def test_a_regraded_result_stands_though_the_class_database_has_forgotten_the_request(graded: Course) -> None:
    with ClassDatabase.open(graded.database_url) as database:
        Decisions(database).add_regrade("bart", "resnet")
    assert grader("grade", "resnet", "--class", graded.root, "--slots", "1").returncode == 0
    key = (graded.ledger / "current/resnet/bart").read_text()
    delete(sqlite_file(graded, "database"))
    assert grade_without_running(graded)["bart"].status is GradingStatus.RECORDED
    assert (graded.ledger / "current/resnet/bart").read_text() == key
    with ClassDatabase.open(graded.database_url) as database:
        assert Decisions(database).regrade_counts() == {("bart", "resnet"): 1}


def test_an_invitation_list_does_not_become_the_roster(graded: Course, tmp_path: Path) -> None:
    """Part of a class is invited; the others, graded and new, are graded as before."""
    (tmp_path / "9a.csv").write_text("id,name\nlisa,Lisa Simpson\n")
    (tmp_path / "9b.csv").write_text("id,name\nmilhouse,Milhouse\n")
    for name in ("9a.csv", "9b.csv"):
        invited = grader("invite", tmp_path / name, "--class", graded.root, "--to", tmp_path / "links.csv")
        assert invited.returncode == 0, invited.stderr
    assert not (graded.root / "roster.csv").exists()
    rows = grade_without_running(graded)
    assert {row.status for row in rows.values()} == {GradingStatus.UNCHANGED}
    with ClassDatabase.open(graded.database_url) as database:
        assert {line.student_id for line in AccessList(database).every()} == {"lisa", "milhouse"}
