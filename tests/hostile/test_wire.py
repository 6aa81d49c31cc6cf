"""Answers that are made to be expensive: the decoder in the trusted process refuses them before they cost anything."""

from __future__ import annotations

import contextlib
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.examiner.remote import RemoteModule, Session
from grader.examiner.wire import Decoder, InvalidReply


def decoder(*buffers: bytes) -> Decoder:
    return Decoder([memoryview(b) for b in buffers], lambda reference, decoder: object())


def tensor(shape: list[int], buffer: int = 0, dtype: str = "uint8") -> dict[str, object]:
    return {"t": "tensor", "buffer": buffer, "dtype": dtype, "shape": shape, "grad": False}


def test_one_buffer_mentioned_often_is_not_copied_often() -> None:
    """2000 mentions of 1 MiB would be 2 GiB here; 20,000 mentions of 256 MiB are 5 TiB."""
    reply = {"t": "list", "v": [tensor([1 << 20])] * 2000}
    tracemalloc.start()
    try:
        with pytest.raises(InvalidReply):
            decoder(bytes(1 << 20)).decode(reply)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak <= 900 << 20  # what one answer may hold, and a little


@pytest.mark.parametrize(
    "reply",
    [
        tensor([2**62, 2**62, 0]),
        tensor([0, 2**70]),
        tensor([-1, -1]),
        tensor([1] * 17),
        tensor([True]),
        tensor([1.0]),
        {"t": "int", "v": "9" * 401},
        {"t": "int", "v": 5.5},
        {"t": "float", "v": []},
        {"t": "dtype", "v": []},
        {"t": "dict", "v": [[{"t": "list", "v": []}, 1]]},
        {"t": "dict", "v": [[1]]},
        {"t": "list"},
        {"t": ["list"]},
        {"t": "ref", "id": True},
        {"t": "array", "v": {"t": "tensor"}},
        [1],
    ],
    ids=repr,
)
def test_an_odd_answer_is_the_students_error(reply: object) -> None:
    with pytest.raises(InvalidReply):
        decoder(b"x").decode(reply)


KINDS = ["int", "float", "list", "tuple", "dict", "array", "dtype", "ref", "tensor"]
FIELDS = ["t", "v", "id", "buffer", "dtype", "shape", "grad", "kind", "layout", "x"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6)
        | st.builds(lambda t, v: {"t": t, "v": v}, st.sampled_from(KINDS), inner)
    ),
    max_leaves=25,
)


class Silent:
    """A kernel that answers with what it was given."""

    def __init__(self, reply: object, *buffers: bytes) -> None:
        self._reply = reply
        self._buffers = [memoryview(b) for b in buffers]

    def request(self, *_request: object) -> tuple[object, list[memoryview]]:
        return self._reply, self._buffers


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_any_value_is_decoded_or_refused(value: object) -> None:
    session = Session(Silent({"status": "ok", "found": {"x": value}, "value": value}, b"x" * 16))
    with contextlib.suppress(InvalidReply):
        session.names(["x"])


def test_names_that_lead_through_each_other_are_refused_in_time() -> None:
    """20,000 modules, each inside the one before: names of 400 MB, and 20,000 nested calls."""
    parts = [[max(number - 1, 0), "a", "x", True, None] for number in range(20_000)]
    layout = {"modules": parts, "parameters": [], "buffers": [], "lazy": False}
    started = time.monotonic()
    session = Session(
        Silent({"status": "ok", "found": {"x": {"t": "ref", "id": 1, "kind": "module", "layout": layout}}})
    )
    try:
        found = session.names(["x"])["x"]
    except InvalidReply:
        found = None
    assert time.monotonic() - started < 5
    assert found is None or isinstance(found, RemoteModule)
