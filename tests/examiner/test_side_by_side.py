"""Parts of a hidden test that take turns while the student's process computes."""

import gc
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import torch
from examining import examining
from torch import nn

from grader.checks import Case, in_each, same_function_in_cases
from grader.errors import CheckFailed, LimitExceeded
from grader.examiner.examination import Examination, current, inputs_may_change
from grader.examiner.randomness import is_fresh
from grader.examiner.remote import Session
from grader.examiner.side_by_side import side_by_side
from grader.language import _, speaking
from grader.sandbox.bubblewrap import View
from grader.sandbox.kernel import Kernel
from grader.sandbox.limits import Limits

Student = Callable[[str, str], Any]
SLOW = """
def slow(seconds):
    began = time.monotonic_ns()
    time.sleep(seconds)
    return began, time.monotonic_ns()
"""
TRIPLE = "def triple(x): return 3 * x"
NOISE = "def noise(): return torch.rand(3)"


@pytest.fixture
def examined(kernel: Kernel) -> Iterator[Examination]:
    """As while a hidden test runs."""
    with examining(kernel) as examination:
        yield examination


@pytest.mark.usefixtures("examined")
def test_one_part_works_while_the_other_waits_for_the_students_process(student: Student) -> None:
    slow = student(SLOW, "slow")
    worked = []

    def part(seconds: float) -> tuple[int, int]:
        began, ended = slow(seconds)
        worked.append(time.monotonic_ns())
        time.sleep(0.3)
        worked.append(time.monotonic_ns())
        slow(0)
        return began, ended

    first, second = side_by_side([partial(part, 0.2), partial(part, 0.2)])
    assert first[1] <= second[0]  # the student's process does one thing at a time
    assert second[0] < worked[1]  # it has begun with the second before the first part's own work was done
    assert worked[0] < second[1]  # and the first part did not wait for that either


@pytest.mark.usefixtures("examined")
def test_results_come_in_the_order_of_the_parts_and_all_parts_are_done(student: Student) -> None:
    triple = student(TRIPLE, "triple")

    def part(number: int) -> float:
        for _round in range(number):
            triple(torch.ones(2))
        return float(triple(torch.tensor(float(number))))

    assert side_by_side([partial(part, number) for number in range(7)]) == [3.0 * number for number in range(7)]


def test_one_after_another_where_nobody_is_examined(student: Student) -> None:
    triple = student(TRIPLE, "triple")
    events = []

    def part(name: str) -> None:
        events.append(name)
        triple(torch.ones(2))
        events.append(name)

    assert current() is None
    side_by_side([partial(part, "a"), partial(part, "b")])
    assert events == ["a", "a", "b", "b"]


@pytest.mark.usefixtures("examined")
def test_with_a_chosen_seed_numbers_are_drawn_as_one_after_another(student: Student) -> None:
    noise = student(NOISE, "noise")
    torch.manual_seed(3)
    expected = [torch.rand(3), torch.rand(3)]
    torch.manual_seed(3)
    drawn = side_by_side([lambda: (noise(), torch.rand(3))[1], lambda: (noise(), torch.rand(3))[1]])
    torch.manual_seed(3)
    noise()
    assert torch.equal(drawn[0], torch.rand(3))
    assert not torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], expected[0])


@pytest.mark.usefixtures("examined")
def test_a_seed_that_one_part_has_chosen_is_none_of_the_others_business(student: Student) -> None:
    triple = student(TRIPLE, "triple")

    def seeded() -> torch.Tensor:
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(5)
            triple(torch.ones(2))
            return torch.rand(3)

    def fresh() -> torch.Tensor:
        numbers = torch.rand(3)
        for _round in range(3):
            triple(torch.ones(2))
            assert is_fresh()
        return torch.cat([numbers, torch.rand(3)])

    expected = torch.rand(3, generator=torch.Generator().manual_seed(5))
    found = side_by_side([seeded, fresh, seeded, fresh])
    assert torch.equal(found[0], expected)
    assert torch.equal(found[2], expected)
    assert len({float(number) for part in (found[1], found[3]) for number in part}) == 12
    assert not torch.isin(expected, torch.cat([found[1], found[3]])).any()
    assert is_fresh()


@pytest.mark.usefixtures("examined")
def test_the_earliest_failure_is_raised_and_later_cases_are_not_begun(student: Student) -> None:
    triple = student(TRIPLE, "triple")
    begun = []

    def check(number: int, rounds: int) -> None:
        begun.append(number)
        for _round in range(rounds):
            triple(torch.ones(2))
        if number in (0, 1):
            raise CheckFailed(f"case {number}")

    with pytest.raises(CheckFailed, match="case 0"):
        in_each([(0, 9), (1, 1), (2, 1), (3, 1)], check)
    assert sorted(begun) == [0, 1]
    triple(torch.ones(2))


@pytest.mark.usefixtures("examined")
def test_a_part_that_asks_nothing_of_the_student_leaves_the_other_alone(student: Student) -> None:
    triple = student(TRIPLE, "triple")
    assert side_by_side([lambda: 1, lambda: float(triple(torch.ones(())))]) == [1, 3.0]
    assert side_by_side([lambda: float(triple(torch.ones(()))), lambda: 1]) == [3.0, 1]


