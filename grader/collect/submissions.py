"""Submissions of a class: which there are, and their plain bytes."""

from __future__ import annotations

import csv
import json
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import available_timezones

from nbgrader.utils import parse_utc

from grader.collect.weights import is_weights, weights_among
from grader.course.folder import Course, meant
from grader.errors import EnvironmentFault, InvalidConfig, InvalidSubmission, disk_fault
from grader.files import lay_out, ordinary_files, replacing_folder
from grader.language import _
from grader.printable import printable
from grader.scoring.submission_csv import SUBMISSION_CSV

MAX_FILES = 200
MAX_TOTAL_BYTES = 512 * 1024 * 1024
MAX_PREDICTIONS_BYTES = 8 * 1024 * 1024
TIMESTAMP = "timestamp.txt"
_MAX_STAMP = 200
# Hours from UTC of the abbreviations that mean one zone each, as `%Z` and mailers write them.
_ZONES = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3, "MSD": 4,
    "SAMT": 4, "YEKT": 5, "OMST": 6, "NOVT": 7, "KRAT": 7, "IRKT": 8, "YAKT": 9, "VLAT": 10, "MAGT": 11, "PETT": 12,
    "EDT": -4, "EST": -5, "CDT": -5, "MDT": -6, "PDT": -7, "PST": -8,
}  # fmt: skip
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
        remark: what the teacher should know of that moment; empty as a rule.
    """

    student: str
    slug: str
    folder: Path
    received_at: datetime
    remark: str = field(default="", kw_only=True)

    def read(self) -> Handed:
        """The notebook's bytes, and (relative path, bytes) of the other files.

        Raises:
            InvalidSubmission: there is no notebook of the assignment's name, or too much beside it.
            EnvironmentFault: it may not be read.
        """
        try:
            return self._read()
        except OSError as error:
            raise disk_fault(error, doing="read") from error

    def _read(self) -> Handed:
        notebook = self.folder / f"{self.slug}.ipynb"
        if notebook.is_symlink() or not notebook.is_file():
            there = ", ".join(path.name for path in ordinary_files(self.folder)) or _("nothing")
            raise InvalidSubmission(
                _("No notebook {name} was handed in (found: {there}).").format(name=notebook.name, there=there[:300]),
                remedy=_("Hand in the notebook {name}.").format(name=notebook.name)
                if (self.folder / SUBMISSION_CSV).is_file()
                else _("Hand in the notebook under the name it was released with."),
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

    def _read(self) -> Handed:
        """No notebook, and the predictions under the name `submission.csv`."""
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
class HandedInNetwork(Submission):
    """A notebook with the weights of its network beside it."""

    def _read(self) -> Handed:
        """As of any notebook; the weights have to be there, and to be a file of their own."""
        sizes = {str(path.relative_to(self.folder)): path.stat().st_size for path in ordinary_files(self.folder)}
        odd = [path.name for path in self.folder.iterdir() if is_weights(path.name) and path.name not in sizes]
        if odd:
            raise InvalidSubmission(
                _("{name} is a link or something else that is no ordinary file.").format(name=printable(odd[0], 100)),
                remedy=_("Hand in the weights themselves."),
            )
        weights_among(sizes)
        return super()._read()


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
            _("No submission of: {unknown}. Students with submissions: {known}.").format(
                unknown=", ".join(unknown), known=", ".join(sorted(known)) or _("none")
            ),
            remedy=meant(unknown[0], known, _("Check the name; it is the folder's name under submitted/.")),
        )
    return [submission for submission in found if not students or submission.student in students]


def _find(course: Course, slug: str) -> Iterator[Submission]:
    source = course.assignment_config(slug).source
    if source == "kaggle":
        yield from _imported(course, slug)
        return
    kind = {"csv": HandedInPredictions, "network": HandedInNetwork}.get(source, Submission)
    for student in sorted(course.submitted.iterdir()) if course.submitted.is_dir() else ():
        folder = student / slug
        if not student.is_symlink() and _is_folder(folder):
            moment, remark = _received_at(folder, slug)
            yield kind(student.name, slug, folder, moment, remark=remark)


def _is_folder(path: Path) -> bool:
    """Whether a folder lies there, and no link to one; where that may not even be looked at, reading it will say so."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except PermissionError:
        return True
    except OSError:
        return False


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


def _received_at(folder: Path, slug: str) -> tuple[datetime, str]:
    """When it was handed in, and a remark for the teacher, empty as a rule; see `read_stamp`."""
    stamp = folder / TIMESTAMP
    try:
        text = "" if stamp.is_symlink() else stamp.read_text(encoding="utf-8").strip()[:_MAX_STAMP]
        if text:
            return read_stamp(text)
    except (ValueError, OverflowError, OSError):  # a damaged stamp is no stamp
        pass
    likely = (folder / f"{slug}.ipynb", folder / SUBMISSION_CSV, folder)
    for path in likely:
        with suppress(OSError):
            return datetime.fromtimestamp(path.stat().st_mtime, UTC), ""
    return datetime.now(UTC), ""


def read_stamp(text: str) -> tuple[datetime, str]:
    """The moment that a time stamp names, in UTC; without a zone it is UTC, as nbgrader writes it.

    Returns:
        The moment, and a remark where its zone was not understood.

    Raises:
        ValueError: it is no moment.
    """
    words = text.split()
    zone = words[2] if len(words) == 3 and re.fullmatch(r"[A-Za-z]{2,6}", words[2]) else ""
    hours = _ZONES.get(zone.upper())
    if hours is not None:
        naive: datetime = parse_utc(" ".join(words[:2]))
        return naive.replace(tzinfo=timezone(timedelta(hours=hours))).astimezone(UTC), ""
    naive = parse_utc(text)
    if zone and zone not in available_timezones():
        unknown = _("timestamp.txt names a time zone that is not known, {zone}; UTC was taken.")
        return naive.replace(tzinfo=UTC), unknown.format(zone=zone)
    return naive.replace(tzinfo=UTC), ""


def stamp_with(folder: Path, received_at: datetime) -> None:
    """Write down when a submission was received; with a time zone."""
    stamp = received_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f UTC")
    (folder / TIMESTAMP).write_text(stamp, encoding="utf-8")


def place(course: Course, student: str, slug: str, files: Mapping[str, bytes], received_at: datetime) -> Submission:
    """Write a submission into `submitted/`, in place of what the student handed in before.

    Args:
        course: the class.
        student: id, already checked to be a folder's name.
        slug: the assignment.
        files: by relative path; paths that lead outside are left out.
        received_at: when the page had the file, with a time zone.

    Raises:
        EnvironmentFault: it cannot be written; what lay there before stays.
    """
    target = course.submitted / student / slug
    try:
        with replacing_folder(target, ".placing-") as made:
            lay_out(made, tuple(files.items()))
            stamp_with(made, received_at)
    except OSError as error:
        raise EnvironmentFault(
            _("The upload of {student} cannot be written: {strerror}.").format(student=student, strerror=error.strerror)
        ) from error
    return find_submissions(course, [slug], [student])[0]
