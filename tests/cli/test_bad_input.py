"""Files as people bring them: tables of spreadsheets, dates, time stamps, notebooks that are none."""

import zipfile
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import nbformat
import pytest
import torch
from classroom import HandIn, student_notebook

from grader import crashes
from grader.checks.values import same_value
from grader.collect.archives import unpack
from grader.collect.folders import collect
from grader.collect.submissions import read_stamp
from grader.course.assignment import load_assignment
from grader.course.config import load_config
from grader.course.folder import Course
from grader.course.roster import Person, read_people
from grader.errors import CheckFailed, InvalidConfig, InvalidSubmission
from grader.grading.seal import seal
from grader.notebook import read_notebook

ROSTER = "id;name\r\nlisa;Лиза Симпсон\r\n  ;Никто\r\nbart;Барт, «Эль Барто»\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "cp866", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", [";", "\t", ","])
def test_a_roster_is_read_as_a_russian_spreadsheet_saves_it(tmp_path: Path, encoding: str, mark: str) -> None:
    text = ROSTER.replace("Барт,", "Барт").replace(";", mark)
    (tmp_path / "roster.csv").write_bytes(text.encode(encoding, "replace"))
    people = read_people(tmp_path / "roster.csv")
    assert people[0] == Person("lisa", "Лиза Симпсон", "")
    assert [person.id for person in people] == ["lisa", "bart"]  # an id of spaces is nobody's, for every reader


def test_a_comma_in_a_name_and_excel_s_hint_change_no_columns(tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text(f"sep=;\r\n{ROSTER}", encoding="utf-8")
    assert read_people(tmp_path / "roster.csv")[1].name == "Барт, «Эль Барто»"


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"PK\x03\x04xl/workbook.xml", "workbook of a spreadsheet"), (b"", "is empty"), (b"<html>", "web page")],
)
def test_what_is_no_table_is_called_what_it_is(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "roster.csv").write_bytes(data)
    with pytest.raises(InvalidConfig, match=said) as caught:
        read_people(tmp_path / "roster.csv")
    assert "CSV UTF-8" in caught.value.remedy


@pytest.mark.parametrize("value", ["2026-12-01", '"2026-12-01"'])
def test_a_deadline_that_is_a_date_is_the_end_of_that_day(tmp_path: Path, value: str) -> None:
    (tmp_path / "class.toml").write_text(f'name = "x"\n[assignments.resnet]\ndeadline = {value}\n')
    deadline = load_config(tmp_path / "class.toml").deadline_of("resnet")
    assert deadline == datetime(2026, 12, 1, 23, 59, 59, tzinfo=ZoneInfo("Europe/Moscow"))


def test_a_password_in_a_wrong_setting_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "class.toml").write_text('name = "x"\ngradebook = "mysql://u:hush@host/x"\n')
    with pytest.raises(InvalidConfig) as caught:
        load_config(tmp_path / "class.toml")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "hour", "is_unknown"),
    [
        ("2026-12-01 10:00:00 MSK", 7, False),
        ("2026-12-01 10:00:00 Europe/Moscow", 7, False),
        ("2026-12-01 10:00:00.5 UTC", 10, False),
        ("2026-12-01T10:00:00+03:00", 7, False),
        ("2026-12-01 10:00:00", 10, False),
        ("2026-12-01 10:00:00 QXZ", 10, True),
    ],
)
def test_a_time_stamp_s_zone_is_understood_or_said_not_to_be(text: str, hour: int, is_unknown: bool) -> None:
    moment, remark = read_stamp(text)
    assert (moment.tzinfo, moment.hour) == (UTC, hour)
    assert ("QXZ" in remark) == is_unknown


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"# coding: utf-8\nimport torch\n", "Python program"),
        (b'{\n "cells": [\n<<<<<<< HEAD\n {}\n=======\n>>>>>>> x\n', "merge conflict"),
        ('{"cells": []}'.encode("utf-16"), "UTF-16"),
        ('{"cells": []}'.encode("utf-16-le"), "UTF-16"),
        (b"PK\x03\x04", "archive"),
        (b"%PDF-1.7", "PDF"),
        (b'{"cells": [', "NotJSONError"),
    ],
)
def test_a_file_that_is_no_notebook_is_called_what_it_is(data: bytes, said: str) -> None:
    with pytest.raises(InvalidSubmission, match=said) as caught:
        read_notebook(data)
    assert caught.value.remedy


