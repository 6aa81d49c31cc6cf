"""Large files that come in parts: what is here stays, so an interrupted upload goes on where it stopped.

    inbox/.parts/<way in>-<key>           the first bytes of a file, as many as have come
    inbox/.parts/day-<way in>-<date>      how many bytes have come on that day, as a number

The page writes them to disk as they come and keeps nothing in memory. They wait there until they are handed in, which
moves them into an item of the inbox, or for a day.
"""

from __future__ import annotations

import os
import re
import stat
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from grader.collect.weights import MAX_WEIGHTS_BYTES
from grader.errors import EnvironmentFault, InvalidSubmission, disk_fault
from grader.language import _

FOLDER = ".parts"
PART_BYTES = 4 * 1024 * 1024
MAX_PERSON_BYTES = 2 * MAX_WEIGHTS_BYTES  # the file, and the one before it
MAX_TOTAL_BYTES = 8 * 1024 * 1024 * 1024
KEPT_S = 24 * 3600
_KEY = re.compile(r"[0-9a-f]{16}")
_MIB = 1 << 20
_counting = threading.Lock()  # one page writes an inbox, in several threads


class DayUsedUp(InvalidSubmission):
    """Nothing more is taken today; what has come stays, and the file goes on tomorrow."""


@dataclass(frozen=True)
class DayLimit:
    """What one person may send on one calendar day.

    Attributes:
        mib: MiB of all files together, also of those that are sent anew; 0 is no limit.
        zone: where the day begins at midnight: the class's.
    """

    mib: int = 0
    zone: tzinfo = UTC


@dataclass(frozen=True)
class Parts:
    """The files of one person that are on their way.

    Attributes:
        inbox: the class's inbox.
        access_id: number of the way in.
        day: how much the person may send on a day.
    """

    inbox: Path
    access_id: int
    day: DayLimit = field(default_factory=DayLimit)

    def held(self, key: str) -> int:
        """How many bytes of a file have come; 0 where it is not known.

        Args:
            key: 16 hexadecimal digits by which the browser knows the file again.

        Raises:
            InvalidSubmission: that is no key.
        """
        try:
            about = self.path(key).lstat()
        except OSError:
            return 0
        return about.st_size if stat.S_ISREG(about.st_mode) else 0

    def path(self, key: str) -> Path:
        """Where the file lies.

        Raises:
            InvalidSubmission: that is no key.
        """
        if not _KEY.fullmatch(key):
            raise InvalidSubmission(_("The upload has no name that is known."), remedy=_("Choose the file again."))
        return self.inbox / FOLDER / f"{self.access_id}-{key}"

    def append(self, key: str, offset: int, data: bytes) -> int:
        """Keep a part behind those that have come.

        Args:
            key: as in `held`.
            offset: where in the file it belongs; at any other place than the end nothing is kept.
            data: at most `PART_BYTES`.

        Returns:
            How many bytes are there now.

        Raises:
            InvalidSubmission: the file is too large.
            DayUsedUp: the person has sent as much as a day allows.
            EnvironmentFault: the disk is full, or too much waits on it.
        """
        path, before = self.path(key), self.held(key)
        if offset != before or len(data) > PART_BYTES:
            return before
        if before + len(data) > MAX_WEIGHTS_BYTES:
            raise InvalidSubmission(
                _("The file has more than {allowed} MiB.").format(allowed=MAX_WEIGHTS_BYTES >> 20),
                remedy=_("Save the network's state_dict alone, without the optimizer, or use a smaller network."),
            )
        if self.day.mib and self.sent_today() + len(data) > self.day.mib * _MIB:
            raise DayUsedUp(self.told())
        self._make_room(path, len(data))
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
        except OSError as error:
            raise disk_fault(error, path, "written") from error
        held = self.held(key)
        self._count(held - before)
        return held

    def sent_today(self) -> int:
        """How many bytes the person has sent since midnight."""
        try:
            return int(self._counter().read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0

    def told(self) -> str:
        """What is left of the day, in a sentence; empty without a limit."""
        if not self.day.mib:
            return ""
        left = max(0, self.day.mib - -(-self.sent_today() // _MIB))
        return _("Weights: {left} of {allowed} MiB are left for today; the next day begins at 00:00 ({zone}).").format(
            left=left, allowed=self.day.mib, zone=self.day.zone
        )

    def _counter(self) -> Path:
        return self.inbox / FOLDER / f"day-{self.access_id}-{datetime.now(self.day.zone):%Y%m%d}"

    def _count(self, more: int) -> None:
        """Add to what has come today; a day's number is removed as files are, when it is a day old."""
        path = self._counter()
        with _counting, suppress(OSError):
            if path.is_symlink():
                return
            total = self.sent_today() + more
            path.write_text(str(total), encoding="ascii")

    def remove(self, key: str) -> None:
        """Throw a file away."""
        self.path(key).unlink(missing_ok=True)

    def _make_room(self, path: Path, more: int) -> None:
        """Remove what is a day old, and this person's other files, the oldest first, where those are too many.

        Raises:
            EnvironmentFault: too much waits, of all people together.
        """
        known: list[tuple[float, Path, int]] = []
        with suppress(OSError), os.scandir(self.inbox / FOLDER) as entries:
            for entry in entries:
                with suppress(OSError):
                    about = entry.stat(follow_symlinks=False)
                    known.append((about.st_mtime, Path(entry.path), about.st_size))
        now, own, total = time.time(), more, more
        for at, other, size in sorted(known, reverse=True):
            is_own = other.name.startswith(f"{self.access_id}-")
            is_too_much = is_own and own + size > MAX_PERSON_BYTES
            if other != path and (now - at > KEPT_S or is_too_much):
                with suppress(OSError):
                    other.unlink()
                continue
            total += size
            own += size if is_own else 0
        if total > MAX_TOTAL_BYTES:
            raise EnvironmentFault("Too many files wait to be handed in.", remedy="Is `grader watch` running?")
