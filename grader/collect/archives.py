"""Unpack untrusted zip archives: limits on files and bytes, no links, no paths that lead outside."""

from __future__ import annotations

import errno
import io
import lzma
import shutil
import stat
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

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
_REPACK = "Download it again, or unpack it with another program and collect the folder."


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not taken.

    Attributes:
        name: its path in the folder or archive.
        reason: why.
    """

    name: str
    reason: str


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
            _require_harmless(path.name, entries, max_files, max_bytes)
            wanted = [entry for entry in entries if _is_wanted(entry)]
            skipped = [one for entry in wanted if (one := _unpack_entry(archive, entry, folder)) is not None]
    except _UNREADABLE as error:
        raise _not_unpacked(path.name, error) from error
    if skipped and len(skipped) == len(wanted):
        raise InvalidSubmission(
            f"Nothing in {path.name} can be unpacked: {skipped[0].name}: {skipped[0].reason}.", remedy=_REPACK
        )
    return skipped


def _require_harmless(name: str, entries: list[zipfile.ZipInfo], max_files: int, max_bytes: int) -> None:
    size = sum(entry.file_size for entry in entries)
    if size > max_bytes or len(entries) > max_files:
        raise InvalidSubmission(
            f"{name} unpacks to {len(entries)} files of {size >> 20} MiB; at most {max_files} files and "
            f"{max_bytes >> 20} MiB are taken.",
            remedy="Split it.",
        )
    outside = next((entry for entry in entries if leads_outside(entry)), None)
    if outside is not None:
        raise InvalidSubmission(
            f"{name} holds {outside.filename!a}, which leads out of its folder or is a link.", remedy="Remove it."
        )


def _is_wanted(entry: zipfile.ZipInfo) -> bool:
    is_deep = len(PurePosixPath(entry.filename.replace("\\", "/")).parts) > MAX_DEPTH
    return not (entry.is_dir() or _is_litter(entry.filename) or is_deep)


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
        return Skipped(entry.filename, _reason(entry, error))
    return None


def _reason(entry: zipfile.ZipInfo, error: Exception) -> str:
    """Why an entry could not be unpacked, and what would help."""
    if entry.flag_bits & 0x1:
        return "it is encrypted: unpack the archive with its password and collect the folder"
    if isinstance(error, NotImplementedError):
        return f"it is packed in a way that Python cannot read ({error}): unpack it with another program"
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        return "its name is too long for a file: ask for a shorter one"
    if isinstance(error, OSError) and error.errno in (errno.ENOTDIR, errno.EISDIR, errno.EEXIST):
        return "a file and a folder have the same name"
    return f"it cannot be unpacked ({printable(str(error), 200) or type(error).__name__})"


def _not_unpacked(name: str, error: Exception) -> InvalidSubmission:
    reason = printable(str(error), 200).rstrip(".")
    return InvalidSubmission(f"{name} is not a zip archive that can be unpacked: {reason}.", remedy=_REPACK)


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
            skipped.append(Skipped(str(name), "it is no zip archive, or there is a folder of its name already"))
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
            skipped.append(Skipped(str(name), str(error)))
            shutil.rmtree(target, ignore_errors=True)
            left_out = []
        skipped += [Skipped(f"{name}/{one.name}", one.reason) for one in left_out]
        path.unlink()
        for inner in _archives(target):
            skipped.append(Skipped(str(inner.relative_to(folder)), "it is an archive in an archive"))
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
            entries = [entry for entry in archive.infolist() if not entry.is_dir() and not _is_litter(entry.filename)]
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


def _is_litter(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return any(part in ("__MACOSX", ".ipynb_checkpoints", ".DS_Store") for part in parts)


def _without_common_folder(files: dict[str, bytes]) -> dict[str, bytes]:
    tops = {name.split("/", 1)[0] for name in files}
    if len(tops) == 1 and all("/" in name for name in files):
        return {name.split("/", 1)[1]: data for name, data in files.items()}
    return files
