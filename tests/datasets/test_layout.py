import json
import os
from pathlib import Path

import pytest

from grader.datasets.importer import import_archive
from grader.datasets.layout import Layout, load_answer_key, load_record
from grader.errors import MissingDataset
from grader.scoring.submission_csv import parse_submission


@pytest.fixture
def dataset(pristine_archive: Path, tmp_path: Path) -> Path:
    import_archive(pristine_archive, tmp_path / "town", test_classes=2, per_class=10)
    return tmp_path / "town"


def test_the_answers_of_a_data_set_are_an_answer_key(dataset):
    key = load_answer_key(dataset)
    images = {path.name for path in Layout(dataset).testset.iterdir()}

    assert set(key.ids) == images
    assert len(images) == 40
    assert len(key.labels) == 20
    assert set(key.labels.values()) == {"homer_simpson", "ned_flanders"}
    assert len(key.public_ids) == 19
    assert key.classes == ("bart_simpson", "homer_simpson", "lionel_hutz", "ned_flanders")


def test_only_the_owner_reads_the_answers(dataset):
    layout = Layout(dataset)

    assert layout.answers.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in layout.answers.iterdir()} == {0o600}
    assert dataset.stat().st_mode & 0o777 == 0o755


def test_the_sample_submission_is_a_valid_submission_of_barts(dataset):
    key = load_answer_key(dataset)
    sample = parse_submission(Layout(dataset).sample_submission.read_bytes(), key.ids, key.classes)

    assert set(sample.values()) == {"bart_simpson"}


def test_nothing_that_a_student_sees_tells_the_class_of_a_test_image(dataset):
    key = load_answer_key(dataset)
    layout = Layout(dataset)
    files = [layout.testset / name for name in key.ids]

    assert len({path.stat().st_mtime_ns for path in files}) == 1
    assert len({path.stat().st_mode for path in files}) == 1
    assert not any(name.encode() in path.read_bytes() for path in files for name in key.classes)
    assert "seed" not in layout.sample_submission.read_text()
    assert not any("answers" in str(path) for path in layout.student.rglob("*"))


def test_a_missing_data_set_says_how_to_make_one(tmp_path):
    with pytest.raises(MissingDataset) as caught:
        load_answer_key(tmp_path / "nowhere")

    assert "nowhere" in caught.value.message
    assert caught.value.remedy == "Run `grader dataset synthesize` or `grader dataset import ARCHIVE`."


def test_edited_answers_are_noticed(dataset):
    answers = Layout(dataset).answers_csv
    answers.write_bytes(answers.read_bytes().replace(b"homer_simpson", b"ned_flanders", 1))

    with pytest.raises(MissingDataset, match="damaged") as caught:
        load_answer_key(dataset)
    assert "homer" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"classes": 3}', "\ufffd"])
def test_a_damaged_record_is_noticed(dataset, text):
    Layout(dataset).record.write_text(text, encoding="utf-8")

    with pytest.raises(MissingDataset, match="damaged"):
        load_answer_key(dataset)


def test_a_data_set_of_another_version_is_not_read_by_guesswork(dataset):
    record = Layout(dataset).record
    record.write_text(json.dumps({**json.loads(record.read_text()), "schema": 99}))

    with pytest.raises(MissingDataset, match="schema 99; this version reads 2"):
        load_record(dataset)


def test_answers_of_another_user_are_not_called_missing(dataset, monkeypatch):
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, os.strerror(13), str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(MissingDataset, match="Permission denied") as caught:
        load_answer_key(dataset)
    assert caught.value.remedy == "Run the grader as the user who made the data set."
