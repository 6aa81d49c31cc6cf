"""Work of the examiner's own while the student's process computes."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import torch

from grader.examiner.meanwhile import meanwhile
from grader.examiner.remote import Session
from grader.sandbox.bubblewrap import View
from grader.sandbox.kernel import Kernel
from grader.sandbox.limits import Limits

Student = Callable[[str, str], Any]
SLOW = """
def slow(x):
    time.sleep(0.5)
    return x, time.monotonic_ns()
"""


def test_the_work_is_done_before_the_answer_is_there(student: Student) -> None:
    slow = student(SLOW, "slow")
    with meanwhile(time.monotonic_ns) as work:
        before = time.monotonic_ns()
        _x, answered = slow(torch.ones(2))
    assert before < work.value < answered


def test_an_error_in_the_work_is_kept_for_who_asks_and_the_answer_arrives(student: Student) -> None:
    double = student("def double(x): return 2 * x", "double")
    with meanwhile(lambda: 1 // 0) as work:
        assert torch.equal(double(torch.ones(2)), torch.full((2,), 2.0))
    with pytest.raises(ZeroDivisionError):
        _ = work.value


def test_work_that_is_asked_for_first_is_done_once(student: Student) -> None:
    done = []
    double = student("def double(x): return 2 * x", "double")
    with meanwhile(lambda: done.append(1)) as work:
        assert work.value is None
        double(torch.ones(2))
    assert done == [1]


def test_work_that_nobody_waits_for_any_more_is_not_done(student: Student) -> None:
    done = []
    double = student("def double(x): return 2 * x", "double")
    with pytest.raises(RuntimeError), meanwhile(lambda: done.append(1)):
        raise RuntimeError
    double(torch.ones(2))
    assert not done


def test_the_work_has_gradients_where_the_call_has_none(student: Student) -> None:
    double = student("def double(x): return 2 * x", "double")
    leaf = torch.ones(2, requires_grad=True)
    with meanwhile(lambda: leaf * 3) as work, torch.no_grad():
        double(torch.ones(2))
    assert work.value.requires_grad


def test_the_time_of_the_work_is_not_taken_from_the_student() -> None:
    with Kernel(View(limits=Limits(call_s=0.5))) as kernel:
        assert kernel.run("import time\ndef slow(): time.sleep(0.4); return 7").error is None
        slow = Session(kernel).names(["slow"])["slow"]
        with meanwhile(lambda: time.sleep(0.6)):
            assert slow() == 7
