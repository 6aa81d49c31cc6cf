"""The coordinator's side: Dask's scheduler in this process, the machines that are there, and what their lanes do."""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import distributed
from distributed.diagnostics.plugin import SchedulerPlugin

from grader.errors import EnvironmentFault
from grader.files import write_atomically
from grader.fleet.cluster.dask_settings import configure, security_of
from grader.fleet.cluster.facts import MachineFacts, differences, versions
from grader.fleet.cluster.machine import on_machine
from grader.fleet.cluster.parcels import LargeFiles, OwnFolders, Parcel, Portable, pack
from grader.fleet.lane import Lane
from grader.fleet.machines import MachineLost
from grader.fleet.workers import scratch_folder
from grader.grading.job import Conditions
from grader.language import Language, _, current_language, speaking
from grader.sandbox.devices import Choice

JOIN, PART = "grader_join", "grader_part"
_READERS = 8


@dataclass(frozen=True)
class ClusterSettings:
    """Where machines find the coordinator.

    Attributes:
        host: the address or name by which they reach it, and where it listens.
        port: 0 takes any that is free.
        certificates: the coordinator's folder of those that `grader cluster init` has made; None where there are none.
        address_file: is written with the address while the coordinator is there; None writes none.
        wait_s: how long there may be no machine; 0 waits without end.
        device: `cpu` leaves the GPUs of machines alone.
    """

    host: str = "127.0.0.1"
    port: int = 0
    certificates: Path | None = None
    address_file: Path | None = None
    wait_s: float = 0
    device: Choice = "auto"


@dataclass(eq=False)
class _Machine:
    facts: MachineFacts
    address: str
    lanes: list[Lane] = field(default_factory=list)
    given: dict[str, _Given] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _Given:
    """A job that was given to a machine."""

    task: Any
    parcel: Parcel
    future: Future[Any]


