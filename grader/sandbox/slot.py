"""A slot: one bubblewrap sandbox with a zygote in it, which forks a kernel per submission, one at a time.

Starting the slot costs the import of torch, once; a submission costs a fork. Between two submissions every other
process in the sandbox is killed and the folder in memory is dropped. A slot that shows anything unusual is thrown
away, and so is one after `MAX_USES` submissions.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import multiprocessing.util
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.errors import KernelGone, SandboxUnavailable
from grader.files import lay_out
from grader.sandbox import bubblewrap
from grader.sandbox.bubblewrap import View
from grader.sandbox.cgroups import Group
from grader.sandbox.identity import Identity
from grader.sandbox.system_calls import compiled
from grader.sandbox.visible import environment_parts, python_program

MAX_USES = 200
START_S = 120
ANSWER_S = 20
SLOT_FOLDER_PREFIX = "sg-slot-"
CHANNELS = ("shell", "iopub", "stdin", "hb", "control")  # of every Jupyter kernel
PIPE_BYTES, MAX_SAID = 65536, 2000
ANCILLARY_BYTES = socket.CMSG_SPACE(12) + socket.CMSG_SPACE(4)  # credentials, one descriptor
Message = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """What two submissions must have in common to use the same slot: the mounts, the devices, the threads."""

    read_only: tuple[tuple[Path, str], ...]
    gpu: str
    threads: int
    isolated: bool

    @classmethod
    def of(cls, view: View) -> Kind:
        """The kind of slot that a view needs."""
        return cls(view.read_only, view.gpu, view.threads, view.isolated)


@dataclass(frozen=True)
class Part:
    """Some bytes from the zygote.

    Attributes:
        data: the bytes.
        pid: their sender's, in the system's word and not the sender's.
        descriptor: an open folder that came with them.
    """

    data: bytes
    pid: int
    descriptor: int | None


@dataclass(frozen=True)
class Reply:
    """What the zygote says.

    Attributes:
        message: plain data.
        pid: the sender's.
        descriptor: an open folder that came with it.
    """

    message: Message
    pid: int
    descriptor: int | None


class Slot:
    """One sandbox. Not thread-safe.

    Raises:
        SandboxUnavailable: no sandbox can be made here, or the zygote did not come up.
    """

    def __init__(self, kind: Kind) -> None:
        if kind.isolated:
            bubblewrap.check_bwrap()
        self.kind = kind
        self.uses = 0
        self.is_suspect = False
        self._is_clearing = False
        self.identity = Identity.choose() if kind.isolated else Identity(None)
        self.folder = Path(tempfile.mkdtemp(prefix=f"{SLOT_FOLDER_PREFIX}{os.getpid()}-"))
        self.group = Group(self.folder.name.removeprefix(SLOT_FOLDER_PREFIX))
        ours, theirs = socket.socketpair()
        self._control = ours
        self._control.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._stderr, written = _pipe()
        try:
            self._process = subprocess.Popen(
                self._command(theirs.fileno()),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=written,
                pass_fds=[theirs.fileno()],
                env={"PATH": os.environ["PATH"]}
                if kind.isolated
                else bubblewrap.environment(gpu=kind.gpu, threads=kind.threads),
                start_new_session=True,
            )
        except BaseException:
            self._let_go()
            raise
        finally:
            theirs.close()
            os.close(written)
        try:
            self._receive(START_S)
        except KernelGone as gone:
            words = self.last_words()
            self.close()
            raise SandboxUnavailable(
                f"The sandbox did not start: {words or gone.message}", remedy="Run `grader doctor`."
            ) from gone

    def _command(self, descriptor: int) -> list[str]:
        """What starts the zygote."""
        kind = self.kind
        if not kind.isolated:
            own = str(bubblewrap.INSIDE / "unisolated.py")
            return [sys.executable, "-I", own, str(descriptor), str(self.folder)]
        argv = [python_program(), "-I", f"{bubblewrap.AGENT_FOLDER}/zygote.py", str(descriptor)]
        command = bubblewrap.command(
            kind.read_only, self.folder, argv, gpu=kind.gpu, threads=kind.threads, identity=self.identity
        )
        self.identity.hand_over(self.folder)
        return command

    def ask(self, request: Message, *, timeout_s: float = ANSWER_S) -> Reply:
        """Ask the zygote.

        Returns:
            What it says; a descriptor that came with it is the caller's to close.

        Raises:
            KernelGone: it does not answer, or says that it failed.
        """
        self.settle()
        self._send(request)
        reply = self._receive(timeout_s)
        if "error" in reply.message:
            self.is_suspect = True
            raise KernelGone(f"The sandbox failed: {reply.message['error']}.")
        return reply

    def clear(self, run: int) -> None:
        """Let the zygote kill what a run has left and drop its folder; `settle` waits until that is done."""
        with contextlib.suppress(KernelGone):
            self.settle()
            self._send({"op": "close", "run": run})
            self._is_clearing = True

    def settle(self) -> None:
        """Wait until the last run has been cleared away; a slot where something was left is suspect."""
        if not self._is_clearing:
            return
        self._is_clearing = False
        with contextlib.suppress(KernelGone):
            reply = self._receive(ANSWER_S)
            self.is_suspect = self.is_suspect or reply.message.get("left") != 0

    def fork(self, run: int) -> int:
        """Fork a run's kernel; its PID as this process sees it. It gets itself ready, and waits until `go`.

        Raises:
            KernelGone: the sandbox is gone.
        """
        self.last_words()  # what an earlier kernel's start has said is not this one's
        self._send({"op": "fork", "run": run})
        return self._receive(ANSWER_S).pid

    @property
    def is_alive(self) -> bool:
        """Whether the sandbox is there; it ends with the thread that has started it."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the sandbox with everything in it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._let_go()

    def _let_go(self) -> None:
        self._control.close()
        self.group.close()
        os.close(self._stderr)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _send(self, request: Message) -> None:
        text = json.dumps(request).encode()
        try:
            self._control.sendall(struct.pack(">I", len(text)) + text)
        except OSError as error:
            self.is_suspect = True
            raise KernelGone(f"The sandbox is gone: {error.strerror}.") from error

    def _receive(self, timeout_s: float) -> Reply:
        deadline = time.monotonic() + timeout_s
        head = self._exactly(4, deadline)
        body = self._exactly(struct.unpack(">I", head.data)[0], deadline)
        return Reply(json.loads(body.data), head.pid, head.descriptor)

    def _exactly(self, size: int, deadline: float) -> Part:
        found = bytearray()
        pid, descriptor = 0, None
        while len(found) < size:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                self.is_suspect = True
                raise KernelGone("The sandbox did not answer in time.")
            self._control.settimeout(remaining)
            try:
                data, ancillary, _flags, _address = self._control.recvmsg(
                    size - len(found), ANCILLARY_BYTES, socket.MSG_CMSG_CLOEXEC
                )
            except TimeoutError:
                continue
            except OSError as error:
                self.is_suspect = True
                raise KernelGone(f"The sandbox is gone: {error.strerror}.") from error
            if not data:
                self.is_suspect = True
                raise KernelGone("The sandbox is gone.")
            for level, kind, beside in ancillary:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                    pid = struct.unpack("3i", beside)[0]
                elif (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                    descriptor = struct.unpack("i", beside[:4])[0]
            found += data
        return Part(bytes(found), pid, descriptor)

    def last_words(self) -> str:
        """The end of what was written to standard error since the last kernel began; no student's code can do that."""
        said = b""
        with contextlib.suppress(BlockingIOError):
            while part := os.read(self._stderr, PIPE_BYTES):
                said = (said + part)[-MAX_SAID:]
        return said.decode(errors="replace").strip()


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

    def __init__(self, slot: Slot, view: View, connection: Message, *, for_jupyter: bool = False) -> None:
        self.slot = slot
        self.view = view
        slot.uses += 1
        self._run = slot.uses
        self.sockets = slot.folder / f"k{self._run}"
        self.sockets.mkdir()
        slot.identity.hand_over(self.sockets)
        self._given = slot.folder / f"in{self._run}"
        lay_out(self._given, view.files)
        if view.files:
            slot.identity.hand_over(self._given)
        self._kills = slot.group.memory_kills()
        self.connection = connection
        order = {
            "limits": view.limits.model_dump(),
            "binds": bubblewrap.inner_binds(view.read_only) if view.isolated else _links(view.read_only),
            "environment": bubblewrap.environment(gpu=view.gpu, threads=view.threads, more=view.environment),
            "connection": connection,
            "for_jupyter": for_jupyter,
            "roots": [str(part.path) for part in environment_parts() if part.source is not None],
            "filter": compiled().hex() if view.isolated else "",
            "threads": view.threads,
            "gpu_share": view.gpu_share,
            "cuda_on_cpu": view.cuda_on_cpu,
        }
        slot.ask({"op": "open", "run": self._run, "order": order})
        shutil.rmtree(self._given, ignore_errors=True)
        self._status: int | None = None
        self._pidfd: int | None = None

    def start(self) -> None:
        """Start the kernel; again, after it has ended, with the folder as it left it."""
        self._status = None
        for socket_file in self.sockets.iterdir():
            socket_file.unlink()
        pid = self.slot.fork(self._run)
        self._watch(pid)
        self.slot.group.hold(pid, self.view.limits)
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
        """Have the system say whether the kernel lives: to ask the zygote wakes another process each time."""
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

    def cause_of_death(self) -> tuple[str, float]:
        """What ended it: one of `memory`, `cpu`, `signal`, `exit`, with MiB, seconds, number or code."""
        code = self.poll() or 0
        if self.memory_kills > 0:
            return "memory", self.view.limits.memory_mib
        if code == -signal.SIGXCPU:
            return "cpu", self.view.limits.cpu_s
        return ("signal", -code) if code < 0 else ("exit", code)

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
        """End it and drop its folder; the slot is free for the next when that has settled."""
        self._stop_watching()
        if not self.slot.is_suspect:
            self.slot.clear(self._run)
        shutil.rmtree(self.sockets, ignore_errors=True)


def _pipe() -> tuple[int, int]:
    """A pipe for standard error that nobody waits for: what does not fit into it is lost, its writer goes on."""
    reads, writes = os.pipe()
    os.set_blocking(reads, False)
    os.set_blocking(writes, False)
    return reads, writes


def _links(read_only: tuple[tuple[Path, str], ...]) -> list[tuple[str, str]]:
    """(host path, path that the notebook expects) of the data where there is no sandbox; outer folders first."""
    return sorted(((str(host), inside) for host, inside in read_only), key=lambda pair: pair[1])


_warm: list[Slot] = []  # this process's free slots: one, unless kernels run side by side

_closing: set[int] = set()  # processes that have arranged for their slots to be closed


def acquire(kind: Kind) -> Slot:
    """A free slot of this kind: the warm one if it fits, else a new one.

    Raises:
        SandboxUnavailable: no sandbox can be made here.
    """
    if os.getpid() not in _closing:
        _closing.add(os.getpid())
        atexit.register(close_warm)
        multiprocessing.util.Finalize(None, close_warm, exitpriority=10)  # worker processes do not run atexit
    while _warm:
        slot = _warm.pop()
        slot.settle()
        if not slot.is_suspect and slot.kind == kind and slot.uses < MAX_USES and slot.is_alive:
            return slot
        slot.close()
    return Slot(kind)


def release(slot: Slot) -> None:
    """Give a slot back; a suspect one is thrown away."""
    if slot.is_suspect or slot.uses >= MAX_USES or _warm:
        slot.close()
    else:
        _warm.append(slot)


def close_warm() -> None:
    """End this process's free slots."""
    while _warm:
        _warm.pop().close()
