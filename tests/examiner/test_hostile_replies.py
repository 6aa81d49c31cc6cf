"""Whatever the student's process answers: a value, or an error of ours. Never another exception, never much memory."""

from __future__ import annotations

import contextlib
import copy
import math
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from grader.errors import StudentCodeRaised
from grader.examiner import wire
from grader.examiner.conversation import Conversation
from grader.examiner.examination import Examination
from grader.examiner.hidden_test import examine
from grader.examiner.remote import RemoteModule, Session
from grader.examiner.wire import Decoder, InvalidReply
from grader.outcomes import Outcome

Reply = tuple[Any, Any]


class Scripted:
    """A channel whose answers are made up: by request, with the frames of the buffers."""

    def __init__(self, answer: Callable[[dict[str, Any]], Reply]) -> None:
        self._answer = answer

    def request(self, content: dict[str, Any], *_more: object) -> Reply:
        return self._answer(content)


def ok(*buffers: bytes, **fields: Any) -> Reply:
    """A reply in good form."""
    content = {"status": "ok", "sizes": [len(buffer) for buffer in buffers], **fields}
    return content, [memoryview(b"".join(buffers))]


def tensor(index: int = 0, shape: Any = (2,), dtype: Any = "float32", **more: Any) -> dict[str, Any]:
    """A tensor as the agent tells it."""
    return {"t": "tensor", "buffer": index, "dtype": dtype, "shape": list(shape), "grad": True, **more}


def layout(**changes: Any) -> dict[str, Any]:
    """A module with one parameter of two numbers and one buffer."""
    return {
        "modules": [[-1, "", "Net", True, None], [0, "body", "Linear", True, None]],
        "parameters": [[1, "weight", tensor(0)]],
        "buffers": [[1, "mean", tensor(1), True]],
        "lazy": False,
        **changes,
    }


EIGHT = bytes(8)


def module_of(told: Any, answer: Callable[[dict[str, Any]], Reply]) -> RemoteModule:
    """The stand-in of a module with that layout; later requests get the answer."""

    def reply(content: dict[str, Any]) -> Reply:
        if content["op"] != "describe":
            return answer(content)
        reference = {"t": "ref", "id": 1, "kind": "module", "type": "Net", "layout": told}
        return ok(EIGHT, EIGHT, found={"net": reference})

    net = Session(Scripted(reply)).names(["net"])["net"]
    assert isinstance(net, RemoteModule)
    return net


def good_call(**fields: Any) -> dict[str, Any]:
    return {"value": tensor(0), "owners": [{"tensors": []}], "inputs": [None], "call": 5, "drew": False, **fields}


# Json of every shape, with the words of the protocol in it.
words = st.sampled_from(
    ["t", "v", "id", "kind", "type", "layout", "buffer", "dtype", "shape", "grad", "stride", "device", "tensor", "list",
     "tuple", "dict", "int", "float", "ref", "array", "module", "modules", "parameters", "buffers", "lazy", "float32",
     "bool", "float64", "cuda:0", "none", "", "a.b", "forward", "__class__", "\ud800", "\x1b[2J", "nan", "owners", "value",  # noqa: E501  one reply per line
     "tensors", "modes", "status", "ok", "error", "ename", "evalue", "traceback", "call", "inputs", "gradients"]
)  # fmt: skip
numbers = st.one_of(
    st.integers(-3, 12), st.sampled_from([2**31, 2**62, 2**63, -(2**63), 10**400, True, None]), st.floats()
)
plain = st.one_of(words, numbers, st.text(max_size=5))
json_values = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.dictionaries(words, inner, max_size=7),
        st.fixed_dictionaries(
            {
                "t": st.sampled_from(
                    ["tensor", "array", "list", "tuple", "dict", "int", "float", "dtype", "ref", "name"]
                ),
                "v": inner,
                "buffer": st.integers(-1, 3),
                "dtype": st.sampled_from([*wire.DTYPES, "qint8", "float8_e4m3fn", 3]),
                "shape": st.lists(st.one_of(st.integers(-1, 4), numbers), max_size=4),
                "id": numbers,
            }
        ),
    ),
    max_leaves=25,
)
buffers_of = st.lists(st.binary(max_size=64), max_size=3)


@settings(max_examples=400)
@given(value=json_values, buffers=buffers_of)
def test_a_decoder_gives_a_value_or_says_that_it_is_none(value: Any, buffers: list[bytes]) -> None:
    decoder = Decoder([memoryview(buffer) for buffer in buffers], lambda reference, _decoder: reference["id"])
    with contextlib.suppress(InvalidReply):
        decoder.decode(value)


