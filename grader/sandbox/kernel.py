"""One student's kernel, seen from the trusted side: start it, run cells, ask its agent, end it.

The loop is ours and not nbclient's for three reasons: the examiner speaks with the same kernel between the cells, what a cell
may print is capped while it arrives, and a kernel that dies or ignores an interrupt costs only what could not run.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jupyter_client import BlockingKernelClient, KernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from nbformat import NotebookNode
from nbformat.v4 import new_output, output_from_msg

from grader.errors import KernelGone, LimitExceeded
from grader.language import _
from grader.sandbox.bubblewrap import View

START_S = 60
INTERRUPT_S = 3
POLL_S = 0.25
AFTER_REPLY_S = 2
Message = dict[str, Any]


class SandboxSpecs(KernelSpecManager):
    """Knows one kernel: the sandboxed one, whatever a notebook's metadata asks for."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """The sandboxed kernel's specification."""
        return KernelSpec(
            argv=[],  # the provisioner knows the command
            display_name="Python 3 (sandbox)",
            language="python",
            interrupt_mode="message",
            metadata={"kernel_provisioner": {"provisioner_name": "springfield-bubblewrap", "config": {}}},
        )


@dataclass
class CellRun:
    """What running one cell gave.

    Attributes:
        outputs: notebook outputs, at most `limits.output_kib` of them.
        error: name, text and traceback where the cell raised.
        limit: the limit that struck, in words, or an empty string.
    """

    outputs: list[NotebookNode] = field(default_factory=list)
    error: tuple[str, str, str] | None = None
    limit: str = ""
    wall_s: float = 0.0


class Kernel:
    """A kernel in a sandbox. Not thread-safe: one request at a time."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.limits = view.limits
        self._manager = KernelManager(kernel_name="python3", kernel_spec_manager=SandboxSpecs())
        self._client: BlockingKernelClient | None = None
        self._deadline = float("inf")
        self._gone = ""

    def start(self) -> None:
        """Start the kernel and wait until it answers.

        Raises:
            SandboxUnavailable: no sandbox can be made.
            KernelGone: the kernel did not come up.
        """
        self._manager.start_kernel(view=self.view)
        self._client = self._manager.client()
        self._client.start_channels(stdin=False, hb=False)
        try:
            self._wait_until_ready(time.monotonic() + START_S)
        except (KernelGone, LimitExceeded) as why:
            failed = self._start_failed(why)
            self.close()
            raise failed from why
        self._deadline = time.monotonic() + self.limits.wall_s

    def close(self) -> None:
        """End the kernel and everything in its sandbox; safe to call twice."""
        if self._client is not None:
            self._client.stop_channels()
            self._client = None
        if self._manager.has_kernel:
            self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()

    def __enter__(self) -> Kernel:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def gone(self) -> str:
        """Why the kernel is gone, in words; empty while it lives."""
        if not self._gone and not self._manager.is_alive():
            self._gone = _("the kernel ended (os._exit, a crash, or out of memory)")
        return self._gone

    def run(self, code: str) -> CellRun:
        """Run one cell.

        Args:
            code: the cell's source.

        Returns:
            Outputs, the error if it raised, the limit if one struck.

        Raises:
            KernelGone: the kernel is not there, or ended while the cell ran.
        """
        client = self._living_client()
        started = time.monotonic()
        run = CellRun()
        budget_s = min(self.limits.cell_s, self._deadline - started)
        message_id = client.execute(code, allow_stdin=False, stop_on_error=False)
        collected = _Outputs(self.limits.output_kib * 1024)
        try:
            self._collect(client, message_id, collected, started + budget_s)
        except LimitExceeded as limit:
            run.limit = str(limit)
            self._stop_cell(client, message_id, collected)
        run.outputs = collected.cells
        run.error = collected.error
        run.limit = run.limit or collected.limit
        run.wall_s = time.monotonic() - started
        return run

    def request(self, content: Message, buffers: Sequence[memoryview | bytes] = ()) -> tuple[Message, list[memoryview]]:
        """Ask the agent in the kernel and wait for its answer, which is not trusted.

        Raises:
            KernelGone: the kernel is not there.
            LimitExceeded: no answer within `limits.call_s`.
        """
        client = self._living_client()
        deadline = min(time.monotonic() + self.limits.call_s, self._deadline)
        message = client.session.msg("springfield_request", content)
        client.session.send(client.shell_channel.socket, message, buffers=list(buffers))
        try:
            while True:
                reply = self._next(client.get_shell_msg, deadline)
                if reply is None:
                    self._drain(client)
                elif reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                    self._drain(client)
                    return reply["content"], list(reply["buffers"])
        except LimitExceeded:
            self._manager.interrupt_kernel()
            if not self._settles(client, message["header"]["msg_id"]):
                self._kill(_("it did not react to an interrupt"))
            raise

    def _no_kernel(self) -> str:
        return _("The Python process is gone: {why}.").format(why=self.gone or _("it was not started"))

    def _living_client(self) -> BlockingKernelClient:
        if self._client is None or self.gone:
            raise KernelGone(self._no_kernel())
        if time.monotonic() >= self._deadline:
            self._kill(_("time: {seconds:g} s for the whole notebook are used up").format(seconds=self.limits.wall_s))
            raise KernelGone(self._no_kernel())
        return self._client

    def _wait_until_ready(self, deadline: float) -> None:
        client = self._client
        if client is None:
            raise KernelGone(self._no_kernel())
        self._deadline = deadline
        while time.monotonic() < deadline:
            message_id = client.kernel_info()
            until = time.monotonic() + 1
            while time.monotonic() < until:
                reply = self._next(client.get_shell_msg, deadline)
                if reply is not None and reply["parent_header"].get("msg_id") == message_id:
                    # The subscription to outputs may lag behind the first reply: wait until it delivers.
                    if self._next(client.get_iopub_msg, deadline) is not None:
                        return
                    break
        raise KernelGone(f"The kernel did not answer within {START_S} s of its start.")

    def _start_failed(self, why: KernelGone | LimitExceeded) -> KernelGone:
        words = self._manager.provisioner.last_words() if self._manager.provisioner else ""
        return KernelGone(f"The sandboxed kernel did not start. {why} {words}".strip(), remedy="Run `grader doctor`.")

    def _next(self, get: Any, deadline: float) -> Message | None:
        """One message, or None after a short wait.

        Raises:
            LimitExceeded: the deadline has passed.
            KernelGone: the kernel has ended.
        """
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise LimitExceeded(_("time: the call took too long"))
        try:
            message: Message = get(timeout=min(POLL_S, remaining))
        except queue.Empty:
            if self.gone:
                raise KernelGone(self._no_kernel()) from None
            return None
        except (ValueError, KeyError, TypeError, RecursionError, UnicodeDecodeError):
            return None  # not a message of the protocol: student code may write to the sockets
        return message

    def _collect(self, client: BlockingKernelClient, message_id: str, into: _Outputs, deadline: float) -> None:
        """Read outputs until the kernel says that the cell is done."""
        allowed_s = deadline - time.monotonic()
        while True:
            try:
                message = self._next(client.get_iopub_msg, deadline)
            except LimitExceeded:
                raise LimitExceeded(
                    _("time: {seconds:.0f} s for one cell exceeded").format(seconds=allowed_s)
                ) from None
            if message is None or message["parent_header"].get("msg_id") != message_id:
                continue
            if message["msg_type"] == "status" and message["content"].get("execution_state") == "idle":
                return
            into.add(message)

    def _stop_cell(self, client: BlockingKernelClient, message_id: str, into: _Outputs) -> None:
        """Interrupt a cell that ran out of time; kill the kernel where it does not stop."""
        self._manager.interrupt_kernel()
        try:
            self._collect(client, message_id, into, time.monotonic() + INTERRUPT_S)
        except LimitExceeded:
            self._kill(_("it ran out of time and did not react to an interrupt"))
        except KernelGone:
            pass

    def _settles(self, client: BlockingKernelClient, message_id: str) -> bool:
        """Whether the late answer arrives shortly after an interrupt."""
        deadline = time.monotonic() + INTERRUPT_S
        try:
            while True:
                reply = self._next(client.get_shell_msg, deadline)
                if reply is not None and reply["parent_header"].get("msg_id") == message_id:
                    return True
        except (LimitExceeded, KernelGone):
            return False

    def _kill(self, why: str) -> None:
        self._gone = why
        self._manager.shutdown_kernel(now=True)

    @staticmethod
    def _drain(client: BlockingKernelClient) -> None:
        """Throw away what waits on the output channel, so that it does not fill up."""
        while client.iopub_channel.msg_ready():
            try:
                client.get_iopub_msg(timeout=0)
            except queue.Empty:
                return
            except (ValueError, KeyError, TypeError, RecursionError, UnicodeDecodeError):
                continue


