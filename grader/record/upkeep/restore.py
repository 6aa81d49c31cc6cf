"""Restore a class from its backup into a new folder; all of it appears at once, or nothing.

An archive may come from anywhere: names, sizes and hashes are checked before anything is believed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from grader import __version__
from grader.course.config import CONFIG_NAME
from grader.course.folder import Course
from grader.errors import EnvironmentFault, GraderError, InvalidConfig
from grader.language import _
from grader.record.upkeep.losses import damage_of, databases
from grader.record.upkeep.manifest import MANIFEST, MAX_MANIFEST_BYTES, FileEntry, Manifest

_CHUNK = 1 << 20
_SPARE_BYTES = 64 << 20
_FOLDERS = ("source", "release", "submitted", "autograded", "feedback")
_AGAIN = "Copy the archive from where it was made once more, or take an earlier one; nothing was left behind."


@dataclass(frozen=True)
class Restored:
    """What was restored.

    Attributes:
        root: the class folder.
        files: how many.
        remarks: what to know and to do.
    """

    root: Path
    files: int
    remarks: tuple[str, ...]


def restore(archive: Path, target: Path) -> Restored:
    """Make a class folder from a backup.

    Raises:
        InvalidConfig: the target is not empty, or there is no such archive.
        EnvironmentFault: it is not a backup, it is damaged or was changed, or it does not fit on the disk.
    """
    target = target.absolute()
    if target.is_symlink() or (target.exists() and (not target.is_dir() or any(target.iterdir()))):
        raise InvalidConfig(
            _("{target} is there already and is not an empty folder.").format(target=target),
            remedy=_("Name a new folder."),
        )
    if not archive.is_file():
        raise InvalidConfig(
            _("There is no {archive}.").format(archive=archive),
            remedy=_("Name the file that `grader backup` has made."),
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".grader-restore-", dir=target.parent) as folder:
            made = Path(folder) / "class"
            manifest = _unpack(archive, made)
            remarks = _look_at(made, manifest)
            if target.exists():
                target.rmdir()
            made.rename(target)
    except OSError as error:
        raise EnvironmentFault(
            _("{target} cannot be written: {strerror}.").format(target=target, strerror=error.strerror),
            remedy=_("Free space or rights; nothing was left behind."),
        ) from error
    return Restored(target, len(manifest.files), remarks)


def _unpack(path: Path, made: Path) -> Manifest:
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _manifest(archive)
            _check(archive, manifest, path.stat().st_size, shutil.disk_usage(made.parent.parent).free)
            made.mkdir(mode=0o700)
            for folder in _FOLDERS:
                (made / folder).mkdir()
            for entry in manifest.files:
                _write(archive, entry, made / entry.path)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _damaged(f"{path.name} cannot be unpacked: {ascii(str(error))[1:200]}") from error
    return manifest


def _damaged(what: str) -> EnvironmentFault:
    return EnvironmentFault(f"{what}.", remedy=_AGAIN)


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    try:
        info = archive.getinfo(MANIFEST)
    except KeyError:
        raise EnvironmentFault(
            _("This archive is no backup of a class: it has no manifest.json."),
            remedy=_("Name a file that `grader backup` has made; an LMS's archive is for `grader collect`."),
        ) from None
    if info.file_size > MAX_MANIFEST_BYTES:
        raise _damaged("The backup's manifest is too large")
    try:
        return Manifest.model_validate_json(archive.read(info))
    except ValidationError as error:
        first = error.errors()[0]
        raise EnvironmentFault(
            _("The backup's manifest is not what this grader ({version}) can read: {first}.").format(
                version=__version__, first=first["msg"][:300]
            ),
            remedy=_("It was damaged, changed by hand, or made by a newer grader: update this one."),
        ) from None


def _check(archive: zipfile.ZipFile, manifest: Manifest, archive_bytes: int, free: int) -> None:
    """Hold the archive against its manifest before a byte of it is written."""
    held = [info for info in archive.infolist() if info.filename != MANIFEST]
    if sorted(info.filename for info in held) != sorted(entry.path for entry in manifest.files):
        raise _damaged("The archive does not hold the files that its manifest names")
    sizes = {entry.path: entry.bytes for entry in manifest.files}
    for info in held:
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG) or info.is_dir() or info.file_size != sizes[info.filename]:
            raise _damaged(f"{info.filename!a} is not the file that the manifest names")
    if sum(info.compress_size for info in archive.infolist()) > archive_bytes:
        raise _damaged("Files of the archive overlap")
    needed = sum(sizes.values()) + _SPARE_BYTES
    if needed > free:
        raise EnvironmentFault(
            _("The class takes {needed} MiB; {free} MiB are free.").format(needed=needed >> 20, free=free >> 20),
            remedy=_("Free space or name another disk."),
        )


def _write(archive: zipfile.ZipFile, entry: FileEntry, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with archive.open(entry.path) as packed, path.open("xb") as file:
        while chunk := packed.read(_CHUNK):
            size += len(chunk)
            if size > entry.bytes:
                break
            digest.update(chunk)
            file.write(chunk)
    if size != entry.bytes or digest.hexdigest() != entry.sha256:
        raise _damaged(f"{entry.path!a} is not what was backed up")
    os.utime(path, ns=(entry.mtime_ns, entry.mtime_ns))


def _look_at(made: Path, manifest: Manifest) -> tuple[str, ...]:
    """Whether it is a class that works, and what to know of it."""
    try:
        course = Course.open(made)
    except GraderError as error:
        raise EnvironmentFault(
            _("The backup's {config_name} is wrong: {message}").format(config_name=CONFIG_NAME, message=error.message),
            remedy=error.remedy,
        ) from error
    remarks = [f"not in the backup: {ascii(left_out)[1:-1]}" for left_out in manifest.left_out]
    for store, path in databases(course):
        if not path.is_relative_to(made):
            remarks.append(f"class.toml has the {store} outside the class folder, at {path}: set it to a place here")
        elif problem := damage_of(path):
            raise _damaged(f"The {store} in the backup is damaged: {problem}")
    if manifest.grader != __version__:
        remarks.append(
            f"made by grader {manifest.grader}, this is {__version__}: all that was handed in is graded anew; install "
            f"grader {manifest.grader} to keep the results"
        )
    return tuple(remarks)
