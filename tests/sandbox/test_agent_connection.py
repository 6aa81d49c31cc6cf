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


def asked_for(theirs: socket.socket) -> list[int]:
    """Numbers of the requests that have arrived."""
    theirs.settimeout(0.2)
    numbers = []
    try:
        while head := theirs.recv(HEAD.size, socket.MSG_WAITALL):
            number, text_bytes, data_bytes = HEAD.unpack(head)
            theirs.recv(text_bytes + data_bytes, socket.MSG_WAITALL)
            numbers.append(number)
    except TimeoutError:
        return numbers
    return numbers


def test_a_request_waits_until_the_one_before_it_has_been_answered(
    sides: tuple[AgentConnection, socket.socket],
) -> None:
    ours, theirs = sides
    first, second, third = (ours.send({}, [], 5) for _request in range(3))
    assert asked_for(theirs) == [first]
    theirs.sendall(HEAD.pack(second, 4, 0) + b"true")  # forged: of what has not been asked
    forged = ours.receive(5)
    assert forged is not None
    assert forged.number == second
    assert asked_for(theirs) == []
    for number, after in ((first, [second]), (second, [third]), (third, [])):
        theirs.sendall(HEAD.pack(number, 4, 0) + b"true")
        answer = ours.receive(5)
        assert answer is not None
        assert answer.number == number
        assert asked_for(theirs) == after
    ours.send({}, [], 5)
    assert asked_for(theirs) == [third + 1]


def test_an_answer_arrives_even_where_the_next_request_cannot_be_sent(
    sides: tuple[AgentConnection, socket.socket],
) -> None:
    ours, theirs = sides
    first = ours.send({}, [], 5)
    ours.send({}, [bytes(1 << 24)], 0.1)
    theirs.sendall(HEAD.pack(first, 4, 0) + b"true")
    answer = ours.receive(5)
    assert answer is not None
    assert answer.number == first
    with pytest.raises(ConnectionError):
        ours.receive(5)