class _Outputs:
    """Collects outputs up to a size; the rest of the cell's outputs are dropped."""

    def __init__(self, max_bytes: int) -> None:
        self.cells: list[NotebookNode] = []
        self.error: tuple[str, str, str] | None = None
        self.limit = ""
        self._max_bytes = max_bytes
        self._used = 0

    def add(self, message: Message) -> None:
        kind = message["msg_type"]
        if kind not in ("stream", "display_data", "execute_result", "error"):
            return
        content = message["content"]
        size = len(repr(content))
        if kind != "error" and self._used + size > self._max_bytes:
            self.limit = self.limit or _("output: {size} KiB exceeded").format(size=self._max_bytes // 1024)
            return
        self._used += size
        if kind == "error":
            self.error = _error_text(content)
        output = _plain_output(message)
        if output is not None:
            self._append(output)

    def _append(self, output: NotebookNode) -> None:
        last = self.cells[-1] if self.cells else None
        is_same_stream = last is not None and output.output_type == "stream" == last.output_type
        if is_same_stream and last.name == output.name:
            last.text += output.text
        else:
            self.cells.append(output)


def _error_text(content: Mapping[str, Any]) -> tuple[str, str, str]:
    traceback = content.get("traceback")
    lines = [str(line) for line in traceback] if isinstance(traceback, list) else []
    return str(content.get("ename"))[:200], str(content.get("evalue"))[:4000], "\n".join(lines)[-20_000:]


SAFE_TYPES = ("text/plain", "image/png", "image/jpeg")


def _plain_output(message: Message) -> NotebookNode | None:
    """The output with text and bitmaps only: HTML, SVG and JavaScript of a student never reach a reader's browser."""
    content = message["content"]
    if message["msg_type"] == "error":
        name, text, traceback = _error_text(content)
        return new_output("error", ename=name, evalue=text, traceback=traceback.split("\n"))
    if message["msg_type"] == "stream":
        name = content.get("name")
        return new_output("stream", name=name if name == "stderr" else "stdout", text=str(content.get("text", "")))
    data = content.get("data")
    if not isinstance(data, dict):
        return None
    kept = {kind: text for kind, text in data.items() if kind in SAFE_TYPES and isinstance(text, str)}
    if not kept:
        return None
    safe = {**message, "content": {"data": kept, "metadata": {}, "execution_count": None}}
    return output_from_msg(safe)
