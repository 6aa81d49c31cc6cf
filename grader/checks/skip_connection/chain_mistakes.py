"""The formulas that students write for a chain of one-neuron layers instead of the right ones.

A part of a result that says nothing is NaN: no answer equals it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from grader.checks.known_mistakes import WrongFormula
from grader.checks.skip_connection.chain import (
    DERIVATIVES,
    Numbers,
    chain,
    chain_gradients,
    first_gradient,
    skip_gradients,
)
from grader.language import _


def chain_mistakes() -> list[WrongFormula]:
    """Activations of the plain chain that are wrong in a known way."""
    return [
        WrongFormula(lambda x, w1, w2, w3: (w1 * x, w2 * x, w3 * x), _reads_the_input()),
        WrongFormula(
            lambda x, w1, w2, w3: (w1 * x, w2 * w1 * x, w3 * w2 * w1 * x + w1 * x),
            _("The chain of this task has no skip: x3 = w3 * x2."),
        ),
        WrongFormula(
            lambda x, w1, w2, w3: (w1 + x, w2 + w1 + x, w3 + w2 + w1 + x), _("A layer multiplies by its weight.")
        ),
    ]


def skip_chain_mistakes() -> list[WrongFormula]:
    """Activations of the chain with a skip that are wrong in a known way."""

    def with_last(last: Callable[..., float]) -> Callable[..., Numbers]:
        def wrong(x: float, w1: float, w2: float, w3: float) -> Numbers:
            return w1 * x, w2 * w1 * x, last(x, w1 * x, w2 * w1 * x, w3)

        return wrong

    return [
        WrongFormula(chain, _("The skip is forgotten: x3 = w3 * x2 + x1.")),
        WrongFormula(
            with_last(lambda x, x1, x2, w3: w3 * x2 + x), _("The skip adds x; it begins behind w1 and adds x1.")
        ),
        WrongFormula(
            with_last(lambda x, x1, x2, w3: w3 * x2 + x2), _("The skip adds x2; it goes around w2 and adds x1.")
        ),
        WrongFormula(
            with_last(lambda x, x1, x2, w3: w3 * (x2 + x1)),
            _("x1 is added before the multiplication by w3; the skip goes around w3 too: w3 * x2 + x1."),
        ),
        WrongFormula(with_last(lambda x, x1, x2, w3: w3 * x2 - x1), _("x1 is subtracted; the skip adds it.")),
        WrongFormula(with_last(lambda x, x1, x2, w3: w3 * x2 * x1), _("x1 is a factor here; the skip adds it.")),
        WrongFormula(lambda x, w1, w2, w3: (w1 * x, w2 * x, w3 * x + w1 * x), _reads_the_input()),
    ]


def chain_gradient_mistakes() -> list[WrongFormula]:
    """Derivatives of the plain chain that are wrong in a known way."""
    return [
        WrongFormula(
            lambda x, w1, w2, w3, g: (g * w1, g * x, g * w1 * x, g * w2 * w1 * x),
            _("Only the layer itself is differentiated: all later layers are factors too."),
        ),
        WrongFormula(
            lambda x, w1, w2, w3, g: (g * w3 * w2 * w1, g * w3 * w2, g * w3, g),
            _("The layer's own input is missing as a factor: the derivative of w * x by w is x."),
        ),
        WrongFormula(lambda x, w1, w2, w3, g: (math.nan, g * w3 * x, g * w1 * x, math.nan), _one_too_few()),
        WrongFormula(lambda x, w1, w2, w3, g: (math.nan, g * w2 * x, math.nan, math.nan), _one_too_few()),
        WrongFormula(skip_gradients, _("This is the derivative with a skip; the chain of this task has none.")),
        WrongFormula(
            lambda x, w1, w2, w3, g: tuple(g * w3 * w2 * w1 * x for _name in DERIVATIVES),
            _("The variable itself is still a factor: the derivative of w * x by w is x, without w."),
        ),
        WrongFormula(
            lambda x, w1, w2, w3, g: (g * (w3 + w2 + w1), g * (w3 + w2 + x), g * (w3 + w1 + x), g * (w2 + w1 + x)),
            _("The chain rule multiplies the factors; here they are added."),
        ),
    ]


def skip_gradient_mistakes() -> list[WrongFormula]:
    """Derivatives of the chain with a skip that are wrong in a known way."""
    both = _("The skip goes around both layers, so 1 is added to their product: w3 * w2 + 1.")
    not_here = _(
        "The skip starts at x1 and goes around w2 and w3: it adds nothing to dL/dw2 and to dL/dw3, which are the same "
        "as in the chain without it."
    )
    return [
        WrongFormula(
            chain_gradients,
            _(
                "This is the gradient without the skip. The forward pass adds x1, and the gradient flows back along "
                "that way too: the factor w3 * w2 becomes w3 * w2 + 1."
            ),
        ),
        WrongFormula(
            lambda x, w1, w2, w3, g: (g * (w3 * w2 * w1 + 1), g * (w3 * w2 * x + 1), g * (w3 * w1 * x + 1), math.nan),
            _("The 1 of the skip is added behind one factor too many: the first layer, w1 * x, lies before the fork."),
        ),
        WrongFormula(
            lambda x, w1, w2, w3, g: (g * w3 * (w2 + 1) * w1, g * w3 * (w2 + 1) * x, math.nan, math.nan), both
        ),
        WrongFormula(
            lambda x, w1, w2, w3, g: (g * (w3 + 1) * w2 * w1, g * (w3 + 1) * w2 * x, math.nan, math.nan), both
        ),
        WrongFormula(
            lambda x, w1, w2, w3, g: (g * (w3 + 1) * (w2 + 1) * w1, g * (w3 + 1) * (w2 + 1) * x, math.nan, math.nan),
            both,
        ),
        WrongFormula(
            lambda x, w1, w2, w3, g: (g * (w3 + w2 + 1) * w1, g * (w3 + w2 + 1) * x, math.nan, math.nan),
            _("The two layers on the way are multiplied, not added: w3 * w2 + 1."),
        ),
        WrongFormula(
            lambda x, w1, w2, w3, g: tuple(value + 1 for value in chain_gradients(x, w1, w2, w3, g)),
            _("The 1 of the skip is added to the finished product; it belongs beside w3 * w2, inside the brackets."),
        ),
        WrongFormula(
            lambda x, w1, w2, w3, g: ((g * w3 * w2 + 1) * w1, (g * w3 * w2 + 1) * x, math.nan, math.nan),
            _("The 1 of the skip is not multiplied by g: both ways begin at x3, so g is a factor of both."),
        ),
        WrongFormula(
            lambda x, w1, w2, w3, g: (g * w1, g * x, g * (w3 + 1) * w1 * x, g * (w2 * w1 * x + w1 * x)),
            not_here,
        ),
        WrongFormula(
            lambda x, w1, w2, w3, g: (math.nan, math.nan, g * (w3 * w1 * x + x), g * (w2 * w1 * x + 1)),
            not_here,
        ),
        WrongFormula(
            lambda x, w1, w2, w3, g: (g * (w3 * w2 - 1) * w1, g * (w3 * w2 - 1) * x, math.nan, math.nan),
            _("The derivative of x1 by x1 is +1, not -1."),
        ),
        WrongFormula(
            lambda x, w1, w2, w3, g: (g * (w3 * w2 + 1), g * (w3 * w2 + 1), math.nan, math.nan),
            _("The layer's own input is missing as a factor: the derivative of w * x by w is x."),
        ),
    ]


def gain_mistakes() -> list[WrongFormula]:
    """Wrong answers to how many times the gradient grows."""
    return [
        WrongFormula(
            lambda w2, w3: w3 * w2 / (w3 * w2 + 1), _("The fraction is upside down: with the skip goes on top.")
        ),
        WrongFormula(lambda w2, w3: w3 * w2 + 1, _("This is the factor with the skip; divide it by the one without.")),
        WrongFormula(lambda w2, w3: 1 / (w3 * w2), _("By how much it grows is not how many times: a 1 is missing.")),
    ]


def first_gradient_mistakes() -> list[WrongFormula]:
    """Wrong derivatives in a chain of any length."""

    def over(chosen: Callable[[Sequence[float]], Sequence[float]]) -> Callable[..., float]:
        def wrong(x: float, weights: Sequence[float], g: float, skip: bool = False) -> float:
            return g * math.prod(weight + skip for weight in chosen(weights)) * x

        return wrong

    def one_outside(x: float, weights: Sequence[float], g: float, skip: bool = False) -> float:
        return g * (math.prod(weights[1:]) + skip) * x

    return [
        WrongFormula(
            over(lambda weights: weights),
            _("The product has a factor too many: w1 itself, by which we differentiate, is none."),
        ),
        WrongFormula(over(lambda weights: weights[2:]), _one_too_few()),
        WrongFormula(over(lambda weights: weights[1:-1]), _one_too_few()),
        WrongFormula(
            over(lambda weights: weights[:-1]), _("The product needs all weights but the first; the last is left out.")
        ),
        WrongFormula(
            one_outside,
            _("The 1 is added to the product of all weights. Every layer has a skip of its own: each factor is w + 1."),
        ),
        WrongFormula(
            lambda x, weights, g, skip=False: first_gradient(x, weights, g, False),
            _("The answer does not depend on `skip`: with it each factor is w + 1."),
        ),
        WrongFormula(
            lambda x, weights, g, skip=False: first_gradient(x, weights, g, True),
            _("Without `skip` the factors are the weights themselves, without 1."),
        ),
        WrongFormula(
            lambda x, weights, g, skip=False: first_gradient(x, weights, g, not skip),
            _("`skip` is the wrong way round: 1 is added where there is no skip."),
        ),
    ]


def _one_too_few() -> str:
    return _("A factor is missing: every layer between this weight and the end gives one, the last layer too.")


def _reads_the_input() -> str:
    return _("A layer reads x; each layer reads what the one before it gives.")
