"""SIGKILL at random moments to whatever takes part in grading; running it again gives what an undisturbed run gives.

`SPRINGFIELD_KILLS=50` makes it fifty kills, the first two fifths of them while notebooks run; without it there are few.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import nbformat
import psutil
import pytest
from classroom import HandIn, source_notebook, student_notebook
from killing import marks, part_of, pause

from grader.audit.answers import Answer, reference_answer
from grader.collect.inbox import Inbox
from grader.course.folder import Course
from grader.course.gradebook import open_gradebook
from grader.record.database import ClassDatabase, RunState
from grader.record.database.access import AccessList, hashed, new_token
from grader.record.database.queries import Board
from grader.record.database.uploads import uploads_of
from grader.record.page_rules import publish_rules
from grader.sandbox import cgroups

KILLS = int(os.environ.get("SPRINGFIELD_KILLS", "0"))
VICTIMS = ("coordinator", "worker", "zygote", "bwrap", "kernel")
UNFINISHED = (".writing-*", ".recording-*", ".placing-*", ".collecting-*")
STUDENTS = ("bart", "lisa", "maggie", "milhouse", "nelson")
GIVE_UP_S = 900


def slow_answer(number: int) -> Answer:
    """Right, but the first one's for one cell, and at work long enough to be killed in the middle."""
    cells = dict(reference_answer(source_notebook("resnet")).cells)
    cells["task2_make_stage"] += f"\n{pause(number)}\n"
    if number == 0:
        cells["task1_basic_block"] = "BasicBlock = None"
    return Answer(str(number), cells)


def points(course: Course) -> dict[str, dict[str, float | None]]:
    """Points of each cell, by student."""
    with open_gradebook(course) as gradebook:
        return {
            one.student.id: {grade.name: grade.auto_score for book in one.notebooks for grade in book.grades}
            for one in gradebook.assignment_submissions("resnet")
        }


def runs(course: Course) -> Counter[tuple[str, str, str]]:
    with ClassDatabase.open(course.database_url) as database:
        reports = database.reports(every_run=True)
    return Counter((one.student_id, one.record.key, one.record.state) for one in reports)


def forget(course: Course) -> None:
    """As if nothing had been graded: what was handed in stays."""
    for name in (
        "ledger",
        "autograded",
        "board",
        "feedback",
        *(path.name for path in course.root.glob("gradebook.db*")),
    ):
        subprocess.run(["rm", "-rf", str(course.root / name)], check=True)
    subprocess.run(["cp", str(course.root / "gradebook.kept"), str(course.root / "gradebook.db")], check=True)


class Grading:
    """`grader grade` or `grader watch` as a process of its own, with everything temporary in a folder of its own."""

    def __init__(self, course: Course, scratch: Path, verb: str) -> None:
        arguments = ["grade", "resnet", "--slots", "2", "--json"] if verb == "grade" else ["watch", "--slots", "2"]
        with (course.root.parent / "stderr.txt").open("a") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "grader", *arguments, "--class", str(course.root)],
                stdout=subprocess.PIPE if verb == "grade" else subprocess.DEVNULL,
                stderr=stderr,
                env={**os.environ, "TMPDIR": str(scratch)},
                text=True,
            )

    def kill_at_work(self, hurt: set[int], victims: Iterator[str], chance: random.Random) -> str:
        """Kill a part of one notebook that runs and was not hurt before; which part, empty where nothing was killed."""
        for number, mark in marks(self.process.pid).items():
            with contextlib.suppress(psutil.Error, StopIteration):
                if number not in hurt:
                    kernel = part_of(mark, "kernel")
                    victim = next(victims)
                    found = psutil.Process(self.process.pid) if victim == "coordinator" else part_of(mark, victim)
                    time.sleep(chance.uniform(0, 2.5))
                    if kernel.is_running():
                        found.kill()
                        hurt.add(number)
                        return victim
        return ""

    def end(self) -> str:
        """Wait for the command; what it wrote on its output."""
        said, _ = self.process.communicate(timeout=GIVE_UP_S)
        return said or ""

    def stop(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=GIVE_UP_S)


def left_over(course: Course, scratch: Path, mine: set[str]) -> list[str]:
    """What a grader that has ended should have taken with it."""
    until = time.monotonic() + 30
    while (found := _left(course, scratch, mine)) and time.monotonic() < until:
        time.sleep(0.2)
    return found


def _left(course: Course, scratch: Path, mine: set[str]) -> list[str]:
    found = [f"folder {path.name}" for path in scratch.iterdir()]
    found += [f"unfinished {path}" for pattern in UNFINISHED for path in course.root.rglob(pattern)]
    for process in psutil.process_iter():
        with contextlib.suppress(OSError, psutil.Error):
            told = f"{process.cmdline()} {Path('/proc', str(process.pid), 'mountinfo').read_text()}"
            if process.pid != os.getpid() and (str(scratch) in told or str(course.root) in told):
                found.append(f"process {process.pid} {process.cmdline()[:4]}")
    found += [f"mount {line}" for line in Path("/proc/self/mountinfo").read_text().splitlines() if scratch.name in line]
    return found + [f"group {path}" for path in groups() - mine if not _owner_lives(path)]


