"""Integrity reports that a teacher asked for on the page, made one at a time in a process of their own."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path

from grader.fleet.workers import Workers
from grader.record.database import ClassDatabase
from grader.record.database.integrity import IntegrityReports
from grader.show.integrity.publishing import compare_and_publish


class Integrity:
    """The watcher's part in it: what is wanted stands in the class database, so that a killed one goes on."""

    def __init__(self, database: ClassDatabase, workers: Workers, beside: ExitStack) -> None:
        self._reports = IntegrityReports(database)
        self._workers = workers
        self._process = beside.enter_context(ExitStack())
        self._running: tuple[str, Future[None]] | None = None
        self._has_to_look = True

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being compared or is to be."""
        return self._running is None and not self._has_to_look

    def look_again(self) -> None:
        """A teacher may have asked for a report."""
        self._has_to_look = True

    def step(self, root: Path) -> bool:
        """Start or finish a comparison; whether anything was done."""
        if self._running is not None:
            slug, future = self._running
            if not future.done():
                return False
            self._running = None
            error = future.exception()
            if error is not None:
                self._reports.fail(slug, f"{type(error).__name__}: {error}"[:500])
            self._process.close()
            return True
        if not self._has_to_look:
            return False
        wanted = self._reports.asked()
        self._has_to_look = bool(wanted)
        if wanted:
            executor = self._process.enter_context(self._workers(1))
            self._running = (wanted[0], executor.submit(compare_and_publish, root, wanted[0]))
        return bool(wanted)