class Cluster:
    """The machines of a class. Use it as a context manager; machines join while it is open.

    Args:
        settings: where they find it.
        tell: is called with a sentence when a machine comes, goes or is refused; from another thread.

    Attributes:
        address: what machines are told, such as `tls://10.0.0.1:8786`.
    """

    def __init__(self, settings: ClusterSettings, tell: Callable[[str], None] = lambda text: None) -> None:
        self.address = ""
        self._settings = settings
        self._tell_person = tell
        self._language: Language = "ru" if current_language() == "ru" else "en"
        self._folders = OwnFolders()
        self._large = LargeFiles()
        self._lock = threading.RLock()
        self._expected: dict[str, MachineFacts] = {}
        self._machines: dict[str, _Machine] = {}
        self._changed: Future[None] = Future()
        self._told_lacks: set[tuple[str, frozenset[str]]] = set()
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="reading")
        self._alarm: threading.Timer | None = None
        self._is_closing = False

    def __enter__(self) -> Self:
        settings = self._settings
        security = security_of(settings.certificates, settings.host)
        with ExitStack() as stack:
            configure(stack.enter_context(scratch_folder()))
            self._listen(security)
            self._stack = stack.pop_all()
        return self

    def _listen(self, security: Any) -> None:
        settings = self._settings
        try:
            self._dask = distributed.LocalCluster(
                n_workers=0, host=settings.host, scheduler_port=settings.port, dashboard_address=None,
                protocol="tcp://" if security is None else "tls://", security=security, silence_logs=False,
            )  # fmt: skip
        except (OSError, RuntimeError) as error:
            raise EnvironmentFault(
                _("The coordinator cannot listen at {host}, port {port}: {reason}.").format(
                    host=settings.host, port=settings.port, reason=_root_of(error)
                ),
                remedy=_("Say another one in [cluster] of class.toml: an address of this machine and a free port."),
            ) from error
        try:
            self._client = distributed.Client(self._dask, set_as_default=False)
            scheduler: Any = self._dask.scheduler
            scheduler.handlers[JOIN] = self._join
            scheduler.handlers[PART] = self._large.part
            self._client.sync(self._watch_presence, scheduler)
            self.address = self._dask.scheduler_address
            if settings.address_file is not None:
                write_atomically(settings.address_file, self.address.encode())
        except BaseException:
            self._close()
            raise
        self._set_alarm()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._settings.address_file is not None:
            with contextlib.suppress(OSError):
                self._settings.address_file.unlink()
        with self._stack:
            self._close()

    def _close(self) -> None:
        self._is_closing = True
        if self._alarm is not None:
            self._alarm.cancel()
        for address in list(self._machines):
            self._gone(address)
        self._readers.shutdown(wait=False, cancel_futures=True)
        if hasattr(self, "_client"):
            self._client.close()
        self._dask.close()

    async def _watch_presence(self, scheduler: Any) -> None:
        scheduler.add_plugin(_Presence(self._came, self._gone), name="grader")

    @property
    def changed(self) -> Future[None]:
        """As `Machines` says."""
        return self._changed

    def lanes(self) -> Sequence[Lane]:
        """The lanes of all machines that are there now."""
        with self._lock:
            return [lane for machine in self._machines.values() for lane in machine.lanes]

    def machines(self) -> Mapping[str, int]:
        """The names of the machines that are there now, with the number of their lanes."""
        with self._lock:
            return {machine.facts.name: len(machine.lanes) for machine in self._machines.values()}

    def can_do(self, address: str, conditions: Conditions) -> bool:
        """Whether a machine has what such jobs need."""
        needed = self._folders.needs(conditions)  # may read a whole data set, while the scheduler goes on
        with self._lock:
            machine = self._machines.get(address)
            if machine is None:
                return False
            lacking = needed - machine.facts.data
            if lacking and (address, lacking) not in self._told_lacks:
                self._told_lacks.add((address, lacking))
                folders = ", ".join(sorted({str(host) for host, _inside in conditions.data})[:1])
                text = _("{machine} has no copy of {folders}: what needs it goes to other machines.")
                self._tell(text.format(machine=machine.facts.name, folders=folders))
            return not lacking

    def give(self, address: str, lane: int, run: Callable[[Any], Any], what: Portable) -> Future[Any]:
        """Have a lane of a machine do something; a machine that goes before the result is read raises `MachineLost`."""
        future: Future[Any] = Future()
        parcel = pack(what, self._folders, self._large)
        with self._lock:
            machine = self._machines.get(address)
            if machine is None:
                self._large.drop(parcel)
                future.set_exception(self._lost())
                return future
            key = f"grade-{uuid.uuid4().hex}"
            task = self._client.submit(
                on_machine, lane, run, parcel, key=key, workers=[address],
                allow_other_workers=False, pure=False, retries=0,
            )  # fmt: skip
            machine.given[key] = _Given(task, parcel, future)
        task.add_done_callback(lambda _done: self._read_soon(machine, key))
        return future

    def _read_soon(self, machine: _Machine, key: str) -> None:
        with contextlib.suppress(RuntimeError):  # the cluster is closing: nobody waits any more
            self._readers.submit(self._read, machine, key)

    def _read(self, machine: _Machine, key: str) -> None:
        """Read a result, let go of it there, and only then hand it on: what somebody still holds would be run again."""
        given = machine.given.get(key)
        if given is None:
            return
        result, error = None, None
        try:
            error = given.task.exception()
            result = None if error is not None else given.task.result()
        except Exception:  # noqa: BLE001  however the reading fails: the machine went in the middle of it
            error = self._lost()
        if isinstance(error, distributed.KilledWorker):
            error = self._lost()
        self._settle(machine, key, result, error)

    def _settle(self, machine: _Machine, key: str, result: Any, error: BaseException | None) -> None:
        with self._lock:
            given = machine.given.pop(key, None)
        if given is None:  # the machine was lost in the meantime, and the job was given to another one
            return
        given.task.release()
        self._large.drop(given.parcel)
        if error is not None:
            given.future.set_exception(error)
        else:
            given.future.set_result(result)

    def _lost(self) -> MachineLost:
        with speaking(self._language):
            return MachineLost(_("The machine went in the middle of it."))

    def _join(self, machine: Mapping[str, Any]) -> dict[str, str]:
        """Answer a machine that wants to join: with the name under which it is expected, or with why it may not."""
        facts = MachineFacts.from_plain(machine)
        with speaking(self._language):
            wrong = differences(facts.versions, versions())
            if wrong:
                self._tell(_("{machine} was refused: {reason}.").format(machine=facts.name, reason=wrong))
                return {"refused": wrong}
        token = uuid.uuid4().hex
        with self._lock:
            self._expected[token] = facts
        return {"name": token}

    def _came(self, token: str, address: str) -> None:
        with self._lock:
            facts = self._expected.pop(token, None)
            if facts is None:
                return  # it did not ask to join: it is given nothing
            taken = {machine.facts.name for machine in self._machines.values()}
            facts = replace(facts, name=_free_name(facts.name, taken))
            machine = _Machine(facts, address)
            for number, device in enumerate(facts.devices):
                if self._settings.device != "cpu" or not device.is_gpu:
                    place = replace(device, machine=facts.name, name=f"{facts.name}/{device.name}")
                    machine.lanes.append(_RemoteLane(self, address, number, place))
            self._machines[address] = machine
            with speaking(self._language):
                text = _("{machine} has joined with {lanes} lanes.").format(
                    machine=facts.name, lanes=len(machine.lanes)
                )
            self._tell(text)
        self._notify()

    def _gone(self, address: str) -> None:
        with self._lock:
            machine = self._machines.pop(address, None)
            if machine is None:
                return
            given = list(machine.given)
            tasks = [one.task for one in machine.given.values()]
            if not self._is_closing:
                with speaking(self._language):
                    self._tell(_("{machine} is gone; its jobs go to others.").format(machine=machine.facts.name))
        for key in given:
            self._settle(machine, key, None, self._lost())
        if tasks and not self._is_closing:
            self._readers.submit(self._client.cancel, tasks, force=True)  # who reads one of them stops waiting
        self._notify()

    def _notify(self) -> None:
        self._set_alarm()
        with self._lock:
            before, self._changed = self._changed, Future()
        if not before.done():
            before.set_result(None)

    def _set_alarm(self) -> None:
        """Have whoever waits for machines give up after a while without any."""
        with self._lock:
            if self._alarm is not None:
                self._alarm.cancel()
                self._alarm = None
            if self._settings.wait_s and not self._machines and not self._is_closing:
                self._alarm = threading.Timer(self._settings.wait_s, self._give_up)
                self._alarm.daemon = True
                self._alarm.start()

    def _give_up(self) -> None:
        with self._lock, speaking(self._language):
            if self._machines or self._changed.done():
                return
            self._changed.set_exception(
                EnvironmentFault(
                    _("No machine has joined for {seconds:.0f} s.").format(seconds=self._settings.wait_s),
                    remedy=_("Start `grader worker {address}` on the machines; what was recorded stays.").format(
                        address=self.address.partition("://")[2]
                    ),
                )
            )

    def _tell(self, text: str) -> None:
        self._tell_person(text)


