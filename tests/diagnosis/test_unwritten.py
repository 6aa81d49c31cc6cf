"""What a student's own text lacks for certain: a name without a value, a method without `return`."""

from __future__ import annotations

import pytest

from grader.diagnosis.diagnose import Diagnosis
from grader.diagnosis.reference import ReferenceCell
from grader.diagnosis.unwritten import unwritten
from grader.diagnosis.wording import words_of
from grader.examiner.uses import Use

NET = """\
class Net(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.conv = nn.Conv2d(3, n, 3, padding=1)
        self.norm = nn.BatchNorm2d(n)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(n, n), nn.ReLU(), nn.Linear(n, 10))

    def forward(self, x):
        y = F.relu(self.norm(self.conv(x)))
        y = F.dropout(y, training=self.training)
        return self.head(y + x)
"""


def cell_of(text: str) -> ReferenceCell:
    return ReferenceCell("task1", text, frozenset(range(1, text.count("\n") + 2)))


@pytest.mark.parametrize(
    ("old", "new", "finding", "said"),
    [
        (
            "        self.norm = nn.BatchNorm2d(n)\n",
            "",
            "AttributeError: 'Net' object has no attribute 'norm'",
            "`self.norm` never gets a value in `Net.__init__`",
        ),
        (
            "        y = F.relu(self.norm(self.conv(x)))\n        y = F.dropout(y, training=self.training)\n",
            "",
            "NameError: name 'y' is not defined\n  In [3], line 9, forward: return self.head(y + x)",
            "`y` never gets a value in `Net.forward`",
        ),
        ("return self.head", "self.head", "`forward` returned None.", "`Net.forward` returns nothing"),
    ],
)
def test_what_a_text_never_says_is_told_without_a_search(old: str, new: str, finding: str, said: str) -> None:
    cells = (cell_of(NET.replace(old, new)),)
    change = unwritten(cells, finding, [Use("Net", (), {})])
    assert change is not None
    assert said in words_of(Diagnosis((change,), is_own=True).told((), "task1_test"))
    assert unwritten((cell_of(NET),), finding, [Use("Net", (), {})]) is None
