"""What the page asks for, carried out: each request of a teacher's or a student's by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from grader.errors import GraderError, InvalidConfig
from grader.language import _
from grader.record import actions
from grader.record.actions import MAX_TEXT, Teacher
from grader.record.by_hand import doubts, giving
from grader.record.database import ClassDatabase
from grader.record.database.decisions import Decisions
from grader.record.database.page_records import Identity

_Fields = Mapping[str, str]
# By the names in requests of the page's and in the log. "rejudge" is the verb `regrade`: stored logs say so.
_ACTIONS: dict[str, Callable[[Teacher, _Fields], object]] = {
    "override": lambda t, f: actions.override(t, f["student"], f["assignment"], _number(f["points"]), f["reason"]),
    "drop-override": lambda t, f: actions.drop_override(t, f["student"], f["assignment"]),
    "rejudge": lambda t, f: actions.regrade(t, f["student"], f["assignment"]),
    "rejudge-all": lambda t, f: actions.regrade_all(t, f["assignment"]),
    "integrity": lambda t, f: actions.ask_integrity(t, f["assignment"]),
    "invite": lambda t, f: actions.invite(t, f["student"], f.get("name", ""), f["token_sha256"]),
    "revoke": lambda t, f: actions.revoke(t, f["student"]),
    "quota": lambda t, f: actions.set_quota(t, _whole_number(f["per_day"]), _whole_number(f["in_total"])),
    "extend": lambda t, f: actions.extend(t, f["students"].split("\n"), f["assignment"], f["until"], f["reason"]),
    "deadline": lambda t, f: actions.set_deadline(t, f["assignment"], f["when"]),
    "hand": lambda t, f: _give(t, f),  # noqa: PLW0108  it stands below
    "hand-undo": lambda t, _f: giving.undo(t),
    "rubric": lambda t, f: giving.set_rubric(t, f["assignment"], f["cell"], f["criteria"], f["comments"]),
    "doubt-answer": lambda t, f: doubts.answer(
        t, _whole_number(f["doubt"]), f["text"], _points(f), close=f.get("close") == "yes"
    ),
    "doubt-regrade": lambda t, f: _regrade_for(t, _whole_number(f["doubt"])),
}
_STUDENTS_ACTIONS: dict[str, Callable[[ClassDatabase, Identity, _Fields, str], None]] = {
    "doubt": lambda d, who, f, request: doubts.ask(d, who, f["assignment"], f["cell"], f["text"], request),
}


def carry_out(teacher: Teacher, action: str, fields: _Fields) -> None:
    """Do what the page asked for; a refusal is a line in the log too, since the page cannot wait for an answer."""
    try:
        act = _ACTIONS.get(action)
        if act is None:
            raise InvalidConfig(_("There is no action {action!a}.").format(action=action[:40]))
        act(teacher, fields)
    except KeyError as missing:
        teacher.log("refused", action[:40], f"no {missing}")
    except GraderError as error:
        teacher.log("refused", f"{action[:40]} {fields.get('student', '')[:64]}", str(error)[:MAX_TEXT])


def carry_out_for_student(database: ClassDatabase, who: Identity, action: str, fields: _Fields, request: str) -> None:
    """Do what a student asked for on the page; what a student may not ask for is refused in the log."""
    try:
        act = _STUDENTS_ACTIONS.get(action)
        if act is None:
            raise InvalidConfig(_("There is no action {action!a}.").format(action=action[:40]))
        act(database, who, fields, request)
    except (KeyError, GraderError) as error:
        reason = str(error) if isinstance(error, GraderError) else f"no {error}"
        name = str(who.student_id)
        Decisions(database).log(name, "refused", f"{action[:40]} {name}", reason[:MAX_TEXT], request)


def _give(teacher: Teacher, fields: _Fields) -> None:
    given = giving.Given(_points(fields), _numbers(fields.get("met")), fields.get("comment"))
    slug, cell = fields["assignment"], fields["cell"]
    if "group" in fields:
        giving.give_to_group(teacher, slug, cell, fields["group"], given)
    else:
        giving.give_to_student(teacher, slug, cell, fields["student"], given, answer=fields.get("answer", ""))


def _regrade_for(teacher: Teacher, doubt_id: int) -> None:
    doubt = doubts.note_regrade(teacher, doubt_id)
    actions.regrade(teacher, doubt.student_id, doubt.assignment)


def _points(fields: _Fields) -> float | None:
    return _number(fields["points"]) if fields.get("points") else None


def _numbers(text: str | None) -> tuple[int, ...] | None:
    return None if text is None else tuple(_whole_number(part) for part in text.split(",") if part)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InvalidConfig(_("{text!a} is no number.").format(text=text[:40])) from None


def _whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InvalidConfig(_("{text!a} is no whole number.").format(text=text[:40])) from None
