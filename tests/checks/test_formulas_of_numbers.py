"""Functions of numbers: chains of neurons, numeric derivatives, gradients by hand; and how their mistakes are named."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from check_messages import message_of

from grader.checks import WrongFormula, derived_by_hand, same_results
from grader.checks.skip_connection import chain as chains
from grader.checks.skip_connection import chain_mistakes, numeric
from grader.errors import CheckFailed

ARGUMENTS = [*chains.ARGUMENTS, "g"]


def check_gradients(student: Callable[..., Any], reference: Callable[..., Any] = chains.chain_gradients) -> None:
    derived_by_hand(
        student,
        reference,
        chains.drawn_calls(5, 5),
        chains.whole_calls(2, 5),
        names=ARGUMENTS,
        parts=chains.DERIVATIVES,
    )


def by_autograd(last: Callable[..., Any], x: float, w1: float, w2: float, w3: float, g: float) -> list[float]:
    leaves = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (x, w1, w2, w3)]
    return [gradient.item() for gradient in torch.autograd.grad(g * last(*leaves)[-1], leaves)]


def by_enabled_autograd(*call: float) -> list[float]:
    with torch.enable_grad():
        return by_autograd(chains.chain, *call)


def by_jacobian(x: float, w1: float, w2: float, w3: float, g: float) -> list[float]:
    leaves = tuple(torch.tensor(value, dtype=torch.float64) for value in (x, w1, w2, w3))
    found = torch.autograd.functional.jacobian(lambda *values: g * chains.chain(*values)[-1], leaves)
    return [gradient.item() for gradient in found]


def rounded_where_whole(derivatives: Callable[..., list[float]], *call: float) -> list[float]:
    found = derivatives(*call)
    return [round(number) for number in found] if all(isinstance(number, int) for number in call) else found


@pytest.mark.parametrize(
    ("formula", "network"),
    [(chains.chain_gradients, chains.chain), (chains.skip_gradients, chains.skip_chain)],
)
def test_the_derivatives_by_hand_are_those_of_autograd(
    formula: Callable[..., Any], network: Callable[..., Any]
) -> None:
    for call in chains.drawn_calls(5, 5):
        assert formula(*call) == pytest.approx(by_autograd(network, *call))


@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("length", [1, 2, 5])
def test_the_first_gradient_of_a_long_chain_is_that_of_autograd(length: int, skip: bool) -> None:
    weights = torch.rand(length, dtype=torch.float64, requires_grad=True)
    output = torch.tensor(0.7, dtype=torch.float64)
    for weight in weights:
        output = weight * output + (output if skip else 0)
    (1.3 * output).backward()
    found = chains.first_gradient(0.7, weights.tolist(), 1.3, skip)
    assert found == pytest.approx(float(weights.grad[0]))


def test_the_numbers_of_the_lesson() -> None:
    without = chains.chain_gradients(0.1, 0.1, 0.1, 0.1, 0.1)[1]
    with_skip = chains.skip_gradients(0.1, 0.1, 0.1, 0.1, 0.1)[1]
    assert without == pytest.approx(1e-4)
    assert with_skip == pytest.approx(1.01e-2)
    assert with_skip / without == pytest.approx(chains.gain(0.1, 0.1)) == pytest.approx(101)


@pytest.mark.parametrize(
    "convert",
    [
        tuple,
        list,
        torch.tensor,
        np.array,
        lambda numbers: torch.tensor(numbers).numpy(),
        lambda numbers: [torch.tensor(number) for number in numbers],
        lambda numbers: [torch.tensor([number]) for number in numbers],
    ],
)
def test_numbers_may_come_in_any_container(convert: Callable[[Any], Any]) -> None:
    check_gradients(lambda *call: convert(chains.chain_gradients(*call)))


Mistakes = tuple[Callable[..., Any], list[WrongFormula], int, Any, bool]
TABLES: list[Mistakes] = [
    (chains.chain, chain_mistakes.chain_mistakes(), 4, chains.ACTIVATIONS, True),
    (chains.skip_chain, chain_mistakes.skip_chain_mistakes(), 4, chains.ACTIVATIONS, True),
    (chains.chain_gradients, chain_mistakes.chain_gradient_mistakes(), 5, chains.DERIVATIVES, True),
    (chains.skip_gradients, chain_mistakes.skip_gradient_mistakes(), 5, chains.DERIVATIVES, True),
    (chains.gain, chain_mistakes.gain_mistakes(), 2, (), False),
]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table[0].__name__)
def test_every_known_mistake_in_a_formula_is_named(table: Mistakes) -> None:
    reference, mistakes, count, parts, zeros = table
    calls = chains.drawn_calls(5, count, zeros=zeros)
    for mistake in mistakes:

        def student(*call: float, mistake: WrongFormula = mistake) -> Any:
            if not parts:
                return mistake.function(*call)
            pairs = zip(mistake.function(*call), reference(*call), strict=True)
            return [right if math.isnan(wrong) else wrong for wrong, right in pairs]

        said = message_of(lambda: same_results(student, reference, calls, parts=parts, mistakes=mistakes))
        assert mistake.message in said


@pytest.mark.parametrize("skip", [False, True])
def test_every_known_mistake_in_a_long_chain_is_named(skip: bool) -> None:
    calls = [(1.5, [0.7, -1.2, 1.9, 0.4, -0.6][:length], 0.8, skip) for length in (1, 2, 3, 5)]
    mistakes = chain_mistakes.first_gradient_mistakes()
    named = set()
    for mistake in mistakes:
        try:
            same_results(mistake.function, chains.first_gradient, calls, mistakes=mistakes)
        except CheckFailed as failure:
            named.add(failure.remedy)
    assert named <= {mistake.message for mistake in mistakes}
    assert len(named) > 2


@pytest.mark.parametrize("name", ARGUMENTS)
def test_a_missing_and_a_superfluous_factor_are_named(name: str) -> None:
    index = ARGUMENTS.index(name)

    def product(*call: float) -> float:
        return math.prod(call)

    calls = chains.drawn_calls(5, 5, zeros=False)
    without = message_of(
        lambda: same_results(lambda *call: product(*call) / call[index], product, calls, names=ARGUMENTS)
    )
    assert f"The factor {name} is missing." in without
    twice = message_of(
        lambda: same_results(lambda *call: product(*call) * call[index], product, calls, names=ARGUMENTS)
    )
    assert f"The factor {name} is superfluous." in twice


def test_right_numbers_in_another_order_are_named() -> None:
    said = message_of(lambda: check_gradients(lambda *call: chains.chain_gradients(*call)[::-1]))
    assert "their order is not: expected is dL/dx, dL/dw1, dL/dw2, dL/dw3." in said


def test_one_wrong_result_is_told_with_its_arguments_and_its_share() -> None:
    calls = [(1.0,), (2.0,), (0.5,)]
    said = message_of(lambda: same_results(lambda a: 1.0, lambda a: a, calls, names=["a"]))
    assert said.startswith("For a = 2: Found 1, expected 2. It is right for 1 of 3.")


@pytest.mark.parametrize(
    ("student", "words"),
    [
        (lambda *call: None, "The function returned None"),
        (lambda *call: 1.0, "Number of returned values: 1, expected 4: dL/dx, dL/dw1, dL/dw2, dL/dw3."),
        (lambda *call: (1.0, 2.0), "Number of returned values: 2, expected 4"),
        (lambda *call: ("a", "b", "c", "d"), "Expected numbers, found str"),
        (lambda *call: (math.nan,) * 4, "NaN"),
        (lambda x, w1, w2, w3, g: (g * w3 * w2 * w1 * x / x,) * 4, "ZeroDivisionError"),
        (lambda x, w1, w2, w3, g: (g * w3 * w2 * w1 * x / x,) * 4, "a number that may be zero"),
        (lambda *call: by_autograd(chains.chain, *call), "leaves the derivative to autograd"),
        (by_enabled_autograd, "exactly. Sums and products"),
        (lambda *call: [round(number) for number in by_enabled_autograd(*call)], "Found"),
        (lambda *call: rounded_where_whole(by_enabled_autograd, *call), "and from autograd"),
        (lambda *call: rounded_where_whole(by_jacobian, *call), "and from autograd"),
        (lambda *call: np.array(by_jacobian(*call)), "and from autograd"),
        (lambda *call: [float(number) for number in chains.chain_gradients(*call)], "a number like 1.0"),
        (lambda a: a, "TypeError"),
    ],
)
def test_what_is_no_formula_is_told_so(student: Callable[..., Any], words: str) -> None:
    assert words in message_of(lambda: check_gradients(student))


def two_sided(f: Callable[[float], float], a: float, h: float) -> float:
    return (f(a + h) - f(a - h)) / (2 * h)


def check_difference(derivative: Callable[[Callable[[float], float], float], float]) -> None:
    numeric.numeric_derivative_matches(derivative, numeric.drawn_points())


@pytest.mark.parametrize("h", [1e-3, 1e-4, 1e-6, 1e-8, 1e-9])
def test_a_good_step_is_accepted(h: float) -> None:
    check_difference(lambda f, a: two_sided(f, a, h))
    if 1e-9 < h < 1e-5:
        check_difference(lambda f, a: (f(a + h) - f(a)) / h)


@pytest.mark.parametrize(
    ("derivative", "words"),
    [
        (lambda f, a: two_sided(f, a, 1e-1), "about 0.1: too large"),
        (lambda f, a: two_sided(f, a, 1e-2), "about 0.01: too large"),
        (lambda f, a: (f(a + 1e-4) - f(a)) / 1e-4, "about 0.0001: too large"),
        (lambda f, a: two_sided(f, a, 1e-13), "rounding noise"),
        (lambda f, a: (f(a + 1e-15) - f(a)) / 1e-15, "rounding noise"),
        (lambda f, a: two_sided(f, a, 1e-5) * 2, "divide by it"),
        (lambda f, a: 0.0, "The two points are the same"),
    ],
)
def test_an_unlucky_step_is_named(derivative: Callable[..., float], words: str) -> None:
    assert words in message_of(lambda: check_difference(derivative))


@pytest.mark.parametrize(
    ("formula", "count"), [(chains.chain_gradients, 5), (chains.skip_gradients, 5), (chains.first_gradient, 0)]
)
def test_no_float_holds_what_whole_numbers_give_and_64_bits_do(formula: Callable[..., Any], count: int) -> None:
    calls: list[tuple[Any, ...]] = [call for _draw in range(200) for call in chains.whole_calls(1, count) if count]
    for skip in (False, True):
        calls += [call for _draw in range(50) for call in chains.whole_long_calls(skip=skip) if not count]
    assert calls
    for call in calls:
        result = formula(*call)
        for number in result if isinstance(result, tuple) else [result]:
            assert type(number) is int
            assert abs(number) < 2**63
            assert int(float(number)) != number
