"""Whatever happens to machines, lanes, cables and the coordinator: each submission is recorded once, with its points.

Machines are network namespaces of this one. `SPRINGFIELD_FAULTS=60 SPRINGFIELD_SUBMISSIONS=300` makes it sixty faults
over three hundred submissions; without them there are few.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
from classroom import HandIn, source_notebook
from cluster_processes import points, wait_for, with_cluster
from command_line import grader
from killing import pause
from namespaces import Machine, machines

from grader.audit.answers import Answer, reference_answer
from grader.course.folder import Course
from grader.fleet.cluster.certificates import make_certificates
from grader.record.database import ClassDatabase

FAULTS = int(os.environ.get("SPRINGFIELD_FAULTS", "7"))
SUBMISSIONS = int(os.environ.get("SPRINGFIELD_SUBMISSIONS", "12"))
WORKERS = 3
GIVE_UP_S = 1800
SILENT_S = (18, 34)  # longer than Dask's patience with a machine that says nothing
CLAIMS = (
    "import sys, grader.fleet.cluster.facts as facts\n"
    "facts._LIBRARIES = ()\n"
    "from grader.fleet.cluster import joining\n"
    "joining.versions = lambda: (*facts.versions(), ('torch', '1.0'))\n"
    "from grader.cli.app import main\n"
    "main()\n"
)


def answers() -> dict[str, Answer]:
    """A right answer, one that loses a task, and one that does nothing; at work for a while."""
    right = dict(reference_answer(source_notebook("resnet")).cells)
    right["task2_make_stage"] += f"\n{pause()}\n"
    half = {**right, "task1_basic_block": "BasicBlock = None"}
    return {"right": Answer("right", right), "half": Answer("half", half), "nothing": Answer("nothing", {})}


class Lab:
    """A coordinator and workers on machines of their own, and what can happen to them."""

    def __init__(self, course: Course, places: list[Machine], folder: Path, chance: random.Random) -> None:
        self.course, self.folder, self.chance = course, folder, chance
        self.desk, *self.places = places
        self.scratch = Path(tempfile.mkdtemp(prefix="lab-", dir="/tmp"))
        self.workers: dict[int, subprocess.Popen[bytes]] = {}
        self.coordinator = self.start_coordinator()

    def start(self, place: Machine, arguments: list[object], log: str, *, claims: bool = False):
        program = ["-c", CLAIMS] if claims else ["-m", "grader"]
        with (self.folder / log).open("ab") as said:
            return subprocess.Popen(
                [*place.inside, sys.executable, *program, *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env={**os.environ, "TMPDIR": str(self.scratch), "LC_ALL": "C.UTF-8", "COLUMNS": "200"},
            )

    def start_coordinator(self) -> subprocess.Popen[bytes]:
        arguments = ["grade", "resnet", "--cluster", "--json", "--class", self.course.root]
        return self.start(self.desk, arguments, "coordinator.log")

    def arguments(self, name: str, *, certificates: Path | None = None, has_data: bool = True) -> list[object]:
        own = certificates or self.course.cluster / "certificates"
        data = ["--data", self.course.root / "weights"] if has_data else []
        where = f"{self.desk.address}:8786"
        return ["worker", where, "--certificates", own / "worker", *data, "--slots", "1", "--name", name]

    def start_worker(self, number: int) -> None:
        self.workers[number] = self.start(self.places[number], self.arguments(f"m{number}"), f"m{number}.log")

    def some_worker(self) -> int:
        return self.chance.choice(sorted(self.workers))

    def refused(self, log: str, words: str, **more: object) -> None:
        """A worker that starts, is refused, says why and ends."""
        claims = bool(more.pop("claims", False))
        place = self.chance.choice(self.places)
        process = self.start(place, self.arguments("stranger", **more), log, claims=claims)
        try:  # or the coordinator is through before it is asked
            wait_for(lambda: process.poll() is not None or self.is_over, 400, f"{log}: nobody refused it")
        finally:
            process.kill()
            process.wait()
        said = (self.folder / log).read_text()
        assert self.is_over or words in said, said

    @property
    def is_over(self) -> bool:
        return self.coordinator.poll() is not None

    # What can happen, each as a method of its own.

    def kill_lane(self) -> None:
        worker = self.workers[self.some_worker()]
        with contextlib.suppress(psutil.Error):
            lanes = [one for one in psutil.Process(worker.pid).children() if "spawn_main" in " ".join(one.cmdline())]
            if lanes:
                self.chance.choice(lanes).kill()

    def kill_worker(self) -> None:
        number = self.some_worker()
        self.workers[number].kill()
        self.workers[number].wait()
        time.sleep(self.chance.uniform(0, 3))
        self.start_worker(number)

    def kill_coordinator(self) -> None:
        self.coordinator.kill()
        self.coordinator.wait()
        time.sleep(self.chance.uniform(0, 3))
        self.coordinator = self.start_coordinator()

    def stop_worker(self) -> None:
        worker = self.workers[self.some_worker()]
        worker.send_signal(signal.SIGSTOP)
        self.wait(self.chance.choice((2, self.chance.uniform(*SILENT_S))))
        worker.send_signal(signal.SIGCONT)

    def pull_cable(self) -> None:
        with self.places[self.some_worker()].unplugged():
            self.wait(self.chance.choice((2, self.chance.uniform(*SILENT_S))))

    def bad_cable(self) -> None:
        with self.places[self.some_worker()].bad_cable():
            self.wait(8)

    def wrong_authority(self) -> None:
        other = self.folder / f"other-{time.monotonic_ns()}"
        make_certificates(other)
        self.refused("wrong-authority.log", "certificates", certificates=other)

    def other_torch(self) -> None:
        self.refused("other-torch.log", "torch is 1.0 there", claims=True)

    def without_data(self) -> None:
        place = self.places[self.some_worker()]
        process = self.start(place, self.arguments("apu", has_data=False), "apu.log")
        self.wait(10)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)

    def late_joiner(self) -> None:
        number = max(self.workers) + 1
        if number < len(self.places):
            self.start_worker(number)
        else:
            self.kill_worker()

    def leave(self) -> None:
        number = self.some_worker()
        self.workers[number].send_signal(signal.SIGTERM)
        self.workers[number].wait(timeout=60)
        self.start_worker(number)

    def wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.is_over:
            time.sleep(0.1)

    def close(self) -> None:
        for process in (*self.workers.values(), self.coordinator):
            process.send_signal(signal.SIGCONT)
            process.send_signal(signal.SIGTERM)
        for process in (*self.workers.values(), self.coordinator):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=60)
            process.kill()
            process.wait()


def in_random_order(lab: Lab) -> Iterator[Callable[[], None]]:
    every = [
        lab.kill_lane, lab.kill_worker, lab.kill_coordinator, lab.stop_worker, lab.pull_cable, lab.bad_cable,
        lab.wrong_authority, lab.other_torch, lab.without_data, lab.late_joiner, lab.leave,
    ]  # fmt: skip
    while True:
        yield from lab.chance.sample(every, len(every))


def forget(course: Course) -> None:
    for name in ("ledger", "autograded", "board", *(path.name for path in course.root.glob("gradebook.db*"))):
        subprocess.run(["rm", "-rf", str(course.root / name)], check=True)
    shutil.copy(course.root / "gradebook.kept", course.root / "gradebook.db")


@pytest.mark.slow
@pytest.mark.alone
def test_faults_of_machines_cables_and_coordinator_change_nothing(
    course: Course, hand_in: HandIn, tmp_path: Path
) -> None:
    seed = os.environ.get("SPRINGFIELD_SEED", "21")
    (course.root / "weights").mkdir()
    (course.root / "weights" / "resnet18.pth").write_bytes(b"weights of the teacher's")
    text = (course.root / "class.toml").read_text()
    text = text.replace('title = "ResNet"\n', 'title = "ResNet"\nweights = "weights"\n')
    (course.root / "class.toml").write_text(text.replace("wall_s = 90\ncell_s = 20", "wall_s = 300\ncell_s = 120"))
    course = Course.open(course.root)
    shutil.copy(course.root / "gradebook.db", course.root / "gradebook.kept")
    alone = Course.open(Path(shutil.copytree(course.root, tmp_path / "alone")))
    kinds = answers()
    who = {f"s{number:03}": list(kinds)[number % len(kinds)] for number in range(SUBMISSIONS)}
    for student, kind in who.items():
        shutil.copytree(hand_in(student, "resnet", kinds[kind]).parent, alone.submitted / student / "resnet")
    few = [student for student in who if int(student[1:]) < len(kinds)]
    assert grader("grade", "resnet", *[f"--student={one}" for one in few], "--class", alone.root).returncode == 0
    expected = {who[student]: found for student, found in points(alone, "resnet").items() if student in few}
    course = with_cluster(course, host="10.77.0.1", port=8786, wait_s=600)
    assert grader("cluster", "init", "--class", course.root).returncode == 0

    done: Counter[str] = Counter()
    with ExitStack() as stack:
        places = stack.enter_context(machines(WORKERS + 3))
        while sum(done.values()) < FAULTS:
            forget(course)
            lab = Lab(course, places, tmp_path, random.Random(f"{seed}-{sum(done.values())}"))
            try:
                for number in range(WORKERS):
                    lab.start_worker(number)
                faults = in_random_order(lab)
                until = time.monotonic() + GIVE_UP_S
                while not lab.is_over and sum(done.values()) < FAULTS:
                    lab.wait(lab.chance.uniform(1, 6))
                    if not lab.is_over:
                        fault = next(faults)
                        print(f"{time.strftime('%X')} {fault.__name__}", flush=True)
                        fault()
                        done[fault.__name__] += 1
                wait_for(lambda lab=lab, until=until: lab.is_over, until - time.monotonic(), "it does not end")
                said = (tmp_path / "coordinator.log").read_text()
                assert lab.coordinator.returncode == 0, said
            finally:
                lab.close()
            assert points(course, "resnet") == {student: expected[kind] for student, kind in who.items()}, done
            with ClassDatabase.open(course.database_url) as database:
                recorded = Counter(one.student_id for one in database.reports(every_run=True))
            assert recorded == Counter(dict.fromkeys(who, 1)), done
            assert '"apu/' not in said
            wait_for(lambda: not any(place.processes() for place in places), 30, "a process is left")
            wait_for(lambda lab=lab: not list(lab.scratch.iterdir()), 30, "a temporary folder is left")
        print(f"\n{sum(done.values())} faults over {SUBMISSIONS} submissions: {dict(sorted(done.items()))}", flush=True)
