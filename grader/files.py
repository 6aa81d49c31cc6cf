"""Files and folders: written as a whole or not at all, read with an error that says what to do."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TextIO

from grader.errors import InvalidConfig, disk_fault
from grader.language import _

MAX_DEPTH = 32


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a reader, or a process killed in the middle, sees the old one or the new one.

    Raises:
        EnvironmentFault: it cannot be written, for example because the disk is full; the old file is as it was.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=f".writing-{os.getpid()}-", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise disk_fault(error, path, "written") from error


def read_given(path: Path) -> bytes:
    """A file that a teacher has named.

    Raises:
        InvalidConfig: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidConfig(
            _("{path} cannot be read: {reason}.").format(path=path, reason=error.strerror),
            remedy=_("Name a file that is there."),
        ) from error


@contextmanager
def writing_given(path: Path, *, is_private: bool = False) -> Iterator[TextIO]:
    """A file that a teacher has named, to write text to; opened before anything is done that could not be undone.

    Args:
        path: the file; its folder has to be there.
        is_private: whether it is for its owner alone.

    Raises:
        InvalidConfig: there is no such folder, or a folder has this name.
        EnvironmentFault: it cannot be written.
    """
    try:
        if is_private:
            path.touch(mode=0o600)
            path.chmod(0o600)
        file = path.open("w", encoding="utf-8", newline="")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise _not_writable(path, error.strerror or type(error).__name__) from error
    except OSError as error:
        raise disk_fault(error, path, "written") from error
    try:
        with file:
            yield file
    except OSError as error:
        raise disk_fault(error, path, "written") from error


@contextmanager
def replacing_given(path: Path) -> Iterator[TextIO]:
    """A new file for its owner alone, which takes the place of the one that a teacher has named where nothing fails.

    Whether it can be written is known before anything is done that could not be undone; until then the old one stays.

    Args:
        path: the file; its folder has to be there.

    Raises:
        InvalidConfig: there is no such folder, or a folder has this name.
        EnvironmentFault: it cannot be written.
    """
    target = path.resolve()
    if path.is_dir() or not target.parent.is_dir():
        raise _not_writable(path, os.strerror(errno.EISDIR if path.is_dir() else errno.ENOENT))
    if path.exists() and not path.is_file():  # /dev/stdout, a named pipe: nothing takes their place
        with writing_given(path) as file:
            yield file
        return
    temporary = target.with_name(f".writing-{os.getpid()}-{target.name[:100]}")
    try:
        temporary.touch(mode=0o600)
        with temporary.open("w", encoding="utf-8", newline="") as file:
            yield file
        temporary.replace(target)
    except OSError as error:
        raise disk_fault(error, path, "written") from error
    finally:
        temporary.unlink(missing_ok=True)


def _not_writable(path: Path, reason: str) -> InvalidConfig:
    return InvalidConfig(
        _("{path} cannot be written: {reason}.").format(path=path, reason=reason),
        remedy=_("Make the folder first, or name another file."),
    )


@contextmanager
def replacing_folder(target: Path, prefix: str) -> Iterator[Path]:
    """An empty folder to fill, which takes the target's place as a whole where nothing fails.

    Args:
        target: the folder to replace; its parents are made.
        prefix: of the temporary folder beside it, in which both lie while they change places.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{prefix}{os.getpid()}-", dir=target.parent) as folder:
        made = Path(folder) / "new"
        made.mkdir()
        yield made
        if target.exists():
            target.rename(Path(folder) / "old")
        made.rename(target)


def ordinary_files(folder: Path) -> Iterator[Path]:
    """Regular files below a folder, sorted, at most `MAX_DEPTH` folders deep.

    Links and special files are passed over: students make these folders.
    """
    found: list[Path] = []
    for top, names, files in os.walk(folder):
        here = Path(top)
        if len(here.relative_to(folder).parts) >= MAX_DEPTH:
            names.clear()
        found += [path for name in files if stat.S_ISREG((path := here / name).lstat().st_mode)]
    yield from sorted(found)


def lay_out(folder: Path, files: tuple[tuple[str, bytes], ...]) -> None:
    """Write handed-in files into a folder; names that lead outside are left out."""
    for name, data in files:
        relative = PurePosixPath(name)
        if relative.is_absolute() or ".." in relative.parts:
            continue
        path = folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
