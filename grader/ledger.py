"""The ledger: which submission was graded under which rules, and with what result. Files, written atomically.

    ledger/results/<key>.json, .ipynb, .csv     what grading gave, from the moment it was known
    ledger/current/<slug>/<student>             the key whose result stands in gradebook and database

A result is written before it is recorded, and `current` after. A process that is killed anywhere leaves a result to
record or nothing at all; running again finishes the rest.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from grader import __version__
from grader.assignment import Assignment
from grader.course import write_atomically
from grader.jobs import Conditions, Graded
from grader.outcomes import Report
from grader.scoring.contest import ContestScore

SCHEMA = 1


def submission_hash(notebook: bytes, files: tuple[tuple[str, bytes], ...]) -> str:
    """A hash of everything that was handed in."""
    digest = hashlib.sha256()
    for name, data in (("", notebook), *files):
        for part in (os.fsencode(name), data):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()


def rules_hash(assignment: Assignment, conditions: Conditions) -> str:
    """A hash of everything beside the submission that decides points."""
    contest = conditions.contest
    rules: dict[str, Any] = {
        "assignment": assignment.revision,
        "limits": conditions.limits.model_dump(),
        "language": conditions.language,
        "environment": conditions.environment,
    }
    if not conditions.isolated:  # what it says of itself is believed: never mistaken for a graded one
        rules["isolated"] = False
    if conditions.source != "rerun":
        rules["source"] = conditions.source
    if conditions.source == "kaggle":
        rules["contest"] = repr(conditions.table)
    if contest is not None:
        answers = sorted((image, label, image in contest.key.public_ids) for image, label in contest.key.labels.items())
        rules["contest"] = [repr(contest.table), contest.average, contest.grade_on, contest.ladder, answers]
        if contest.key.decoys:  # a submission has to name them; a test without any keeps the hash it always had
            rules["decoys"] = sorted(contest.key.decoys.items())
    return hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()


def ledger_key(student: str, submission: str, rules: str, regrade: int = 0) -> str:
    """The key of one run. `regrade` counts the times that a teacher asked for it again."""
    plain = json.dumps([SCHEMA, __version__, student, submission, rules, regrade])
    return hashlib.sha256(plain.encode()).hexdigest()


@dataclass(frozen=True)
class Problem:
    """Why a submission could not be graded, where that is the student's to change."""

    message: str


class Ledger:
    """The ledger of one class."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, key: str) -> Graded | Problem | None:
        """The result under this key, or None. A result of another schema does not count."""
        path = self._path(key, "json")
        if not path.is_file():
            return None
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.get("schema") != SCHEMA:
            return None
        if "problem" in data:
            return Problem(data["problem"])
        return Graded(
            key=key,
            notebook=self._path(key, "ipynb").read_bytes(),
            report=Report.from_json(data["report"]),
            score=_read_score(data.get("score")),
            predictions=self.predictions(key),
        )

    def predictions(self, key: str) -> bytes:
        """The predictions alone, without all that `find` reads beside them; empty where there are none."""
        path = self._path(key, "csv")
        return path.read_bytes() if path.is_file() else b""

    def keep(self, key: str, result: Graded | Problem) -> None:
        """Write a result; the JSON comes last, so that it is there only when the rest is.

        Raises:
            EnvironmentFault: it cannot be written.
        """
        if isinstance(result, Problem):
            data: dict[str, Any] = {"schema": SCHEMA, "problem": result.message}
        else:
            write_atomically(self._path(key, "ipynb"), result.notebook)
            if result.predictions:
                write_atomically(self._path(key, "csv"), result.predictions)
            data = {"schema": SCHEMA, "report": result.report.to_json(), "score": _write_score(result.score)}
        write_atomically(self._path(key, "json"), json.dumps(data, ensure_ascii=False).encode())

    def current(self, slug: str, student: str) -> str:
        """The key that stands in gradebook and database; empty where there is none."""
        path = self._folder / "current" / slug / student
        return path.read_text().strip() if path.is_file() else ""

    def set_current(self, slug: str, student: str, key: str) -> None:
        """Say that this key's result is recorded.

        Raises:
            EnvironmentFault: it cannot be written.
        """
        write_atomically(self._folder / "current" / slug / student, key.encode())

    def _path(self, key: str, kind: str) -> Path:
        return self._folder / "results" / f"{key}.{kind}"


def _write_score(score: ContestScore | None) -> dict[str, Any] | None:
    if score is None:
        return None
    return {name: str(v) if isinstance(v, Fraction) else v for name, v in asdict(score).items()}


def _read_score(data: dict[str, Any] | None) -> ContestScore | None:
    if data is None:
        return None
    private = data["private_f1"]
    return ContestScore(
        **{
            **data,
            "public_f1": Fraction(data["public_f1"]),
            "private_f1": None if private is None else Fraction(private),
        }
    )
