"""One machine of a cluster: its lanes, and what is done there with a job that comes.

Only the lanes' own processes load torch. This one keeps the connection, however busy the interpreters of the lanes are.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, cast

from distributed import get_worker
from distributed.diagnostics.plugin import WorkerPlugin
from distributed.utils import sync

from grader.errors import EnvironmentFault
from grader.fleet.cluster.parcels import Parcel, unpack
from grader.fleet.lane import Lane
from grader.fleet.workers import Workers, local_workers, scratch_folder
from grader.language import _
from grader.sandbox.devices import Device

PLUGIN = "grader-lanes"
_PART_BYTES = 4 << 20
_CACHE_BYTES = 2 << 30
_KILL_EVERY_S = 0.1


def on_machine(lane: int, run: Callable[[Any], Any], parcel: Parcel) -> Any:
    """In a thread of the Dask worker: have a lane do a job, and wait for it.

    Raises:
        BrokenProcessPool: the lane's process has crashed; the next job finds a new one.
    """
    worker = get_worker()
    lanes = cast(Lanes, worker.plugins[PLUGIN])

    def part(digest: str, offset: int) -> bytes:
        data: bytes = sync(worker.loop, worker.scheduler.grader_part, digest=digest, offset=offset, size=_PART_BYTES)
        return data

    return lanes.do(lane, run, parcel, part)


class Lanes(WorkerPlugin):
    """The lanes of this machine, for as long as it belongs to one coordinator.

    Args:
        devices: the place of each lane.
        data: folders of data sets and weights, by the digest of what is in them.
        workers: makes the process of a lane.
    """

    name = PLUGIN

    def __init__(self, devices: Sequence[Device], data: Mapping[str, Path], workers: Workers = local_workers) -> None:
        self._devices, self._data, self._workers = devices, data, workers
        self._is_over = True  # there is nothing yet

    def setup(self, worker: Any) -> None:
        """Make the lanes; their processes start with the first job."""
        self._scratch = scratch_folder()
        self._fetched = _Fetched(self._scratch.__enter__())
        self._lanes = [Lane(device, self._workers) for device in self._devices]
        # A process ends with the thread that has started it, and Dask's threads come and go.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="lanes")
        self._is_over = False

    def do(self, lane: int, run: Callable[[Any], Any], parcel: Parcel, part: Callable[[str, int], bytes]) -> Any:
        """Do a job in a lane.

        Raises:
            MachineLacks: what it names is not here.
        """
        what = unpack(parcel, self._data, lambda digest: self._fetched.get(digest, part))
        given: Future[Future[Any]] = self._starter.submit(self._lanes[lane].give, run, what)
        return given.result().result()

    def teardown(self, worker: Any) -> None:
        """Kill what runs: nobody waits for it any more. May be called again."""
        if self._is_over:
            return
        self._is_over = True
        self._starter.submit(self._kill)  # in the thread that starts processes, so that none comes after
        self._starter.shutdown(wait=True)
        self._scratch.__exit__(None, None, None)

    def _kill(self) -> None:
        with ThreadPoolExecutor(max(1, len(self._lanes))) as pool:
            closing = [pool.submit(lane.close) for lane in self._lanes]
            while wait(closing, _KILL_EVERY_S).not_done:
                for child in multiprocessing.active_children():
                    child.kill()


class _Fetched:
    """Large files of jobs, kept for a while: an attempt more, or the next task, need not send them again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def get(self, digest: str, part: Callable[[str, int], bytes]) -> bytes:
        """A content by its digest, out of the folder or from the coordinator.

        Raises:
            EnvironmentFault: it did not arrive whole.
        """
        with self._lock:
            path = self._folder / digest
            if path.is_file():
                path.touch()
                return path.read_bytes()
            parts = []
            offset = 0
            while data := part(digest, offset):
                parts.append(data)
                offset += len(data)
            whole = b"".join(parts)
            self._keep(path, whole)
            return whole

    def _keep(self, path: Path, data: bytes) -> None:
        if hashlib.sha256(data).hexdigest() != path.name:
            raise EnvironmentFault(
                _("A file of {mib:.0f} MiB did not arrive whole.").format(mib=len(data) / 2**20),
                remedy=_("It is sent again with the next try."),
            )
        path.write_bytes(data)
        kept = sorted(self._folder.iterdir(), key=lambda file: file.stat().st_mtime)
        total = sum(file.stat().st_size for file in kept)
        for file in kept[:-1]:
            if total <= _CACHE_BYTES:
                break
            total -= file.stat().st_size
            file.unlink()
