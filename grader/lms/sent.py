"""What was sent to Moodle last: so that the same is not sent again, and a grade that a person gave there is noticed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from grader.course.folder import Course
from grader.files import write_atomically


class SentGrade(BaseModel):
    """One student's grade as it was sent.

    Attributes:
        grade: points.
        comment_sha256: of the comment.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    grade: float
    comment_sha256: str

    @classmethod
    def of(cls, grade: float, comment: str) -> SentGrade:
        """What is about to be sent."""
        return cls(grade=grade, comment_sha256=hashlib.sha256(comment.encode()).hexdigest())


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    url: str
    assignment: int
    sent: dict[int, SentGrade]


@dataclass(frozen=True)
class Sent:
    """Grades of one assignment as they were sent last, by Moodle's number of the user.

    Attributes:
        path: where it is kept, in the class folder.
        url: of the site.
        assignment: number of its page.
        grades: by user.
    """

    path: Path
    url: str
    assignment: int
    grades: dict[int, SentGrade]

    @classmethod
    def load(cls, course: Course, slug: str, url: str, assignment: int) -> Sent:
        """What is remembered; nothing where the file is missing, damaged or about another site or assignment.

        Nothing remembered is safe: every grade in Moodle then counts as a person's, and stays.
        """
        empty = cls(course.root / "moodle" / f"{slug}.json", url, assignment, {})
        try:
            file = _File.model_validate_json(empty.path.read_bytes())
        except (OSError, ValidationError):
            return empty
        return replace(empty, grades=dict(file.sent)) if (file.url, file.assignment) == (url, assignment) else empty

    def with_more(self, grades: dict[int, SentGrade]) -> Sent:
        """With what has been sent now; kept on disk.

        Raises:
            EnvironmentFault: it cannot be written.
        """
        both = {**self.grades, **grades}
        file = _File(url=self.url, assignment=self.assignment, sent=both)
        text = json.dumps(file.model_dump(mode="json"), indent=1, sort_keys=True)
        write_atomically(self.path, text.encode())
        return replace(self, grades=both)
