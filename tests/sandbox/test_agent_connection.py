"""What a kernel may send on the agent's socket."""

from __future__ import annotations

import contextlib
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
    number = ours.send({}, [], 5)
    theirs.sendall(HEAD.pack(number, MAX_TEXT_BYTES + 1, 0))
    with pytest.raises(ConnectionError, match="too large"):
        ours.receive(number, 5)


def test_an_answer_that_drips_is_kept_and_not_waited_for_longer(
    sides: tuple[AgentConnection, socket.socket],
) -> None:
    ours, theirs = sides
    number = ours.send({}, [], 5)
    theirs.sendall(HEAD.pack(number, 4, 0))

    def drip() -> None:
        for byte in b"true":
            time.sleep(0.2)
            theirs.sendall(bytes([byte]))

    dripping = threading.Thread(target=drip)
    dripping.start()
    assert ours.receive(number, 0.5) is None
    answer = ours.receive(number, 5)
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
    assert ours.receive(second, 0.1) is None
    assert asked_for(theirs) == []
    for number, after in ((first, [second]), (second, [third]), (third, [])):
        theirs.sendall(HEAD.pack(number, 1, 0) + b"%d" % number)
        assert ours.receive(third, 0.1) is None or number == third
        assert asked_for(theirs) == after
    for number in (first, second):  # whoever asks later finds what has come meanwhile
        answer = ours.receive(number, 0)
        assert answer is not None
        assert answer.content == number
    ours.send({}, [], 5)
    assert asked_for(theirs) == [third + 1]


def test_an_answer_arrives_even_where_the_next_request_cannot_be_sent(
    sides: tuple[AgentConnection, socket.socket],
) -> None:
    ours, theirs = sides
    first = ours.send({}, [], 5)
    second = ours.send({}, [bytes(1 << 24)], 0.1)
    theirs.sendall(HEAD.pack(first, 4, 0) + b"true")
    answer = ours.receive(first, 5)
    assert answer is not None
    assert answer.content is True
    with pytest.raises(ConnectionError):
        ours.receive(second, 5)


def test_messages_that_nobody_has_asked_for_take_no_more_than_the_time(
    sides: tuple[AgentConnection, socket.socket],
) -> None:
    ours, theirs = sides
    number = ours.send({}, [], 5)

    def flood() -> None:
        other = (HEAD.pack(number + 998, 2, 0) + b"{}") * 40_000
        with contextlib.suppress(OSError):  # until nobody reads it any more
            while True:
                theirs.sendall(other)

    flooding = threading.Thread(target=flood)
    flooding.start()
    began = time.monotonic()
    assert ours.receive(number, 0.5) is None
    took_s = time.monotonic() - began
    ours.close()
    flooding.join()
    assert took_s < 5
