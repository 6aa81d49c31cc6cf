"""The training step w := w - alpha dL/dw, and how many of them a weight needs to get somewhere."""

# ruff: noqa: S311  not for cryptography
from __future__ import annotations

import math
import random
from collections.abc import Sequence

from grader.checks.known_mistakes import WrongFormula
from grader.checks.skip_connection.chain import drawn_number
from grader.language import _

STEP_ARGUMENTS = ("weights", "gradients", "alpha")
DISTANCE_ARGUMENTS = ("distance", "gradient", "alpha")


def gradient_step(weights: Sequence[float], gradients: Sequence[float], alpha: float) -> list[float]:
    """The weights after one step of gradient descent."""
    return [weight - alpha * gradient for weight, gradient in zip(weights, gradients, strict=True)]


def steps_needed(distance: float, gradient: float, alpha: float) -> int:
    """Steps until a weight has moved by a distance, while its gradient stays the same."""
    return math.ceil(distance / abs(alpha * gradient))


def step_calls() -> list[tuple[list[float], list[float], float]]:
    """Arguments of `gradient_step`: one weight, and several; some gradients are zero."""
    calls = []
    for length in (1, 2, 3, 5, 8):
        weights = [drawn_number() for _weight in range(length)]
        gradients = [drawn_number() for _weight in range(length)]
        if length > 2:
            gradients[random.randrange(length)] = 0.0
        calls.append((weights, gradients, random.uniform(0.02, 0.7)))
    return calls


def distance_calls() -> list[tuple[float, float, float]]:
    """Arguments of `steps_needed`, with gradients of either sign.

    The quotient is far from a whole number, so a sum of steps and a division count the same; its fraction is below a
    half in some calls and above it in others, so rounding down and rounding to the nearest both show.
    """
    calls = []
    for fraction, sign in ((0.25, 1), (0.75, -1), (0.3, -1), (0.7, 1), (0.35, 1)):
        alpha, slope = random.uniform(0.02, 0.7), abs(drawn_number())
        quotient = random.randint(2, 60) + fraction + random.uniform(-0.05, 0.05)
        calls.append((quotient * alpha * slope, sign * slope, alpha))
    return calls


def step_mistakes() -> list[WrongFormula]:
    """Steps that are wrong in a known way."""
    return [
        WrongFormula(
            lambda weights, gradients, alpha: gradient_step(weights, gradients, -alpha),
            _("The step goes up the slope: the gradient points to where the loss grows, so it is subtracted."),
        ),
        WrongFormula(
            lambda weights, gradients, alpha: gradient_step(weights, gradients, 1.0),
            _("The learning rate is missing: the step is alpha times the gradient."),
        ),
        WrongFormula(
            lambda weights, gradients, alpha: gradient_step(weights, gradients, 1 / alpha),
            _("The gradient is divided by the learning rate; the step is alpha times the gradient."),
        ),
        WrongFormula(
            lambda weights, gradients, alpha: [
                weight - alpha * gradient * weight for weight, gradient in zip(weights, gradients, strict=True)
            ],
            _("The step is multiplied by the weight; it depends on the gradient and on alpha alone."),
        ),
        WrongFormula(
            lambda weights, gradients, alpha: [-alpha * gradient for gradient in gradients],
            _("This is the step alone; the new weight is the old one and the step."),
        ),
        WrongFormula(
            lambda weights, gradients, alpha: [
                alpha * (weight - gradient) for weight, gradient in zip(weights, gradients, strict=True)
            ],
            _("Here alpha multiplies the weight too: only the gradient is multiplied by it."),
        ),
    ]


def distance_mistakes() -> list[WrongFormula]:
    """Numbers of steps that are wrong in a known way."""
    return [
        WrongFormula(
            lambda distance, gradient, alpha: steps_needed(distance, gradient, alpha) - 1,
            _("After so many steps the weight has not come far enough yet: round up."),
        ),
        WrongFormula(
            lambda distance, gradient, alpha: round(distance / abs(alpha * gradient)),
            _("The number is rounded to the nearest one; after that many steps the weight may fall short: round up."),
        ),
        WrongFormula(
            lambda distance, gradient, alpha: distance / abs(alpha * gradient),
            _("There are no parts of a step: round the number up."),
        ),
        WrongFormula(
            lambda distance, gradient, alpha: math.ceil(distance / (alpha * gradient)),
            _("It is wrong where the gradient is negative: the direction of the step does not matter, take abs()."),
        ),
        WrongFormula(
            lambda distance, gradient, alpha: math.floor(distance / abs(alpha * gradient)) + 2,
            _("This is one step too many."),
        ),
        WrongFormula(
            lambda distance, gradient, alpha: math.ceil(distance / abs(gradient)),
            _("The learning rate is missing: one step is alpha times the gradient."),
        ),
        WrongFormula(
            lambda distance, gradient, alpha: math.ceil(distance / alpha),
            _("The gradient is missing: one step is alpha times the gradient."),
        ),
        WrongFormula(
            lambda distance, gradient, alpha: math.ceil(alpha * distance / abs(gradient)),
            _("The learning rate is on the wrong side of the fraction: with a larger alpha fewer steps are needed."),
        ),
    ]
