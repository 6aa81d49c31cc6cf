"""One submission's kernel as a process in a slot: start it, watch it, signal it, end it, read its folder."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grader.errors import KernelGone
from grader.files import lay_out
from grader.sandbox import bubblewrap
from grader.sandbox.bubblewrap import View
from grader.sandbox.exit_cause import ExitCause
from grader.sandbox.slot import Slot
from grader.sandbox.system_calls import compiled
from grader.sandbox.visible import environment_parts

CHANNELS = ("shell", "iopub", "stdin", "hb", "control")  # of every Jupyter kernel


class KernelProcess:
    """One kernel in a slot, in the manner of `subprocess.Popen`: poll, wait, send_signal, kill, close.

    Args:
        slot: where it runs.
        view: its limits, environment and files.
        connection: Jupyter's connection information, with the key.
        for_jupyter: whether a Jupyter client speaks with it; our own needs to hear less.

    Raises:
        KernelGone: the sandbox did not start it.
    """

    def __init__(self, slot: Slot, view: View, connection: dict[str, Any], *, for_jupyter: bool = False) -> None:
        self.slot = slot
        self.view = view
        slot.uses += 1
        self._run = slot.uses
        self.sockets = slot.folder / f"k{self._run}"
        self.sockets.mkdir()
        slot.user.give_folder(self.sockets)
        self._given = slot.folder / f"in{self._run}"
        lay_out(self._given, view.files)
        if view.files:
            slot.user.give_folder(self._given)
        self._kills = slot.group.memory_kills()
        self.connection = connection
        order = {
            "limits": view.limits.model_dump(),
            "binds": bubblewrap.inner_binds(view.read_only)
            if view.isolated
            else _links_without_sandbox(view.read_only),
            "environment": bubblewrap.environment(gpu=view.gpu, threads=view.threads, more=view.environment),
            "connection": connection,
            "for_jupyter": for_jupyter,
            "roots": [str(part.path) for part in environment_parts() if part.source is not None],
            "filter": compiled().hex() if view.isolated else "",
            "threads": view.threads,
            "gpu_share": view.gpu_share,
            "cuda_on_cpu": view.cuda_on_cpu,
            "usual_places": view.usual_places,
        }
        slot.ask({"op": "open", "run": self._run, "order": order})
        shutil.rmtree(self._given, ignore_errors=True)
        self._status: int | None = None
        self._pidfd: int | None = None

    def start(self) -> None:
        """Start the kernel. After it has ended it may be started again, with the folder as it left it."""
        self._status = None
        for socket_file in self.sockets.iterdir():
            socket_file.unlink()
        pid = self.slot.fork(self._run)
        self._watch(pid)
        self.slot.group.add_process(pid, self.view.limits)
        self.slot.ask({"op": "go", "run": self._run})

    def lock_sockets(self) -> None:
        """The kernel has made its sockets: from now on it cannot write in their folder, which lies on this disk.

        Raises:
            KernelGone: the sandbox failed.
        """
        self.slot.ask({"op": "lock", "run": self._run})

    def poll(self) -> int | None:
        """The exit code (negative for a signal), or None while it lives."""
        if self._status is None and self._may_have_ended():
            try:
                status = self.slot.ask({"op": "poll", "run": self._run}).message["status"]
            except KernelGone:
                status = signal.SIGKILL
            if status is not None:
                self._status = os.waitstatus_to_exitcode(status)
        return self._status

    def _watch(self, pid: int) -> None:
        """Open a descriptor by which the system says whether the kernel lives.

        To ask the zygote would wake another process each time.
        """
        self._stop_watching()
        with contextlib.suppress(OSError, AttributeError):  # Linux 5.3
            self._pidfd = os.pidfd_open(pid)

    def _may_have_ended(self) -> bool:
        if self._pidfd is None:
            return True
        ended = select.poll()  # `select` knows no descriptor above 1023
        ended.register(self._pidfd, select.POLLIN)
        return bool(ended.poll(0))

    def _stop_watching(self) -> None:
        if self._pidfd is not None:
            os.close(self._pidfd)
        self._pidfd = None

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel."""
        self.slot.ask({"op": "signal", "run": self._run, "signal": int(number)})

    def kill(self) -> None:
        """Kill every process that the submission has started."""
        if self.slot.is_suspect:
            return
        with contextlib.suppress(KernelGone):
            reply = self.slot.ask({"op": "end", "run": self._run}).message
            self.slot.is_suspect = self.slot.is_suspect or reply["left"] != 0
            if self._status is None and reply["status"] is not None:
                self._status = os.waitstatus_to_exitcode(reply["status"])

    @property
    def memory_kills(self) -> int:
        """Processes of this run that the system has killed for their memory."""
        return self.slot.group.memory_kills() - self._kills

    def cause_of_death(self) -> ExitCause:
        """Why the process has ended; it must have ended."""
        code = self.poll() or 0
        if self.memory_kills > 0:
            return ExitCause("memory", self.view.limits.memory_mib)
        if code == -signal.SIGXCPU:
            return ExitCause("cpu", self.view.limits.cpu_s)
        return ExitCause("signal", -code) if code < 0 else ExitCause("exit", code)

    @contextlib.contextmanager
    def folder(self) -> Iterator[int]:
        """A descriptor of the working folder, whether the kernel lives or not; see `work_folder`.

        Raises:
            KernelGone: the sandbox is gone.
        """
        descriptor = self.slot.ask({"op": "folder", "run": self._run}).descriptor
        if descriptor is None:
            raise KernelGone("The sandbox did not hand over its folder.")
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """End it and drop its folder. The slot is free for the next when that is done: `Slot.wait_until_cleared`."""
        self._stop_watching()
        if not self.slot.is_suspect:
            self.slot.start_clearing(self._run)
        shutil.rmtree(self.sockets, ignore_errors=True)


def _links_without_sandbox(read_only: tuple[tuple[Path, str], ...]) -> list[tuple[str, str]]:
    """Links to the data where there is no sandbox: (host path, path that the notebook expects), outer folders first."""
    return sorted(((str(host), inside) for host, inside in read_only), key=lambda pair: pair[1])
