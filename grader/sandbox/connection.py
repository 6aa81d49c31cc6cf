"""The sockets to one kernel: Jupyter's channels for cells, and the agent's socket for the examiner."""

from __future__ import annotations

import hmac
import json
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.session import DELIM as DELIMITER
from jupyter_client.session import Session

from grader.sandbox.agent_connection import AgentConnection

MAX_FRAME_BYTES = 256 * 1024 * 1024
MAX_WAITING = 2000  # messages that wait on a channel; beyond that a kernel's own queue fills up
Message = dict[str, Any]


class KernelConnection:
    """Shell and iopub channel of a kernel, and the connection to its agent. Not thread-safe.

    Attributes:
        agent: the connection to the agent.
        shell: the channel that requests go out on.
        iopub: the channel that outputs arrive on.
    """

    def __init__(self, agent: Path, prefix: str, key: str) -> None:
        """Connect.

        Args:
            agent: path of the agent's socket.
            prefix: of the paths of Jupyter's sockets, which end in `-1`, `-2` and so on.
            key: that messages are signed with.

        Raises:
            OSError: the agent does not listen.
        """
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
        made.setsockopt(zmq.RCVHWM, MAX_WAITING)
        made.connect(address)
        return made

    def send(self, kind: str, content: Message) -> str:
        """Send a request on the shell channel.

        Args:
            kind: its message type, such as `execute_request`.
            content: its content, as Jupyter's protocol has it.

        Returns:
            The message's id, which outputs name as their parent's.
        """
        message = self._session.msg(kind, content)
        self._session.send(self.shell, message)
        identifier: str = message["header"]["msg_id"]
        return identifier

    def receive(self) -> Message | None:
        """Take the next message from the iopub channel. It is not trusted: student code may write to the sockets.

        Returns:
            Header, parent header and content; None where it is no message of the protocol, or its signature is wrong.

        Raises:
            zmq.Again: nothing waits there.
        """
        frames = self.iopub.recv_multipart(zmq.NOBLOCK)
        # Parsed here and not by `Session`, which looks for dates in every text of a message: as long as the cell takes.
        try:
            mark = frames.index(DELIMITER)
            signature, header, parent, metadata, content = frames[mark + 1 : mark + 6]
            if not hmac.compare_digest(signature, self._session.sign([header, parent, metadata, content])):
                return None
            parts = [json.loads(part.decode("utf-8", "replace")) for part in (header, parent, content)]
        except (ValueError, RecursionError):
            return None
        message = dict(zip(("header", "parent_header", "content"), parts, strict=True))
        return message if _is_message(message) else None

    def drain(self) -> None:
        """Throw away what waits on the iopub channel, so that it does not fill up."""
        for _number in range(MAX_WAITING):
            try:
                self.iopub.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return

    def close(self) -> None:
        """Close all sockets."""
        self.agent.close()
        self.shell.close(0)
        self.iopub.close(0)
        self._context.term()


def _is_message(message: Message) -> bool:
    """Whether all parts are dicts and the header names a type."""
    if not all(isinstance(part, dict) for part in message.values()):
        return False
    return isinstance(message["header"].get("msg_type"), str)
