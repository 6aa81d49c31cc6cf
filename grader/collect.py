"""Collect: from a folder or an LMS archive into `submitted/<student>/<slug>/`, and from there to plain bytes."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from nbgrader.utils import parse_utc

from grader.archives import check_archive
from grader.course import Course, ordinary_files
from grader.errors import InvalidAssignment, InvalidConfig, InvalidSubmission
from grader.language import _
from grader.nbgrader_plugins import student_of

MAX_FILES = 200
MAX_TOTAL_BYTES = 512 * 1024 * 1024
TIMESTAMP = "timestamp.txt"
ROSTER = "roster.csv"


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

    def read(self) -> tuple[bytes, tuple[tuple[str, bytes], ...]]:
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


def find_submissions(course: Course, slugs: Sequence[str], students: Sequence[str] = ()) -> list[Submission]:
    """Submissions in the class folder, by assignment and student.

    Raises:
        InvalidConfig: a student was asked for who handed nothing in.
    """
    found = [
        Submission(folder.parent.name, slug, folder, _received_at(folder, slug))
        for slug in slugs
        for folder in sorted(course.submitted.glob(f"*/{slug}"))
        if folder.is_dir() and not folder.is_symlink() and not folder.parent.is_symlink()
    ]
    known = {submission.student for submission in found}
    unknown = sorted(set(students) - known)
    if unknown:
        raise InvalidConfig(
            f"No submission of: {', '.join(unknown)}. Students with submissions: {', '.join(sorted(known)) or 'none'}.",
            remedy="Check the name; it is the folder's name under submitted/.",
        )
    return [submission for submission in found if not students or submission.student in students]


def is_student_name(name: str) -> bool:
    """Whether a folder's name is text, which files and databases can hold; the terminal's view makes it printable."""
    return name == name.encode("utf-8", "replace").decode()


def read_roster(course: Course) -> dict[str, str] | None:
    """Names by student id from `roster.csv` (columns `id` and, if wanted, `name`), or None where there is none.

    Raises:
        InvalidConfig: the file has no column `id`.
    """
    path = course.root / ROSTER
    if not path.is_file():
        return None
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if "id" not in (reader.fieldnames or []):
            raise InvalidConfig(
                f"{path} has the columns {reader.fieldnames}; expected `id` and, if wanted, `name`.",
                remedy="Put the header right.",
            )
        return {row["id"].strip(): (row.get("name") or "").strip() for row in reader if row["id"]}


@dataclass(frozen=True)
class Collected:
    """What `collect` brought in.

    Attributes:
        students: whose notebooks were taken.
        skipped: notebooks whose names tell no student.
    """

    students: tuple[str, ...]
    skipped: tuple[str, ...]


def collect(course: Course, slug: str, source: Path) -> Collected:
    """Bring a folder or an LMS archive into the class folder, through nbgrader's zip_collect.

    Names that are understood: `<student>/<slug>/<slug>.ipynb`, `<student>/<slug>.ipynb`, `<student>_<slug>.ipynb` and
    what the large LMSs make of it, `<student>_<digits and dates>_<slug>.ipynb`.

    Returns:
        Whose notebooks were taken, and which names were not understood.

    Raises:
        InvalidSubmission: the archive is damaged, too large, leads out of its folder, or holds no submission.
        InvalidAssignment: the assignment was not released.
    """
    if not (course.release / slug / f"{slug}.ipynb").is_file():
        raise InvalidAssignment(f"Assignment {slug!r} was not released.", remedy=f"Run `grader release {slug}` first.")
    if not source.exists():
        raise InvalidSubmission(f"There is no {source}.", remedy="Name a folder or a zip archive.")
    with tempfile.TemporaryDirectory(prefix=".collecting-", dir=course.root) as folder:
        archive = Path(folder) / slug / "archive"
        archive.mkdir(parents=True)
        if source.is_dir():
            try:
                shutil.copytree(source, archive, dirs_exist_ok=True, symlinks=True, ignore=_links)
            except RecursionError:
                raise InvalidSubmission(f"{source} has folders in folders without end.", remedy="Flatten it.") from None
        else:
            check_archive(source)
            shutil.copy(source, archive / (source.stem + ".zip"))
        command = [
            sys.executable, "-m", "nbgrader", "zip_collect", slug, "--force",
            f"--ZipCollectApp.downloaded_directory={Path(folder).name}", "--log-level=WARN",
        ]  # fmt: skip
        done = subprocess.run(command, cwd=course.root, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise InvalidSubmission(
                f"nbgrader's zip_collect could not collect {source}: {done.stderr.strip()[-800:]}",
                remedy="Name the files <student>_<slug>.ipynb, or put them into folders named for the students.",
            )
        extracted = Path(folder) / slug / "extracted"
        names = [path.relative_to(extracted) for path in ordinary_files(extracted) if path.suffix == ".ipynb"]
    found = {student for name in names if (student := student_of(name, slug)) is not None}
    skipped = tuple(str(name) for name in names if student_of(name, slug) is None)
    if not found:
        raise InvalidSubmission(
            f"No submission for {slug!r} was found in {source} (notebooks there: {', '.join(skipped[:5]) or 'none'}).",
            remedy="Name the files <student>_<slug>.ipynb, or put them into folders named for the students.",
        )
    return Collected(tuple(sorted(found)), skipped)


def _links(folder: str, names: list[str]) -> set[str]:
    return {
        name for name in names if (path := Path(folder, name)).is_symlink() or not (path.is_file() or path.is_dir())
    }


def _received_at(folder: Path, slug: str) -> datetime:
    stamp = folder / TIMESTAMP
    if stamp.is_file() and not stamp.is_symlink():
        try:
            # nbgrader's own reading of its file: a naive time in UTC
            naive: datetime = parse_utc(stamp.read_text(encoding="utf-8").strip())
            return naive.replace(tzinfo=UTC)
        except (ValueError, OverflowError, UnicodeDecodeError):
            pass  # a damaged stamp is no stamp
    notebook = folder / f"{slug}.ipynb"
    path = notebook if notebook.is_file() else folder
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
