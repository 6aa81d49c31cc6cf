"""Look into a zip archive before anything unpacks it."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path, PurePosixPath
from typing import IO

from grader.errors import InvalidSubmission
from grader.language import _

MAX_ARCHIVE_BYTES = 4 * 1024 * 1024 * 1024
MAX_ARCHIVE_FILES = 100_000
MAX_INNER_BYTES = 512 * 1024 * 1024


def check_archive(path: Path) -> None:
    """Refuse an archive that would do harm while it is unpacked.

    Raises:
        InvalidSubmission: not a zip, too many or too large files, links, or paths that lead outside.
    """
    entries, size = _contents(path, str(path), depth=0)
    if size > MAX_ARCHIVE_BYTES or len(entries) > MAX_ARCHIVE_FILES:
        raise InvalidSubmission(
            f"{path} unpacks to {len(entries)} files of {size >> 20} MiB; at most {MAX_ARCHIVE_FILES} files and "
            f"{MAX_ARCHIVE_BYTES >> 20} MiB are taken.",
            remedy="Split it.",
        )
    for entry in entries:
        if leads_outside(entry):
            raise InvalidSubmission(
                f"{path} holds {entry.filename!a}, which leads out of its folder or is a link.", remedy="Remove it."
            )


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
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
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


def _contents(file: Path | IO[bytes], name: str, *, depth: int) -> tuple[list[zipfile.ZipInfo], int]:
    """Entries of an archive and of the archives in it, which nbgrader unpacks too, and their size unpacked."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            size = sum(entry.file_size for entry in entries)
            for entry in list(entries):
                suffix = Path(entry.filename).suffix.lower()
                if suffix == ".gz" or (suffix == ".zip" and (depth >= 1 or entry.file_size > MAX_INNER_BYTES)):
                    raise InvalidSubmission(
                        f"{name} holds the archive {entry.filename!a}.", remedy="Unpack it first, or leave it out."
                    )
                if suffix == ".zip" and size <= MAX_ARCHIVE_BYTES:
                    inner, more = _contents(
                        io.BytesIO(archive.read(entry)), f"{name}/{entry.filename}", depth=depth + 1
                    )
                    entries, size = [*entries, *inner], size + more
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, EOFError) as error:
        raise InvalidSubmission(
            f"{name} is not a zip archive that can be read: {error}.", remedy="Download it again."
        ) from error
    return entries, size
