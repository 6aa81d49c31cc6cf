"""Lay out a folder or an archive in a folder of our own, unpacked, without links and without what programs leave."""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.collect.archives import Skipped, is_litter, unpack, unpack_inner
from grader.collect.zip_names import repair_names
from grader.errors import EnvironmentFault, InvalidSubmission
from grader.files import ordinary_files
from grader.language import _
from grader.printable import printable

_GIT = ".git"


@dataclass(frozen=True)
class Staged:
    """What was brought, as ordinary files.

    Attributes:
        folder: where it lies.
        name: of the archive, without its ending, where it is one: it may be one student's. Empty for a folder.
        repositories: names of folders, without those around them, that hold a `.git`, which is left out.
        skipped: what could not be laid out.
    """

    folder: Path
    name: str
    repositories: frozenset[str]
    skipped: tuple[Skipped, ...]

    def times(self, ending: str) -> Mapping[Path, float]:
        """Files of an ending by relative path, with when they were changed."""
        return {
            path.relative_to(self.folder): path.stat().st_mtime
            for path in ordinary_files(self.folder)
            if path.suffix == ending
        }


def stage(source: Path, folder: Path, ending: str) -> Staged:
    """Lay out what a teacher has named.

    Args:
        source: a folder or a zip archive; it stays as it is.
        folder: where to; it is there and empty.
        ending: of files that are graded; a notebook's other endings, such as `.ipynb.txt`, become it.

    Raises:
        InvalidSubmission: the archive is damaged, too large or leads out of its folder.
        EnvironmentFault: the disk is full, or may not be written.
    """
    skipped: list[Skipped] = []
    if source.is_dir():
        repositories = {path.parent.name for depth in ("*", "*/*") for path in source.glob(f"{depth}/{_GIT}")}
        try:
            shutil.copytree(source, folder, dirs_exist_ok=True, symlinks=True, ignore=_unwanted)
        except shutil.Error as error:
            skipped += _not_copied(error, source)
        except RecursionError:
            raise InvalidSubmission(
                _("{source} has folders in folders without end.").format(source=source), remedy=_("Flatten it.")
            ) from None
    else:
        skipped += unpack(source, folder)
        repositories = _repositories_in(source)
    skipped += unpack_inner(folder)
    if ending == ".ipynb":
        _normalize_suffixes(folder)
    return Staged(folder, "" if source.is_dir() else source.stem, frozenset(repositories), tuple(skipped))


def _repositories_in(archive: Path) -> set[str]:
    with suppress(Exception), zipfile.ZipFile(archive) as opened:  # it was unpacked already
        entries = opened.infolist()
        repair_names(entries)
        parts = [PurePosixPath(entry.filename).parts for entry in entries]
        return {one[at - 1] for one in parts for at, part in enumerate(one) if part == _GIT and at}
    return set()


def _normalize_suffixes(folder: Path) -> None:
    """Rename to `.ipynb` what a phone, a browser or a mailer has named `.IPYNB`, `.ipynb.json` or `.ipynb.txt`."""
    for path in ordinary_files(folder):
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
            raise EnvironmentFault(_("The disk is full."), remedy=_("Free some space and run the same command again."))
        said = _("it cannot be read ({error})").format(error=printable(str(reason), 200))
        skipped.append(Skipped(os.path.relpath(name, source), said, _("Give yourself the right to read it.")))
    return skipped


def _unwanted(folder: str, names: list[str]) -> set[str]:
    """Links, special files, and what programs leave behind."""
    return {
        name
        for name in names
        if is_litter(name) or (path := Path(folder, name)).is_symlink() or not (path.is_file() or path.is_dir())
    }
