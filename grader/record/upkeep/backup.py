"""Back up a class into one archive, while `grader serve` goes on.

Databases are copied by SQLite itself. Files are read against the order in which grading writes them: the inbox before
`submitted/`, `ledger/current` and the databases before `autograded/` and the ledger's results. So whatever a part says
of a later one is there, and what was just happening is put right by running `grader grade` on the copy.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from grader import __version__
from grader.course.config import CONFIG_NAME
from grader.course.folder import Course
from grader.datasets.held_out import KEPT
from grader.errors import EnvironmentFault, InvalidConfig
from grader.language import _
from grader.record.upkeep.losses import databases
from grader.record.upkeep.manifest import MANIFEST, FileEntry, Manifest

SECRETS = "secrets.toml"
_CHUNK = 1 << 20
_FIRST = (CONFIG_NAME, "inbox", "ledger/current")  # then the databases
_LAST = ("submitted", "autograded", "feedback", "ledger/damaged", "ledger/results")
# Of processes at work: locks, logs of open databases, what is half written.
_PASSING = (".writing-", ".recording-", ".collecting-", ".grading.lock", ".grader-", "__pycache__")
_DENSE = (".jpg", ".jpeg", ".png", ".zip", ".pth")  # a second compression gains nothing


@dataclass(frozen=True)
class Backup:
    """What was backed up.

    Attributes:
        path: the archive.
        files: how many are in it.
        bytes: the archive's size.
        left_out: what is not in it, and why.
    """

    path: Path
    files: int
    bytes: int
    left_out: tuple[str, ...]


def back_up(course: Course, target: Path, *, with_dataset: bool = False) -> Backup:
    """Write a class's archive; it appears whole, readable for its owner alone, or not at all.

    Args:
        course: the class.
        target: the archive; an earlier one is replaced.
        with_dataset: whether the data set's pictures go in too, even where the class has a link to them.

    Raises:
        InvalidConfig: the archive would lie in a folder that is not there, or in the class folder.
        EnvironmentFault: something cannot be read or written, or a database is damaged.
    """
    target = target.absolute()
    if not target.parent.is_dir() or target.is_dir() or target.resolve().is_relative_to(course.root):
        raise InvalidConfig(
            _("{target} cannot be the backup.").format(target=target),
            remedy=_("Name a file in a folder that is there, outside the class folder."),
        )
    try:
        descriptor, name = tempfile.mkstemp(prefix=".grader-backup-", dir=target.parent)  # 0600
        try:
            with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                manifest = _Writer(course, archive, with_dataset).write()
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise EnvironmentFault(
            _("The backup cannot be written: {target}: {strerror}.").format(
                target=error.filename or target, strerror=error.strerror
            ),
            remedy=_("Free space or rights and run it again; nothing was left behind."),
        ) from error
    return Backup(target, len(manifest.files), target.stat().st_size, manifest.left_out)


class _Writer:
    def __init__(self, course: Course, archive: zipfile.ZipFile, with_dataset: bool) -> None:
        self._course = course
        self._archive = archive
        self._with_dataset = with_dataset
        self._files: list[FileEntry] = []
        self._left_out: list[str] = []
        self._databases = {path: store for store, path in databases(course)}

    def write(self) -> Manifest:
        root = self._course.root
        for part in _FIRST:
            self._add_all(root / part)
        self._add_databases()
        for path in sorted(root.iterdir()):
            if path.name not in (*_FIRST, *_LAST, "ledger", "dataset") and not path.name.startswith(_PASSING):
                self._add_all(path)
        for part in _LAST:
            self._add_all(root / part)
        self._add_dataset()
        manifest = Manifest(
            grader=__version__,
            name=self._course.config.name,
            made_at=datetime.now(UTC),
            files=tuple(self._files),
            left_out=tuple(self._left_out),
        )
        self._archive.writestr(MANIFEST, manifest.model_dump_json(indent=1))
        return manifest

    def _add_databases(self) -> None:
        for url, name in ((self._course.gradebook_url, "gradebook"), (self._course.database_url, "class database")):
            if not url.startswith("sqlite"):
                self._left_out.append(f"the {name} lies in a database server: back it up with pg_dump")
        for path, store in self._databases.items():
            if not path.is_relative_to(self._course.root):
                self._left_out.append(f"the {store} lies outside the class folder: {path}")
            elif path.is_file():
                self._add_database(path)

    def _add_database(self, path: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="grader-backup-") as folder:
            copy = Path(folder) / "copy.db"
            try:
                with (
                    closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=30)) as source,
                    closing(sqlite3.connect(copy)) as target,
                ):
                    source.backup(target)
                    target.execute("PRAGMA journal_mode = DELETE")
            except sqlite3.DatabaseError as error:
                raise EnvironmentFault(
                    _("{path} cannot be copied: {error}.").format(path=path, error=error),
                    remedy=_("See `grader doctor`; `--repair` may help."),
                ) from error
            self._add(copy, path.relative_to(self._course.root))

    def _add_dataset(self) -> None:
        dataset = self._course.dataset
        if not dataset.exists():
            return
        if not self._with_dataset:
            self._add_all(dataset / "answers", follow=True)
            self._left_out.append(f"the pictures in {dataset.name}/: --dataset takes them along; the answers are in")
            return
        for path in sorted(dataset.iterdir()):
            if path.name != KEPT:  # links to the training pictures; it is laid out again where it is needed
                self._add_all(path, follow=True)

    def _add_all(self, path: Path, *, follow: bool = False) -> None:
        """A file, or all files below a folder; links are passed over, unless it is asked for at the top."""
        if path.is_symlink() and not follow:
            self._left_out.append(f"a link: {_shown(path.relative_to(self._course.root))}")
        elif path.is_dir():
            is_handed_in = path.is_relative_to(self._course.submitted)  # there every file counts
            for entry in _entries(path):
                if is_handed_in or not entry.name.startswith(_PASSING):
                    self._add_all(entry)
        elif self._is_wanted(path):
            self._add(path, path.relative_to(self._course.root))

    def _is_wanted(self, path: Path) -> bool:
        name = path.relative_to(self._course.root)
        if str(name) == SECRETS:
            self._left_out.append(f"{SECRETS}: what logs in to the school's accounts is copied by hand")
            return False
        return not any(
            path == database or path.name in {f"{database.name}{ending}" for ending in ("-wal", "-shm", "-journal")}
            for database in self._databases
        )

    def _add(self, path: Path, name: Path) -> None:
        """Copy one file; one that has gone meanwhile was moved on to where it is read later."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        with os.fdopen(descriptor, "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                return
            text = name.as_posix()
            if text != text.encode("utf-8", "replace").decode():
                self._left_out.append(f"a name that is not UTF-8: {_shown(name)}")
                return
            self._copy(file, text, about)

    def _copy(self, file: BinaryIO, name: str, about: os.stat_result) -> None:
        digest, size = hashlib.sha256(), 0
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_STORED if name.lower().endswith(_DENSE) else zipfile.ZIP_DEFLATED
        info.external_attr = (stat.S_IFREG | 0o600) << 16
        with self._archive.open(info, "w", force_zip64=True) as target:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
                target.write(chunk)
        self._files.append(
            FileEntry(path=name, bytes=size, sha256=digest.hexdigest(), mtime_ns=max(about.st_mtime_ns, 0))
        )


def _entries(folder: Path) -> Iterator[Path]:
    try:
        yield from sorted(folder.iterdir())
    except FileNotFoundError:  # an item of the inbox, taken meanwhile
        return


def _shown(path: Path) -> str:
    return ascii(str(path))[1:-1]
