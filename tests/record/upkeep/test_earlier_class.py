"""A class as it was graded before the rooms: its results count, nothing runs, and its page shows the same."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from whole_class import Known, grade_without_running, known

from grader.course.assignment import load_assignment
from grader.course.folder import Course
from grader.record.database import ClassDatabase
from grader.record.ledger import Ledger
from grader.record.planning import GradingStatus

REVISION = "0005"  # of the class database, then
LATER_TABLES = (
    "failures", "hand_question", "hand_answer", "hand_decision", "doubt_line", "doubt", "extension", "counted_work",
    "team_member",
)  # fmt: skip


@pytest.fixture
def earlier(graded: Course, before: Known) -> Course:
    """The class as that grader left it: its tables, and its keys, written out as it computed them."""
    assert before.runs
    assignment = load_assignment(graded.gradebook_url, "resnet")
    assert assignment.cells != tuple(sorted(assignment.cells, key=lambda cell: cell.grade_id))
    revision = hashlib.sha256(json.dumps(asdict(assignment), sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    limits = graded.config.limits_of("resnet").model_dump()
    rules = {"assignment": revision, "limits": limits, "language": "en", "environment": ()}
    rules_hash = hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()
    for student in ("lisa", "bart"):
        notebook = (graded.submitted / student / "resnet" / "resnet.ipynb").read_bytes()
        content = hashlib.sha256()
        for part in (b"", notebook):
            content.update(len(part).to_bytes(8, "big") + part)
        plain = json.dumps([1, "0.1.0", student, content.hexdigest(), rules_hash, 0])
        _give_key(graded, student, hashlib.sha256(plain.encode()).hexdigest())
    with sqlite3.connect(_database(graded)) as connection:
        for table in LATER_TABLES:
            connection.execute(f"DROP TABLE {table}")
        connection.execute("UPDATE springfield_schema SET version_num = ?", (REVISION,))
    connection.close()
    return graded


def _database(course: Course) -> Path:
    return course.root / "board" / "class.db"


def _give_key(course: Course, student: str, key: str) -> None:
    """Store a result under another key; without its hash, which earlier graders did not write."""
    now = Ledger(course.ledger).current("resnet", student)
    assert key != now
    results = course.ledger / "results"
    for path in results.glob(f"{now}.*"):
        path.rename(results / f"{key}{path.suffix}")
    stored = json.loads((results / f"{key}.json").read_text())
    del stored["sha256"]
    (results / f"{key}.json").write_text(json.dumps(stored))
    (course.ledger / "current" / "resnet" / student).write_text(key)
    with sqlite3.connect(_database(course)) as connection:
        assert connection.execute("UPDATE run SET key = ? WHERE key = ?", (key, now)).rowcount == 1
    connection.close()


def _revision(course: Course) -> str:
    with sqlite3.connect(_database(course)) as connection:
        return connection.execute("SELECT version_num FROM springfield_schema").fetchone()[0]


def test_a_class_of_an_earlier_grader_is_regraded_nowhere(earlier: Course, before: Known) -> None:
    assert {row.status for row in grade_without_running(earlier).values()} == {GradingStatus.UNCHANGED}
    assert known(earlier) == before
    assert _revision(earlier) > REVISION


def test_what_such_a_class_has_lost_comes_back_without_a_run(earlier: Course, before: Known) -> None:
    (earlier.root / "gradebook.db").unlink()
    shutil.rmtree(earlier.autograded)
    _database(earlier).unlink()
    assert {row.status for row in grade_without_running(earlier).values()} == {GradingStatus.RECORDED}
    assert known(earlier).cells == before.cells
    assert known(earlier).notebooks == before.notebooks


@pytest.mark.parametrize("statements", [1, 4, 9])
def test_killed_in_the_middle_of_the_migration_the_class_opens(earlier: Course, before: Known, statements: int) -> None:
    """The process ends, as by `kill -9`, at a statement that makes a table; the transaction takes all of it back."""
    code = f"""
import os, signal, sys
from alembic import op
from grader.record.database import ClassDatabase
made, make = [], op.create_table
def create_table(*args, **kwargs):
    make(*args, **kwargs)
    made.append(args)
    if len(made) == {statements}:
        os.kill(os.getpid(), signal.SIGKILL)
op.create_table = create_table
ClassDatabase.open(sys.argv[1])
"""
    done = subprocess.run([sys.executable, "-c", code, earlier.database_url], env=os.environ, check=False)
    assert done.returncode == -signal.SIGKILL
    assert _revision(earlier) == REVISION
    ClassDatabase.open(earlier.database_url).close()
    assert {row.status for row in grade_without_running(earlier).values()} == {GradingStatus.UNCHANGED}
    assert known(earlier) == before
