"""A class of twelve that handed in everything a page must show: ties, regrades, failures, a hostile name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random

from grader.record.database import AssignmentRecord, ClassDatabase, EntryRecord, RunRecord, RunState
from grader.scoring.points import DEFAULT_TABLE, Fraction

START = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
BLOCKS = (
    AssignmentRecord("alexnet", "AlexNet", 6.0, position=1),
    AssignmentRecord("vgg", "VGG", 8.0, position=2),
    AssignmentRecord("skip_connection", "Skip connection", 5.0, position=3),
    AssignmentRecord("resnet", "ResNet", 10.0, position=4),
    AssignmentRecord("densenet", "DenseNet", 10.0, position=5),
)
CONTEST = AssignmentRecord(
    "springfield",
    "Journey to Springfield",
    15.0,
    is_contest=True,
    deadline=datetime(2099, 3, 30, 20, 59, tzinfo=UTC),
    position=6,
)
STUDENTS = 12
COUNTS = (961, 962, 984, 961, 930, 899, 984, 941, 822, 755, 961)


def fill(url: str) -> None:
    """Write the class into the database at the URL."""
    with ClassDatabase.open(url) as database:
        database.ensure_assignments([*BLOCKS, CONTEST])
        random = Random(7)
        for number in range(STUDENTS):
            for place, assignment in enumerate(BLOCKS):
                if random.random() < 0.85:
                    points = assignment.max_points - random.choice([0, 0, 0.5, 1, 2.5])
                    database.record_run(run(number, assignment, points, day=place * 3 + number % 3))
        for number, correct in enumerate(COUNTS):
            for step, missing in enumerate((70, 20, 0)):
                database.record_run(contest_run(number, correct - missing, day=18 + step, hour=number))
        database.record_run(failed(STUDENTS - 1))


def run(number: int, assignment: AssignmentRecord, points: float, day: int) -> RunRecord:
    """A scored run of a block assignment."""
    return _run(number, assignment, f"{points}-{day}", points, START + timedelta(days=day, minutes=13 * number))


def contest_run(number: int, correct: int, day: int, hour: int) -> RunRecord:
    """A scored run of the contest."""
    points = float(DEFAULT_TABLE.points_for(Fraction(correct, 991)))
    entry = EntryRecord("f1_micro", correct, 991, points, private_correct=41, private_total=50)
    return _run(number, CONTEST, f"{correct}", points, START + timedelta(days=day, hours=hour), entry=entry)


def failed(number: int) -> RunRecord:
    """A run that the machine let down."""
    return _run(number, CONTEST, "failed", None, START + timedelta(days=19), state=RunState.FAILED)


def _run(
    number: int,
    assignment: AssignmentRecord,
    content: str,
    points: float | None,
    received_at: datetime,
    *,
    entry: EntryRecord | None = None,
    state: RunState = RunState.SCORED,
) -> RunRecord:
    key = f"{number}-{assignment.slug}-{content}"
    return RunRecord(
        key=key,
        student_id=f"student{number}",
        student_name=f"Настоящее Имя {number}",
        assignment=assignment,
        content_sha256=sha256(key.encode()).hexdigest(),
        source="folder",
        received_at=received_at,
        grader_version="0.1.0",
        assignment_revision="r1",
        started_at=received_at,
        finished_at=received_at + timedelta(seconds=2),
        wall_s=2.0,
        state=state,
        points=points,
        max_points=assignment.max_points,
        entry=entry,
    )
