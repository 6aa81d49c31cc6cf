"""Collect: from a folder or an LMS archive into `submitted/<student>/<slug>/`."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.archives import check_archive
from grader.course import Course, ordinary_files
from grader.errors import InvalidAssignment, InvalidConfig, InvalidSubmission
from grader.nbgrader_plugins import student_of
from grader.submissions import TIMESTAMP

ROSTER = "roster.csv"


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
    what the large LMSs make of it, `<student>_<digits and dates>_<slug>.ipynb`. In a folder of the student's, the
    files beside the notebook come along. Where predictions alone are handed in, the same with `.csv`, and
    `submission.csv` in the student's folder.

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
    ending = ".csv" if course.assignment_config(slug).source == "csv" else ".ipynb"
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
            f"--SubmissionCollector.valid_ext={ending}",
        ]  # fmt: skip
        done = subprocess.run(command, cwd=course.root, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise InvalidSubmission(
                f"nbgrader's zip_collect could not collect {source}: {done.stderr.strip()[-800:]}",
                remedy="Name the files <student>_<slug>.ipynb, or put them into folders named for the students.",
            )
        extracted = Path(folder) / slug / "extracted"
        names = [path.relative_to(extracted) for path in ordinary_files(extracted) if path.suffix == ending]
        if ending == ".ipynb":
            _bring_other_files(course, slug, extracted, names)
    found = {student for name in names if (student := student_of(name, slug)) is not None}
    skipped = tuple(str(name) for name in names if student_of(name, slug) is None)
    if not found:
        raise InvalidSubmission(
            f"No submission for {slug!r} was found in {source} (*{ending} there: {', '.join(skipped[:5]) or 'none'}).",
            remedy=f"Name the files <student>_<slug>{ending}, or put them into folders named for the students.",
        )
    return Collected(tuple(sorted(found)), skipped)


def _bring_other_files(course: Course, slug: str, extracted: Path, names: Sequence[Path]) -> None:
    """What lies beside a notebook in a folder of its student's, such as weights; nbgrader takes notebooks alone."""
    for name in names:
        student = student_of(name, slug)
        if student is None or name.stem != slug:
            continue
        folder = (extracted / name).parent
        for path in ordinary_files(folder):
            if path.suffix not in (".ipynb", ".zip") and path.name != TIMESTAMP:
                target = course.submitted / student / slug / path.relative_to(folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)


def _links(folder: str, names: list[str]) -> set[str]:
    return {
        name for name in names if (path := Path(folder, name)).is_symlink() or not (path.is_file() or path.is_dir())
    }
