"""One student's kernel, seen from the trusted side: start it, run cells, ask its agent, end it.

The loop is ours and not nbclient's for three reasons: the examiner speaks with the same kernel between the cells,
what a cell may print is capped while it arrives, and a kernel that dies or ignores an interrupt costs only what could
not run. Messages about cells are Jupyter's own; whatever is not one of them is passed over.
"""

from __future__ import annotations

import contextlib
import secrets
import signal
import time
from collections.abc import Callable, Sequence

from grader.errors import KernelGone, LimitExceeded
from grader.language import _
from grader.sandbox import slot as slots
from grader.sandbox import work_folder
from grader.sandbox.agent_connection import Answer, QuestionHandler
from grader.sandbox.bubblewrap import View
from grader.sandbox.connection import KernelConnection, Message
from grader.sandbox.error_reasons import memory_limit_behind
from grader.sandbox.kernel_process import CHANNELS, KernelProcess
from grader.sandbox.outputs import OUTPUT_CELLS, CellRun, OutputCollector
from grader.sandbox.slot import Kind, Slot

START_S = 60
INTERRUPT_S = 3
ENDS_WITHIN_S = 1
POLL_MS = 250
READY_MS = 20


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
        self._connection: KernelConnection | None = None
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
            raise KernelGone(self._gone_message())
        self._process.kill()
        self._gone = ""
        self._launch()

    def close(self) -> None:
        """End the kernel and everything it has started, before the next one begins. A second call does nothing."""
        self._disconnect()
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
        """Wait, and say whether the kernel has ended by then."""
        until = time.monotonic() + seconds
        while not self.gone and time.monotonic() < until:
            time.sleep(0.005)
        return bool(self.gone)

    @property
    def lost(self) -> str:
        """What has ended the sandbox or its kernel that no student can cause, in words; empty where nothing has."""
        if not self._lost and self._slot is not None and self._slot.has_ended(ENDS_WITHIN_S):
            self._lost = _("the sandbox was ended from outside")
        return self._lost

    @property
    def is_doubtful(self) -> bool:
        """Whether a kernel was killed, or the sandbox failed, and it may have been the student's doing or not."""
        return self._was_killed or (self._slot is not None and self._slot.is_suspect)

    def _cause(self, process: KernelProcess) -> str:
        """Say why a kernel has ended, in words, and remember whose doing that may be."""
        cause = process.cause_of_death()
        if cause.kind == "memory" and process.slot.group.limit_hits() == self._limit_hits:
            self._lost = _("the machine had no memory left")
            return self._lost
        if cause.is_signal(signal.SIGKILL):
            self._was_killed = True
            return _("it was killed, in two runs out of two") if self._killed_before else _("it was killed")
        return cause.in_words()

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
        connection = self._require_connection()
        started = time.monotonic()
        run = CellRun()
        budget_s = min(self.limits.cell_s, self._deadline - started)
        request = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
        message_id = connection.send("execute_request", {**request, "allow_stdin": False, "stop_on_error": False})
        collected = OutputCollector(self.limits.output_kib * 1024, self._output_left)
        try:
            self._collect(connection, message_id, collected, started + budget_s)
        except LimitExceeded as limit:
            run.limit = str(limit)
            self._stop_cell(connection, message_id, collected)
        self._output_left -= collected.kept_bytes
        run.outputs = collected.outputs
        run.error = collected.error
        run.limit = run.limit or collected.limit
        if run.error is not None and not run.limit:
            run.limit = memory_limit_behind(run.error, self.limits)
        run.wall_s = time.monotonic() - started
        return run

    def request(
        self,
        content: Message,
        buffers: Sequence[memoryview | bytes] = (),
        meanwhile: Callable[[], None] = lambda: None,
        on_question: QuestionHandler | None = None,
    ) -> tuple[Message, list[memoryview]]:
        """Ask the agent in the kernel and wait for its answer, which is not trusted.

        Args:
            content: the request, what JSON can say.
            buffers: bytes beside it.
            meanwhile: called when the request has been sent; its time is not the student's.
            on_question: answers what the student's code asks in the middle of a call.

        Returns:
            The answer's JSON, and its data as one buffer or none.

        Raises:
            KernelGone: the kernel is not there.
            LimitExceeded: no answer within `limits.call_s`.
        """
        connection = self._require_connection()
        try:
            number = connection.agent.send(content, buffers, self._call_deadline() - time.monotonic(), on_question)
        except OSError:
            raise self._connection_lost() from None
        meanwhile()
        deadline = self._call_deadline()
        try:
            answer = self._answer(connection, number, deadline)
        except LimitExceeded:
            self._interrupt()
            try:
                self._answer(connection, number, time.monotonic() + INTERRUPT_S)
            except LimitExceeded:
                self._kill(_("it did not react to an interrupt"))
            except KernelGone:
                pass
            raise
        connection.drain()
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
            raise KernelGone(self._gone_message())
        return self._process

    def _launch(self) -> None:
        process = self._require_process()
        self._disconnect()
        process.start()
        deadline = time.monotonic() + START_S
        agent = process.sockets / "agent"  # made when all of Jupyter's are there
        while not agent.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise KernelGone(self._start_failure(process))
            time.sleep(0.002)
        process.lock_sockets()
        try:
            self._connection = KernelConnection(agent, str(process.sockets / "k"), process.connection["key"])
        except OSError:
            raise KernelGone(self._start_failure(process)) from None
        # The subscription to outputs may lag behind the first reply: ask until it delivers.
        while time.monotonic() < deadline and process.poll() is None:
            self._connection.send("kernel_info_request", {})
            if self._connection.iopub.poll(READY_MS):
                return
        raise KernelGone(self._start_failure(process))

    def _start_failure(self, process: KernelProcess) -> str:
        said = process.slot.startup_errors()
        return _("The kernel did not come up: {why}.").format(why=self._cause(process)) + (f" {said}" if said else "")

    def _gone_message(self) -> str:
        return _("The Python process is gone: {why}.").format(why=self.gone or _("it was not started"))

    def _require_connection(self) -> KernelConnection:
        if self._connection is None or self._gone:  # one that has just died is noticed while waiting for its answer
            raise KernelGone(self._gone_message())
        if self.is_out_of_time:
            self._kill(_("time: {seconds:g} s for the whole notebook are used up").format(seconds=self.limits.wall_s))
            raise KernelGone(self._gone_message())
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connection_lost(self) -> KernelGone:
        """What to raise where the agent cannot be spoken to: mostly its process has just ended."""
        if not self.ends_within(ENDS_WITHIN_S):
            self._kill(_("it closed its connection to the examiner"))
        return KernelGone(self._gone_message())

    def _answer(self, connection: KernelConnection, number: int, deadline: float) -> Answer:
        """Wait for the answer to this request.

        Raises:
            LimitExceeded: the deadline has passed.
            KernelGone: the kernel has ended, or speaks no more.
        """
        while True:
            remaining_s = deadline - time.monotonic()
            if remaining_s <= 0:
                raise LimitExceeded(_("time: the call took too long"))
            try:
                answer = connection.agent.receive(number, min(POLL_MS / 1000, remaining_s))
            except ConnectionError:
                raise self._connection_lost() from None
            if answer is not None:
                return answer
            if self.gone:
                raise KernelGone(self._gone_message())
            connection.drain()

    def _next(self, connection: KernelConnection, deadline: float) -> Message | None:
        """Wait a short time for an output.

        Returns:
            Its message; None where nothing came, or something that is no message.

        Raises:
            LimitExceeded: the deadline has passed.
            KernelGone: the kernel has ended.
        """
        remaining_ms = (deadline - time.monotonic()) * 1000
        if remaining_ms <= 0:
            raise LimitExceeded("time")
        if connection.iopub.poll(min(POLL_MS, max(1, int(remaining_ms)))):
            return connection.receive()
        if self.gone:
            raise KernelGone(self._gone_message())
        return None

    def _collect(
        self, connection: KernelConnection, message_id: str, outputs: OutputCollector, deadline: float
    ) -> None:
        """Read outputs until the kernel says that the cell is done.

        Raises:
            LimitExceeded: the deadline has passed.
            KernelGone: the kernel has ended.
        """
        allowed_s = deadline - time.monotonic()
        while True:
            try:
                message = self._next(connection, deadline)
            except LimitExceeded:
                raise LimitExceeded(
                    _("time: {seconds:.0f} s for one cell exceeded").format(seconds=allowed_s)
                ) from None
            if message is None or message["parent_header"].get("msg_id") != message_id:
                continue
            if message["header"]["msg_type"] == "status" and message["content"].get("execution_state") == "idle":
                return
            outputs.add(message)

    def _stop_cell(self, connection: KernelConnection, message_id: str, outputs: OutputCollector) -> None:
        """Interrupt a cell that ran out of time, and kill the kernel where it does not stop."""
        self._interrupt()
        try:
            self._collect(connection, message_id, outputs, time.monotonic() + INTERRUPT_S)
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
