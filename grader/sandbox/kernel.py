"""One student's kernel, seen from the trusted side: start it, run cells, ask its agent, end it.

The loop is ours and not nbclient's for three reasons: the examiner speaks with the same kernel between the cells,
what a cell may print is capped while it arrives, and a kernel that dies or ignores an interrupt costs only what could
not run. Messages about cells are Jupyter's own; whatever is not one of them is passed over.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import secrets
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.session import DELIM as DELIMITER
from jupyter_client.session import Session
from nbformat import NotebookNode

from grader.errors import KernelGone, LimitExceeded
from grader.language import _
from grader.notebook import display_output, error_output, stream_output
from grader.sandbox import slot as slots
from grader.sandbox import work_folder
from grader.sandbox.agent_connection import AgentConnection, Answer, Answering
from grader.sandbox.bubblewrap import View
from grader.sandbox.diagnosis import lacks_gpu_memory
from grader.sandbox.slot import CHANNELS, KernelProcess, Kind, Slot

START_S = 60
INTERRUPT_S = 3
HUNG_UP_S = 1
POLL_MS = 250
READY_MS = 20
OUTPUT_CELLS = 8  # so many cells may print all that one may: the rest of a notebook's outputs is dropped
MAX_FRAME_BYTES = 256 * 1024 * 1024
OUTPUT_OVERHEAD = 64  # bytes that an output counts for beside its text, so that a million empty ones count too
Message = dict[str, Any]


@dataclass
class CellRun:
    """What running one cell gave.

    Attributes:
        outputs: notebook outputs, at most `limits.output_kib` of them.
        error: name, text and traceback where the cell raised.
        limit: the limit that struck, in words, or an empty string.
        wall_s: seconds it took.
    """

    outputs: list[NotebookNode] = field(default_factory=list)
    error: tuple[str, str, str] | None = None
    limit: str = ""
    wall_s: float = 0.0

    @property
    def printed(self) -> list[str]:
        """What it printed."""
        return [output.text for output in self.outputs if output.output_type == "stream"]


class Kernel:
    """A kernel in a sandbox. Not thread-safe, but what is done while one request waits may make another.

    Args:
        view: what it sees, and its limits.
        killed_before: whether an earlier run of the same was killed, and nobody knows by whom.
    """

    def __init__(self, view: View, *, killed_before: bool = False) -> None:
        self.view = view
        self._killed_before = killed_before
        self._was_killed = False
        self._lost = ""
        self._limit_hits = 0
        self.limits = view.limits
        self._slot: Slot | None = None
        self._process: KernelProcess | None = None
        self._link: _Link | None = None
        self._deadline = float("inf")
        self._gone = ""
        self._output_left = OUTPUT_CELLS * self.limits.output_kib * 1024

    def start(self) -> None:
        """Start the kernel and wait until it answers.

        Raises:
            SandboxUnavailable: no sandbox can be made.
            KernelGone: the kernel did not come up.
        """
        key = secrets.token_hex(16)
        connection: Message = {"key": key, "signature_scheme": "hmac-sha256"}
        connection |= {f"{name}_port": number for number, name in enumerate(CHANNELS, 1)}
        self._slot = slots.acquire(Kind.of(self.view))
        self._limit_hits = self._slot.group.limit_hits()
        try:
            self._process = KernelProcess(self._slot, self.view, connection)
            self._launch()
        except BaseException:
            self._slot.is_suspect = True
            self.close()
            raise
        self._deadline = time.monotonic() + self.limits.wall_s

    def restart(self) -> None:
        """Start a fresh kernel in the same working folder, after one has died; the time that is left stays.

        Raises:
            KernelGone: it did not come up, or no time is left.
        """
        if self._process is None or time.monotonic() >= self._deadline:
            raise KernelGone(self._no_kernel())
        self._process.kill()
        self._gone = ""
        self._launch()

    def close(self) -> None:
        """End the kernel and everything it has started, before the next one begins; safe to call twice."""
        self._hang_up()
        process, slot = self._process, self._slot
        self._process = self._slot = None
        try:
            if process is not None:
                process.close()
        finally:
            if slot is not None:
                slots.release(slot)

    def __enter__(self) -> Kernel:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def gone(self) -> str:
        """Why the kernel is gone, in words; empty while it lives."""
        if not self._gone and self._process is not None and self._process.poll() is not None:
            self._gone = self._cause(self._process)
        return self._gone

    def ends_within(self, seconds: float) -> bool:
        """Wait; whether the kernel has ended by then."""
        until = time.monotonic() + seconds
        while not self.gone and time.monotonic() < until:
            time.sleep(0.005)
        return bool(self.gone)

    @property
    def lost(self) -> str:
        """What has ended the sandbox or a kernel in it that no student can cause, in words; empty where nothing has."""
        if not self._lost and self._slot is not None and _has_ended(self._slot):
            self._lost = _("the sandbox was ended from outside")
        return self._lost

    @property
    def is_doubtful(self) -> bool:
        """Whether a kernel was killed, or the sandbox failed, and it may have been the student's doing or not."""
        return self._was_killed or (self._slot is not None and self._slot.is_suspect)

    def _cause(self, process: KernelProcess) -> str:
        """Why a kernel has ended, in words; notes whose doing that may be."""
        cause, value = process.cause_of_death()
        if cause == "memory" and process.slot.group.limit_hits() == self._limit_hits:
            self._lost = _("the machine had no memory left")
            return self._lost
        if cause == "signal" and value == signal.SIGKILL:
            self._was_killed = True
            return _("it was killed, in two runs out of two") if self._killed_before else _("it was killed")
        return _in_words(cause, value)

    @property
    def is_out_of_time(self) -> bool:
        """Whether the notebook's time is used up."""
        return time.monotonic() >= self._deadline

    @property
    def memory_kills(self) -> int:
        """Processes of this submission that the system has killed for their memory."""
        return self._require_process().memory_kills

    def run(self, code: str) -> CellRun:
        """Run one cell.

        Args:
            code: the cell's source.

        Returns:
            Outputs, the error if it raised, the limit if one struck.

        Raises:
            KernelGone: the kernel is not there, or ended while the cell ran.
        """
        link = self._living_link()
        started = time.monotonic()
        run = CellRun()
        budget_s = min(self.limits.cell_s, self._deadline - started)
        request = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
        message_id = link.send("execute_request", {**request, "allow_stdin": False, "stop_on_error": False})
        collected = _Outputs(self.limits.output_kib * 1024, self._output_left)
        try:
            self._collect(link, message_id, collected, started + budget_s)
        except LimitExceeded as limit:
            run.limit = str(limit)
            self._stop_cell(link, message_id, collected)
        self._output_left -= collected.kept_bytes
        run.outputs = collected.cells
        run.error = collected.error
        run.limit = run.limit or collected.limit
        if run.error is not None and not run.limit:
            run.limit = self._memory_limit(run.error)
        run.wall_s = time.monotonic() - started
        return run

    def _memory_limit(self, error: tuple[str, str, str]) -> str:
        if lacks_gpu_memory(error[1]):
            return _("GPU memory: the GPU has no room for what the notebook asked for (a smaller batch may fit)")
        if _is_out_of_memory(error):
            return _("memory: {size} MiB exceeded").format(size=self.limits.memory_mib)
        return ""

    def request(
        self,
        content: Message,
        buffers: Sequence[memoryview | bytes] = (),
        meanwhile: Callable[[], None] = lambda: None,
        answering: Answering | None = None,
    ) -> tuple[Message, list[memoryview]]:
        """Ask the agent in the kernel and wait for its answer, which is not trusted.

        Args:
            content: the request, what JSON can say.
            buffers: bytes beside it.
            meanwhile: called when the request has been sent; its time is not the student's.
            answering: answers what the student's code asks in the middle of a call.

        Raises:
            KernelGone: the kernel is not there.
            LimitExceeded: no answer within `limits.call_s`.
        """
        link = self._living_link()
        try:
            number = link.agent.send(content, buffers, self._call_deadline() - time.monotonic(), answering)
        except OSError:
            raise self._hung_up() from None
        meanwhile()
        deadline = self._call_deadline()
        try:
            answer = self._answer(link, number, deadline)
        except LimitExceeded:
            self._interrupt()
            try:
                self._answer(link, number, time.monotonic() + INTERRUPT_S)
            except LimitExceeded:
                self._kill(_("it did not react to an interrupt"))
            except KernelGone:
                pass
            raise
        link.drain()
        return answer.content, [answer.data] if answer.data else []

    def _call_deadline(self) -> float:
        """When a call that begins now has to be done."""
        return min(time.monotonic() + self.limits.call_s, self._deadline)

    def names(self) -> list[str]:
        """Names in the working folder, of a dead kernel too.

        Raises:
            KernelGone: the sandbox is gone.
        """
        with self._require_process().folder() as folder:
            return work_folder.names(folder)

    def csv_files(self) -> list[str]:
        """Paths of csv files in the working folder and below it, the newest first, of a dead kernel too.

        Raises:
            KernelGone: the sandbox is gone.
        """
        with self._require_process().folder() as folder:
            return work_folder.csv_files(folder)

    def read_file(self, name: str, limit: int) -> bytes | None:
        """A regular file of the working folder, of a dead kernel too.

        Args:
            name: relative to the folder; links are not followed.
            limit: bytes; a larger file is not read.

        Raises:
            KernelGone: the sandbox is gone.
        """
        with self._require_process().folder() as folder:
            return work_folder.read(folder, name, limit)

    def _require_process(self) -> KernelProcess:
        if self._process is None:
            raise KernelGone(self._no_kernel())
        return self._process

    def _launch(self) -> None:
        process = self._require_process()
        self._hang_up()
        process.start()
        deadline = time.monotonic() + START_S
        agent = process.sockets / "agent"  # made when all of Jupyter's are there
        while not agent.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise KernelGone(self._not_up(process))
            time.sleep(0.002)
        process.lock_sockets()
        try:
            self._link = _Link(agent, str(process.sockets / "k"), process.connection["key"])
        except OSError:
            raise KernelGone(self._not_up(process)) from None
        # The subscription to outputs may lag behind the first reply: ask until it delivers.
        while time.monotonic() < deadline and process.poll() is None:
            self._link.send("kernel_info_request", {})
            if self._link.iopub.poll(READY_MS):
                return
        raise KernelGone(self._not_up(process))

    def _not_up(self, process: KernelProcess) -> str:
        said = process.slot.last_words()
        return _("The kernel did not come up: {why}.").format(why=self._cause(process)) + (f" {said}" if said else "")

    def _no_kernel(self) -> str:
        return _("The Python process is gone: {why}.").format(why=self.gone or _("it was not started"))

    def _living_link(self) -> _Link:
        if self._link is None or self._gone:  # one that has just died is noticed while waiting for its answer
            raise KernelGone(self._no_kernel())
        if self.is_out_of_time:
            self._kill(_("time: {seconds:g} s for the whole notebook are used up").format(seconds=self.limits.wall_s))
            raise KernelGone(self._no_kernel())
        return self._link

    def _hang_up(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None

    def _hung_up(self) -> KernelGone:
        """What to raise where the agent cannot be spoken to: mostly its process has just ended."""
        until = time.monotonic() + HUNG_UP_S
        while not self.gone and time.monotonic() < until:
            time.sleep(0.005)
        if not self.gone:
            self._kill(_("it closed its connection to the examiner"))
        return KernelGone(self._no_kernel())

    def _answer(self, link: _Link, number: int, deadline: float) -> Answer:
        """The answer to this request.

        Raises:
            LimitExceeded: the deadline has passed.
            KernelGone: the kernel has ended, or speaks no more.
        """
        while True:
            remaining_s = deadline - time.monotonic()
            if remaining_s <= 0:
                raise LimitExceeded(_("time: the call took too long"))
            try:
                answer = link.agent.receive(number, min(POLL_MS / 1000, remaining_s))
            except ConnectionError:
                raise self._hung_up() from None
            if answer is not None:
                return answer
            if self.gone:
                raise KernelGone(self._no_kernel())
            link.drain()

    def _next(self, link: _Link, deadline: float) -> Message | None:
        """One output, or None after a short wait or for something that is no message.

        Raises:
            LimitExceeded: the deadline has passed.
            KernelGone: the kernel has ended.
        """
        remaining_ms = (deadline - time.monotonic()) * 1000
        if remaining_ms <= 0:
            raise LimitExceeded("time")
        if link.iopub.poll(min(POLL_MS, max(1, int(remaining_ms)))):
            return link.receive()
        if self.gone:
            raise KernelGone(self._no_kernel())
        return None

    def _collect(self, link: _Link, message_id: str, into: _Outputs, deadline: float) -> None:
        """Read outputs until the kernel says that the cell is done."""
        allowed_s = deadline - time.monotonic()
        while True:
            try:
                message = self._next(link, deadline)
            except LimitExceeded:
                raise LimitExceeded(
                    _("time: {seconds:.0f} s for one cell exceeded").format(seconds=allowed_s)
                ) from None
            if message is None or message["parent_header"].get("msg_id") != message_id:
                continue
            if message["header"]["msg_type"] == "status" and message["content"].get("execution_state") == "idle":
                return
            into.add(message)

    def _stop_cell(self, link: _Link, message_id: str, into: _Outputs) -> None:
        """Interrupt a cell that ran out of time; kill the kernel where it does not stop."""
        self._interrupt()
        try:
            self._collect(link, message_id, into, time.monotonic() + INTERRUPT_S)
        except LimitExceeded:
            self._kill(_("it ran out of time and did not react to an interrupt"))
        except KernelGone:
            pass

    def _interrupt(self) -> None:
        with contextlib.suppress(KernelGone):
            self._require_process().send_signal(signal.SIGINT)

    def _kill(self, why: str) -> None:
        self._gone = why
        self._require_process().kill()


class _Link:
    """The sockets to one kernel: Jupyter's for cells, and the agent's.

    Raises:
        OSError: the agent does not listen.
    """

    def __init__(self, agent: Path, prefix: str, key: str) -> None:
        self.agent = AgentConnection(str(agent))
        self._session = Session(key=key.encode(), signature_scheme="hmac-sha256")
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.shell = self._connected(zmq.DEALER, f"ipc://{prefix}-1")
        self.iopub = self._connected(zmq.SUB, f"ipc://{prefix}-2")
        self.iopub.setsockopt(zmq.SUBSCRIBE, b"")

    def _connected(self, kind: int, address: str) -> zmq.Socket[bytes]:
        made = self._context.socket(kind)
        made.linger = 0
        made.setsockopt(zmq.MAXMSGSIZE, MAX_FRAME_BYTES)
        made.setsockopt(zmq.RCVHWM, 2000)
        made.connect(address)
        return made

    def send(self, kind: str, content: Message) -> str:
        """Send on the shell channel; the message's id."""
        message = self._session.msg(kind, content)
        self._session.send(self.shell, message)
        identifier: str = message["header"]["msg_id"]
        return identifier

    def receive(self) -> Message | None:
        """The next output, or None if it is not one of the protocol: student code may write to the sockets.

        Read here and not by `Session`, which looks for dates in every text of a message: as long as the cell takes.
        """
        frames = self.iopub.recv_multipart(zmq.NOBLOCK)
        try:
            mark = frames.index(DELIMITER)
            signature, header, parent, metadata, content = frames[mark + 1 : mark + 6]
            if not hmac.compare_digest(signature, self._session.sign([header, parent, metadata, content])):
                return None
            told = [json.loads(part.decode("utf-8", "replace")) for part in (header, parent, content)]
        except (ValueError, RecursionError):
            return None
        message = dict(zip(("header", "parent_header", "content"), told, strict=True))
        return message if _is_message(message) else None

    def drain(self) -> None:
        """Throw away what waits on the output channel, so that it does not fill up."""
        for _number in range(2000):
            try:
                self.iopub.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return

    def close(self) -> None:
        """Close the sockets."""
        self.agent.close()
        self.shell.close(0)
        self.iopub.close(0)
        self._context.term()


def _is_message(message: Message) -> bool:
    if not all(isinstance(part, dict) for part in message.values()):
        return False
    return isinstance(message["header"].get("msg_type"), str)


def _has_ended(slot: Slot) -> bool:
    """Whether the sandbox is gone, and not only its kernel; one that does not answer may be about to end."""
    until = time.monotonic() + HUNG_UP_S
    while slot.is_suspect and slot.is_alive and time.monotonic() < until:
        time.sleep(0.005)
    return not slot.is_alive


def _in_words(cause: str, value: float) -> str:
    """What ended a kernel, as `cause_of_death` tells it."""
    if cause == "memory":
        return _("memory: {size} MiB exceeded").format(size=int(value))
    if cause == "cpu":
        return _("processor: {seconds:g} s exceeded").format(seconds=value)
    if cause == "signal":
        # By number: a real-time signal has no name in `signal.Signals`.
        is_fault = int(value) == signal.SIGSEGV
        return _("segmentation fault") if is_fault else _("signal {number}").format(number=int(value))
    return _("it ended itself with exit code {code} (os._exit?)").format(code=int(value))


def _is_out_of_memory(error: tuple[str, str, str]) -> bool:
    name, text, _traceback = error
    return name in ("MemoryError", "OutOfMemoryError") or "can't allocate memory" in text


class _Outputs:
    """Collects outputs up to a size; the rest of the cell's outputs are dropped.

    Args:
        cell_bytes: what one cell may print.
        left_bytes: what is left of what the whole notebook may print.
    """

    def __init__(self, cell_bytes: int, left_bytes: int) -> None:
        self.cells: list[NotebookNode] = []
        self.error: tuple[str, str, str] | None = None
        self.limit = ""
        self._used = 0
        self._cell_bytes = cell_bytes
        self._max_bytes = min(cell_bytes, left_bytes)

    @property
    def kept_bytes(self) -> int:
        """How much of it is kept."""
        return min(self._used, self._max_bytes)

    def add(self, message: Message) -> None:
        kind = message["header"]["msg_type"]
        if kind not in ("stream", "display_data", "execute_result", "error"):
            return
        output = _plain_output(message)
        if output is None:
            return
        if kind == "error":
            # One is enough: a kernel sends one, and forged ones must not pile up.
            self.error = _error_text(message["content"])
            self.cells = [cell for cell in self.cells if cell.output_type != "error"]
            self.cells.append(output)
            return
        room = self._max_bytes - self._used
        size = len(output.text) if kind == "stream" else sum(len(text) for text in output.data.values())
        self._used += size + OUTPUT_OVERHEAD
        if self._used > self._max_bytes:
            self.limit = self.limit or self._exceeded()
            if kind != "stream" or room <= 0:
                return
            output.text = output.text[:room]
        self._append(output)

    def _exceeded(self) -> str:
        if self._max_bytes < self._cell_bytes:
            size = OUTPUT_CELLS * self._cell_bytes // 1024
            return _("output: {size} KiB of all cells together exceeded").format(size=size)
        return _("output: {size} KiB exceeded").format(size=self._cell_bytes // 1024)

    def _append(self, output: NotebookNode) -> None:
        last = self.cells[-1] if self.cells else None
        if last is not None and (last.output_type, last.get("name")) == ("stream", output.get("name")):
            last.text += output.text
        else:
            self.cells.append(output)


def _error_text(content: Mapping[str, Any]) -> tuple[str, str, str]:
    traceback = content.get("traceback")
    lines = [_text(line) for line in traceback] if isinstance(traceback, list) else []
    return _text(content.get("ename"))[:200], _text(content.get("evalue"))[:4000], "\n".join(lines)[-20_000:]


def _text(value: object) -> str:
    """Text that can be written: JSON lets half a character (a surrogate) through, files and databases do not."""
    return str(value).encode("utf-8", "replace").decode()


SAFE_TYPES = ("text/plain", "image/png", "image/jpeg")


def _plain_output(message: Message) -> Any:
    """The output with text and bitmaps only: HTML, SVG and JavaScript of a student never reach a reader's browser."""
    content = message["content"]
    if message["header"]["msg_type"] == "error":
        name, text, traceback = _error_text(content)
        return error_output(name, text, traceback.split("\n"))
    if message["header"]["msg_type"] == "stream":
        name = content.get("name")
        return stream_output(name if name == "stderr" else "stdout", _text(content.get("text", "")))
    data = content.get("data")
    if not isinstance(data, dict):
        return None
    kept = {kind: _text(text) for kind, text in data.items() if kind in SAFE_TYPES and isinstance(text, str)}
    if not kept:
        return None
    return display_output(kept, is_result=message["header"]["msg_type"] == "execute_result")
