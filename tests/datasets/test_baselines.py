"""Baselines are counted on the class's own test, and belong to one set of answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader.datasets import baselines
from grader.datasets.importer import import_archive
from grader.datasets.layout import Layout, load_answer_key
from grader.errors import InvalidConfig, InvalidSubmission
from grader.scoring.baseline import Baseline, BaselineKind


@pytest.fixture
def dataset(pristine_archive: Path, tmp_path: Path) -> Path:
    import_archive(pristine_archive, tmp_path / "dataset", seed=1, decoys=2)
    return tmp_path / "dataset"


def test_everything_is_bart_is_counted_without_training(dataset: Path) -> None:
    key = load_answer_key(dataset)
    barts = sum(key.labels[image] == "bart_simpson" for image in key.public_ids)
    assert baselines.load(dataset) == (Baseline(BaselineKind.CONSTANT, barts, len(key.public_ids), "bart_simpson"),)


def test_the_reference_is_scored_by_its_file(dataset: Path, tmp_path: Path) -> None:
    key = load_answer_key(dataset)
    lines = ["Id,Expected", *(f"{image},{label}" for image, label in key.expected.items())]
    file = tmp_path / "submission.csv"
    file.write_text("\n".join(lines))
    baselines.store(dataset, [baselines.reference(key, file)])
    assert baselines.load(dataset)[-1] == Baseline(BaselineKind.REFERENCE, len(key.public_ids), len(key.public_ids))
    assert not {*key.labels} & {*json.dumps((dataset / "answers" / "baselines.json").read_text()).split('"')}
    file.write_text("\n".join(lines[:-1]))
    with pytest.raises(InvalidSubmission):
        baselines.reference(key, file)
    with pytest.raises(InvalidConfig, match="cannot be read"):
        baselines.reference(key, tmp_path / "nothing.csv")


def test_scores_of_other_answers_are_forgotten(dataset: Path) -> None:
    baselines.store(dataset, [Baseline(BaselineKind.SIMPLE_CNN, 1, 2)])
    file = dataset / "answers" / "baselines.json"
    plain = json.loads(file.read_text())
    file.write_text(json.dumps({**plain, "answers_digest": "of others"}))
    assert [line.kind for line in baselines.load(dataset)] == [BaselineKind.CONSTANT]


def test_both_models_are_trained_and_scored_alike_each_time(dataset: Path) -> None:
    from grader.datasets.baseline_models import measure

    first, again = list(measure(dataset)), list(measure(dataset))
    assert [line.kind for line in first] == [BaselineKind.HISTOGRAM, BaselineKind.SIMPLE_CNN]
    assert first == again
    assert all(line.total == len(load_answer_key(dataset).public_ids) for line in first)
    assert Layout(dataset).testset.is_dir()