def groups() -> set[str]:
    return {str(path) for parent in cgroups._parents() for path in parent.glob(f"{cgroups.NAME}-*")}


def _owner_lives(group: str) -> bool:
    """Of a grader of somebody else's on this machine."""
    return Path("/proc", group.rpartition(f"{cgroups.NAME}-")[2].split("-")[0]).exists()


@pytest.fixture
def scratch() -> Path:
    """A short path: the sockets of the kernels lie below it."""
    return Path(tempfile.mkdtemp(prefix="kl-", dir="/tmp"))


def in_random_order(chance: random.Random) -> Iterator[str]:
    """Victims, each as often as the others."""
    while True:
        yield from chance.sample(VICTIMS, len(VICTIMS))


def disturbed(grading: Grading, hurt: set[int], victims: Iterator[str], chance: random.Random) -> Iterator[str]:
    """Disturb a command until it ends; what was killed."""
    while grading.process.poll() is None:
        killed = grading.kill_at_work(hurt, victims, chance)
        if killed:
            yield f"{killed} at work"
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.alone
def test_kills_while_a_class_is_graded_change_nothing(course: Course, hand_in: HandIn, scratch: Path) -> None:
    subprocess.run(["cp", str(course.root / "gradebook.db"), str(course.root / "gradebook.kept")], check=True)
    before = groups()
    for number, student in enumerate(STUDENTS):
        hand_in(student, "resnet", slow_answer(number))
    quiet = Grading(course, scratch, "grade")
    said = quiet.end()
    assert quiet.process.returncode == 0, said
    undisturbed, recorded = points(course), runs(course)
    assert left_over(course, scratch, before) == []
    chance = random.Random(os.environ.get("SPRINGFIELD_SEED", "16"))
    victims, done = in_random_order(chance), Counter[str]()
    while sum(done.values()) < max(1, KILLS * 4 // 5):
        forget(course)
        if KILLS:
            early = Grading(course, scratch, "grade")
            with contextlib.suppress(subprocess.TimeoutExpired):
                early.process.wait(timeout=chance.uniform(0.5, 20))
            early.process.kill()
            early.end()
            done["coordinator at any time"] += 1
        hurt: set[int] = set()
        while True:
            grading = Grading(course, scratch, "grade")
            done.update(disturbed(grading, hurt, victims, chance))
            said = grading.end()
            if grading.process.returncode >= 0:
                break
        assert grading.process.returncode == 0, said
        assert points(course) == undisturbed, done
        assert runs(course) == recorded, done
        for student in STUDENTS:
            nbformat.read(course.autograded / student / "resnet" / "resnet.ipynb", as_version=4)
        assert left_over(course, scratch, before) == [], done
        print(f"\n{sum(done.values())} kills: {dict(sorted(done.items()))}", flush=True)


@pytest.mark.slow
@pytest.mark.alone
def test_kills_of_the_watcher_with_uploads_under_way_change_nothing(course: Course, scratch: Path) -> None:
    before = groups()
    chance = random.Random(os.environ.get("SPRINGFIELD_SEED", "16"))
    victims, done = in_random_order(chance), Counter[str]()
    inbox, expected, uploaded = Inbox(course.inbox), {}, 0
    with ClassDatabase.open(course.database_url) as database:
        publish_rules(course, database)
        access = AccessList(database)
        for student in STUDENTS:
            access.invite_student(student, student, token_sha256=hashed(new_token()))
        ways = {line.student_id: line.id for line in access.every()}
    while sum(done.values()) < max(1, KILLS - KILLS * 4 // 5):
        for number, student in enumerate(STUDENTS):
            notebook = student_notebook(course, "resnet", slow_answer(number))
            notebook.cells.append(nbformat.v4.new_code_cell(f"{uploaded}"))
            inbox.put_upload(ways[student], "resnet", "resnet.ipynb", nbformat.writes(notebook).encode())
            uploaded += 1
        hurt: set[int] = set()
        until = time.monotonic() + GIVE_UP_S
        while inbox.items() and time.monotonic() < until:
            watching = Grading(course, scratch, "watch")
            while watching.process.poll() is None and inbox.items() and time.monotonic() < until:
                killed = watching.kill_at_work(hurt, victims, chance)
                done.update([f"watcher's {killed}"] if killed else [])
                time.sleep(0.05)
            watching.stop()
        assert inbox.items() == []
        found = points(course)
        expected = expected or found
        assert found == expected, done
        assert left_over(course, scratch, before) == [], done
        print(f"\n{sum(done.values())} kills: {dict(sorted(done.items()))}", flush=True)
    assert expected["lisa"] == expected["milhouse"] != expected["bart"]
    with Board.open(course.database_url) as board:
        states = [upload.state for student in STUDENTS for upload in uploads_of(board, student)]
    assert states == [RunState.SCORED] * uploaded
    assert list(runs(course).values()) == [1] * uploaded
