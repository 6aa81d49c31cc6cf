"""Items of the inbox that ended the watcher once: each costs only itself, and the neighbour behind it is graded."""

from __future__ import annotations

import io
import zipfile

import nbformat
import pytest
from classroom import student_notebook
from watched_class import Class

from grader import handing_in
from grader.database import RunState
from grader.database.decisions import audit_lines
from grader.errors import EnvironmentFault
from grader.pipeline import Row
from grader.record import Recorder
from grader.submissions import TIMESTAMP, find_submissions
from grader.watching import loop, uploads


def a_neighbour_is_graded(classroom: Class) -> None:
    classroom.upload(classroom.invite("neighbour"), "untouched")
    classroom.watch()
    assert [upload.state for upload in classroom.uploads("neighbour")] == [RunState.SCORED]
    assert classroom.inbox.items() == []


def archive_with(classroom: Class, names: list[str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("resnet.ipynb", nbformat.writes(student_notebook(classroom.course, "resnet", "untouched")))
        for name in names:
            archive.writestr(name, b"x")
    return made.getvalue()


NAMES = {
    "a file and a folder": ["a", "a/b"],
    "a folder and a file": ["a/b/c", "a"],
    "a long part": ["л" * 128],
    "a deep path": ["a/" * 600 + "b"],
    "a dot": ["."],
    "a dot within": ["a/./b"],
    "an empty part": ["a//b"],
    "an empty end": ["a\\"],
    "below the stamp": ["timestamp.txt/x"],
    "below the notebook": ["resnet.ipynb/x"],
}


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_an_archive_with_names_that_cannot_be_written_is_refused(classroom: Class, names: list[str]) -> None:
    classroom.inbox.put_upload(classroom.invite("lisa"), "resnet", "x.zip", archive_with(classroom, names))
    a_neighbour_is_graded(classroom)
    (upload,) = classroom.uploads("lisa")
    assert upload.state is RunState.FAILED
    assert "under a name that cannot be written" in upload.message
    assert [found.student for found in find_submissions(classroom.course, ["resnet"])] == ["neighbour"]


def test_an_archive_with_ordinary_names_is_taken(classroom: Class) -> None:
    names = ["л" * 127, "a/b", "a/c/d", "b", "timestamp.txt"]
    classroom.inbox.put_upload(classroom.invite("lisa"), "resnet", "x.zip", archive_with(classroom, names))
    classroom.watch()
    assert [upload.state for upload in classroom.uploads("lisa")] == [RunState.SCORED]


def test_the_page_knows_the_name_of_the_time_stamp() -> None:
    assert handing_in._STAMP == TIMESTAMP


def broken(*_arguments: object) -> None:
    raise EnvironmentFault("The disk is full.")


def test_an_upload_that_cannot_be_placed_fails_inside(classroom: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    place = uploads.place
    monkeypatch.setattr(uploads, "place", lambda *a: broken() if a[1] == "lisa" else place(*a))
    classroom.upload(classroom.invite("lisa"), "untouched")
    a_neighbour_is_graded(classroom)
    (upload,) = classroom.uploads("lisa")
    assert upload.state is RunState.FAILED
    assert upload.message.startswith("INTERNAL")
    (line,) = audit_lines(classroom.database)
    assert (line.action, line.detail) == ("internal", "EnvironmentFault('The disk is full.')")


def test_a_result_that_cannot_be_recorded_fails_inside(classroom: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    record = Recorder.record
    monkeypatch.setattr(Recorder, "record", lambda me, s, *a: broken() if s.student == "lisa" else record(me, s, *a))
    classroom.upload(classroom.invite("lisa"), "untouched")
    a_neighbour_is_graded(classroom)
    assert classroom.uploads("lisa")[0].message.startswith("INTERNAL")


def test_a_folder_that_cannot_be_started_is_tried_once(
    classroom: Class, hand_in, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    prepare = loop.prepare

    def prepared(submission, *others) -> Row:
        if submission.student == "lisa":
            tried.append(submission.student)
            raise RuntimeError("no")
        return prepare(submission, *others)

    monkeypatch.setattr(loop, "prepare", prepared)
    hand_in("lisa", "resnet", "untouched")
    a_neighbour_is_graded(classroom)
    assert tried == ["lisa"]
    assert [line.subject for line in audit_lines(classroom.database)] == ["lisa / resnet"]


def test_a_request_that_raises_is_refused_once(classroom: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "carry_out", broken)
    classroom.inbox.put_request(classroom.teacher(), "rejudge", student="lisa", assignment="resnet")
    a_neighbour_is_graded(classroom)
    assert [line.action for line in audit_lines(classroom.database)] == ["refused"]
