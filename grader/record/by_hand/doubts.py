"""Students' questions about a task: what may be asked, and what a teacher does about it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from grader.errors import InvalidConfig
from grader.language import _, ngettext
from grader.printable import printable
from grader.record.by_hand.giving import Given, answer_of, give_to_student
from grader.record.database import ClassDatabase
from grader.record.database.decisions import Decisions
from grader.record.database.doubts import Doubts
from grader.record.database.hand_records import DoubtEvent, DoubtRecord
from grader.record.database.hands import Hands
from grader.record.database.page_records import Identity

if TYPE_CHECKING:
    from grader.record.actions import Teacher

MAX_QUESTION = 1000  # characters
MAX_OPEN = 5  # threads of one student
MAX_A_DAY = 10  # lines of one student


def ask(database: ClassDatabase, who: Identity, slug: str, cell: str, text: str, request_id: str | None = None) -> None:
    """A student asks about one task; a second question about it joins the first.

    Raises:
        InvalidConfig: no such task of the student's, no text, or more than may be asked.
    """
    student = str(who.student_id)
    said = printable(text, MAX_QUESTION).strip()
    if not said:
        raise InvalidConfig(_("Your question is empty."), remedy=_("Write what you do not understand."))
    if cell not in Hands(database).answers(student, slug):
        raise InvalidConfig(_("There is no such task in your work."), remedy=_("Choose one of the list."))
    doubts = Doubts(database)
    opened = doubts.open_of(student)
    is_new = not any((one.assignment, one.grade_id) == (slug, cell) for one in opened)
    if is_new and len(opened) >= MAX_OPEN:
        text = ngettext("{count} question of yours is open.", "{count} questions of yours are open.", len(opened))
        raise InvalidConfig(text.format(count=len(opened)), remedy=_("Wait for an answer before you ask another."))
    if doubts.asked_since(student, timedelta(days=1)) >= MAX_A_DAY:
        raise InvalidConfig(
            _("You have asked {count} times in a day.").format(count=MAX_A_DAY), remedy=_("Go on tomorrow.")
        )
    number = doubts.ask(student, slug, cell, student, said)
    Decisions(database).log(student, "doubt", f"{slug} / {cell}", f"no. {number}", request_id)


def answer(teacher: Teacher, doubt_id: int, text: str, points: float | None, *, close: bool) -> None:
    """A teacher answers, corrects points, or closes the thread; what is done is a line that both read.

    Raises:
        InvalidConfig: no such thread, nothing to do, or points that cannot be.
    """
    doubt = _open_thread(teacher, doubt_id)
    said = printable(text, MAX_QUESTION).strip()
    if not said and points is None and not close:
        raise InvalidConfig(_("The answer is empty."), remedy=_("Write it, correct points, or close the question."))
    doubts = Doubts(teacher.database)
    if points is not None:
        known = answer_of(teacher, doubt.student_id, doubt.assignment, doubt.grade_id)
        before = None if known is None else known.effective_points
        give_to_student(
            teacher, doubt.assignment, doubt.grade_id, doubt.student_id, Given(points, said=None), is_logged=False
        )
        doubts.add(doubt_id, DoubtEvent.CORRECTED, teacher.name, points=(before, points))
    if said:
        doubts.add(doubt_id, DoubtEvent.ANSWERED, teacher.name, said)
    if close:
        doubts.add(doubt_id, DoubtEvent.CLOSED, teacher.name)
    what = "" if points is None else f"{points:g}"
    teacher.log("doubt-answer", f"{doubt.student_id} / {doubt.assignment}", f"no. {doubt_id} {what}".strip())


def note_regrade(teacher: Teacher, doubt_id: int) -> DoubtRecord:
    """Note in the thread that the submission is graded anew; whose it is.

    Raises:
        InvalidConfig: no such thread.
    """
    doubt = _open_thread(teacher, doubt_id)
    Doubts(teacher.database).add(doubt_id, DoubtEvent.REGRADED, teacher.name)
    return doubt


def _open_thread(teacher: Teacher, doubt_id: int) -> DoubtRecord:
    found = Doubts(teacher.database).find(doubt_id)
    if found is None or found.closed_at is not None:
        raise InvalidConfig(_("This question is closed, or there is none of this number."))
    return found
