"""What a kernel may send on the agent's socket."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.sandbox.agent_connection import HEAD, MAX_TEXT_BYTES, AgentConnection


@pytest.fixture
def sides(tmp_path: Path) -> Iterator[tuple[AgentConnection, socket.socket]]:
    """The grader's end, and the kernel's."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "agent"))
        listener.listen(1)
        ours = AgentConnection(str(tmp_path / "agent"))
        theirs = listener.accept()[0]
        yield ours, theirs
        ours.close()
        theirs.close()


def test_json_beyond_its_measure_ends_the_connection_before_it_arrives(
    sides: tuple[AgentConnection, socket.socket],
) -> None:
    ours, theirs = sides
    theirs.sendall(HEAD.pack(1, MAX_TEXT_BYTES + 1, 0))
    with pytest.raises(ConnectionError, match="too large"):
        ours.receive(5)


def test_an_answer_that_drips_is_kept_and_not_waited_for_longer(
    sides: tuple[AgentConnection, socket.socket],
) -> None:
    ours, theirs = sides
    theirs.sendall(HEAD.pack(1, 4, 0))

    def drip() -> None:
        for byte in b"true":
            time.sleep(0.2)
            theirs.sendall(bytes([byte]))

    dripping = threading.Thread(target=drip)
    dripping.start()
    assert ours.receive(0.5) is None
    answer = ours.receive(5)
    dripping.join()
    assert answer is not None
    assert answer.content is True
