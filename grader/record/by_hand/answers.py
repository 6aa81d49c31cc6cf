"""The page's copy of answers and points: from the executed notebook and nbgrader's gradebook, one student at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from nbformat import NotebookNode
from nbgrader.api import Gradebook

from grader.course.assignment import load_assignment
from grader.course.folder import Course
from grader.errors import GraderError, InvalidAssignment
from grader.notebook import read_notebook
from grader.printable import printable
from grader.record.by_hand.alike import answer_hash, group_hash
from grader.record.by_hand.gradebook_states import CellState, Place, read_states
from grader.record.by_hand.questions import questions_of
from grader.record.database import ClassDatabase
from grader.record.database.decisions import Decisions
from grader.record.database.hand_records import AnswerRecord, Mark, QuestionKind, QuestionRecord
from grader.record.database.hands import Hands, StoredState
from grader.record.grades import publish_grade

MAX_ANSWER = 20_000  # characters that a teacher reads


class AnswerBook:
    """Keeps the page's copy of one class up to date; for the one process that writes the class."""

    def __init__(self, course: Course, gradebook: Gradebook, database: ClassDatabase) -> None:
        self._course = course
        self._gradebook = gradebook
        self._database = database
        self._hands = Hands(database)
        self._stubs: dict[str, Mapping[str, str]] = {}  # of the assignments whose questions are stored
        self._seen: dict[Place, Mapping[str, CellState]] | None = None

    def forget_assignments(self) -> None:
        """An assignment may have been released anew."""
        self._stubs.clear()
        self._seen = None

    def judged(self, student: str, slug: str) -> dict[str, str]:
        """The answers that a teacher's points were given for, by cell."""
        known = self._hands.answers(student, slug)
        return {cell: one.judged_sha256 for cell, one in known.items() if one.judged_sha256 is not None}

    def publish(self, student: str, slug: str, marks: Mapping[str, Mark] | None = None) -> None:
        """Copy what one student has in an assignment; nothing where nothing was graded.

        Args:
            student: the student's id.
            slug: the assignment.
            marks: what the page wrote just now, by cell.
        """
        states = read_states(self._gradebook, (student, slug)).get((student, slug))
        if states is None:
            return
        try:
            path = self._course.autograded / student / slug / f"{slug}.ipynb"
            notebook = read_notebook(path.read_bytes())
        except (OSError, GraderError):
            return
        stubs = self._stubs_of(slug)
        before = self._hands.answers(student, slug)
        texts = texts_of(notebook)
        work = work_hash(texts)
        answers = []
        for question in self._hands.questions(slug):
            cell = question.grade_id
            known = before.get(cell)
            mark = (marks or {}).get(cell) or (None if known is None else known.mark)
            answers.append(
                _answer(student, question, states.get(cell, CellState()), texts, work, stubs.get(cell, ""), known, mark)
            )
        self._hands.set_answers(student, slug, answers)

    def publish_changed(self) -> int:
        """Copy what has changed in the gradebook since this was last asked, by formgrader for example; how much."""
        now = read_states(self._gradebook)
        # What was looked at before is left aside: of what cannot be read, nothing would ever be stored.
        new = {place: cells for place, cells in now.items() if self._seen is None or self._seen.get(place) != cells}
        self._seen = now
        stored = self._hands.stored_states() if new else {}
        changed = [place for place, cells in new.items() if stored.get(place) != _stored(cells)]
        for student, slug in changed:
            if self._database.has_student(student):
                self.publish(student, slug)
                publish_grade(self._gradebook, Decisions(self._database), student, slug)
        return len(changed)

    def _stubs_of(self, slug: str) -> Mapping[str, str]:
        """What stands in the cells as they are given out; stores the assignment's questions on the way."""
        if slug in self._stubs:
            return self._stubs[slug]
        try:
            assignment = load_assignment(self._course.gradebook_url, slug)
        except InvalidAssignment:
            return {}
        stubs = {cell.grade_id: cell.source for cell in assignment.cells if cell.is_solution}
        if self._hands.set_questions(slug, questions_of(self._course, assignment)):
            self._stubs[slug] = stubs
        return stubs


def texts_of(notebook: NotebookNode) -> dict[str, str]:
    """What students have written, by the cell's name."""
    found = {}
    for cell in notebook.cells:
        marks = cell.metadata.get("nbgrader")
        if isinstance(marks, dict) and marks.get("solution") and isinstance(marks.get("grade_id"), str):
            found[marks["grade_id"]] = cell.source
    return found


def work_hash(texts: Mapping[str, str]) -> str:
    """Changes when anything does that a student has written: what the points of a check were given for."""
    return answer_hash("\0".join(f"{cell}\0{text}" for cell, text in sorted(texts.items())))


def _stored(cells: Mapping[str, CellState]) -> dict[str, StoredState]:
    return {cell: _state(one) for cell, one in cells.items()}


def _state(one: CellState) -> StoredState:
    is_waiting = one.is_graded and one.needs_person
    return StoredState(is_waiting, one.points, one.auto_points, printable(one.comment, MAX_ANSWER))


def _answer(
    student: str,
    question: QuestionRecord,
    state: CellState,
    texts: Mapping[str, str],
    work: str,
    stub: str,
    known: AnswerRecord | None,
    mark: Mark | None,
) -> AnswerRecord:
    is_answer = question.kind is QuestionKind.ANSWER
    text = texts.get(question.grade_id, "")
    digest = work if question.kind is QuestionKind.CHECK else answer_hash(text)
    comment = printable(state.comment, MAX_ANSWER)
    stands = mark is not None and mark.points == state.points and mark.comment == comment
    return AnswerRecord(
        student_id=student,
        assignment=question.assignment,
        grade_id=question.grade_id,
        text=printable(text, MAX_ANSWER) if is_answer else "",
        answer_sha256=digest,
        group_sha256=group_hash(text, stub) if is_answer else digest,
        is_waiting=state.is_graded and state.needs_person,
        points=state.points,
        auto_points=state.auto_points,
        comment=comment,
        judged_sha256=_judged(replace(state, comment=comment), digest, known),
        mark=mark if stands else None,
    )


def _judged(state: CellState, digest: str, known: AnswerRecord | None) -> str | None:
    """The answer that the teacher's points are for: this one, unless they were there when it was another."""
    if state.points is None:
        return None
    if state.needs_person:
        return None if known is None else known.judged_sha256
    if known is None or known.judged_sha256 is None or known.is_waiting:
        return digest
    is_same = known.points == state.points and known.comment == state.comment
    return known.judged_sha256 if is_same else digest
