"""Baselines of a class's contest: computed from its own data, and stored beside its answers.

Which label a model gives to a single test image is as secret as a student's, so only the count of the public part is
kept. The counts belong to one set of answers: after `grader dataset add-test` they are computed anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from grader.datasets.layout import Layout, load_answer_key, load_record
from grader.errors import InvalidConfig
from grader.files import write_atomically
from grader.language import _
from grader.scoring.baseline import Baseline, BaselineKind
from grader.scoring.contest import AnswerKey, correct_ids
from grader.scoring.submission_csv import parse_submission

SCHEMA = 1
# What the contest's sample says of every picture; a town without Bart has another one.
_SAMPLE_LABEL = "bart_simpson"


def scored(kind: BaselineKind, predictions: Mapping[str, str], key: AnswerKey, label: str = "") -> Baseline:
    """The score of a model's predictions, by image name."""
    right = correct_ids(predictions, key) & key.public_ids
    return Baseline(kind, len(right), len(key.public_ids), label)


def constant(key: AnswerKey) -> Baseline:
    """Everything is Bart: what the contest's own sample submission is worth."""
    label = _SAMPLE_LABEL if _SAMPLE_LABEL in key.classes else key.classes[0]
    return scored(BaselineKind.CONSTANT, dict.fromkeys(key.labels, label), key, label)


def reference(key: AnswerKey, submission: Path) -> Baseline:
    """The score of the author's solution, from its submission file for this class's test.

    Raises:
        InvalidConfig: the file cannot be read.
        InvalidSubmission: it is not one known label for every image of this class's test.
    """
    try:
        data = submission.read_bytes()
    except OSError as error:
        raise InvalidConfig(
            _("{path} cannot be read: {reason}.").format(path=submission, reason=error.strerror or error),
            remedy=_(
                "Name the file that `grader dataset solve DATASET/student --to submission.csv` has written for this "
                "class's own test."
            ),
        ) from error
    return scored(BaselineKind.REFERENCE, dict(parse_submission(data, key.ids, key.classes)), key)


def store(root: Path, found: Iterable[Baseline]) -> None:
    """Keep these beside the answers; of a kind that is there already the new score counts."""
    kept = {line.kind: line for line in (*_stored(root), *found)}
    plain = {
        "schema": SCHEMA,
        "answers_digest": load_record(root).answers_digest,
        "baselines": [asdict(kept[kind]) for kind in BaselineKind if kind in kept],
    }
    write_atomically(_file(root), json.dumps(plain, indent=2).encode())


def load(root: Path) -> tuple[Baseline, ...]:
    """The baselines of a data set: the constant, which is counted here, and those that were stored for its answers.

    Raises:
        MissingDataset: there is no data set, or it cannot be read.
    """
    lines = {line.kind: line for line in (constant(load_answer_key(root)), *_stored(root))}
    return tuple(lines[kind] for kind in BaselineKind if kind in lines)


def _stored(root: Path) -> tuple[Baseline, ...]:
    """Those in the file; none where it belongs to other answers or says something else."""
    try:
        plain = json.loads(_file(root).read_bytes())
        if plain["schema"] != SCHEMA or plain["answers_digest"] != load_record(root).answers_digest:
            return ()
        return tuple(
            Baseline(BaselineKind(line["kind"]), line["correct"], line["total"], line["label"])
            for line in plain["baselines"]
        )
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def _file(root: Path) -> Path:
    return Layout(root).answers / "baselines.json"
