"""Points by hand in the class database: what there is to decide, and what was decided. Names of students are in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from grader.course.rubric import from_json, to_json
from grader.record.database.hand_records import AnswerGroup, AnswerRecord, Mark, QuestionKind, QuestionRecord
from grader.record.database.hand_schema import HandAnswer, HandDecision, HandQuestion
from grader.record.database.page_schema import Feedback
from grader.record.database.queries import Board
from grader.record.database.schema import Assignment, Student
from grader.record.database.store import ClassDatabase


@dataclass(frozen=True, slots=True)
class Change:
    """What a decision changed for one student: points and comment before and after, as the gradebook has them."""

    student: str
    points_before: float | None
    needed_person: bool
    comment_before: str
    points_after: float | None
    comment_after: str


@dataclass(frozen=True, slots=True)
class StoredState:
    """What of an answer the gradebook decides."""

    is_waiting: bool
    points: float | None
    auto_points: float | None
    comment: str


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """Something that a teacher gave."""

    id: int
    author: str
    assignment: str
    grade_id: str
    changes: tuple[Change, ...]


class Hands:
    """Writes questions, answers and decisions."""

    def __init__(self, database: ClassDatabase) -> None:
        self._database = database

    def set_questions(self, assignment: str, questions: Sequence[QuestionRecord]) -> bool:
        """Replace what an assignment asks; False where the database does not know the assignment."""

        def store(session: Session) -> bool:
            if session.get(Assignment, assignment) is None:
                return False
            session.execute(delete(HandQuestion).where(HandQuestion.assignment == assignment))
            session.add_all(_question_row(one) for one in questions)
            return True

        return self._database.transact(store)

    def question(self, assignment: str, grade_id: str) -> QuestionRecord | None:
        """One cell that a teacher may decide on."""

        def load(session: Session) -> QuestionRecord | None:
            row = session.get(HandQuestion, (assignment, grade_id))
            return None if row is None else _question(row)

        return self._database.transact(load)

    def questions(self, assignment: str) -> list[QuestionRecord]:
        """All cells of an assignment that a teacher may decide on."""
        query = select(HandQuestion).where(HandQuestion.assignment == assignment).order_by(HandQuestion.position)
        return self._database.transact(lambda session: [_question(row) for row in session.scalars(query)])

    def answers(self, student_id: str, assignment: str) -> dict[str, AnswerRecord]:
        """What is known of one student's cells, by name."""
        query = select(HandAnswer).where(HandAnswer.student_id == student_id, HandAnswer.assignment == assignment)
        return self._database.transact(
            lambda session: {row.grade_id: _answer(row) for row in session.scalars(query)},
        )

    def answers_to(self, assignment: str, grade_id: str, group: str) -> list[AnswerRecord]:
        """The answers of one group."""
        query = (
            select(HandAnswer)
            .where(
                HandAnswer.assignment == assignment, HandAnswer.grade_id == grade_id, HandAnswer.group_sha256 == group
            )
            .order_by(HandAnswer.student_id)
        )
        return self._database.transact(lambda session: [_answer(row) for row in session.scalars(query)])

    def set_answers(self, student_id: str, assignment: str, answers: Iterable[AnswerRecord]) -> None:
        """Replace what is known of one student's cells; notes when something that the student reads has changed."""
        wanted = {answer.grade_id: answer for answer in answers}

        def store(session: Session) -> None:
            if session.get(Student, student_id) is None or session.get(Assignment, assignment) is None:
                return
            query = select(HandAnswer).where(HandAnswer.student_id == student_id, HandAnswer.assignment == assignment)
            known = {row.grade_id: row for row in session.scalars(query)}
            for gone in known.keys() - wanted.keys():
                session.delete(known[gone])
            for grade_id, answer in wanted.items():
                row = known.get(grade_id)
                changed_at = None if row is None else row.changed_at
                if row is not None and _read_by_student(_answer(row)) != _read_by_student(answer):
                    changed_at = datetime.now(UTC)
                session.merge(_answer_row(answer, changed_at))

        self._database.transact(store)

    def stored_states(self) -> dict[tuple[str, str], dict[str, StoredState]]:
        """What is stored of points and comments, by (student, assignment) and cell."""
        query = select(
            HandAnswer.student_id,
            HandAnswer.assignment,
            HandAnswer.grade_id,
            HandAnswer.is_waiting,
            HandAnswer.points,
            HandAnswer.auto_points,
            HandAnswer.comment,
        )
        found: dict[tuple[str, str], dict[str, StoredState]] = {}

        def load(session: Session) -> None:
            for student, slug, cell, is_waiting, points, auto, comment in session.execute(query):
                state = StoredState(is_waiting, points, auto, comment)
                found.setdefault((student, slug), {})[cell] = state

        self._database.transact(load)
        return found

    def with_old_feedback(self) -> list[tuple[str, str]]:
        """Students and assignments whose feedback page does not say what a teacher gave, the longest waiting first."""
        changed = func.max(HandAnswer.changed_at)
        query = (
            select(HandAnswer.student_id, HandAnswer.assignment)
            .join(
                Feedback,
                (Feedback.student_id == HandAnswer.student_id) & (Feedback.assignment == HandAnswer.assignment),
            )
            .where(HandAnswer.changed_at > Feedback.made_at)
            .group_by(HandAnswer.student_id, HandAnswer.assignment)
            .order_by(changed)
        )
        return self._database.transact(lambda session: [(row[0], row[1]) for row in session.execute(query)])

    def add_decision(self, author: str, assignment: str, grade_id: str, changes: Sequence[Change]) -> None:
        """Keep what was decided, so that it can be undone."""
        row = HandDecision(
            at=datetime.now(UTC), author=author, assignment=assignment, grade_id=grade_id,
            changes_json=[asdict(one) for one in changes], undone_at=None,
        )  # fmt: skip
        self._database.transact(lambda session: session.add(row))

    def last_decision(self, author: str) -> DecisionRecord | None:
        """The newest decision of a teacher's that was not undone."""
        query = (
            select(HandDecision)
            .where(HandDecision.author == author, HandDecision.undone_at.is_(None))
            .order_by(HandDecision.id.desc())
            .limit(1)
        )

        def load(session: Session) -> DecisionRecord | None:
            row = session.scalars(query).first()
            if row is None:
                return None
            changes = tuple(Change(**one) for one in row.changes_json)
            return DecisionRecord(row.id, row.author, row.assignment, row.grade_id, changes)

        return self._database.transact(load)

    def note_undone(self, decision_id: int) -> None:
        """A decision was taken back."""

        def note(session: Session) -> None:
            row = session.get(HandDecision, decision_id)
            if row is not None:
                row.undone_at = datetime.now(UTC)

        self._database.transact(note)


