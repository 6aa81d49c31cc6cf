"""Devices and who gets them: on slots with made-up names, and the whole of `grader grade` on one of them."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest
from classroom import AtOnce, HandIn, in_this_process
from command_line import grader
from rich.console import Console

from grader.audit.answers import Answer
from grader.cli.pace import Pace
from grader.cli.results import ProgressWatcher
from grader.course.assignment import Assignment
from grader.course.folder import Course
from grader.errors import EnvironmentFault
from grader.fleet.fleet import Finished, Fleet, run_all
from grader.fleet.lane import Lane
from grader.fleet.machines import MachineLost
from grader.fleet.workers import Workers, local_workers
from grader.grading.job import Conditions, Job
from grader.outcomes import Report
from grader.pipeline import grade_class
from grader.record.planning import GradingStatus, Row
from grader.sandbox.bubblewrap import environment
from grader.sandbox.devices import CPU, Device, gpus, places


@dataclass(frozen=True)
class Work:
    name: str
    wants_gpu: bool = False
    seconds: float = 0.01

    @property
    def job(self) -> Job:
        """A job that says how long it takes."""
        conditions = Conditions(gpu=self.wants_gpu)
        return Job(self.name, f"{self.seconds}".encode(), (), Assignment("resnet", ()), conditions)


Done = Finished[str, str]


class Machine:
    """Runs work in threads and sees that no device has two at once."""

    def __init__(self) -> None:
        self.busy: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.did: dict[str, list[str]] = defaultdict(list)
        self._lock = threading.Lock()

    def do(self, job: Job) -> str:
        device = job.conditions.device
        with self._lock:
            self.busy[device.name] += 1
            self.most[device.name] = max(self.most[device.name], self.busy[device.name])
        time.sleep(float(job.notebook))
        with self._lock:
            self.busy[device.name] -= 1
            self.did[device.name].append(job.key)
        return job.key

    def run(self, devices: tuple[Device, ...], work: list[Work], workers: Workers | None = None) -> list[Done]:
        with Fleet[str, str](devices, workers or threads, self.do) as fleet:
            return list(run_all(fleet, [(item.name, item.job) for item in work], after_a_crash))


def after_a_crash(job: Job, result: str | Exception) -> Job | None:
    return replace(job, faults=1) if isinstance(result, BrokenProcessPool) and job.faults == 0 else None


@contextmanager
def threads(slots: int) -> Iterator[Executor]:
    with ThreadPoolExecutor(slots) as pool:
        yield pool


def names(done: list[Done]) -> set[str]:
    return {str(finished.result) for finished in done}


def test_each_gpu_has_one_submission_at_a_time_and_all_are_used() -> None:
    machine = Machine()
    devices = places("auto", slots=2, per_gpu=1, found=["0", "1", "2"], cores=8)
    work = [Work(f"gpu{n}", wants_gpu=True) for n in range(12)] + [Work(f"cpu{n}") for n in range(6)]
    assert names(machine.run(devices, work)) == {item.name for item in work}
    assert machine.most == {"cuda:0": 1, "cuda:1": 1, "cuda:2": 1, "cpu": machine.most["cpu"]}
    assert machine.most["cpu"] <= 2
    assert set(machine.did["cpu"]) == {f"cpu{n}" for n in range(6)}


def test_several_share_a_gpu_where_the_teacher_says_so() -> None:
    devices = places("auto", slots=1, per_gpu=2, found=["0", "1"], cores=8)
    gpus = [device for device in devices if device.is_gpu]
    assert [device.name for device in gpus] == ["cuda:0#1", "cuda:1#1", "cuda:0#2", "cuda:1#2"]
    assert [device.visible for device in gpus] == ["0", "1", "0", "1"]
    assert {device.memory_share for device in gpus} == {0.475}
    assert {device.threads for device in gpus} == {2}


def test_a_slow_submission_holds_up_nobody_else() -> None:
    machine = Machine()
    devices = places("auto", slots=1, per_gpu=1, found=["0", "1"], cores=2)
    work = [Work("slow", True, 2), *[Work(f"quick{n}", True) for n in range(8)]]
    done = machine.run(devices, work)
    assert done[0].result != "slow"
    assert len(machine.did["cuda:1"]) >= 5


def test_without_a_gpu_processors_take_everything() -> None:
    machine = Machine()
    done = machine.run(places("auto", slots=2, per_gpu=1, found=[]), [Work("a", True), Work("b")])
    assert {finished.device.name for finished in done} == {"cpu"}


def test_the_choice_of_the_command_decides() -> None:
    assert not any(device.is_gpu for device in places("cpu", slots=2, per_gpu=1, found=["0"]))
    assert any(device.is_gpu for device in places("cuda", slots=2, per_gpu=1, found=["0"]))
    with pytest.raises(EnvironmentFault, match="no GPU"):
        places("cuda", slots=2, per_gpu=1, found=[])


class Crashing(Executor):
    """The first one crashes when it meets the job `bad`, and loses what waits behind it."""

    def __init__(self, made: list[Executor]) -> None:
        self._pool = ThreadPoolExecutor(1)
        self._is_broken = False
        self._is_first = not made
        made.append(self)

    def submit(self, fn, /, *args):
        self._is_broken = self._is_broken or (self._is_first and args[0].key == "bad")
        if not self._is_broken:
            return self._pool.submit(fn, *args)
        crashed: Future[object] = Future()
        crashed.set_exception(BrokenProcessPool())
        return crashed


@pytest.mark.parametrize("wants_gpu", [True, False])
def test_what_a_crashed_worker_lost_is_tried_again_last_and_on_the_same_device(wants_gpu: bool) -> None:
    made: list[Executor] = []

    @contextmanager
    def workers(_slots: int) -> Iterator[Executor]:
        yield Crashing(made)

    devices = places("auto", slots=1, per_gpu=1, found=["0"])
    done = Machine().run(devices, [Work(name, wants_gpu) for name in ("bad", "a", "b", "c")], workers)
    assert [finished.result for finished in done] == (["a", "b", "c", "bad"] if wants_gpu else ["b", "c", "bad", "a"])
    assert {finished.device.name for finished in done} == {"cuda:0" if wants_gpu else "cpu"}
    assert len(made) == 2  # the lane has a new worker


@pytest.mark.parametrize("wants_gpu", [True, False])
def test_a_lane_gets_its_next_short_job_ahead_and_a_gpu_never(wants_gpu: bool) -> None:
    held: list[Future[str]] = []
    begun: list[str] = []

    class Holding(Executor):
        def submit(self, _fn, /, *args):
            held.append(Future())
            return held[-1]

    @contextmanager
    def workers(_slots: int) -> Iterator[Executor]:
        yield Holding()

    devices = places("auto", slots=1, per_gpu=1, found=["0"])
    work = [(f"{n}", Work(f"{n}", wants_gpu).job) for n in range(3)]
    with Fleet[str, str](devices, workers, str, placed=lambda item, _device: begun.append(item)) as fleet:
        done = ThreadPoolExecutor(1).submit(lambda: list(run_all(fleet, work, after_a_crash)))
        given = []
        # The last job is not given ahead: another lane might be free before this one.
        for number, expected in enumerate([1, 2, 3] if wants_gpu else [2, 2, 3]):
            until = time.monotonic() + 10
            while len(held) < expected and time.monotonic() < until:
                time.sleep(0.01)
            given.append(len(held))
            held[number].set_result(f"{number}")
        assert [finished.result for finished in done.result(10)] == ["0", "1", "2"]
    assert given == ([1, 2, 3] if wants_gpu else [2, 2, 3])
    assert begun == ["0", "1", "2"]


def sleep_long(job: Job) -> str:
    time.sleep(600)
    return job.key


@pytest.mark.parametrize("delay_s", [0, 0.3, 6])
def test_a_service_that_is_told_to_stop_waits_for_no_worker_that_is_on_its_way(delay_s: float) -> None:
    with Fleet[str, str]((CPU, CPU), local_workers, sleep_long, is_service=True) as fleet:
        for number in range(2):
            job = Work(f"{number}").job
            lane = fleet.free_lane(job.conditions)
            assert lane is not None
            fleet.start(job.key, job, lane)
        time.sleep(delay_s)
        began = time.monotonic()
    assert time.monotonic() - began < 60  # a job takes ten minutes


def test_one_after_the_other_in_this_process_works_too() -> None:
    @contextmanager
    def at_once(_slots: int) -> Iterator[Executor]:
        yield AtOnce()

    done = Machine().run(places("cpu", slots=3, per_gpu=1), [Work(str(n)) for n in range(7)], at_once)
    assert len(done) == 7


def test_a_kernel_sees_its_own_gpu_alone() -> None:
    assert environment(gpu="3", threads=1)["CUDA_VISIBLE_DEVICES"] == "3"
    assert "CUDA_VISIBLE_DEVICES" not in environment(gpu="", threads=1)


def test_the_time_left_is_of_each_device() -> None:
    pace = Pace()
    assert pace.left_s("cuda:0", 4, 2) is None
    pace.note("cuda:0", 60)
    pace.note("cuda:0", 120)
    pace.note("cuda:1", 30)
    assert (pace.left_s("cuda:0", 4, 2), pace.left_s("cuda:1", 5, 2), pace.done("cuda:0")) == (180, 90, 2)


def test_the_progress_names_each_gpu_what_runs_there_and_the_time_left() -> None:
    console = Console(record=True, force_terminal=True, width=120)
    watcher = ProgressWatcher(console)
    watcher.started(4, 4)
    watcher.placed("lisa", "springfield", "cuda:0")
    watcher.placed("bart", "springfield", "cuda:1")
    watcher.placed("ralph", "resnet", "cpu")
    watcher.finished(Row("lisa", "springfield", GradingStatus.GRADED, Report((), 300.0), device="cuda:0"))
    watcher.placed("nelson", "springfield", "cuda:0")
    for student in ("bart", "ralph", "nelson"):
        watcher.finished(Row(student, "springfield", GradingStatus.GRADED, Report((), 1.0)))
    said = console.export_text()
    assert "cuda:1: bart springfield" in said
    assert "cuda:0: nelson springfield (1 done, 10 min left)" in said
    assert "cpu:" not in said


def test_the_progress_names_each_machine_with_all_that_runs_there() -> None:
    console = Console(record=True, force_terminal=True, width=120)
    watcher = ProgressWatcher(console)
    watcher.started(9, 9)
    watcher.placed("lisa", "resnet", "moe/cpu")
    watcher.placed("bart", "resnet", "moe/cpu")
    watcher.placed("ralph", "resnet", "barney/cuda:0")
    watcher.placed("bart", "resnet", "barney/cpu")  # moe was lost
    watcher.finished(Row("lisa", "resnet", GradingStatus.GRADED, Report((), 300.0), device="moe/cpu"))
    watcher.placed("nelson", "resnet", "moe/cpu")
    for number in range(8):
        watcher.finished(Row(str(number), "resnet", GradingStatus.GRADED, Report((), 1.0)))
    said = console.export_text()
    assert "barney: ralph resnet, bart resnet" in said
    assert "moe: nelson resnet (1 done, 10 min left)" in said  # 8 left, half of them here, two at once


class FewMachines:
    """Machines with a lane each, which are lost when a test says so."""

    def __init__(self, *names: str) -> None:
        self.there: dict[str, Lane] = {}
        self.held: dict[str, list[Future[str]]] = defaultdict(list)
        self.changed: Future[None] = Future()
        for name in names:
            self.come(name)

    def lanes(self) -> list[Lane]:
        return list(self.there.values())

    def come(self, name: str) -> None:
        held = self.held[name]

        class Holding(Executor):
            def submit(self, _fn, /, *_args):
                held.append(Future())
                return held[-1]

        @contextmanager
        def worker(_slots: int) -> Iterator[Executor]:
            yield Holding()

        self.there[name] = Lane(Device(f"{name}/cpu", machine=name), worker)
        self._tell()

    def lose(self, name: str) -> None:
        del self.there[name]
        for future in self.held.pop(name):
            if not future.done():
                future.set_exception(MachineLost("gone"))
        self._tell()

    def _tell(self) -> None:
        before, self.changed = self.changed, Future()
        before.set_result(None)


def test_jobs_of_a_lost_machine_go_to_the_next_and_after_the_second_loss_are_tried_alone() -> None:
    machines = FewMachines("moe")
    work = [(f"{n}", Work(f"{n}").job) for n in range(3)]

    def given(name: str, number: int) -> list[Future[str]]:
        until = time.monotonic() + 10
        while len(machines.held[name]) < number:
            assert time.monotonic() < until, machines.held
            time.sleep(0.01)
        return machines.held[name]

    def once_more(job: Job, result: str | Exception) -> Job | None:
        return replace(job, faults=1) if isinstance(result, MachineLost) and job.faults == 0 else None

    with Fleet[str, str]((), threads, str, machines=machines) as fleet, ThreadPoolExecutor(1) as pool:
        done = pool.submit(lambda: list(run_all(fleet, work, once_more)))
        given("moe", 2)
        machines.come("barney")
        given("barney", 1)
        machines.lose("moe")  # with "0" under way, and "1" behind it
        given("barney", 1)[0].set_result("2")
        given("barney", 2)
        machines.lose("barney")
        machines.come("lenny")
        for number, name in enumerate(("1", "0")):
            given("lenny", number + 1)[number].set_result(name)
        assert sorted(str(one.result) for one in done.result(10)) == ["0", "1", "2"]


@pytest.mark.slow
def test_grading_gives_each_contest_notebook_its_own_gpu_and_others_none(
    town: Course, hand_in: HandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole pipeline and real sandboxes; only the GPUs are made up, so the notebooks compute nothing on them."""
    monkeypatch.setattr("grader.sandbox.devices.gpus", lambda: ["0", "1"])
    tell = "import os\nprint('sees', os.environ.get('CUDA_VISIBLE_DEVICES'))"
    idle = {"task1_network": "SpringfieldNet = None", "task1_training": "train = None", "task1_submission": tell}
    for student in ("bart", "lisa", "milhouse"):
        hand_in(student, "springfield", Answer("idle", idle))
    hand_in("ralph", "resnet", "untouched")
    rows = grade_class(town, ["springfield", "resnet"], workers=in_this_process)
    assert {row.student: row.device for row in rows} == {
        "bart": "cuda:0",
        "lisa": "cuda:1",
        "milhouse": rows[2].device,
        "ralph": "cpu",
    }
    for row in rows[:3]:
        said = (town.autograded / row.student / "springfield" / "springfield.ipynb").read_text()
        assert f"sees {row.device.removeprefix('cuda:')}" in said
    again = grade_class(town, ["springfield"], device="cpu", regrade=1, workers=in_this_process)
    assert {row.device for row in again} == {"cpu"}


def test_the_command_refuses_a_gpu_that_is_not_there(course: Course) -> None:
    if gpus():
        pytest.skip("there is a GPU")
    said = grader("grade", "--device", "cuda", "--class", course.root)
    assert said.returncode == 1
    assert "There is no GPU on this machine." in said.stderr