@pytest.mark.usefixtures("examined")
def test_gradients_and_language_are_each_parts_own(student: Student) -> None:
    triple = student(TRIPLE, "triple")
    x = torch.ones(2, requires_grad=True)

    def without() -> bool:
        with torch.no_grad():
            triple(x)
            return bool(triple(x).requires_grad)

    def with_gradients() -> Any:
        triple(x)
        return torch.autograd.grad(triple(x).sum(), x)[0].tolist()

    def words() -> str:
        triple(x)
        return _("`forward` returned None.")

    with speaking("ru"):
        found = side_by_side([without, with_gradients, words, words])
    assert found == [False, [3.0, 3.0], *[found[2]] * 2]
    assert found[2] != "`forward` returned None."


@pytest.mark.usefixtures("examined")
def test_where_gradients_are_off_they_are_off_in_all_parts(student: Student) -> None:
    triple = student(TRIPLE, "triple")
    x = torch.ones(2, requires_grad=True)

    def part() -> bool:
        return bool(triple(x).requires_grad)

    with torch.no_grad():
        assert side_by_side([part] * 4) == [False] * 4
    assert side_by_side([part] * 4) == [True] * 4


@pytest.mark.usefixtures("examined")
def test_a_function_called_beside_takes_no_gradients_away(student: Student, session: Session) -> None:
    net = student("class Net(nn.Linear): pass", "Net")(3, 2)
    triple = student(TRIPLE, "triple")

    def forward_and_back() -> Any:
        net.zero_grad()
        net(torch.ones(4, 3)).sum().backward()
        return net.bias.grad.tolist()

    def function() -> Any:
        with torch.no_grad():
            return [float(triple(torch.ones(()))) for _call in range(4)]

    assert net in session.modules()
    assert side_by_side([forward_and_back, function]) == [[4.0, 4.0], [3.0] * 4]
    assert side_by_side([function, forward_and_back]) == [[3.0] * 4, [4.0, 4.0]]


@pytest.mark.usefixtures("examined")
def test_without_room_for_a_thread_parts_are_done_one_after_another(
    student: Student, monkeypatch: pytest.MonkeyPatch
) -> None:
    triple = student(TRIPLE, "triple")

    def no_room(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    parts = [lambda: float(triple(torch.ones(()))), lambda: 1.0]
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", no_room)
        assert side_by_side(parts) == [3.0, 1.0]
    assert side_by_side(parts) == [3.0, 1.0]


@pytest.mark.usefixtures("examined")
def test_a_failure_keeps_nothing_alive(student: Student, session: Session) -> None:
    net = student("class Net(nn.Linear): pass", "Net")
    gc.collect()
    before = len(session.modules())

    def check(size: int) -> None:
        made = net(size, 2)
        made(torch.ones(1, size))
        raise CheckFailed("wrong")

    gc.disable()
    try:
        with pytest.raises(CheckFailed) as failed:
            in_each([(3,), (4,)], check)
        del failed
        assert len(session.modules()) == before
        case = Case((3, 2), "here")
        with pytest.raises(CheckFailed) as failed:
            same_function_in_cases(net, lambda *sizes: nn.ReLU(), [case, case], lambda *sizes: torch.ones(1, 3))
        del failed
        assert len(session.modules()) == before
    finally:
        gc.enable()


def test_what_one_part_allows_the_other_does_not(student: Student, examined: Examination) -> None:
    spoil = student("def spoil(x):\n    x.add_(1)\n    return x.sum()", "spoil")
    triple = student(TRIPLE, "triple")

    def allowed() -> None:
        with inputs_may_change():
            for _round in range(3):
                spoil(torch.ones(2))

    side_by_side([allowed, lambda: triple(torch.ones(2)), allowed])
    assert not examined.has_changed_inputs
    side_by_side([allowed, lambda: spoil(torch.ones(2))])
    assert examined.has_changed_inputs


@pytest.mark.slow
def test_the_limit_of_one_call_strikes_that_call_alone() -> None:
    with Kernel(View(limits=Limits(call_s=1))) as kernel:
        assert kernel.run("import time\ndef slow(seconds): time.sleep(seconds); return seconds").error is None
        slow = Session(kernel).names(["slow"])["slow"]
        done = []

        def part(seconds: float) -> None:
            done.append(slow(seconds))
            done.append(slow(0.1))

        with examining(kernel), pytest.raises(LimitExceeded):
            side_by_side([partial(part, 60), partial(part, 0.8)])
        assert done == [0.8, 0.1]
        assert slow(0.2) == 0.2


def test_a_kernel_that_had_to_be_killed_is_named_by_its_cause() -> None:
    code = (
        "import time\ndef deaf():\n    while True:\n        try: time.sleep(60)\n        except KeyboardInterrupt: pass"
    )
    with Kernel(View(limits=Limits(call_s=1))) as kernel:
        assert kernel.run(f"{code}\ndef one(): time.sleep(0.5); return 1").error is None
        names = Session(kernel).names(["deaf", "one"])
        with examining(kernel), pytest.raises(LimitExceeded, match="took too long"):
            side_by_side([lambda: [names["one"]() for _call in range(9)], lambda: [names["one"](), names["deaf"]()]])


def test_a_kernel_that_dies_ends_all_parts() -> None:
    with Kernel(View(limits=Limits(call_s=20))) as kernel:
        assert kernel.run("import os\ndef end(): os._exit(3)\ndef one(): return 1").error is None
        names = Session(kernel).names(["end", "one"])
        with examining(kernel), pytest.raises(Exception, match="exit code 3"):
            side_by_side([lambda: [names["one"](), names["end"]()], lambda: [names["one"]() for _call in range(9)]])