def hand_questions(board: Board, assignment: str | None = None) -> list[QuestionRecord]:
    """What a teacher may decide on, in the order of the course."""
    query = (
        select(HandQuestion)
        .join(Assignment, Assignment.slug == HandQuestion.assignment)
        .order_by(Assignment.is_contest, Assignment.position, HandQuestion.position)
    )
    if assignment is not None:
        query = query.where(HandQuestion.assignment == assignment)
    with board.connection() as connection, Session(connection) as session:
        return [_question(row) for row in session.scalars(query)]


def hand_counts(board: Board) -> dict[tuple[str, str], int]:
    """How many answers wait for a teacher, by assignment and cell."""
    query = (
        select(HandAnswer.assignment, HandAnswer.grade_id, func.count())
        .where(HandAnswer.is_waiting)
        .group_by(HandAnswer.assignment, HandAnswer.grade_id)
    )
    with board.connection() as connection:
        return {(slug, cell): count for slug, cell, count in connection.execute(query)}


def waiting_groups(board: Board, assignment: str, grade_id: str) -> list[AnswerGroup]:
    """The answers to one question that wait for a teacher, alike ones together, the largest group first."""
    query = (
        select(HandAnswer)
        .where(HandAnswer.assignment == assignment, HandAnswer.grade_id == grade_id, HandAnswer.is_waiting)
        .order_by(HandAnswer.student_id)
    )
    groups: dict[str, list[AnswerRecord]] = {}
    with board.connection() as connection, Session(connection) as session:
        for row in session.scalars(query):
            groups.setdefault(row.group_sha256, []).append(_answer(row))
    found = [AnswerGroup(group, tuple(answers)) for group, answers in groups.items()]
    return sorted(found, key=lambda group: (-len(group.answers), group.group_sha256))


@dataclass(frozen=True, slots=True)
class TaskTitle:
    """What a cell is called, and no more: a student may ask about it."""

    grade_id: str
    section: str
    title: str


def titles_of(board: Board, assignment: str) -> list[TaskTitle]:
    """What the cells of an assignment are called that give points."""
    query = (
        select(HandQuestion.grade_id, HandQuestion.section, HandQuestion.title)
        .where(HandQuestion.assignment == assignment, HandQuestion.kind != QuestionKind.WORK)
        .order_by(HandQuestion.position)
    )
    with board.connection() as connection:
        return [TaskTitle(*row) for row in connection.execute(query)]


