"""Plain data of points by hand and of students' questions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from grader.course.rubric import Rubric


class QuestionKind(StrEnum):
    """What a cell is to a teacher."""

    ANSWER = "answer"  # points come from a person
    CHECK = "check"  # points come from a test, and a person may correct them
    WORK = "work"  # no points; a person may comment on it


class DoubtEvent(StrEnum):
    """What a line of a thread is."""

    ASKED = "asked"
    ANSWERED = "answered"
    CORRECTED = "corrected"
    REGRADED = "regraded"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class QuestionRecord:
    """A cell that a teacher may give points or a comment for.

    Attributes:
        assignment: slug.
        grade_id: nbgrader's name of the cell.
        position: in the notebook, from 0.
        kind: who gives its points.
        section: the heading of its task.
        title: what it is called there.
        question: Markdown above an answer, in the class's language.
        model_answer: what the author wrote; empty for checks, whose text holds hidden tests.
        is_code: whether answers are code.
        max_points: what it is worth.
        comment_cell: the cell whose comment is about it; empty where there is none.
        rubric: criteria and comments to choose from.
        problem: what is wrong with the rubric's file; empty where nothing is.
    """

    assignment: str
    grade_id: str
    position: int
    kind: QuestionKind
    section: str
    title: str
    question: str = ""
    model_answer: str = ""
    is_code: bool = False
    max_points: float = 0.0
    comment_cell: str = ""
    rubric: Rubric = field(default_factory=Rubric)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """What the page wrote into the gradebook for an answer.

    Attributes:
        points: given.
        comment: the whole comment, with the criteria in it.
        met: numbers of the criteria that are met, from 0, and the criteria as they were.
        criteria: all of them, as text.
        said: the teacher's own words.
        author: who gave it.
    """

    points: float
    comment: str
    met: tuple[int, ...]
    criteria: tuple[str, ...]
    said: str
    author: str


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """What one student has in a cell, and what the gradebook says of it.

    Attributes:
        student_id: whose it is.
        assignment: slug.
        grade_id: the cell.
        text: the student's; hostile. Empty where the cell is no answer to be read.
        answer_sha256: changes when the answer does.
        group_sha256: the same for answers that are alike.
        is_waiting: whether nbgrader asks for a person.
        points: given by hand; None where nobody has.
        auto_points: given by the tests; None where there are none.
        comment: a teacher's, as the gradebook has it.
        judged_sha256: the answer that the points were given for.
        mark: what the page wrote, as long as it stands.
    """

    student_id: str
    assignment: str
    grade_id: str
    text: str
    answer_sha256: str
    group_sha256: str
    is_waiting: bool
    points: float | None
    auto_points: float | None
    comment: str
    judged_sha256: str | None = None
    mark: Mark | None = None

    @property
    def effective_points(self) -> float | None:
        """What counts now; None where nothing does yet."""
        return self.auto_points if self.points is None else self.points


@dataclass(frozen=True, slots=True)
class AnswerGroup:
    """Answers of one question that are alike and wait for one decision.

    Attributes:
        group_sha256: what they have in common.
        answers: by student.
    """

    group_sha256: str
    answers: tuple[AnswerRecord, ...]

    @property
    def text(self) -> str:
        """The answer, as the first of them wrote it."""
        return self.answers[0].text


@dataclass(frozen=True, slots=True)
class DoubtLineRecord:
    """A line of a thread; `text` is a person's and hostile where a student wrote it."""

    at: datetime
    event: DoubtEvent
    author: str
    text: str
    points_before: float | None = None
    points_after: float | None = None


@dataclass(frozen=True, slots=True)
class DoubtRecord:
    """A student's question about one task, with all that was said and done about it, the oldest first."""

    id: int
    student_id: str
    assignment: str
    grade_id: str
    opened_at: datetime
    closed_at: datetime | None
    lines: tuple[DoubtLineRecord, ...]

    @property
    def is_waiting(self) -> bool:
        """Whether the last word was the student's."""
        return self.closed_at is None and self.lines[-1].event is DoubtEvent.ASKED
