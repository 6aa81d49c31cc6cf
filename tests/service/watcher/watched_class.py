"""A class whose watcher is stepped by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import nbformat
from classroom import in_this_process, student_notebook

from grader.audit.answers import Answer
from grader.collect.inbox import Inbox, Upload
from grader.course.folder import Course
from grader.fleet.fleet import Fleet
from grader.fleet.workers import Workers, do
from grader.record.database import ClassDatabase
from grader.record.database.access import AccessList, hashed, new_token
from grader.record.database.page_records import UploadRecord
from grader.record.database.queries import Board
from grader.record.database.uploads import uploads_of
from grader.sandbox.devices import CPU
from grader.service.watcher.loop import Loop


@dataclass
class Class:
    """A class with a page's inbox, and the watcher's loop to be stepped by hand."""

    course: Course
    database: ClassDatabase

    def __post_init__(self) -> None:
        self.inbox = Inbox(self.course.inbox)

    def invite(self, student: str) -> int:
        token = hashed(new_token())
        access = AccessList(self.database)
        access.invite_student(student, f"Name of {student}", token_sha256=token)
        return max(line.id for line in access.every() if line.student_id == student)

    def teacher(self) -> int:
        access = AccessList(self.database)
        access.invite_teacher("Edna", token_sha256=hashed(new_token()))
        return max(line.id for line in access.every() if line.role == "teacher")

    def upload(self, access: int, answer: Answer | str, slug: str = "resnet") -> Upload:
        data = nbformat.writes(student_notebook(self.course, slug, answer)).encode()
        return self.inbox.put_upload(access, slug, f"{slug}.ipynb", data)

    def uploads(self, student: str) -> list[UploadRecord]:
        with Board.open(self.course.database_url) as board:
            return uploads_of(board, student)

    @contextmanager
    def looping(self, lanes: int = 1, workers: Workers = in_this_process) -> Iterator[Loop]:
        """A watcher that has started."""
        with Fleet((CPU,) * lanes, workers, do, is_service=True) as fleet:
            loop = Loop(self.course, self.database, fleet, slots=lanes)
            try:
                yield loop
            finally:
                loop.close()

    def watch(self) -> None:
        """Step a watcher until there is nothing left to do."""
        with self.looping() as loop:
            while loop.step() or not loop.is_idle:
                pass