class _RemoteLane(Lane):
    """A lane of another machine: the same methods, and the worker behind it is there."""

    def __init__(self, cluster: Cluster, address: str, number: int, device: Any) -> None:
        @contextmanager
        def worker(_slots: int) -> Iterator[Executor]:
            yield _RemoteWorker(cluster, address, number)

        super().__init__(device, worker)
        self._cluster, self._address = cluster, address

    def can_do(self, conditions: Conditions) -> bool:
        """Whether the machine has what such jobs need."""
        return self._cluster.can_do(self._address, conditions)


class _RemoteWorker(Executor):
    """What a lane takes for its worker."""

    def __init__(self, cluster: Cluster, address: str, lane: int) -> None:
        self._cluster, self._address, self._lane = cluster, address, lane

    def submit(self, fn: Callable[..., Any], /, *args: Any, **_kwargs: Any) -> Future[Any]:
        """Have the lane's process there do it."""
        return self._cluster.give(self._address, self._lane, fn, args[0])


class _Presence(SchedulerPlugin):
    """Sees machines come and go, in the scheduler's thread."""

    def __init__(self, came: Callable[[str, str], None], gone: Callable[[str], None]) -> None:
        self._came, self._gone = came, gone

    def add_worker(self, scheduler: Any, worker: str) -> None:
        """A machine is there."""
        self._came(str(scheduler.workers[worker].name), worker)

    def remove_worker(self, scheduler: Any, worker: str, **_more: Any) -> None:
        """A machine is gone, or silent for too long."""
        self._gone(worker)


def _free_name(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free


def _root_of(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return str(getattr(error, "strerror", None) or error)
