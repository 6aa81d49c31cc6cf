"""A slot: one bubblewrap sandbox with a zygote in it, which forks a kernel per submission, one at a time.

Starting the slot costs the import of torch, once; a submission costs a fork. Between two submissions every other
process in the sandbox is killed and the folder in memory is dropped. A slot that shows anything unusual is thrown
away, and so is one after `MAX_USES` submissions.
"""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from grader.errors import KernelGone, SandboxUnavailable
from grader.language import _
from grader.sandbox import bubblewrap
from grader.sandbox.bubblewrap import View
from grader.sandbox.cgroups import Group
from grader.sandbox.slot_user import SlotUser
from grader.sandbox.visible import python_program
from grader.sandbox.zygote_channel import Message, Reply, ZygoteChannel

MAX_USES = 200
START_S = 120
ANSWER_S = 20
SLOT_FOLDER_PREFIX = "sg-slot-"
PIPE_BYTES, MAX_SAID = 65536, 2000


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


class Slot:
    """One sandbox. Not thread-safe. Its zygote has begun to load; `wait_until_ready` comes before anything else.

    Raises:
        SandboxUnavailable: no sandbox can be made here.
    """

    def __init__(self, kind: Kind) -> None:
        if kind.isolated:
            bubblewrap.check_bwrap()
        self.kind = kind
        self.uses = 0
        self.is_suspect = False
        self._is_ready = False
        self._is_clearing = False
        self.user = SlotUser.choose() if kind.isolated else SlotUser(None)
        self.folder = Path(tempfile.mkdtemp(prefix=f"{SLOT_FOLDER_PREFIX}{os.getpid()}-"))
        self.group = Group(self.folder.name.removeprefix(SLOT_FOLDER_PREFIX))
        ours, theirs = socket.socketpair()
        self._channel = ZygoteChannel(ours)
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
            self._release_resources()
            raise
        finally:
            theirs.close()
            os.close(written)

    def wait_until_ready(self) -> None:
        """Wait until the zygote has loaded the libraries.

        Raises:
            SandboxUnavailable: it did not come up; the slot is closed.
        """
        if self._is_ready:
            return
        try:
            self._receive(START_S)
            self._is_ready = True
        except KernelGone as gone:
            words = self.startup_errors()
            self.close()
            raise SandboxUnavailable(
                _("The sandbox did not start: {words}").format(words=words or gone.message),
                remedy=_("Run `grader doctor`."),
            ) from gone

    def _command(self, descriptor: int) -> list[str]:
        """What starts the zygote."""
        kind = self.kind
        if not kind.isolated:
            own = str(bubblewrap.INSIDE / "unisolated.py")
            return [sys.executable, "-I", own, str(descriptor), str(self.folder)]
        argv = [python_program(), "-I", f"{bubblewrap.AGENT_FOLDER}/zygote.py", str(descriptor)]
        command = bubblewrap.command(
            kind.read_only, self.folder, argv, gpu=kind.gpu, threads=kind.threads, user=self.user
        )
        self.user.give_folder(self.folder)
        return command

    def ask(self, request: Message, *, timeout_s: float = ANSWER_S) -> Reply:
        """Ask the zygote.

        Returns:
            What it says; a descriptor that came with it is the caller's to close.

        Raises:
            KernelGone: it does not answer, or says that it failed.
        """
        self.wait_until_cleared()
        self._send(request)
        reply = self._receive(timeout_s)
        if "error" in reply.message:
            self.is_suspect = True
            raise KernelGone(f"The sandbox failed: {reply.message['error']}.")
        return reply

    def start_clearing(self, run: int) -> None:
        """Have the zygote kill what a run has left and drop its folder; `wait_until_cleared` waits until it is done."""
        with contextlib.suppress(KernelGone):
            self.wait_until_cleared()
            self._send({"op": "close", "run": run})
            self._is_clearing = True

    def wait_until_cleared(self) -> None:
        """Wait until the last run has been cleared away. A slot where something could not be killed is suspect."""
        if not self._is_clearing:
            return
        self._is_clearing = False
        with contextlib.suppress(KernelGone):
            reply = self._receive(ANSWER_S)
            self.is_suspect = self.is_suspect or reply.message.get("left") != 0

    def fork(self, run: int) -> int:
        """Fork a run's kernel. It gets itself ready, and waits until the request `go`.

        Returns:
            Its PID, as this process sees it.

        Raises:
            KernelGone: the sandbox is gone.
        """
        self.startup_errors()  # what an earlier kernel's start has said is not this one's
        self._send({"op": "fork", "run": run})
        return self._receive(ANSWER_S).pid

    @property
    def is_alive(self) -> bool:
        """Whether the sandbox is there; it ends with the thread that has started it."""
        return self._process.poll() is None

    def has_ended(self, wait_s: float) -> bool:
        """Whether the sandbox is gone, and not only its kernel.

        Args:
            wait_s: how long to wait for the end of one that does not answer: it may be about to end.
        """
        until = time.monotonic() + wait_s
        while self.is_suspect and self.is_alive and time.monotonic() < until:
            time.sleep(0.005)
        return not self.is_alive

    def close(self) -> None:
        """End the sandbox with everything in it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._release_resources()

    def _release_resources(self) -> None:
        self._channel.close()
        self.group.close()
        os.close(self._stderr)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _send(self, request: Message) -> None:
        try:
            self._channel.send(request)
        except KernelGone:
            self.is_suspect = True
            raise

    def _receive(self, timeout_s: float) -> Reply:
        try:
            return self._channel.receive(timeout_s)
        except KernelGone:
            self.is_suspect = True
            raise

    def startup_errors(self) -> str:
        """The end of what the zygote or a starting kernel has written to standard error since the last kernel began.

        No student's code can write there.
        """
        said = b""
        with contextlib.suppress(BlockingIOError):
            while part := os.read(self._stderr, PIPE_BYTES):
                said = (said + part)[-MAX_SAID:]
        return said.decode(errors="replace").strip()


def _pipe() -> tuple[int, int]:
    """Make a pipe for standard error that nobody waits for: what does not fit into it is lost, its writer goes on.

    Returns:
        The descriptors of its reading and its writing end.
    """
    reads, writes = os.pipe()
    os.set_blocking(reads, False)
    os.set_blocking(writes, False)
    return reads, writes


_warm: list[Slot] = []  # this process's free slots: one, unless kernels run side by side

_closing: set[int] = set()  # PIDs of processes that have arranged for their slots to be closed


def begin(kind: Kind) -> None:
    """Start a slot of this kind where none is warm, and do not wait for it: `acquire` does.

    Raises:
        SandboxUnavailable: no sandbox can be made here.
    """
    _close_at_exit()
    if not any(slot.kind == kind for slot in _warm):
        close_warm()
        _warm.append(Slot(kind))


def acquire(kind: Kind) -> Slot:
    """A free slot of this kind: the warm one if it fits, else a new one.

    Raises:
        SandboxUnavailable: no sandbox can be made here.
    """
    _close_at_exit()
    while _warm:
        slot = _warm.pop()
        slot.wait_until_cleared()
        if not slot.is_suspect and slot.kind == kind and slot.uses < MAX_USES and slot.is_alive:
            break
        slot.close()
    else:
        slot = Slot(kind)
    slot.wait_until_ready()
    return slot


def _close_at_exit() -> None:
    """Arrange for this process's free slots to be closed when it ends."""
    if os.getpid() not in _closing:
        _closing.add(os.getpid())
        atexit.register(close_warm)
        multiprocessing.util.Finalize(None, close_warm, exitpriority=10)  # worker processes do not run atexit


def release(slot: Slot) -> None:
    """Give a slot back. It is kept warm unless it is suspect, worn out, or another one is kept already."""
    if slot.is_suspect or slot.uses >= MAX_USES or _warm:
        slot.close()
    else:
        _warm.append(slot)


def close_warm() -> None:
    """End this process's free slots."""
    while _warm:
        _warm.pop().close()