def mutated(draw: Any, value: Any) -> Any:
    """The value with something in it replaced, removed or doubled."""
    value = copy.deepcopy(value)
    place = value
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return value
        key = draw(st.sampled_from(keys))
        inner = place[key]
        if isinstance(inner, dict | list) and draw(st.booleans()):
            place = inner
            continue
        if draw(st.integers(0, 3)) == 0 and isinstance(place, dict):
            del place[key]
        elif draw(st.integers(0, 3)) == 0 and isinstance(place, list):
            place.append(copy.deepcopy(inner))
        else:
            place[key] = draw(json_values)
        return value


@settings(max_examples=400)
@given(data=st.data())
def test_a_layout_is_mirrored_or_refused(data: st.DataObject) -> None:
    told = mutated(data.draw, layout())
    try:
        net = module_of(told, lambda _content: ok())
    except InvalidReply:
        return
    net.train()
    net.state_dict()
    assert repr(net) == repr(net).encode("utf-8", "strict").decode()
    assert all(isinstance(parameter, nn.Parameter) for parameter in net.parameters())


@settings(max_examples=400)
@given(data=st.data())
def test_a_call_gives_tensors_or_an_error_of_ours(data: st.DataObject) -> None:
    good = {"call": good_call(), "backward": {"gradients": [tensor(0, (1, 2)), tensor(1)]}}

    def answer(content: dict[str, Any]) -> Reply:
        content, frames = ok(EIGHT, EIGHT, **good[content["op"]])
        content = mutated(data.draw, content) if data.draw(st.booleans()) else content
        return content, data.draw(st.sampled_from([frames, [], None, [memoryview(bytes(5))], frames * 2]))

    x = torch.ones(1, 2, requires_grad=True)
    try:
        net = module_of(layout(), answer)
        output = net(x)
        if isinstance(output, torch.Tensor) and output.requires_grad:
            output.sum().backward()
    except StudentCodeRaised as error:
        str(error).encode("utf-8", "strict")
    assert x.shape == (1, 2)
    assert x.grad is None or x.grad.shape == x.shape


@settings(max_examples=150)
@given(content=json_values, frames=st.one_of(st.none(), st.lists(st.binary(max_size=8).map(memoryview), max_size=2)))
def test_an_answer_that_is_anything_at_all(content: Any, frames: Any) -> None:
    session = Session(Scripted(lambda _content: (content, frames)))
    with contextlib.suppress(StudentCodeRaised):
        session.names(["net"])


