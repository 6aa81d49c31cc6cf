"""A class of which a teacher wants statistics: mistakes that many make, somebody stuck, somebody late, one missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from plausible_class import run

from grader.collect.uploads import PageRules
from grader.record.database import AssignmentRecord, ClassDatabase, TaskRecord
from grader.record.database.access import AccessList, hashed, new_token
from grader.record.database.decisions import Decisions
from grader.record.database.late import CountedRecord, ExtensionRecord, LateBook
from grader.scoring.late import Counts, LateRules, Policy

DEADLINE = datetime(2099, 3, 2, 20, 59, tzinfo=UTC)
RESNET = AssignmentRecord("resnet", "ResNet", 10.0, deadline=DEADLINE, position=1)
RULES = LateRules(Policy.BUDGET, timedelta(minutes=15), Fraction(10), days=5)
RELU = "Выход отличается от эталонного на {n}%. Похоже, после сложения нет ReLU. Проверьте: {who}"
SHAPES = "Форма выхода: (2, 64, 56, 56), а нужна (2, 128, 28, 28)."


def tasks(first: float, second: float, *, message: str = "") -> tuple[TaskRecord, ...]:
    """Two tests and an answer that a teacher reads."""
    return (
        _task("task1_shortcut", first, 3.0, SHAPES),
        _task("task2_basic_block", second, 5.0, message),
        TaskRecord("task3_answer", "task3 answer", "manual", None, 2.0),
    )


def _task(grade_id: str, points: float, most: float, message: str) -> TaskRecord:
    is_whole = points >= most
    outcome = "passed" if is_whole else "failed"
    return TaskRecord(grade_id, grade_id.replace("_", " "), outcome, points, most, "" if is_whole else message)


def fill_late(url: str) -> dict[str, str]:
    """Write the class; tokens of a student and the teacher."""
    tokens = {name: new_token() for name in ("student0", "Edna")}
    with ClassDatabase.open(url) as database:
        database.ensure_assignments([RESNET])
        for number in range(9):
            lost = RELU.format(n=10 + number, who=f"Настоящее Имя {number}")
            _hand_in(database, number, 1, tasks(3.0 if number else 0.0, 0.0, message=lost))
            if number % 3:
                _hand_in(database, number, 2, tasks(3.0, 5.0))
        for day in (2, 3, 4):
            _hand_in(database, 0, day, tasks(0.0, 0.0, message=RELU.format(n=day, who="student0")))
        database.ensure_student("student9", "Милхаус ван Хутен")
        rules = PageRules(full_points=8.0, late=RULES, counts=Counts.BEST)
        Decisions(database).set_rules([("resnet", rules.to_json())])
        Decisions(database).set_grade("student0", "resnet", 6.4, 10.0, 1.6)
        book = LateBook(database)
        late = CountedRecord("student0", "resnet", "k", DEADLINE, DEADLINE, 4, 2, Fraction(1, 5), 0, 4)
        book.count(late)
        now = datetime(2026, 3, 1, tzinfo=UTC)
        book.extend(ExtensionRecord("student0", "resnet", DEADLINE + timedelta(days=3), "болезнь", "Edna", now))
        access = AccessList(database)
        access.invite_student("student0", "Настоящее Имя 0", token_sha256=hashed(tokens["student0"]))
        access.invite_teacher("Edna", token_sha256=hashed(tokens["Edna"]))
    return tokens


def _hand_in(database: ClassDatabase, number: int, day: int, found: tuple[TaskRecord, ...]) -> None:
    points = sum(task.points or 0.0 for task in found)
    database.record_run(replace(run(number, RESNET, points, day), tasks=found))
