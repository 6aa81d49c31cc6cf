"""What a teacher gives: points, criteria and a comment for one answer or for all that are alike; and taking it back.

It is written as formgrader writes it: `manual_score`, `manual_comment` and `needs_manual_grade` in the gradebook.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbgrader.api import Grade, Gradebook, MissingEntry

from grader.course.assignment import load_assignment
from grader.course.gradebook import open_gradebook
from grader.course.rubric import Rubric, parse_criteria, rubric_path, write_rubric
from grader.errors import InvalidConfig
from grader.language import _, speaking
from grader.printable import printable
from grader.record.by_hand.answers import AnswerBook
from grader.record.by_hand.gradebook_states import CellState, read_states
from grader.record.by_hand.questions import hand_cells, questions_of
from grader.record.database.decisions import Decisions
from grader.record.database.hand_records import AnswerRecord, Mark, QuestionKind, QuestionRecord
from grader.record.database.hands import Change, Hands
from grader.record.grades import publish_grade

if TYPE_CHECKING:
    from grader.record.actions import Teacher

MAX_SAID = 1500
_LOOK_AGAIN = "Look at it again: the page shows what is there now."


@dataclass(frozen=True, slots=True)
class Given:
    """What a teacher gives.

    Attributes:
        points: by hand; None leaves them as they are.
        met: numbers of the rubric's criteria that are met; None where no rubric was used.
        said: the teacher's own words; None leaves the comment as it is.
    """

    points: float | None
    met: tuple[int, ...] | None = None
    said: str | None = ""


def give_to_group(teacher: Teacher, slug: str, cell: str, group: str, given: Given) -> int:
    """Give the same for all answers that are alike and wait; how many there were.

    Raises:
        InvalidConfig: no such cell, points that cannot be, or none of them waits any more.
    """
    question = _question(teacher, slug, cell)
    answers = [one for one in Hands(teacher.database).answers_to(slug, cell, group) if one.is_waiting]
    if not answers:
        raise InvalidConfig(
            _("None of these answers waits any more: somebody was faster, or they were handed in anew."),
            remedy=_(_LOOK_AGAIN),
        )
    _give(teacher, question, [one.student_id for one in answers], given)
    return len(answers)


def give_to_student(
    teacher: Teacher, slug: str, cell: str, student: str, given: Given, *, answer: str = "", is_logged: bool = True
) -> None:
    """Give points or a comment for one cell of one student, whether it waits or not.

    Args:
        teacher: who gives.
        slug: the assignment.
        cell: the cell.
        student: the student's id.
        given: what.
        answer: hash of the answer that the teacher has read; empty to take whatever is there.
        is_logged: whether it is a line of its own in the log.

    Raises:
        InvalidConfig: no such cell or student, points that cannot be, or another answer than the teacher has read.
    """
    question = _question(teacher, slug, cell)
    known = Hands(teacher.database).answers(student, slug).get(cell)
    if known is None:
        raise InvalidConfig(
            _("{student!a} has no graded {slug!r}.").format(student=student[:64], slug=slug),
            remedy=_("Check the id."),
        )
    if answer and known.answer_sha256 != answer:
        raise InvalidConfig(
            _("The answer was handed in anew since you read it; nothing was written."), remedy=_(_LOOK_AGAIN)
        )
    _give(teacher, question, [student], given, is_logged=is_logged)


def undo(teacher: Teacher) -> int:
    """Take back the teacher's last decision that was not taken back yet; how many answers that were.

    Raises:
        InvalidConfig: there is none, or all of its answers were given something else since.
    """
    hands = Hands(teacher.database)
    last = hands.last_decision(teacher.name)
    if last is None:
        raise InvalidConfig(_("There is nothing to undo."))
    question = _question(teacher, last.assignment, last.grade_id)
    slug, done = last.assignment, []
    with open_gradebook(teacher.course) as gradebook:
        states = read_states(gradebook, slug=slug)
        for change in last.changes:
            cells = states.get((change.student, slug), {})
            if _now(cells, question) == (change.points_after, change.comment_after):
                _write(gradebook, question, change.student, change.points_before, change.comment_before)
                if question.kind is not QuestionKind.WORK:
                    _grade(gradebook, question, change.student).needs_manual_grade = change.needed_person
                done.append(change.student)
        gradebook.db.commit()
        hands.note_undone(last.id)
        if not done:
            raise InvalidConfig(
                _("It cannot be undone: these answers were given something else since."), remedy=_(_LOOK_AGAIN)
            )
        _publish(teacher, gradebook, slug, done)
    teacher.log("hand-undo", f"{slug} / {last.grade_id}", ", ".join(done)[:500])
    return len(done)


def set_rubric(teacher: Teacher, slug: str, cell: str, criteria: str, comments: str) -> None:
    """Write one cell's rubric into `source/<slug>/rubric.toml`.

    Args:
        teacher: who acts.
        slug: the assignment.
        cell: the cell.
        criteria: a line each, points first.
        comments: a line each.

    Raises:
        InvalidConfig: no such cell, a line that says no points, or a file that is wrong already.
        EnvironmentFault: the file cannot be written.
    """
    _question(teacher, slug, cell)
    assignment = load_assignment(teacher.course.gradebook_url, slug)
    said = tuple(line.strip() for line in comments.splitlines() if line.strip())
    rubric = Rubric(parse_criteria(criteria), said)
    write_rubric(rubric_path(teacher.course, slug), cell, hand_cells(assignment), rubric)
    Hands(teacher.database).set_questions(slug, questions_of(teacher.course, assignment))
    teacher.log("rubric", f"{slug} / {cell}", f"{len(rubric.criteria)} criteria")


def comment_with(rubric: Rubric, met: Iterable[int], said: str) -> str:
    """The comment that a student reads, Markdown: each criterion with what it gave, then the teacher's words."""
    given = set(met)
    lines = [
        f"- {'✓' if number in given else '✗'} {one.text} "
        + "({})".format(_("points: {points}").format(points=f"{one.points if number in given else 0:g}"))
        for number, one in enumerate(rubric.criteria)
    ]
    return "\n\n".join(part for part in ("\n".join(lines), said.strip()) if part)