REFUSED = {
    "bytes for another shape": tensor(shape=(3,)),
    "a negative size": tensor(shape=(-1, -2)),
    "a size that overflows": tensor(shape=(2**63,)),
    "sizes whose product overflows": tensor(shape=(2**32, 2**32, 0)),
    "a size that is true": tensor(shape=(True, 2)),
    "too many axes": tensor(shape=[1] * 17 + [2]),
    "a shape that is a number": {**tensor(), "shape": 2},
    "no shape": {"t": "tensor", "buffer": 0, "dtype": "float32"},
    "an unknown dtype": tensor(dtype="qint8"),
    "a dtype that is a list": tensor(dtype=["float32"]),
    "a buffer that is not there": tensor(7),
    "a negative buffer": tensor(-1),
    "a buffer that is true": {**tensor(), "buffer": True},
    "strides that overlap": tensor(stride=[0]),
    "strides that reach far": tensor(stride=[10**12]),
    "strides of another length": tensor(stride=[1, 1]),
    "an unknown kind": {"t": "pickle", "v": "..."},
    "a kind that is a list": {"t": ["list"], "v": []},
    "no kind": {},
    "a name of torch": {"t": "name", "module": "os", "v": "system"},
    "a list of a string": {"t": "list", "v": "abc"},
    "an endless number": {"t": "int", "v": "9" * 10_000},
    "a number that is none": {"t": "float", "v": "twelve"},
    "a raw number of thousands of digits": 10**4000,
    "a dict with a list as key": {"t": "dict", "v": [[{"t": "list", "v": []}, 1]]},
    "a dict with triples": {"t": "dict", "v": [[1, 2, 3]]},
    "an object without a number": {"t": "ref"},
    "an object with a name for its number": {"t": "ref", "id": "1"},
    "a module without layout": {"t": "ref", "id": 1, "kind": "module"},
    "a raw list": [1, 2],
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_value_is_refused(what: str) -> None:
    session = Session(Scripted(lambda _content: ok(EIGHT, found={"x": REFUSED[what]})))
    with pytest.raises(InvalidReply):
        session.names(["x"])


# Each module holds the next one twice: 2^40 places in 81 entries.
DOUBLES: list[Any] = [[-1, "", "N", True, None]]
for _level in range(40):
    DOUBLES += [
        [max(2 * _level - 1, 0), "a", "M", True, None],
        [max(2 * _level - 1, 0), "b", "M", True, 2 * _level + 1],
    ]
ODD_LAYOUTS = {
    "two parameters of one name": layout(parameters=[[1, "w", tensor(0)], [1, "w", tensor(1)]]),
    "a dotted name": layout(parameters=[[1, "a.b", tensor(0)]]),
    "an empty name": layout(parameters=[[1, "", tensor(0)]]),
    "a name of control characters": layout(parameters=[[1, "\x1b[2J", tensor(0)]]),
    "a name of half a character": layout(buffers=[[1, "\ud800", tensor(0), True]]),
    "a name that is too long": layout(parameters=[[1, "w" * 500, tensor(0)]]),
    "a name that is a number": layout(parameters=[[1, 7, tensor(0)]]),
    "a module that is nowhere": layout(parameters=[[5, "w", tensor(0)]]),
    "a parameter shared with a later one": layout(parameters=[[1, "w", 1], [1, "v", tensor(0)]]),
    "a parameter that is an object": layout(parameters=[[1, "w", {"t": "ref", "id": 1}]]),
    "a parent that comes later": layout(modules=[[-1, "", "Net", True, None], [2, "a", "A", True, None]]),
    "no modules": layout(modules=[]),
    "a module that is its own child": layout(modules=[[-1, "", "Net", True, None], [0, "body", "Net", True, 0]]),
    "modules that contain each other": layout(
        modules=[
            [-1, "", "N", True, None], [0, "a", "A", True, None], [0, "b", "B", True, None],
            [1, "x", "B", True, 2], [2, "y", "A", True, 1],
        ]
    ),
    "modules that double at every level": layout(modules=DOUBLES),
    "modules nested a thousand deep": layout(
        modules=[[-1, "", "N", True, None]] + [[k, "a", "M", True, None] for k in range(1000)]
    ),
    "a hundred thousand modules": layout(
        modules=[[-1, "", "N", True, None]] + [[0, f"m{k}", "M", True, None] for k in range(100_000)]
    ),
    "a string for its parameters": layout(parameters="weights"),
}  # fmt: skip


@pytest.mark.parametrize("what", ODD_LAYOUTS)
def test_a_layout_that_cannot_be_is_refused(what: str) -> None:
    with pytest.raises(InvalidReply):
        module_of(ODD_LAYOUTS[what], lambda _content: ok())


def test_thousands_of_parameters_are_fine() -> None:
    many = layout(parameters=[[1, f"p{k}", tensor(0)] for k in range(10_000)], buffers=[])
    assert sum(1 for _ in module_of(many, lambda _content: ok()).parameters()) == 10_000


@pytest.mark.parametrize(
    "name", ["forward", "_modules", "__class__", "training", "__call__", "_parameters", "state_dict"]
)
def test_a_name_of_pytorchs_own_hides_nothing(name: str) -> None:
    told = layout(
        modules=[[-1, "", "Net", True, None], [0, name, "Linear", True, None]],
        parameters=[[0, name, tensor(0)]],
        buffers=[[0, name, tensor(1), True]],
    )
    net = module_of(told, lambda _content: ok(EIGHT, **good_call()))
    assert isinstance(net(torch.ones(1)), torch.Tensor)
    net.train().eval()
    assert net.training is False
    assert callable(net.state_dict)


def test_one_buffer_cannot_become_many_tensors() -> None:
    size = 2**26
    value = {"t": "list", "v": [tensor(shape=(size,), dtype="uint8")] * 1000}
    frame = bytes(size)
    tracemalloc.start()
    with pytest.raises(InvalidReply, match="too large"):
        Session(Scripted(lambda _content: ok(frame, found={"x": value}))).names(["x"])
    assert tracemalloc.get_traced_memory()[1] < 2 * wire.MAX_REPLY_BYTES
    tracemalloc.stop()


def test_a_bool_tensor_holds_nothing_but_true_and_false() -> None:
    found = Session(Scripted(lambda _c: ok(bytes([0, 1, 2, 255]), found={"x": tensor(shape=(4,), dtype="bool")})))
    assert found.names(["x"])["x"].tolist() == [False, True, True, True]


def test_sizes_that_do_not_fit_their_frame_are_refused() -> None:
    for sizes in ([9], [4], [-8, 16], ["8"], None, [True] * 8, [0] * 10**6, {"0": 8}):
        with pytest.raises(InvalidReply):
            Conversation(Scripted(lambda _c, sizes=sizes: ({"status": "ok", "sizes": sizes}, [memoryview(EIGHT)]))).ask(
                {}
            )


BAD_CALLS = {
    "no value": {"value": {}},
    "nothing about its modules": {"owners": []},
    "a buffer of another shape": {"owners": [{"tensors": [["body.mean", tensor(0, (1, 2))]]}]},
    "a buffer of another dtype": {"owners": [{"tensors": [["body.mean", tensor(0, (1,), "int64")]]}]},
    "a buffer that is not there": {"owners": [{"tensors": [["body.other", tensor(0)]]}]},
    "a buffer with a list for its name": {"owners": [{"tensors": [[["body.mean"], tensor(0)]]}]},
    "modes of more modules": {"owners": [{"modes": [True] * 7}]},
    "modes that are numbers": {"owners": [{"modes": [1, 0]}]},
    "a layout that is none": {"owners": [{"layout": 7}]},
    "no inputs": {"inputs": None},
    "an input that it was not given": {"inputs": [None, tensor(0)]},
    "an input of another shape": {"inputs": [tensor(0)]},
    "an input of another dtype": {"inputs": [tensor(0, (1, 2), "int32")]},
    "an input that is no tensor": {"inputs": [True]},
    "no graph": {"call": None},
    "a graph of another kind": {"call": "5"},
}


@pytest.mark.parametrize("what", BAD_CALLS)
def test_a_call_with_a_malformed_answer_is_refused(what: str) -> None:
    net = module_of(layout(), lambda _content: ok(EIGHT, **good_call(**BAD_CALLS[what])))
    with pytest.raises(InvalidReply):
        net(torch.ones(1, 2, requires_grad=True))


BAD_GRADIENTS = {
    "none": None,
    "too few": [tensor(0, (1, 2))],
    "for the wrong leaves": [tensor(1), tensor(0, (1, 2))],
    "of another dtype": [tensor(0, (1,), "float64"), tensor(1)],
    "that are objects": [{"t": "ref", "id": 3}, None],
    "that are numbers": [1.0, 2.0],
}


@pytest.mark.parametrize("what", BAD_GRADIENTS)
def test_gradients_that_cannot_be_are_refused(what: str) -> None:
    replies = {"call": good_call(), "backward": {"gradients": BAD_GRADIENTS[what]}}
    net = module_of(layout(), lambda content: ok(EIGHT, EIGHT, **replies[content["op"]]))
    with pytest.raises(InvalidReply):
        net(torch.ones(1, 2, requires_grad=True)).sum().backward()


def test_an_error_of_the_students_is_text_and_short() -> None:
    error = {
        "status": "error",
        "ename": "\x1b]0;title\x07Name",
        "evalue": "\x9b31m\u202e" + "x" * 10**7,
        "traceback": [["a"], {"b": 1}, 7, *["line" * 10**5] * 100],
    }
    with pytest.raises(StudentCodeRaised) as raised:
        Session(Scripted(lambda _content: (error, []))).names(["x"])
    text = str(raised.value)
    assert text.startswith("Name: xxx")
    assert len(text) < 20_000
    assert not [character for character in text if ord(character) < 32 and character not in "\n\t"]


class Forged(Session):
    """A student's process that answers every call with the same tensor."""

    def __init__(self, number: float) -> None:
        raw = torch.full((2,), number).numpy().tobytes()
        reference = {"t": "ref", "id": 1, "kind": "module", "type": "Net", "layout": layout()}
        replies = {"describe": {"found": {"net": reference}}, "call": good_call()}
        super().__init__(Scripted(lambda content: ok(raw, raw, **replies[content["op"]])))


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 0.0])
def test_forged_numbers_never_pass_a_check(number: float, tmp_path: Any) -> None:
    code = "from grader.checks import same_function\nsame_function(net, nn.Linear(2, 2), torch.randn(1, 2))"
    result = examine(code, "task", 2.0, Forged(number), Examination(tmp_path), frozenset())
    assert result.outcome in (Outcome.FAILED, Outcome.RAISED)
    assert result.points == 0


def test_messages_of_the_result_are_clean(tmp_path: Any) -> None:
    code = 'raise AssertionError("\\x1b[31m" + net.remote_type + "\\ud800\\x00")'
    result = examine(code, "task", 2.0, Forged(0.0), Examination(tmp_path), frozenset())
    assert result.message == "Net"
    result = examine("net.stolen", "task", 2.0, Forged(0.0), Examination(tmp_path), frozenset())
    assert result.points == 0
