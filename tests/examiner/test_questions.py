"""A function of the test's stays with the examiner; student code asks for its values in the middle of a call."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from grader.errors import InvalidAssignment, StudentCodeRaised
from grader.examiner.examination import Examination
from grader.examiner.hidden_test import examine
from grader.examiner.remote import Session
from grader.outcomes import Outcome
from grader.sandbox.kernel import Kernel

Student = Callable[[str, str], Any]


def quarter(t: float) -> float:
    return t / 4


def test_the_values_of_a_function_cross_and_the_function_does_not(student: Student) -> None:
    asked = []

    def secret(t: float, u: float = 1.0) -> float:
        asked.append((t, u))
        return math.sin(t) * u

    ask = student(
        "def ask(f, a):\n    return f(a) + f(a, 2.0), f.__closure__ and [str(c) for c in f.__closure__]", "ask"
    )
    value, told = ask(secret, 0.5)
    assert value == pytest.approx(3 * math.sin(0.5))
    assert asked == [(0.5, 1.0), (0.5, 2.0)]
    assert "sin" not in str(told)
    assert "asked" not in str(told)


def test_several_functions_and_tensors_of_numbers(student: Student) -> None:
    ask = student(
        "import numpy\ndef ask(f, g):\n    return f(torch.tensor([4.0, 8.0])), g(numpy.float64(2)), f(1)", "ask"
    )
    found, other, whole = ask(quarter, lambda t: t + 1)
    assert torch.equal(found, torch.tensor([1.0, 2.0]))
    assert (other, whole) == (3.0, 0.25)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("f('text')", "ValueError: this function takes numbers"),
        ("f(object())", "ValueError: this function takes numbers"),
        ("f(ask)", "ValueError: this function takes numbers"),
        ("f([1.0])", "ValueError: this function takes numbers"),
        ("f(0.0)", "ZeroDivisionError"),
        ("f()", "TypeError"),
        ("f(*range(40))", "ValueError: too many arguments"),
        ("f(torch.zeros(200_000))", "ValueError: too large an argument"),
        ("f(torch.zeros(2, requires_grad=True))", "TypeError: this function takes numbers"),
        ("f(torch.zeros(2), torch.ones(2))", "TypeError: this function takes one tensor at a time"),
        ("[f(1.0) for _ in range(5001)]", "a call may ask 5000 times"),
    ],
)
def test_a_question_that_cannot_be_answered_raises_in_the_students_code(
    student: Student, code: str, words: str
) -> None:
    ask = student(f"def ask(f):\n    return {code}", "ask")
    with pytest.raises(StudentCodeRaised, match=words):
        ask(lambda t: 1 / t)
    assert student("def ask(f):\n    return f(8.0)", "ask")(quarter) == 2.0


def test_a_function_is_of_no_use_when_the_call_is_over(student: Student) -> None:
    keep = student("kept = []\ndef keep(f):\n    kept.append(f)\n    return f(4.0)", "keep")
    later = student("def later():\n    return kept[0](4.0)", "later")
    assert keep(quarter) == 1.0
    with pytest.raises(StudentCodeRaised, match="until the call ends"):
        later()
    assert keep(quarter) == 1.0


def test_threads_of_the_students_may_ask_side_by_side(student: Student) -> None:
    ask = student(
        "from concurrent.futures import ThreadPoolExecutor\ndef ask(f):\n"
        "    with ThreadPoolExecutor(4) as pool:\n        return list(pool.map(f, range(40)))",
        "ask",
    )
    assert ask(quarter) == [number / 4 for number in range(40)]


def test_a_function_that_calls_student_code_itself_is_the_authors_fault(student: Student) -> None:
    double = student("def double(t):\n    return 2 * t", "double")
    ask = student("def ask(f):\n    return f(1.0)", "ask")
    with pytest.raises(InvalidAssignment, match="calls student code itself"):
        ask(lambda t: double(t) + 1)
    assert double(2) == 4


def test_a_hidden_test_gives_its_functions_away_as_they_are(kernel: Kernel, student: Student) -> None:
    student("def slope(f, a):\n    return (f(a + 1e-5) - f(a - 1e-5)) / 2e-5", "slope")
    code = (
        "c = 1 + float(torch.rand(1))\nassert abs(slope(lambda t: math.sin(c * t), 0.3) - c * math.cos(0.3 * c)) < 1e-6"
    )
    result = examine(code, "task1", 2.0, Session(kernel), Examination(kernel), frozenset())
    assert result.outcome is Outcome.PASSED, result.message


FORGED = """
import struct, json
line = get_ipython().kernel.springfield_line
TENSOR = {{"t": "tensor", "buffer": 0, "dtype": "uint8", "shape": [1 << 24]}}
def flood(f):
    for question in {questions}:
        text = json.dumps(question).encode()
        head = struct.pack(">QQQ", line.under_way, len(text), {data_bytes})
        line.connection.sendall(head + text + bytes({data_bytes}))
        size = struct.unpack(">QQQ", line.exactly(24))
        line.exactly(size[1]), line.exactly(size[2])
    return 1.0
"""


@pytest.mark.parametrize(
    ("questions", "data_bytes"),
    [
        ('[{"status": "asks", "function": n, "args": [1.0]} for n in (-1, 5, "0", None, True, [0], 10**30)]', 0),
        ('[{"status": "asks", "function": 0, "args": a} for a in (None, {}, "x", [{"t": "ref", "id": 1}], [[1]])]', 0),
        ('[{"status": "asks", "function": 0, "args": [{"t": "int", "v": "9" * 10**6}]}] * 3', 0),
        ('[{"status": "asks", "function": 0, "args": [TENSOR]}]', 1 << 24),
        ('[{"status": "asks"}] * 6_000', 0),
    ],
)
def test_forged_questions_are_answered_and_harm_nothing(student: Student, questions: str, data_bytes: int) -> None:
    calls: list[Any] = []
    flood = student(FORGED.format(questions=questions, data_bytes=data_bytes), "flood")
    assert flood(lambda t: calls.append(t)) == 1.0  # noqa: PLW0108  a plain function of the test's
    assert calls == []
    assert student("def ask(f):\n    return f(8.0)", "ask")(quarter) == 2.0


def test_a_point_where_the_function_has_no_real_value_is_the_students_choice(student: Student) -> None:
    ask = student("def ask(f):\n    return f(-4.0)", "ask")
    with pytest.raises(StudentCodeRaised, match="no real value"):
        ask(lambda x: x**0.5)


def test_no_axis_of_an_argument_is_longer_than_a_tensor_may_be(student: Student) -> None:
    ask = student("def ask(f):\n    return f(torch.zeros(0, 10**9))", "ask")
    with pytest.raises(StudentCodeRaised, match="too large an argument"):
        ask(lambda x: (x * x).sum(0))
