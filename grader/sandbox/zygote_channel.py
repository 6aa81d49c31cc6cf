"""The socket between a slot and its zygote: requests one way, replies with their sender's PID the other.

A message is a length (4 bytes, big-endian) and JSON; an open folder may come with a reply.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from dataclasses import dataclass
from typing import Any

from grader.errors import KernelGone

ANCILLARY_BYTES = socket.CMSG_SPACE(12) + socket.CMSG_SPACE(4)  # credentials, one descriptor
LENGTH = struct.Struct(">I")
Message = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """What the zygote says.

    Attributes:
        message: plain data.
        pid: the sender's, in the system's word and not the sender's.
        descriptor: an open folder that came with it.
    """

    message: Message
    pid: int
    descriptor: int | None


@dataclass(frozen=True)
class _Received:
    """Some bytes from the zygote, with the PID and the descriptor of a `Reply`."""

    data: bytes
    pid: int
    descriptor: int | None


class ZygoteChannel:
    """The grader's side of the socket. Not thread-safe.

    Args:
        own_end: of a pair of sockets; the zygote has the other one.
    """

    def __init__(self, own_end: socket.socket) -> None:
        self._socket = own_end
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)

    def send(self, request: Message) -> None:
        """Send a request.

        Raises:
            KernelGone: the zygote is gone.
        """
        text = json.dumps(request).encode()
        try:
            self._socket.sendall(LENGTH.pack(len(text)) + text)
        except OSError as error:
            raise KernelGone(f"The sandbox is gone: {error.strerror}.") from error

    def receive(self, timeout_s: float) -> Reply:
        """Wait for a reply.

        Returns:
            The reply; a descriptor that came with it is the caller's to close.

        Raises:
            KernelGone: the zygote is gone, or does not answer in time.
        """
        deadline = time.monotonic() + timeout_s
        head = self._receive_exactly(LENGTH.size, deadline)
        body = self._receive_exactly(LENGTH.unpack(head.data)[0], deadline)
        return Reply(json.loads(body.data), head.pid, head.descriptor)

    def _receive_exactly(self, size: int, deadline: float) -> _Received:
        found = bytearray()
        pid, descriptor = 0, None
        while len(found) < size:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise KernelGone("The sandbox did not answer in time.")
            self._socket.settimeout(remaining)
            try:
                data, ancillary, _flags, _address = self._socket.recvmsg(
                    size - len(found), ANCILLARY_BYTES, socket.MSG_CMSG_CLOEXEC
                )
            except TimeoutError:
                continue
            except OSError as error:
                raise KernelGone(f"The sandbox is gone: {error.strerror}.") from error
            if not data:
                raise KernelGone("The sandbox is gone.")
            for level, kind, beside in ancillary:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                    pid = struct.unpack("3i", beside)[0]
                elif (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                    descriptor = struct.unpack("i", beside[:4])[0]
            found += data
        return _Received(bytes(found), pid, descriptor)

    def close(self) -> None:
        """Close it."""
        self._socket.close()
