"""The sorts of mistakes that a small change of a solution can be, and where it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ChangeKind(StrEnum):
    """What sort of mistake a change is."""

    ARGUMENT = "argument"
    LAYER_MISSING = "layer_missing"
    LAYER_OTHER = "layer_other"
    LAYER_EXTRA = "layer_extra"
    LAYER_SWAPPED = "layer_swapped"
    MOVED = "moved"
    ORDER = "order"
    SUMMAND_MISSING = "summand_missing"
    FACTOR_MISSING = "factor_missing"
    PART_MISSING = "part_missing"
    PART_EXTRA = "part_extra"
    OPERATOR = "operator"
    BRACKETS = "brackets"
    NUMBER = "number"
    NAME = "name"
    REPEATS = "repeats"
    CONDITION = "condition"
    STEP_MISSING = "step_missing"
    GRADIENT_CUT = "gradient_cut"
    ARGUMENTS_OF_CALL = "arguments_of_call"
    OTHER = "other"


@dataclass(frozen=True)
class Role:
    """A layer as the reference's code knows it.

    Attributes:
        kind: `convolution`, `norm`, `linear`, `pooling`, `dropout`, `activation`, `flatten` or `layer`.
        type: the library's name, such as `Conv2d` or `ReLU`.
        number: which of its kind it is in its class or function, from 1; 0 where there is one only.
        inside: the name of the part that holds it, such as `shortcut`; empty where nothing does.
    """

    kind: str
    type: str
    number: int = 0
    inside: str = ""


@dataclass(frozen=True)
class Change:
    """One small change of a solution.

    Attributes:
        kind: the sort of mistake.
        cell: the solution cell's `grade_id`.
        scope: the class or function of the cell, such as `BasicBlock`.
        function: the function around the change, such as `forward`; equal to `scope` for a plain function.
        role: the layer that it concerns, if any.
        near: the layer before it, where that says more.
        name: an argument's, a variable's or a factor's name.
        found: what stands there after the change, if that can be said in a word.
        expected: what stood there before, if that can be said in a word.
        line: the line in the cell, from 1.
    """

    kind: ChangeKind
    cell: str
    scope: str
    function: str
    role: Role | None = None
    near: Role | None = None
    name: str = ""
    found: str = ""
    expected: str = ""
    line: int = 0