def _question(teacher: Teacher, slug: str, cell: str) -> QuestionRecord:
    found = Hands(teacher.database).question(slug, cell)
    if found is None:
        raise InvalidConfig(
            _("There is no cell {cell!a} in {slug!a} that a teacher decides on.").format(
                cell=cell[:100], slug=slug[:100]
            ),
            remedy=_("Release the assignment, or check the name."),
        )
    return found


def _give(
    teacher: Teacher, question: QuestionRecord, students: list[str], given: Given, *, is_logged: bool = True
) -> None:
    _check_points(question, given.points)
    said = None if given.said is None else printable(given.said, MAX_SAID)
    criteria = question.rubric.criteria
    if given.met is not None and not all(0 <= number < len(criteria) for number in given.met):
        raise InvalidConfig(
            _("The rubric was changed since you opened it; nothing was written."), remedy=_(_LOOK_AGAIN)
        )
    comment = said
    if said is not None and given.met is not None:
        with speaking(teacher.course.config.language):
            comment = comment_with(question.rubric, given.met, said)
    slug, changes = question.assignment, []
    with open_gradebook(teacher.course) as gradebook:
        states = read_states(gradebook, slug=slug)
        for student in students:
            cells = states.get((student, slug), {})
            points, before = _now(cells, question)
            after = before if comment is None else comment
            earned = points if given.points is None else given.points
            needs = cells.get(question.grade_id, CellState()).needs_person
            _write(gradebook, question, student, earned, after)
            if given.points is not None:
                _grade(gradebook, question, student).needs_manual_grade = False
            changes.append(Change(student, points, needs, before, earned, after))
        gradebook.db.commit()
        Hands(teacher.database).add_decision(teacher.name, slug, question.grade_id, changes)
        marks: dict[str, Mark] = {}
        if given.met is not None and given.points is not None and comment is not None and said is not None:
            texts = tuple(one.text for one in criteria)
            mark = Mark(given.points, comment, given.met, texts, said, teacher.name)
            marks = {question.grade_id: mark}
        _publish(teacher, gradebook, slug, students, marks)
    if not is_logged:
        return
    what = _("comment") if given.points is None else f"{given.points:g}"
    who = ", ".join(students) if len(students) <= 3 else f"{len(students)}: {', '.join(students)}"
    teacher.log("hand", f"{slug} / {question.grade_id}", f"{what} - {who}"[:500])


def _check_points(question: QuestionRecord, points: float | None) -> None:
    if points is None:
        return
    if question.kind is QuestionKind.WORK:
        raise InvalidConfig(_("The cell {cell!a} has no points of its own.").format(cell=question.grade_id))
    if not math.isfinite(points) or not 0 <= points <= question.max_points:
        raise InvalidConfig(
            _("{points:g} points are not from 0 to {most:g}.").format(points=points, most=question.max_points),
            remedy=_("Check the number."),
        )


def _now(cells: Mapping[str, CellState], question: QuestionRecord) -> tuple[float | None, str]:
    points = cells.get(question.grade_id, CellState()).points
    return points, cells.get(question.comment_cell, CellState()).comment


def _grade(gradebook: Gradebook, question: QuestionRecord, student: str) -> Grade:
    slug = question.assignment
    try:
        return gradebook.find_grade(question.grade_id, slug, slug, student)
    except MissingEntry:
        raise InvalidConfig(
            _("{student!a} has no graded {slug!r}.").format(student=student[:64], slug=slug), remedy=_("Check the id.")
        ) from None


def _write(gradebook: Gradebook, question: QuestionRecord, student: str, points: float | None, comment: str) -> None:
    """Write points and comment without committing; a check's comment goes to the work that it tests."""
    slug = question.assignment
    if question.kind is not QuestionKind.WORK:
        grade = _grade(gradebook, question, student)
        grade.manual_score, grade.extra_credit = points, None
    with suppress(MissingEntry):  # a cell that nbgrader keeps no comment of
        gradebook.find_comment(question.comment_cell, slug, slug, student).manual_comment = comment or None


def _publish(
    teacher: Teacher, gradebook: Gradebook, slug: str, students: list[str], marks: Mapping[str, Mark] | None = None
) -> None:
    book = AnswerBook(teacher.course, gradebook, teacher.database)
    for student in students:
        book.publish(student, slug, marks)
        publish_grade(gradebook, Decisions(teacher.database), student, slug)


def answer_of(teacher: Teacher, student: str, slug: str, cell: str) -> AnswerRecord | None:
    """What is known of one cell of one student."""
    return Hands(teacher.database).answers(student, slug).get(cell)
