"""What simple models reach on a class's test: lines for comparison on the board, of nobody in the class."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class BaselineKind(StrEnum):
    """A model that the board compares the class with, the simplest first."""

    CONSTANT = "constant"
    HISTOGRAM = "histogram"
    SIMPLE_CNN = "simple_cnn"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Baseline:
    """The score of a baseline. It takes no rank and says nothing of single images.

    Attributes:
        kind: which model.
        correct: images of the public part that it names rightly.
        total: images of the public part.
        label: the class that `constant` names everywhere.

    Raises:
        ValueError: that is no count.
    """

    kind: BaselineKind
    correct: int
    total: int
    label: str = ""

    def __post_init__(self) -> None:
        if self.total <= 0 or not 0 <= self.correct <= self.total:
            raise ValueError(f"{self.correct} of {self.total} is no count of the public part")

    @property
    def f1(self) -> Fraction:
        """Its exact share of right images."""
        return Fraction(self.correct, self.total)
