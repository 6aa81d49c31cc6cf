"""Chains of one-neuron layers: values and derivatives that are right.

Without a skip x1 = w1 x, x2 = w2 x1, x3 = w3 x2; with it x3 = w3 x2 + x1. `g` is dL/dx3. Every argument is a number,
and results have the order of the arguments.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

ARGUMENTS = ("x", "w1", "w2", "w3")
ACTIVATIONS = ("x1", "x2", "x3")
DERIVATIVES = ("dL/dx", "dL/dw1", "dL/dw2", "dL/dw3")
Numbers = tuple[float, ...]


def drawn_number(lowest: float = 0.3, highest: float = 2.0) -> float:
    """A number that is not near zero and of either sign: at 0 and 1 many wrong formulas agree with the right one."""
    return random.choice((-1.0, 1.0)) * random.uniform(lowest, highest)  # noqa: S311  not for cryptography


def drawn_calls(count: int, arguments: int, *, zeros: bool = True) -> list[Numbers]:
    """Arguments for `count` calls; with zeros, one more call for each argument that is zero there, and one of ones.

    Args:
        count: calls with arguments that are all different from zero.
        arguments: number of arguments.
        zeros: zeros are allowed: a formula that divides by a factor fails there.
    """
    calls = [tuple(drawn_number() for _argument in range(arguments)) for _call in range(count)]
    if zeros:
        for index in range(arguments):
            call = [drawn_number() for _argument in range(arguments)]
            call[index] = 0.0
            calls.append(tuple(call))
    return calls


def whole_number(factors: int, remainder: int = 1) -> int:
    """A whole number of either sign; a product of so many is too long for a float and fits 64 bits.

    Args:
        factors: how many numbers are multiplied; a sum of 1 and some of them is a factor as well.
        remainder: of the division by 4. With 1 a product is odd, and 1 + product has one factor of two; with 2 the
            number + 1 is odd. So the 55 bits and more are not zeros at the end, which a float would do without.
    """
    size = random.randint(math.ceil(2 ** (55 / factors)), math.floor(2 ** (62 / factors)) - 4)  # noqa: S311  as above
    number = size - size % 4 + remainder
    return random.choice((number, 2 * remainder - number))  # noqa: S311  as above


def whole_calls(count: int, arguments: int) -> list[tuple[int, ...]]:
    """Arguments for `count` calls whose results are products of four of them, too long for a float."""
    return [tuple(whole_number(4) for _argument in range(arguments)) for _call in range(count)]


def long_calls(*, skip: bool) -> list[tuple[object, ...]]:
    """Arguments of `first_gradient` for chains of several lengths; some factors are zero."""
    rest = (True,) if skip else ()
    chains = [[drawn_number() for _layer in range(length)] for length in (1, 2, 3, 4, 6)]
    chains += [[0.0, drawn_number(), drawn_number()]]
    chains += [[drawn_number(), drawn_number(), last] for last in ((-1.0, 0.0) if skip else (0.0,))]
    calls = [(drawn_number(), weights, drawn_number(), *rest) for weights in chains]
    return calls if skip else [*calls, (0.0, [drawn_number(), drawn_number()], drawn_number())]


def whole_long_calls(*, skip: bool) -> list[tuple[object, ...]]:
    """Arguments of `first_gradient` whose results are whole numbers too long for a float."""
    calls: list[tuple[object, ...]] = []
    for length in (2, 3, 4):
        weights = [whole_number(length + 1, 2 if skip else 1) for _layer in range(length)]
        ends = whole_number(length + 1), whole_number(length + 1)
        calls.append((ends[0], weights, ends[1], *((True,) if skip else ())))
    return calls


def chain(x: float, w1: float, w2: float, w3: float) -> Numbers:
    """The activations (x1, x2, x3)."""
    return w1 * x, w2 * w1 * x, w3 * w2 * w1 * x


def chain_gradients(x: float, w1: float, w2: float, w3: float, g: float) -> Numbers:
    """The derivatives (dL/dx, dL/dw1, dL/dw2, dL/dw3)."""
    return g * w3 * w2 * w1, g * w3 * w2 * x, g * w3 * w1 * x, g * w2 * w1 * x


def skip_chain(x: float, w1: float, w2: float, w3: float) -> Numbers:
    """The activations (x1, x2, x3) with the skip."""
    x1, x2, x3 = chain(x, w1, w2, w3)
    return x1, x2, x3 + x1


def skip_gradients(x: float, w1: float, w2: float, w3: float, g: float) -> Numbers:
    """The derivatives (dL/dx, dL/dw1, dL/dw2, dL/dw3) with the skip."""
    return g * (w3 * w2 + 1) * w1, g * (w3 * w2 + 1) * x, g * w3 * w1 * x, g * w2 * w1 * x


def gain(w2: float, w3: float) -> float:
    """How many times greater dL/dw1 is with the skip."""
    return (w3 * w2 + 1) / (w3 * w2)


def first_gradient(x: float, weights: Sequence[float], g: float, skip: bool = False) -> float:
    """The derivative dL/dw1 in a chain of any length: x[k] = w[k] x[k-1], and + x[k-1] with skips."""
    return g * math.prod(weight + skip for weight in weights[1:]) * x
