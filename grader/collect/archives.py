"""Unpack untrusted zip archives: limits on files and bytes, no links, no paths that lead outside."""

from __future__ import annotations

import errno
import io
import lzma
import os
import shutil
import stat
import zipfile
import zlib
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath

from grader.collect.zip_names import repair_names
from grader.errors import InvalidSubmission, disk_fault
from grader.language import _
from grader.printable import printable

MAX_ARCHIVE_BYTES = 4 * 1024 * 1024 * 1024
MAX_ARCHIVE_FILES = 100_000
MAX_INNER_BYTES = 512 * 1024 * 1024  # of all archives in one folder of an LMS's archive: one student's
MAX_INNER_FILES = 1000
MAX_DEPTH = 32  # folders in folders; what lies deeper is left out
ARCHIVES = (".zip", ".gz")  # what nbgrader would unpack, without a limit; a `.tar` may be PyTorch's
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
)
_OF_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)
_LITTER = ("__MACOSX", ".ipynb_checkpoints", ".DS_Store", ".git", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not taken.

    Attributes:
        name: its path in the folder or archive.
        reason: why.
        remedy: what would bring it in; empty where nothing is to be done.
        is_minor: whether nothing is missed: another file of the student's counts, or the teacher said so.
    """

    name: str
    reason: str
    remedy: str = ""
    is_minor: bool = False


def unpack(path: Path, folder: Path, *, max_files: int | None = None, max_bytes: int | None = None) -> list[Skipped]:
    """Unpack an archive that stays within the limits; an archive inside it stays packed.

    Args:
        path: the archive.
        folder: where to, made if need be; after a refusal it may hold a part.
        max_files: at most so many; `MAX_ARCHIVE_FILES` if left out.
        max_bytes: at most so many, unpacked; `MAX_ARCHIVE_BYTES` if left out.

    Returns:
        Entries that could not be unpacked: they are one student's, and the others' are there.

    Raises:
        InvalidSubmission: not a zip, too many or too large files, links, or paths that lead outside; nothing of it can
            be unpacked.
        EnvironmentFault: the disk is full, or may not be written.
    """
    max_files = MAX_ARCHIVE_FILES if max_files is None else max_files
    max_bytes = MAX_ARCHIVE_BYTES if max_bytes is None else max_bytes
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            repair_names(entries)
            _require_harmless(path.name, entries, max_files, max_bytes)
            wanted = [entry for entry in entries if _is_wanted(entry)]
            skipped = _replaced(wanted)
            skipped += [one for entry in wanted if (one := _unpack_entry(archive, entry, folder)) is not None]
    except _UNREADABLE as error:
        raise _not_unpacked(path.name, error) from error
    if skipped and len(skipped) == len(wanted):
        raise InvalidSubmission(
            _("Nothing in {archive} can be unpacked: {name}: {reason}.").format(
                archive=path.name, name=printable(skipped[0].name, 300), reason=skipped[0].reason
            ),
            remedy=_repack(),
        )
    return skipped


def _require_harmless(name: str, entries: list[zipfile.ZipInfo], max_files: int, max_bytes: int) -> None:
    size = sum(entry.file_size for entry in entries)
    if size > max_bytes or len(entries) > max_files:
        raise InvalidSubmission(
            _(
                "{name} unpacks to {count} files of {size} MiB; at most {files} files and {allowed} MiB are taken."
            ).format(name=name, count=len(entries), size=size >> 20, files=max_files, allowed=max_bytes >> 20),
            remedy=_("Split it."),
        )
    outside = next((entry for entry in entries if leads_outside(entry)), None)
    if outside is not None:
        raise InvalidSubmission(
            _("{name} holds {entry}, which leads out of its folder or is a link.").format(
                name=name, entry=ascii(outside.filename)
            ),
            remedy=_("Remove it."),
        )


def _replaced(entries: list[zipfile.ZipInfo]) -> list[Skipped]:
    """Entries whose name another one has, further on: that one counts, as for every program that unpacks them."""
    last = {entry.filename: entry for entry in entries}
    reason = _("another entry of the same name, further on in the archive, counts")
    return [Skipped(entry.filename, reason, is_minor=True) for entry in entries if last[entry.filename] is not entry]


def _is_wanted(entry: zipfile.ZipInfo) -> bool:
    is_deep = len(PurePosixPath(entry.filename.replace("\\", "/")).parts) > MAX_DEPTH
    return not (_is_folder(entry) or is_litter(entry.filename) or is_deep)


def _is_folder(entry: zipfile.ZipInfo) -> bool:
    """Whether an entry is a folder, or has no name: Python's own `is_dir` fails on those."""
    return not entry.filename or entry.is_dir()


def _unpack_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path) -> Skipped | None:
    """Write one file.

    Returns:
        Why it was left out; None where it was written.

    Raises:
        EnvironmentFault: the disk is full, or may not be written.
    """
    parts = PurePosixPath(entry.filename.replace("\\", "/")).parts
    target = folder.joinpath(*parts)
    is_begun = False
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(entry) as packed, target.open("wb") as file:
            is_begun = True
            shutil.copyfileobj(packed, file)  # reads no more than the directory says, which was counted
    except _UNREADABLE as error:
        if isinstance(error, OSError) and error.errno in _OF_DISK:
            raise disk_fault(error, folder.parent, "written") from error
        if is_begun:
            target.unlink(missing_ok=True)
        return Skipped(entry.filename, _reason(entry, error), _("Ask the student for the file itself."))
    with suppress(OSError, ValueError, OverflowError):  # an archive may say any time; without one it is now
        moment = datetime(*entry.date_time).timestamp()
        os.utime(target, (moment, moment))
    return None


