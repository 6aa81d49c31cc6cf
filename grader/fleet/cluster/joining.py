"""`grader worker`: look for a coordinator, join it, work until it is gone, and look for the next one."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import distributed
from distributed.comm.addressing import parse_host_port
from distributed.comm.core import CommClosedError
from distributed.core import Status, rpc

from grader.errors import EnvironmentFault, InvalidConfig
from grader.fleet.cluster.dask_settings import configure, is_loopback, security_of
from grader.fleet.cluster.facts import MachineFacts, versions
from grader.fleet.cluster.machine import Lanes
from grader.fleet.cluster.parcels import digest_of
from grader.fleet.workers import Workers, local_workers, scratch_folder
from grader.language import _
from grader.sandbox.devices import Device

if TYPE_CHECKING:
    from distributed.security import Security

AGAIN_S = 2.0
_LOOK_S = 0.2
_LEAVE_S = 20
_PARTS = ("student", "train_without_held_out/*")
"""Below the root of a data set: what notebooks see of it."""


@dataclass(frozen=True)
class WorkerSettings:
    """A machine that looks for work.

    Attributes:
        name: what people call the machine.
        devices: the place of each lane.
        address: where the coordinator is; empty where `address_file` says it.
        address_file: a file of a shared disk with the address, which a coordinator writes.
        certificates: the folder `worker` of those that `grader cluster init` has made.
        data: folders of data sets and weights.
    """

    name: str
    devices: tuple[Device, ...]
    address: str = ""
    address_file: Path | None = None
    certificates: Path | None = None
    data: Sequence[Path] = ()


def work(
    settings: WorkerSettings, stop: threading.Event, tell: Callable[[str], None], workers: Workers = local_workers
) -> None:
    """Work for one coordinator after another until `stop` is set.

    Args:
        settings: the machine.
        stop: ends it; what runs is dropped, and the coordinator gives it to another machine.
        tell: is called with a sentence when something happens.
        workers: makes the process of a lane.

    Raises:
        EnvironmentFault: the coordinator refuses this machine.
        InvalidConfig: the address is none, a folder is missing, or certificates are.
    """
    data = data_by_digest(settings.data)
    for digest, folder in data.items():
        tell(_("{folder} is looked through: {digest}.").format(folder=folder, digest=digest[:12]))
    facts = MachineFacts(settings.name, versions(), settings.devices, frozenset(data))
    with scratch_folder() as scratch:
        configure(scratch)
        machine = _Machine(settings, facts, data, workers, stop, tell, scratch)
        asyncio.run(machine.work())


def data_by_digest(folders: Sequence[Path]) -> dict[str, Path]:
    """Folders that jobs may name, by the digest of what is in them: these, and what notebooks see of data sets in them.

    Raises:
        InvalidConfig: one is not there.
        EnvironmentFault: one cannot be read.
    """
    found: dict[str, Path] = {}
    for folder in folders:
        root = folder.resolve()
        if not root.exists():
            raise InvalidConfig(
                _("There is no {folder}.").format(folder=folder),
                remedy=_("Copy the data set's folder `student` to this machine, and name where it lies with --data."),
            )
        parts = [part for pattern in _PARTS for part in sorted(root.glob(pattern)) if part.is_dir()]
        for part in parts or [root]:
            found[digest_of(part)] = part
    return found


@dataclass(frozen=True)
class _Machine:
    settings: WorkerSettings
    facts: MachineFacts
    data: Mapping[str, Path]
    workers: Workers
    stop: threading.Event
    tell: Callable[[str], None]
    scratch: Path

    async def work(self) -> None:
        """Join one coordinator after another."""
        is_said = False
        while not self.stop.is_set():
            try:
                address, security = self._where()
                await self._work_for(address, security)
                is_said = False
            except (OSError, TimeoutError, CommClosedError) as error:
                self._require_trust(error)
                if not is_said:
                    self.tell(_("There is no coordinator yet ({reason}).").format(reason=_reason(error)))
                    is_said = True
            await self._pause()

    def _where(self) -> tuple[str, Security | None]:
        """The coordinator's address and how to speak with it; an address in a file may be another one each time."""
        address = self.settings.address
        if self.settings.address_file is not None:
            address = self.settings.address_file.read_text(encoding="utf-8").strip()
        place = address.partition("://")[2] or address
        host, _colon, port = place.rpartition(":")
        if not host or not port.isdecimal():
            raise InvalidConfig(
                _("{address!r} is no address.").format(address=address),
                remedy=_("Say host and port, as `grader grade --cluster` shows them: `grader worker 10.0.0.1:8786`."),
            )
        security = security_of(self.settings.certificates, host.strip("[]"))
        return f"{'tcp' if security is None else 'tls'}://{place}", security

    async def _work_for(self, address: str, security: Security | None) -> None:
        name = await self._join(address, security)
        lanes = Lanes(self.facts.devices, self.data, self.workers)
        worker = distributed.Worker(
            address, name=name, nthreads=2 * len(self.facts.devices), memory_limit=0, security=security,
            plugins=(lanes,), dashboard=False, local_directory=str(self.scratch), death_timeout=_LEAVE_S,
            host="127.0.0.1" if is_loopback(str(parse_host_port(address.partition("://")[2])[0])) else None,
        )  # fmt: skip
        try:
            await worker
            self.tell(
                _("{machine} has joined {address} with {lanes} lanes.").format(
                    machine=self.facts.name, address=address, lanes=len(self.facts.devices)
                )
            )
            while worker.status not in (Status.closing, Status.closed, Status.failed) and not self.stop.is_set():
                await asyncio.sleep(_LOOK_S)
        finally:
            lanes.teardown(worker)
            with contextlib.suppress(Exception):  # whatever Dask thinks of the way it ends
                await asyncio.wait_for(worker.close(timeout=2, executor_wait=False, reason="leaving"), _LEAVE_S)
        self.tell(_("Stopped.") if self.stop.is_set() else _("The coordinator is gone."))

    async def _join(self, address: str, security: Security | None) -> str:
        """Ask to join; the name under which this machine is expected.

        Raises:
            EnvironmentFault: it is refused.
        """
        arguments: dict[str, Any] = {} if security is None else security.get_connection_args("worker")
        caller = rpc(address, connection_args=arguments)
        try:
            answer = await caller.grader_join(machine=self.facts.to_plain())
        finally:
            await caller.close_rpc()
        if answer is None:  # what Dask answers to a question that it does not know, or not yet
            raise CommClosedError(_("it is only starting"))
        if "refused" in answer:
            raise EnvironmentFault(
                _("The coordinator at {address} refuses this machine: {reason}.").format(
                    address=address, reason=answer["refused"]
                ),
                remedy=_("Install the same versions on every machine: other ones may give other points."),
            )
        return str(answer["name"])

    def _require_trust(self, error: BaseException) -> None:
        """Raise where waiting is in vain, because one side's certificates are of another authority."""
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLError) or "certificate" in str(cause).lower():
                raise EnvironmentFault(
                    _("The certificates in {folder} do not fit the coordinator's.").format(
                        folder=self.settings.certificates
                    ),
                    remedy=_("Copy cluster/certificates/worker/ of the class to this machine again."),
                ) from error
            cause = cause.__cause__ or cause.__context__

    async def _pause(self) -> None:
        for _each in range(int(AGAIN_S / _LOOK_S)):
            if not self.stop.is_set():
                await asyncio.sleep(_LOOK_S)


def _reason(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return str(getattr(error, "strerror", None) or error) or type(error).__name__