def test_reading_a_notebook_writes_nothing_on_the_teacher_s_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    cell = '{"cell_type": "code", "metadata": {}, "source": "x", "outputs": [], "execution_count": null, "odd": 1}'
    read_notebook(f'{{"cells": [{cell}, {cell}], "metadata": {{}}, "nbformat": 4, "nbformat_minor": 5}}'.encode())
    assert capfd.readouterr() == ("", "")


def test_line_ends_of_windows_change_no_locked_cell(course: Course) -> None:
    notebook = student_notebook(course, "resnet", "reference")
    for cell in notebook.cells:
        cell.source = cell.source.replace("\n", "\r\n")
    sealed = seal(notebook, load_assignment(course.gradebook_url, "resnet"))
    assert not [note for note in sealed.notes if "locked" in note]
    assert not [cell for cell in sealed.notebook.cells if "\r" in cell.source]


def test_other_endings_of_a_notebook_are_taken_and_a_wrong_name_is_answered(course: Course, tmp_path: Path) -> None:
    notebook = nbformat.writes(student_notebook(course, "resnet", "untouched"))
    names = ["lisa_resnet.IPYNB", "bart_resnet.ipynb.txt", "homer/resnet.ipynb.json"]
    with zipfile.ZipFile(tmp_path / "lms.zip", "w") as archive:
        for name in names:
            archive.writestr(name, notebook)
    assert collect(course, "resnet", tmp_path / "lms.zip").students == ("bart", "homer", "lisa")
    with pytest.raises(InvalidConfig, match="no assignment 'reznet'") as caught:
        collect(course, "reznet", tmp_path / "lms.zip")
    assert "Did you mean 'resnet'?" in caught.value.remedy


def test_an_encrypted_archive_is_told_to_be_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "lms.zip", "w") as archive:
        archive.writestr("lisa_resnet.ipynb", "{}")
    data = bytearray((tmp_path / "lms.zip").read_bytes())
    for offset in (data.find(b"PK\x03\x04") + 6, data.find(b"PK\x01\x02") + 8):
        data[offset] |= 1
    (tmp_path / "lms.zip").write_bytes(bytes(data))
    with pytest.raises(InvalidSubmission, match="encrypted: unpack the archive with its password"):
        unpack(tmp_path / "lms.zip", tmp_path / "there")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_called_by_its_name(dtype: torch.dtype) -> None:
    right = torch.tensor([1.2345, 0.3333])
    with pytest.raises(CheckFailed) as caught:
        same_value(right.to(dtype), right)
    assert str(dtype).removeprefix("torch.") in caught.value.remedy


def test_the_report_of_a_crash_is_its_owner_s_and_holds_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("SOME_VARIABLE", "of-the-environment")
    try:
        raise RuntimeError("no postgresql://teacher:hush1@host/x with token=hush2")
    except RuntimeError as error:
        report = crashes.write_report(error, ["dataset", "synthesize", "--seed", "hush3", "--email=hush4"])
    assert report is not None
    assert report.stat().st_mode & 0o777 == 0o600
    text = report.read_text()
    assert "RuntimeError" in text
    assert "dataset synthesize --seed ***" in text
    assert "hush" not in text
    assert "of-the-environment" not in text


@pytest.mark.slow
def test_a_notebook_without_stderr_keeps_its_points(course: Course, hand_in: HandIn) -> None:
    from grader.pipeline import grade_class

    notebook = student_notebook(course, "resnet", "reference")
    notebook.cells.insert(0, nbformat.v4.new_code_cell("import sys\nsys.stderr = None\nimport warnings"))
    hand_in("lisa", "resnet", notebook)
    (row,) = grade_class(course, ["resnet"])
    assert row.report.points == row.report.max_points - sum(
        t.max_points for t in row.report.tasks if t.outcome == "manual"
    )
