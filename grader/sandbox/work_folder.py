"""A submission's working folder, read by the grader through a descriptor that the zygote has opened.

The zygote reads nothing of it: what it had in its memory, the next student's kernel would inherit. Whatever lies there
is hostile and may change meanwhile, so no link is followed and nothing is waited for.
"""

from __future__ import annotations

import contextlib
import os
import stat

MAX_NAMES = 1000
MAX_CSV_FILES, MAX_CSV_DEPTH, MAX_SEEN = 20, 6, 20_000
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK


def names(folder: int) -> list[str]:
    """Names in the folder, at most `MAX_NAMES`."""
    return sorted(os.listdir(folder))[:MAX_NAMES]


def csv_files(folder: int) -> list[str]:
    """Relative paths of non-empty csv files in the folder and below, the newest first, at most `MAX_CSV_FILES`."""
    found: list[tuple[int, str]] = []
    _look(os.dup(folder), "", found, MAX_SEEN)
    return [path for _time, path in sorted(found)[:MAX_CSV_FILES]]


def _look(place: int, inside: str, found: list[tuple[int, str]], left: int) -> int:
    """Find csv files in an open folder and below it. By hand and not by `os.fwalk`, see below.

    Args:
        place: the folder's descriptor; it is closed.
        inside: the folder's relative path, with its slash.
        found: (minus the time of the last change, path) of each file is appended.
        left: how many names may still be looked at.

    Returns:
        How many names may still be looked at afterwards.
    """
    # `os.fwalk` opens without `O_NONBLOCK`, and a folder may have become a pipe meanwhile.
    try:
        for name in os.listdir(place):
            left -= 1
            if left < 0:
                break
            with contextlib.suppress(OSError):
                state = os.stat(name, dir_fd=place, follow_symlinks=False)
                if stat.S_ISDIR(state.st_mode) and inside.count("/") < MAX_CSV_DEPTH:
                    left = _look(os.open(name, FOLDER, dir_fd=place), f"{inside}{name}/", found, left)
                elif stat.S_ISREG(state.st_mode) and state.st_size and name.lower().endswith(".csv"):
                    found.append((-state.st_mtime_ns, f"{inside}{name}"))
    finally:
        os.close(place)
    return left


def read(folder: int, name: str, limit: int) -> bytes | None:
    """Read a regular file; links are not followed.

    Args:
        folder: an open descriptor of the folder.
        name: relative path of the file.
        limit: bytes; a larger file is not read.

    Returns:
        Its content; None where there is no such file that may be read.
    """
    try:
        descriptor = _open_below(folder, name)
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(limit + 1)
    return data if len(data) <= limit else None


def _open_below(folder: int, name: str) -> int:
    """Open a file below a folder, step by step: a link anywhere on the way is refused."""
    *folders, last = name.split("/")
    if not last or {"", ".", ".."} & {*folders, last}:
        raise ValueError(name)
    place = os.dup(folder)
    try:
        for step in folders:
            inner = os.open(step, FOLDER, dir_fd=place)
            os.close(place)
            place = inner
        return os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=place)
    finally:
        os.close(place)