def _reason(entry: zipfile.ZipInfo, error: Exception) -> str:
    """Why an entry could not be unpacked, and what would help."""
    if entry.flag_bits & 0x1:
        return _("it is encrypted: unpack the archive with its password and collect the folder")
    if isinstance(error, NotImplementedError):
        return _("it is packed in a way that Python cannot read ({error}): unpack it with another program").format(
            error=error
        )
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        return _("its name is too long for a file: ask for a shorter one")
    if isinstance(error, OSError) and error.errno in (errno.ENOTDIR, errno.EISDIR, errno.EEXIST):
        return _("a file and a folder have the same name")
    return _("it cannot be unpacked ({error})").format(error=printable(str(error), 200) or type(error).__name__)


def _not_unpacked(name: str, error: Exception) -> InvalidSubmission:
    reason = printable(str(error), 200).rstrip(".")
    return InvalidSubmission(
        _("{name} is not a zip archive that can be unpacked: {reason}.").format(name=name, reason=reason),
        remedy=_repack(),
    )


def _repack() -> str:
    return _("Download it again, or unpack it with another program and collect the folder.")


def unpack_inner(folder: Path) -> list[Skipped]:
    """Unpack the archives that students packed, each into a folder of its name beside it; no archive is left.

    One that cannot be unpacked is left out, and nothing else is: it is one student's.

    Returns:
        What was left out.
    """
    skipped = []
    files: Counter[str] = Counter()
    size: Counter[str] = Counter()
    for path in _archives(folder):
        name = path.relative_to(folder)
        student, target = name.parts[0], path.with_suffix("")
        if path.suffix.lower() != ".zip" or target.exists():
            reason = _("it is no zip archive, or there is a folder of its name already")
            skipped.append(Skipped(str(name), reason, _("Unpack it there, and collect the folder.")))
            path.unlink()
            continue
        try:
            left_out = unpack(
                path,
                target,
                max_files=min(MAX_INNER_FILES - files[student], MAX_ARCHIVE_FILES - files.total()),
                max_bytes=min(MAX_INNER_BYTES - size[student], MAX_ARCHIVE_BYTES - size.total()),
            )
        except InvalidSubmission as error:
            skipped.append(Skipped(str(name), error.message.rstrip("."), error.remedy))
            shutil.rmtree(target, ignore_errors=True)
            left_out = []
        skipped += [replace(one, name=f"{name}/{one.name}") for one in left_out]
        path.unlink()
        for inner in _archives(target):
            reason, remedy = _("it is an archive in an archive"), _("Unpack it there, and collect the folder.")
            skipped.append(Skipped(str(inner.relative_to(folder)), reason, remedy))
            inner.unlink()
        found = [inner.stat().st_size for inner in target.rglob("*") if inner.is_file()]
        files[student] += len(found)
        size[student] += sum(found)
    return skipped


def _archives(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in ARCHIVES and path.is_file())


def leads_outside(entry: zipfile.ZipInfo) -> bool:
    """Whether an entry is a link or its name leads out of the folder it is unpacked in."""
    parts = PurePosixPath(entry.filename.replace("\\", "/"))
    return parts.is_absolute() or ".." in parts.parts or stat.S_ISLNK(entry.external_attr >> 16)


def read_small(data: bytes, *, max_files: int, max_bytes: int) -> dict[str, bytes]:
    """The files of one student's archive, by relative path, unpacked in memory.

    A folder that holds everything is left out, and so is what a Mac or a browser adds.

    Raises:
        InvalidSubmission: not a zip, too many or too large files, links, or paths that lead outside.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            repair_names(archive.infolist())
            entries = [entry for entry in archive.infolist() if not _is_folder(entry) and not is_litter(entry.filename)]
            if len(entries) > max_files or sum(entry.file_size for entry in entries) > max_bytes:
                raise InvalidSubmission(
                    _(
                        "The archive unpacks to {count} files; at most {files} files and {allowed} MiB are taken."
                    ).format(count=len(entries), files=max_files, allowed=max_bytes >> 20),
                    remedy=_("Hand in the notebook and only the files it needs."),
                )
            if any(leads_outside(entry) for entry in entries):
                raise InvalidSubmission(
                    _("The archive holds a link or a path that leads out of it."), remedy=_("Pack the files anew.")
                )
            found = {entry.filename.replace("\\", "/"): _unpacked(archive, entry, max_bytes) for entry in entries}
    except _UNREADABLE as error:
        raise InvalidSubmission(
            _("The file is not a zip archive that can be read."), remedy=_("Pack the files anew.")
        ) from error
    return _without_common_folder(found)


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, max_bytes: int) -> bytes:
    with archive.open(entry) as file:
        data = file.read(max_bytes + 1)  # what the directory says of a size is the sender's word
    if len(data) > max_bytes:
        raise zipfile.BadZipFile("larger than it says")
    return data


def is_litter(name: str) -> bool:
    """Whether a path is of what programs leave behind, not of what a student hands in."""
    return not {*PurePosixPath(name.replace("\\", "/")).parts}.isdisjoint(_LITTER)


def _without_common_folder(files: dict[str, bytes]) -> dict[str, bytes]:
    tops = {name.split("/", 1)[0] for name in files}
    if len(tops) == 1 and all("/" in name for name in files):
        return {name.split("/", 1)[1]: data for name, data in files.items()}
    return files
