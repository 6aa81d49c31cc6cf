"""Plausible records of one class, for the tests of the database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from grader.record.database import AssignmentRecord, EntryRecord, RunRecord, RunState, TaskRecord

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
RESNET = AssignmentRecord(slug="resnet", title="ResNet", max_points=10.0)
SPRINGFIELD = AssignmentRecord(slug="springfield", title="Journey to Springfield", max_points=15.0, is_contest=True)


def block_run(student_id: str, points: float, **changes: Any) -> RunRecord:
    """A scored run of the ResNet assignment."""
    key = f"{student_id}-resnet-{points}"
    record = RunRecord(
        key=key,
        student_id=student_id,
        assignment=RESNET,
        content_sha256=sha256(key.encode()).hexdigest(),
        source="folder",
        received_at=NOON,
        grader_version="0.1.0",
        assignment_revision="r1",
        started_at=NOON,
        finished_at=NOON + timedelta(seconds=2),
        wall_s=1.5,
        state=RunState.SCORED,
        points=points,
        max_points=10.0,
        tasks=(
            TaskRecord("task1_basic_block", "1. BasicBlock", "passed", points, 8.0, "Всё сходится"),
            TaskRecord("task2_stem", "2. Stem", "not graded", None, 2.0),
        ),
        student_name="Иван Иванов",
    )
    return replace(record, **changes)


def contest_run(student_id: str, correct: int, points: float, *, total: int = 991, **changes: Any) -> RunRecord:
    """A scored run of the contest with its entry."""
    key = f"{student_id}-springfield-{correct}-{total}"
    record = replace(
        block_run(student_id, points),
        key=key,
        assignment=SPRINGFIELD,
        content_sha256=sha256(key.encode()).hexdigest(),
        max_points=15.0,
        entry=EntryRecord("f1_micro", correct, total, points, private_correct=7, private_total=50),
    )
    return replace(record, **changes)


def failed(record: RunRecord) -> RunRecord:
    """The same run, had the machine let it down."""
    return replace(
        record, state=RunState.FAILED, points=None, entry=None, tasks=(), problem="KernelGone: out of memory"
    )