def hand_answers_of(board: Board, student_id: str, assignment: str) -> list[AnswerRecord]:
    """What one student has in an assignment's cells."""
    query = select(HandAnswer).where(HandAnswer.student_id == student_id, HandAnswer.assignment == assignment)
    with board.connection() as connection, Session(connection) as session:
        return [_answer(row) for row in session.scalars(query)]


@dataclass(frozen=True, slots=True)
class HandPoints:
    """What teachers have given beside the tests.

    Attributes:
        by_row: points on top of the tests' own, by assignment and alias.
        begun: assignments of which answers were read, with the points that they can give.
        version: changes when one of them does.
    """

    by_row: Mapping[tuple[str, str], float]
    begun: Mapping[str, float]
    version: str

    def of(self, assignment: str) -> dict[str, float]:
        """The points of one assignment, by alias."""
        return {alias: points for (slug, alias), points in self.by_row.items() if slug == assignment}


def hand_points(board: Board) -> HandPoints:
    """What teachers have given, for the board of the class."""
    given = (
        select(
            HandAnswer.assignment,
            Student.alias,
            HandQuestion.kind,
            func.sum(HandAnswer.points),
            func.sum(func.coalesce(HandAnswer.auto_points, 0.0)),
        )
        .join(Student, Student.id == HandAnswer.student_id)
        .join(
            HandQuestion,
            (HandQuestion.assignment == HandAnswer.assignment) & (HandQuestion.grade_id == HandAnswer.grade_id),
        )
        .where(HandAnswer.points.is_not(None))
        .group_by(HandAnswer.assignment, Student.alias, HandQuestion.kind)
    )
    most = (
        select(HandQuestion.assignment, func.sum(HandQuestion.max_points))
        .where(HandQuestion.kind == QuestionKind.ANSWER)
        .group_by(HandQuestion.assignment)
    )
    rows: dict[tuple[str, str], float] = {}
    begun: set[str] = set()
    with board.connection() as connection:
        for slug, alias, kind, points, auto in connection.execute(given):
            is_answer = kind is QuestionKind.ANSWER
            # Of a check the tests' points are on the board already; an answer has none of theirs.
            rows[slug, alias] = rows.get((slug, alias), 0.0) + (points or 0.0) - (0.0 if is_answer else auto)
            if is_answer:
                begun.add(slug)
        full = {slug: float(points) for slug, points in connection.execute(most) if slug in begun}
    return HandPoints(rows, full, str(sorted(rows.items())))


def _read_by_student(answer: AnswerRecord) -> tuple[object, ...]:
    return (answer.points, answer.auto_points, answer.is_waiting, answer.comment)


def _question_row(one: QuestionRecord) -> HandQuestion:
    return HandQuestion(
        assignment=one.assignment, grade_id=one.grade_id, position=one.position, kind=one.kind, section=one.section,
        title=one.title, question=one.question, model_answer=one.model_answer, is_code=one.is_code,
        max_points=one.max_points, comment_cell=one.comment_cell, rubric_json=to_json(one.rubric), problem=one.problem,
    )  # fmt: skip


def _question(row: HandQuestion) -> QuestionRecord:
    return QuestionRecord(
        row.assignment, row.grade_id, row.position, row.kind, row.section, row.title, row.question, row.model_answer,
        row.is_code, row.max_points, row.comment_cell, from_json(row.rubric_json), row.problem,
    )  # fmt: skip


def _answer_row(one: AnswerRecord, changed_at: datetime | None) -> HandAnswer:
    return HandAnswer(
        student_id=one.student_id, assignment=one.assignment, grade_id=one.grade_id, text=one.text,
        answer_sha256=one.answer_sha256, group_sha256=one.group_sha256, judged_sha256=one.judged_sha256,
        is_waiting=one.is_waiting, points=one.points, auto_points=one.auto_points, comment=one.comment,
        mark_json=None if one.mark is None else asdict(one.mark), changed_at=changed_at,
    )  # fmt: skip


def _answer(row: HandAnswer) -> AnswerRecord:
    return AnswerRecord(
        row.student_id, row.assignment, row.grade_id, row.text, row.answer_sha256, row.group_sha256, row.is_waiting,
        row.points, row.auto_points, row.comment, row.judged_sha256, _mark(row.mark_json),
    )  # fmt: skip


def _mark(plain: dict[str, Any] | None) -> Mark | None:
    if plain is None:
        return None
    return Mark(
        float(plain["points"]), str(plain["comment"]), tuple(int(one) for one in plain["met"]),
        tuple(str(one) for one in plain["criteria"]), str(plain["said"]), str(plain["author"]),
    )  # fmt: skip
