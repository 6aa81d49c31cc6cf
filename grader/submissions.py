"""Submissions of a class: which there are, and their plain bytes."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from nbgrader.utils import parse_utc

from grader.course import Course, ordinary_files
from grader.errors import InvalidConfig, InvalidSubmission
from grader.language import _
from grader.scoring.submission_csv import SUBMISSION_CSV

MAX_FILES = 200
MAX_TOTAL_BYTES = 512 * 1024 * 1024
MAX_PREDICTIONS_BYTES = 8 * 1024 * 1024
TIMESTAMP = "timestamp.txt"
KAGGLE_JSON = "kaggle.json"
KAGGLE_COLUMNS = ("student", "team", "score", "correct", "total", "submitted_at")
Handed = tuple[bytes, tuple[tuple[str, bytes], ...]]
"""A notebook's bytes, and (relative path, bytes) of the other files."""


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one assignment.

    Attributes:
        student: the student's id, the folder's name.
        slug: the assignment.
        folder: `submitted/<student>/<slug>`.
        received_at: from `timestamp.txt`, else the notebook's time; UTC.
    """

    student: str
    slug: str
    folder: Path
    received_at: datetime

    def read(self) -> Handed:
        """The notebook's bytes, and (relative path, bytes) of the other files.

        Raises:
            InvalidSubmission: there is no notebook of the assignment's name, or too much beside it.
        """
        notebook = self.folder / f"{self.slug}.ipynb"
        if notebook.is_symlink() or not notebook.is_file():
            there = ", ".join(path.name for path in ordinary_files(self.folder)) or _("nothing")
            raise InvalidSubmission(
                _("No notebook {name} was handed in (found: {there}).").format(name=notebook.name, there=there[:300]),
                remedy=_("Hand in the notebook under the name it was released with."),
            )
        others = [path for path in ordinary_files(self.folder) if path != notebook and path.name != TIMESTAMP]
        size = sum(path.stat().st_size for path in [notebook, *others])
        if len(others) > MAX_FILES or size > MAX_TOTAL_BYTES:
            raise InvalidSubmission(
                _(
                    "{count} files of {size} MiB were handed in; at most {files} files and {allowed} MiB are taken."
                ).format(count=len(others) + 1, size=size >> 20, files=MAX_FILES, allowed=MAX_TOTAL_BYTES >> 20),
                remedy=_("Hand in the notebook and only the files it needs."),
            )
        files = tuple((str(path.relative_to(self.folder)), path.read_bytes()) for path in others)
        return notebook.read_bytes(), files


@dataclass(frozen=True)
class HandedInPredictions(Submission):
    """A `submission.csv` without a notebook."""

    def read(self) -> Handed:
        """No notebook, and the predictions under the name `submission.csv`.

        Raises:
            InvalidSubmission: there is no such file, or it is too large.
        """
        found = [path for path in ordinary_files(self.folder) if path.suffix.lower() == ".csv"]
        chosen = [path for path in found if path == self.folder / SUBMISSION_CSV] or found
        if len(chosen) != 1:
            there = ", ".join(path.name for path in ordinary_files(self.folder))[:300] or _("nothing")
            raise InvalidSubmission(
                _("No file {name} was handed in (found: {there}).").format(name=SUBMISSION_CSV, there=there),
                remedy=_("Hand in your predictions under this name."),
            )
        size = chosen[0].stat().st_size
        if size > MAX_PREDICTIONS_BYTES:
            raise InvalidSubmission(
                _("ERROR: The file has {found} bytes; at most {limit} are accepted").format(
                    found=size, limit=MAX_PREDICTIONS_BYTES
                )
            )
        return b"", ((SUBMISSION_CSV, chosen[0].read_bytes()),)


@dataclass(frozen=True)
class KaggleScore(Submission):
    """A line of Kaggle's leaderboard, as `grader import-kaggle` has kept it.

    Attributes:
        score: as the leaderboard shows it.
        correct: images right, of `total`.
    """

    score: str
    correct: int
    total: int

    def read(self) -> Handed:
        """No notebook, and the score as JSON."""
        text = json.dumps({"score": self.score, "correct": self.correct, "total": self.total})
        return b"", ((KAGGLE_JSON, text.encode()),)


def find_submissions(course: Course, slugs: Sequence[str], students: Sequence[str] = ()) -> list[Submission]:
    """Submissions of the class, by assignment and student: folders, and what was imported from Kaggle.

    Raises:
        InvalidConfig: a student was asked for who handed nothing in.
    """
    found = [submission for slug in slugs for submission in _find(course, slug)]
    known = {submission.student for submission in found}
    unknown = sorted(set(students) - known)
    if unknown:
        raise InvalidConfig(
            f"No submission of: {', '.join(unknown)}. Students with submissions: {', '.join(sorted(known)) or 'none'}.",
            remedy="Check the name; it is the folder's name under submitted/.",
        )
    return [submission for submission in found if not students or submission.student in students]


def _find(course: Course, slug: str) -> Iterator[Submission]:
    source = course.assignment_config(slug).source
    if source == "kaggle":
        yield from _imported(course, slug)
        return
    kind = HandedInPredictions if source == "csv" else Submission
    for folder in sorted(course.submitted.glob(f"*/{slug}")):
        if folder.is_dir() and not folder.is_symlink() and not folder.parent.is_symlink():
            yield kind(folder.parent.name, slug, folder, _received_at(folder, slug))


def _imported(course: Course, slug: str) -> Iterator[KaggleScore]:
    path = course.kaggle / f"{slug}.csv"
    if not path.is_file():
        return
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            student = row["student"]
            yield KaggleScore(
                student=student,
                slug=slug,
                folder=course.submitted / student / slug,
                received_at=datetime.fromisoformat(row["submitted_at"]),
                score=row["score"],
                correct=int(row["correct"]),
                total=int(row["total"]),
            )


def _received_at(folder: Path, slug: str) -> datetime:
    stamp = folder / TIMESTAMP
    if stamp.is_file() and not stamp.is_symlink():
        try:
            # nbgrader's own reading of its file: a naive time in UTC
            naive: datetime = parse_utc(stamp.read_text(encoding="utf-8").strip())
            return naive.replace(tzinfo=UTC)
        except (ValueError, OverflowError, UnicodeDecodeError):
            pass  # a damaged stamp is no stamp
    likely = (folder / f"{slug}.ipynb", folder / SUBMISSION_CSV)
    path = next((path for path in likely if path.is_file()), folder)
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
