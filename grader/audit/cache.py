"""What earlier audits found, by a hash of everything that decides it: files, written atomically.

So an audit that was killed goes on where it stopped, and one without a change is done in seconds. Nothing depends on
the files: one that is missing, broken or of another version is made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from grader import __version__
from grader.course.folder import Course
from grader.files import write_atomically

SCHEMA = 1
KEEP_S = 30 * 24 * 3600
# What cannot change the outcome of a job.
ELSEWHERE = {"audit", "cli", "collect", "course_data", "datasets", "locale", "record", "service", "show"}


def cache_folder(course: Course | None) -> Path:
    """Where findings are kept: in the class folder, or in the user's cache for our own course."""
    if course is not None:
        return course.root / ".audit"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "springfield-grader" / "audit"


class Cache:
    """Findings by key.

    Args:
        folder: where they lie; made when the first one comes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, key: str) -> dict[str, Any] | None:
        """The finding under this key, or None."""
        path = self._path(key)
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # it is in use
        return data if isinstance(data, dict) else None

    def keep(self, key: str, data: dict[str, Any]) -> None:
        """Write a finding.

        Raises:
            EnvironmentFault: it cannot be written.
        """
        write_atomically(self._path(key), json.dumps(data, ensure_ascii=False).encode())

    def forget_old(self) -> None:
        """Remove what no audit has asked for in a month, and what a killed one was writing."""
        for path in self._folder.glob("*/*"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > (3600 if path.name.startswith(".") else KEEP_S):
                    path.unlink()

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.json"


def key_of(*parts: str) -> str:
    """A key from everything that decides a finding, the grader's own code included."""
    return hashlib.sha256(json.dumps([SCHEMA, __version__, version("torch"), code_hash(), *parts]).encode()).hexdigest()


@cache
def code_hash() -> str:
    """A hash of the grader's code: checks, examiner, sandbox, grading."""
    package = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        inside = path.relative_to(package)
        if inside.parts[0] not in ELSEWHERE:
            digest.update(str(inside).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
