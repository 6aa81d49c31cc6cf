"""Reading a zip file or a folder alike, with limits. Nothing is ever extracted to a name that the archive chose."""

from __future__ import annotations

import os
import threading
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from grader.errors import EnvironmentFault, MissingDataset
from grader.language import _

# The contest's archive is 21,925 files and about 0.6 GB; its parent data set, nested in itself, twice that.
MAX_MEMBERS = 500_000
MAX_MEMBER_BYTES = 64 << 20
MAX_TOTAL_BYTES = 16 << 30


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a source, by its path there.

    Attributes:
        index: the place among the source's members; a zip may hold one path twice.
    """

    index: int
    path: PurePosixPath
    size_bytes: int


class Source(Protocol):
    """What pictures are read from."""

    @property
    def members(self) -> tuple[Member, ...]:
        """All files, in a fixed order."""

    def read(self, member: Member) -> bytes:
        """The file's content.

        Raises:
            EnvironmentFault: it cannot be read.
        """


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """The source at a path, checked against the limits.

    Raises:
        MissingDataset: there is nothing.
        EnvironmentFault: it is no zip or folder, damaged, encrypted, or too large.
    """
    if not path.exists():
        raise MissingDataset(
            _("There is no archive {path}.").format(path=path),
            remedy=_("Give the path of the contest's zip file or of the folder it was unpacked to."),
        )
    if path.is_dir():
        folder = _Folder(path)
        _check_limits(path, folder.members)
        yield folder
        return
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _damaged(path, str(error)) from error
    with archive:
        contents = _Zip(path, archive)
        _check_limits(path, contents.members)
        yield contents


class _Zip:
    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._path = path
        self._archive = archive
        self._reading = threading.Lock()
        self._infos = [info for info in archive.infolist() if not info.is_dir()]
        self.members = tuple(
            Member(index, PurePosixPath(info.filename.replace("\\", "/")), info.file_size)
            for index, info in enumerate(self._infos)
        )

    def read(self, member: Member) -> bytes:
        info = self._infos[member.index]
        if info.flag_bits & 0x1:
            raise EnvironmentFault(
                _("The archive {path} is encrypted.").format(path=self._path),
                remedy=_("Unpack it with its password and import the folder."),
            )
        try:
            # zipfile reads at most the size that the directory declares, which the limits have seen. Where threads read
            # at once, Python 3.12.3 looks for overlapping entries at another thread's place, and finds some.
            with self._reading:
                return self._archive.read(info)
        except NotImplementedError as error:
            raise EnvironmentFault(
                _("The archive {path} is packed in a way that Python cannot read: {reason}.").format(
                    path=self._path, reason=error
                ),
                remedy=_("Unpack it with another program and import the folder."),
            ) from error
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
            raise _damaged(self._path, str(error)) from error


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path
        found = sorted(
            (Path(folder, name).relative_to(path).as_posix(), Path(folder, name))
            for folder, _folders, names in os.walk(path)
            for name in names
            if Path(folder, name).is_file()
        )
        self.members = tuple(
            Member(index, PurePosixPath(relative), file.stat().st_size) for index, (relative, file) in enumerate(found)
        )

    def read(self, member: Member) -> bytes:
        try:
            return (self._path / member.path).read_bytes()
        except OSError as error:
            raise EnvironmentFault(
                _("{file} cannot be read: {reason}.").format(file=self._path / member.path, reason=error.strerror),
                remedy=_("Make the folder readable and run it again."),
            ) from error


def _check_limits(path: Path, members: tuple[Member, ...]) -> None:
    largest = max(members, key=lambda member: member.size_bytes, default=None)
    if len(members) > MAX_MEMBERS:
        raise _too_large(path, _("{found} files, at most {limit}").format(found=len(members), limit=MAX_MEMBERS))
    if largest is not None and largest.size_bytes > MAX_MEMBER_BYTES:
        found, limit = largest.size_bytes >> 20, MAX_MEMBER_BYTES >> 20
        raise _too_large(
            path, _("{name} has {found} MiB, at most {limit}").format(name=largest.path, found=found, limit=limit)
        )
    total = sum(member.size_bytes for member in members)
    if total > MAX_TOTAL_BYTES:
        found, limit = total >> 20, MAX_TOTAL_BYTES >> 20
        raise _too_large(path, _("{found} MiB unpacked, at most {limit}").format(found=found, limit=limit))


def _too_large(path: Path, what: str) -> EnvironmentFault:
    return EnvironmentFault(
        _("{path} is larger than an import accepts: {what}.").format(path=path, what=what),
        remedy=_("Is it the contest's archive? Take out what does not belong to it."),
    )


def _damaged(path: Path, reason: str) -> EnvironmentFault:
    return EnvironmentFault(
        _("The archive {path} is damaged: {reason}.").format(path=path, reason=reason.rstrip(".")),
        remedy=_("Download it again, then run the import once more."),
    )
