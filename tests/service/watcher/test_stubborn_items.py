"""Items of the inbox that ended the watcher once: each costs only itself, and the neighbour behind it is graded."""

from __future__ import annotations

import io
import json
import zipfile

import nbformat
import pytest
from classroom import student_notebook
from watched_class import Class

from grader.collect import uploads as page_uploads
from grader.collect.submissions import TIMESTAMP, find_submissions
from grader.errors import EnvironmentFault
from grader.record.database import RunState
from grader.record.database.decisions import audit_lines
from grader.record.planning import Row
from grader.record.recorder import Recorder
from grader.service.watcher import loop, uploads


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


NAMES = {  # of what an archive holds, by who hands it in
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


def test_an_archive_with_names_that_cannot_be_written_is_refused(classroom: Class) -> None:
    students = {name.replace(" ", "-"): names for name, names in NAMES.items()}
    for student, names in students.items():
        classroom.inbox.put_upload(classroom.invite(student), "resnet", "x.zip", archive_with(classroom, names))
    a_neighbour_is_graded(classroom)
    for student in students:
        (upload,) = classroom.uploads(student)
        assert upload.state is RunState.FAILED, student
        assert "under a name that cannot be written" in upload.message, student
    assert [found.student for found in find_submissions(classroom.course, ["resnet"])] == ["neighbour"]


def test_an_archive_with_ordinary_names_is_taken(classroom: Class) -> None:
    names = ["л" * 127, "a/b", "a/c/d", "b", "timestamp.txt"]
    classroom.inbox.put_upload(classroom.invite("lisa"), "resnet", "x.zip", archive_with(classroom, names))
    classroom.watch()
    assert [upload.state for upload in classroom.uploads("lisa")] == [RunState.SCORED]


def test_the_page_knows_the_name_of_the_time_stamp() -> None:
    assert page_uploads._STAMP == TIMESTAMP


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
    monkeypatch.setattr(
        Recorder, "record", lambda me, s, *a, **m: broken() if s.student == "lisa" else record(me, s, *a, **m)
    )
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


FIELDS = {
    "an access beyond 64 bits": {"access_id": 10**30},
    "a negative access": {"access_id": -1},
    "the first moment of all": {"at": "0001-01-01T00:00:00+14:00"},
    "the last moment of all": {"at": "9999-12-31T23:59:59-14:00"},
    "half a character": {"filename": "\ud800.ipynb"},
}


@pytest.mark.parametrize("fields", FIELDS.values(), ids=FIELDS)
def test_an_item_with_fields_beyond_all_bounds_is_passed_over(classroom: Class, fields: dict[str, object]) -> None:
    item = classroom.upload(classroom.invite("lisa"), "untouched")
    path = classroom.inbox.folder / item.id / "item.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))
    a_neighbour_is_graded(classroom)
    assert classroom.uploads("lisa") == []
    assert classroom.inbox.strangers() == [item.id]


def test_a_folder_in_the_way_of_an_item_that_goes_stops_nothing(classroom: Class) -> None:
    item = classroom.upload(classroom.invite("lisa"), "untouched")
    with classroom.looping() as watcher:
        in_the_way = classroom.inbox.folder / f".writing-{item.id}-gone"
        in_the_way.mkdir()
        (in_the_way / "x").write_text("x")
        while watcher.step() or not watcher.is_idle:
            pass
    assert classroom.inbox.items() == []
    assert [upload.state for upload in classroom.uploads("lisa")] == [RunState.SCORED]


@pytest.mark.parametrize("kind", ["nothing", "a link", "a file", "a folder"])
def test_whatever_stands_under_the_name_of_an_item_can_be_removed(classroom: Class, kind: str) -> None:
    kept = classroom.course.root / "kept"
    kept.mkdir()
    path = classroom.inbox.folder / ("0" * 32)
    path.parent.mkdir(exist_ok=True)
    match kind:
        case "a link":
            path.symlink_to(kept)
        case "a file":
            path.write_text("x")
        case "a folder":
            (path / "deep").mkdir(parents=True)
    classroom.inbox.remove(path.name)
    assert list(classroom.inbox.folder.iterdir()) == []
    assert kept.is_dir()


REQUESTS = [
    ("quota", {"per_day": "inf", "in_total": "1"}),
    ("quota", {"per_day": "nan", "in_total": "1"}),
    ("quota", {"per_day": "1" + "0" * 30, "in_total": "1"}),
    ("quota", {"per_day": "1", "in_total": "9" * 2000}),
    ("deadline", {"assignment": "resnet", "when": "0001-01-01T00:00"}),
    ("deadline", {"assignment": "resnet", "when": "9999-12-31T23:59-14:00"}),
    ("override", {"student": "lisa", "assignment": "resnet", "points": "inf", "reason": "x"}),
]


def test_requests_with_numbers_and_dates_beyond_all_bounds_are_refused(classroom: Class) -> None:
    classroom.invite("lisa")
    before = (classroom.course.root / "class.toml").read_bytes()
    teacher = classroom.teacher()
    for action, fields in REQUESTS:
        classroom.inbox.put_request(teacher, action, **fields)
    a_neighbour_is_graded(classroom)
    assert [line.action for line in audit_lines(classroom.database)] == ["refused"] * len(REQUESTS)
    assert not [line for line in audit_lines(classroom.database) if line.author == "grader"]
    assert (classroom.course.root / "class.toml").read_bytes() == before
