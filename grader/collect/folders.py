"""Collect: from a folder or an LMS archive into `submitted/<student>/<slug>/`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.collect.archives import Skipped, unpack, unpack_inner
from grader.collect.names import has_plain_name, student_of
from grader.collect.submissions import TIMESTAMP
from grader.course.folder import Course
from grader.course.roster import is_student_id
from grader.errors import EnvironmentFault, InvalidAssignment, InvalidSubmission
from grader.files import ordinary_files
from grader.printable import printable


@dataclass(frozen=True)
class Collected:
    """What `collect` brought in.

    Attributes:
        students: whose notebooks were taken.
        skipped: notebooks and archives that were left out, and why.
    """

    students: tuple[str, ...]
    skipped: tuple[Skipped, ...]


def collect(course: Course, slug: str, source: Path) -> Collected:
    """Bring a folder or an LMS archive into the class folder, through nbgrader's zip_collect.

    Names that are understood: `<student>/<slug>/<slug>.ipynb`, `<student>/<slug>.ipynb`, `<student>_<slug>.ipynb` and
    what the large LMSs make of it, `<student>_<digits and dates>_<slug>.ipynb`. In a folder of the student's, the
    files beside the notebook come along, and zip archives are unpacked. Where predictions alone are handed in, the same
    with `.csv`, and `submission.csv` in the student's folder.

    Whose a submission is, the folder at the top says: a file in it that names another student is left out. Of several
    submissions of one student, the one is taken that lies the least deep.

    Returns:
        Whose notebooks were taken, and what was left out.

    Raises:
        InvalidSubmission: the archive is damaged, too large, leads out of its folder, or holds no submission.
        InvalidConfig: there is no such assignment.
        InvalidAssignment: the assignment was not released.
        EnvironmentFault: the disk is full, or the class may not be written.
    """
    course.require(slug)
    if not (course.release / slug / f"{slug}.ipynb").is_file():
        raise InvalidAssignment(f"Assignment {slug!r} was not released.", remedy=f"Run `grader release {slug}` first.")
    if not source.exists():
        raise InvalidSubmission(f"There is no {source}.", remedy="Name a folder or a zip archive.")
    ending = ".csv" if course.assignment_config(slug).source == "csv" else ".ipynb"
    with tempfile.TemporaryDirectory(prefix=f".collecting-{os.getpid()}-", dir=course.root) as folder:
        archive = Path(folder) / slug / "archive"
        archive.mkdir(parents=True)
        skipped: list[Skipped] = []
        if source.is_dir():
            try:
                shutil.copytree(source, archive, dirs_exist_ok=True, symlinks=True, ignore=_links)
            except shutil.Error as error:
                skipped += _not_copied(error, source)
            except RecursionError:
                raise InvalidSubmission(f"{source} has folders in folders without end.", remedy="Flatten it.") from None
        else:
            skipped = unpack(source, archive)
            _name_after_archive(archive, source.stem, slug, ending)
        skipped += unpack_inner(archive)
        if ending == ".ipynb":
            _normalize_suffixes(archive)
        taken, passed_over = _chosen(archive, slug, ending)
        skipped += passed_over
        if not taken:
            names = "; ".join(f"{one.name}: {one.reason}" for one in skipped[:5]) or f"no *{ending} there"
            raise InvalidSubmission(
                f"No submission for {slug!r} was found in {source} ({names}).",
                remedy=f"Name the files <student>_<slug>{ending}, or put them into folders named for the students, and "
                "name the folder or archive that holds these at its top.",
            )
        command = [
            sys.executable, "-m", "nbgrader", "zip_collect", slug, "--force",
            f"--ZipCollectApp.downloaded_directory={Path(folder).name}", "--log-level=WARN",
            f"--SubmissionCollector.valid_ext={ending}",
        ]  # fmt: skip
        done = subprocess.run(command, cwd=course.root, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            said = printable(done.stderr.strip().rsplit("\n", 1)[-1], 400)
            raise InvalidSubmission(
                f"nbgrader's zip_collect could not collect {source}: {said}",
                remedy="Name the files <student>_<slug>.ipynb, or put them into folders named for the students.",
            )
        if ending == ".ipynb":
            _bring_other_files(course, slug, archive, taken)
    return Collected(tuple(sorted(taken)), tuple(skipped))


def _name_after_archive(archive: Path, stem: str, slug: str, ending: str) -> None:
    """Move everything into a folder of the archive's name, if the archive is one student's and names nobody inside."""
    names = [path.relative_to(archive) for path in ordinary_files(archive) if path.suffix == ending]
    is_one = any(len(name.parts) == 1 and has_plain_name(name, slug) for name in names)
    if is_one and is_student_id(stem) and not any(student_of(name, slug) for name in names):
        holder = archive.with_name("holder")
        archive.rename(holder)
        archive.mkdir()
        holder.rename(archive / stem)


def _normalize_suffixes(archive: Path) -> None:
    """Rename to `.ipynb` what a phone, a browser or a mailer has named `.IPYNB`, `.ipynb.json` or `.ipynb.txt`."""
    for path in ordinary_files(archive):
        name = re.sub(r"\.ipynb(\.(json|txt))?$", ".ipynb", path.name, flags=re.IGNORECASE)
        if name != path.name and not path.with_name(name).exists():
            path.rename(path.with_name(name))


def _not_copied(error: shutil.Error, source: Path) -> list[Skipped]:
    """What of a folder could not be read.

    Raises:
        EnvironmentFault: the class's own disk is the reason.
    """
    skipped = []
    for name, _target, reason in error.args[0]:
        if "No space left" in str(reason) or "Disk quota" in str(reason):
            raise EnvironmentFault("The disk is full.", remedy="Free some space and run the same command again.")
        skipped.append(Skipped(os.path.relpath(name, source), f"it cannot be read ({printable(str(reason), 200)})"))
    return skipped


def _chosen(archive: Path, slug: str, ending: str) -> tuple[dict[str, Path], list[Skipped]]:
    """Choose one submission for each student, and delete the others, so that nbgrader finds one.

    Returns:
        The chosen files by student, and what was left out.
    """
    taken: dict[str, Path] = {}
    skipped = []
    paths = [path for path in ordinary_files(archive) if path.suffix == ending]
    for path in sorted(paths, key=lambda path: (len(path.parts), path.stem != slug, path)):
        name = path.relative_to(archive)
        student = None if path.name.startswith(".") else student_of(name, slug)
        if student is None:
            skipped.append(Skipped(str(name), "its name tells no student, or another one than the folder it lies in"))
        elif student in taken:
            skipped.append(Skipped(str(name), f"{taken[student]} is taken for this student"))
        else:
            taken[student] = name
            continue
        path.unlink()
    return taken, sorted(skipped, key=lambda one: one.name)


def _bring_other_files(course: Course, slug: str, archive: Path, taken: Mapping[str, Path]) -> None:
    """Copy what lies beside a student's notebook, such as weights: nbgrader takes notebooks alone."""
    for student, name in taken.items():
        if name.stem != slug:
            continue
        folder = (archive / name).parent
        for path in ordinary_files(folder):
            if path.suffix != ".ipynb" and path.name != TIMESTAMP:
                target = course.submitted / student / slug / path.relative_to(folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)


def _links(folder: str, names: list[str]) -> set[str]:
    return {
        name for name in names if (path := Path(folder, name)).is_symlink() or not (path.is_file() or path.is_dir())
    }
