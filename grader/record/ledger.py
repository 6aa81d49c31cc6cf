"""The ledger: which submission was graded under which rules, and with what result. Files, written atomically.

    ledger/results/<key>.json, .ipynb, .csv     what grading gave, from the moment it was known
    ledger/current/<slug>/<student>             the key whose result stands in gradebook and database

A result is written before it is recorded, and `current` after. A process that is killed anywhere leaves a result to
record or nothing at all; running again finishes the rest. An entry that a fault has damaged counts as none.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from grader import __version__
from grader.course.assignment import Assignment
from grader.errors import EnvironmentFault
from grader.files import write_atomically
from grader.grading.job import Conditions, Graded
from grader.language import _
from grader.outcomes import Report
from grader.scoring.contest import ContestScore

SCHEMA = 1
# What reading a file raises that a fault has cut off, emptied, overwritten or taken away.
_DAMAGE = (
    FileNotFoundError, NotADirectoryError, IsADirectoryError,
    ValueError, KeyError, TypeError, AttributeError, RecursionError,
)  # fmt: skip


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
    return _rules_hash(assignment.revision, conditions)


def earlier_rules_hash(assignment: Assignment, conditions: Conditions) -> str:
    """The same as graders computed it when the order of cells was a part of it; their results stand under it."""
    return _rules_hash(assignment.earlier_revision, conditions)


def _rules_hash(revision: str, conditions: Conditions) -> str:
    contest = conditions.contest
    rules: dict[str, Any] = {
        "assignment": revision,
        "limits": conditions.limits.model_dump(),
        "language": conditions.language,
        "environment": conditions.environment,
    }
    if not conditions.isolated:  # what it says of itself is believed: never mistaken for a graded one
        rules["isolated"] = False
    if conditions.source != "rerun":
        rules["source"] = conditions.source
    if conditions.source == "network":
        rules["training"] = conditions.training_cells
    if conditions.held_out is not None and conditions.held_out.is_withheld:  # the network trains on fewer pictures
        rules["withheld"] = conditions.held_out.digest
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
        """The result under this key; None where there is none that is whole."""
        try:
            return self._read(key)
        except _DAMAGE:
            return None

    def is_damaged(self, key: str) -> bool:
        """Whether there is an entry under this key that cannot be read; a result of another schema cannot."""
        return os.path.lexists(self._path(key, "json")) and self.find(key) is None

    def damaged(self) -> list[str]:
        """The keys of all such entries."""
        keys = sorted(path.stem for path in (self._folder / "results").glob("*.json") if not path.name.startswith("."))
        return [key for key in keys if self.is_damaged(key)]

    def set_aside(self, key: str) -> None:
        """Move a damaged entry to `ledger/damaged`, which is never read.

        Raises:
            EnvironmentFault: it cannot be moved.
        """
        place = self._folder / "damaged"
        try:
            place.mkdir(exist_ok=True)
            for kind in ("json", "csv", "ipynb"):
                if os.path.lexists(path := self._path(key, kind)):
                    path.rename(place / path.name)
        except OSError as error:
            raise EnvironmentFault(
                _("{place} cannot be written: {strerror}.").format(place=place, strerror=error.strerror)
            ) from error

    def _read(self, key: str) -> Graded | Problem:
        data = json.loads(self._path(key, "json").read_text(encoding="utf-8"))
        if data["schema"] != SCHEMA:
            raise ValueError(f"schema {data['schema']!r}, expected {SCHEMA}")
        if "problem" in data:
            return Problem(str(data["problem"]))
        notebook, predictions = self._path(key, "ipynb").read_bytes(), self.predictions(key)
        if data.get("sha256", "") not in ("", _sha256(data, notebook, predictions)):
            raise ValueError("not what was written")
        if "sha256" not in data:  # of an earlier grader
            json.loads(notebook)
        return Graded(
            key=key,
            notebook=notebook,
            report=Report.from_json(data["report"]),
            score=_read_score(data.get("score")),
            predictions=predictions,
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
            data["sha256"] = _sha256(data, result.notebook, result.predictions)
        write_atomically(self._path(key, "json"), json.dumps(data, ensure_ascii=False).encode())

    def current(self, slug: str, student: str) -> str:
        """The key of the result that gradebook and database hold; empty where there is none."""
        try:
            return (self._folder / "current" / slug / student).read_text(encoding="ascii").strip()
        except _DAMAGE:
            return ""

    def recorded(self) -> Iterator[tuple[str, str, str]]:
        """(assignment, student, key) of every current result, by assignment and student."""
        for path in sorted((self._folder / "current").glob("*/*")):
            slug, student = path.parent.name, path.name
            if not student.startswith(".") and (key := self.current(slug, student)):
                yield slug, student, key

    def set_current(self, slug: str, student: str, key: str) -> None:
        """Note that this key's result is recorded in the other stores.

        Raises:
            EnvironmentFault: it cannot be written.
        """
        write_atomically(self._folder / "current" / slug / student, key.encode())

    def _path(self, key: str, kind: str) -> Path:
        return self._folder / "results" / f"{key}.{kind}"


def _sha256(data: dict[str, Any], notebook: bytes, predictions: bytes) -> str:
    """Hash of all parts of a result: it shows a file that was cut off or belongs to another run."""
    said = json.dumps([data["report"], data.get("score")], sort_keys=True).encode()
    return submission_hash(said, (("ipynb", notebook), ("csv", predictions)))


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
