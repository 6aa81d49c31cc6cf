"""The watcher on a real class: inbox to points, and what happens when it is stopped anywhere."""

from __future__ import annotations

import json
import shutil

import pytest
from watched_class import Class

from grader.collect.submissions import find_submissions
from grader.record.database import RunState
from grader.record.database.decisions import audit_lines, feedback_of, grades_of
from grader.record.database.integrity import IntegrityRecord, integrity_of
from grader.record.database.queries import Board
from grader.record.ledger import Ledger


def test_an_upload_becomes_points_a_grade_and_feedback(classroom: Class) -> None:
    lisa = classroom.invite("lisa")
    classroom.upload(lisa, "untouched")
    classroom.watch()
    (upload,) = classroom.uploads("lisa")
    assert upload.state is RunState.SCORED
    assert classroom.inbox.items() == []
    with Board.open(classroom.course.database_url) as board:
        assert [row.points for row in board.standings("resnet")] == [0]
        assert [grade.points for grade in grades_of(board, "lisa") if grade.assignment == "resnet"] == [0]
        assert b"<!DOCTYPE html>" in feedback_of(board, "lisa", "resnet")


def test_the_same_file_again_costs_nothing(classroom: Class) -> None:
    lisa = classroom.invite("lisa")
    for _number in range(2):
        classroom.upload(lisa, "untouched")
        classroom.watch()
    second, first = classroom.uploads("lisa")
    assert (second.state, second.run_key) == (RunState.SCORED, first.run_key)
    assert "this very file before" in second.message or "этот самый файл" in second.message
    assert len(classroom.database.reports(every_run=True)) == 1


def test_a_file_of_another_assignment_fails_with_its_reason(classroom: Class) -> None:
    lisa = classroom.invite("lisa")
    item = classroom.upload(lisa, "untouched", "vgg")
    path = classroom.inbox.folder / item.id / "item.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "assignment": "resnet"}))
    classroom.watch()
    (upload,) = classroom.uploads("lisa")
    assert upload.state is RunState.FAILED
    assert "resnet.ipynb" in upload.message
    assert find_submissions(classroom.course, ["resnet"]) == []


def test_a_watcher_that_died_after_recording_grades_nothing_twice(classroom: Class) -> None:
    lisa = classroom.invite("lisa")
    item = classroom.upload(lisa, "untouched")
    kept = classroom.course.root / "kept"
    shutil.copytree(classroom.inbox.folder / item.id, kept)
    classroom.watch()
    kept.rename(classroom.inbox.folder / item.id)  # as if it had died before it emptied the inbox
    classroom.watch()
    assert classroom.inbox.items() == []
    assert len(classroom.database.reports(every_run=True)) == 1
    assert len(classroom.uploads("lisa")) == 1


def test_what_lies_in_submitted_is_graded_too(classroom: Class, hand_in) -> None:
    hand_in("bart", "resnet", "untouched")
    classroom.watch()
    assert Ledger(classroom.course.ledger).current("resnet", "bart")


@pytest.mark.parametrize("damage", ["nobody's access", "revoked", "a teacher's", "no json", "a link", "unknown slug"])
def test_an_item_that_nobody_may_leave_is_dropped(classroom: Class, damage: str) -> None:
    lisa = classroom.invite("lisa")
    item = classroom.upload(lisa, "untouched")
    folder = classroom.inbox.folder / item.id
    plain = json.loads((folder / "item.json").read_text())
    match damage:
        case "nobody's access":
            plain["access_id"] = 999
        case "revoked":
            classroom.invite("lisa")
        case "a teacher's":
            plain["access_id"] = classroom.teacher()
        case "unknown slug":
            plain["assignment"] = "../../etc"
    (folder / "item.json").write_text(json.dumps(plain))
    if damage == "no json":
        (folder / "item.json").write_text("{" * 5000)
    if damage == "a link":
        (folder / "file").unlink()
        (folder / "file").symlink_to("/etc/passwd")
    classroom.watch()
    assert find_submissions(classroom.course, ["resnet"]) == []
    assert [upload.state for upload in classroom.uploads("lisa")] in ([], [RunState.FAILED])


def test_a_teachers_requests_are_carried_out_once_and_logged(classroom: Class) -> None:
    classroom.upload(classroom.invite("lisa"), "untouched")
    classroom.watch()
    edna = classroom.teacher()
    classroom.inbox.put_request(edna, "override", student="lisa", assignment="resnet", points="7.5", reason="said it")
    classroom.inbox.put_request(edna, "rejudge", student="lisa", assignment="resnet")
    classroom.inbox.put_request(edna, "override", student="lisa", assignment="resnet", points="1e9", reason="x")
    classroom.inbox.put_request(edna, "rm -rf", student="lisa")
    classroom.watch()
    with Board.open(classroom.course.database_url) as board:
        (grade,) = [grade for grade in grades_of(board, "lisa") if grade.assignment == "resnet"]
    assert (grade.points, grade.override, grade.reason) == (0, 7.5, "said it")
    assert len(classroom.database.reports(every_run=True)) == 2  # the rejudge is a run of its own
    actions = [line.action for line in audit_lines(classroom.database)]
    assert actions.count("refused") == 2
    assert {"override", "rejudge"} <= set(actions)


def test_a_students_request_does_nothing(classroom: Class) -> None:
    lisa = classroom.invite("lisa")
    classroom.inbox.put_request(lisa, "override", student="lisa", assignment="resnet", points="10", reason="please")
    classroom.watch()
    assert classroom.inbox.items() == []
    assert [(line.author, line.action) for line in audit_lines(classroom.database)] == [("lisa", "refused")]
    with Board.open(classroom.course.database_url) as board:
        assert all(grade.points is None and grade.override is None for grade in grades_of(board, "lisa"))


@pytest.mark.slow
def test_a_teacher_gets_an_integrity_report_and_a_student_none(classroom: Class) -> None:
    for student in ("lisa", "bart"):
        classroom.upload(classroom.invite(student), "reference")
    classroom.watch()
    classroom.inbox.put_request(classroom.invite("nelson"), "integrity", assignment="resnet")
    classroom.watch()
    with Board.open(classroom.course.database_url) as board:
        assert integrity_of(board, "resnet") == IntegrityRecord()
    edna = classroom.teacher()
    classroom.inbox.put_request(edna, "integrity", assignment="resnet")
    classroom.inbox.put_request(edna, "integrity", assignment="nosuch")
    classroom.watch()
    with Board.open(classroom.course.database_url) as board:
        found = integrity_of(board, "resnet")
    assert (found.students, found.asked_at) == (2, None)
    assert {one.students for one in found.findings} == {("bart", "lisa")}
    assert [line.action for line in audit_lines(classroom.database)] == ["refused", "integrity", "refused"]
