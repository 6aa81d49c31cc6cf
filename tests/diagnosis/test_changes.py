"""What a change of a solution is called, and that two of them can be put together."""

from __future__ import annotations

import pytest

from grader.diagnosis.candidates import both, candidates_of
from grader.diagnosis.change import ChangeReader
from grader.diagnosis.kinds import Change, ChangeKind
from grader.diagnosis.mistakes import mistakes_of
from grader.diagnosis.reference import ReferenceCell
from grader.diagnosis.text import Source
from grader.diagnosis.told import Told
from grader.diagnosis.wording import place_of, words_of
from grader.language import speaking

NET = """\
class Net(nn.Module):
    def __init__(self, n, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(3, n, 3, stride=stride, padding=1)
        self.bn1 = nn.BatchNorm2d(n)
        self.conv2 = nn.Conv2d(n, n, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(n)
        self.head = nn.Sequential(nn.Linear(n, n), nn.ReLU(), nn.Dropout(0.5), nn.Linear(n, 10))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return self.head(F.relu(y + x).mean((2, 3)))
"""
FORMULA = "def f(a, b, c):\n    return a * (b + c) // 2\n"


def cell_of(text: str) -> ReferenceCell:
    return ReferenceCell("task1", text, frozenset(range(1, text.count("\n") + 2)))


def change_to(text: str, old: str, new: str) -> Change:
    """The change whose text is the given one."""
    source = Source(text)
    wanted = text.replace(old, new, 1)
    found = [edit for edit in mistakes_of(source) if source.replaced(edit.span, edit.text) == wanted]
    assert found, f"no operator changes {old!r} to {new!r}"
    return ChangeReader("task1", source).read(sorted(found, key=lambda edit: not edit.meaning)[0])


@pytest.mark.parametrize(
    ("text", "old", "new", "kind", "said"),
    [
        (
            NET,
            "F.relu(self.bn1(self.conv1(x)))",
            "self.bn1(self.conv1(x))",
            ChangeKind.LAYER_MISSING,
            "no ReLU after the first BatchNorm",
        ),
        (
            NET,
            "padding=1)\n        self.bn2",
            "padding=0)\n        self.bn2",
            ChangeKind.ARGUMENT,
            "The second convolution: `padding` is 0, and 1 is asked",
        ),
        (NET, "nn.Dropout(0.5)", "nn.Dropout(0.9)", ChangeKind.ARGUMENT, "`p` is 0.9, and 0.5 is asked"),
        (
            NET,
            "self.bn2(self.conv2",
            "self.bn1(self.conv2",
            ChangeKind.LAYER_SWAPPED,
            "the first BatchNorm is used where the second",
        ),
        (
            NET,
            "F.relu(y + x)",
            "F.gelu(y + x)",
            ChangeKind.LAYER_OTHER,
            "GELU stands where ReLU is asked after the addition",
        ),
        (
            NET,
            "nn.Linear(n, 10)",
            "nn.Linear(n, 10), nn.Softmax(1)",
            ChangeKind.LAYER_EXTRA,
            "superfluous Softmax after",
        ),
        (FORMULA, "a * (b + c)", "a * b + c", ChangeKind.BRACKETS, "brackets are missing"),
        (FORMULA, "a * (b + c)", "(b + c)", ChangeKind.FACTOR_MISSING, "the factor `a` is missing"),
        (FORMULA, "// 2", "// 3", ChangeKind.NUMBER, "a number is wrong: 3"),
    ],
)
def test_a_change_has_a_kind_and_a_sentence(text: str, old: str, new: str, kind: ChangeKind, said: str) -> None:
    change = change_to(text, old, new)
    assert change.kind is kind
    assert said in words_of(Told((change,)))


def test_what_is_uncertain_names_a_function_and_no_mistake() -> None:
    change = change_to(NET, "nn.Dropout(0.5)", "nn.Dropout(0.9)")
    told = Told((change,), is_certain=False)
    assert words_of(told) == place_of(told) == "Look at `Net.__init__`."


def test_an_order_of_two_layers_is_told_in_russian_cases() -> None:
    change = change_to(NET, "F.relu(self.bn1(self.conv1(x)))", "self.bn1(self.conv1(x))")
    with speaking("ru"):
        assert words_of(Told((change,))) == "Нет ReLU после первого BatchNorm."


def test_two_changes_of_one_cell_are_put_together_and_the_same_place_is_not() -> None:
    by_text = {candidate.text: candidate for candidate in candidates_of(cell_of(NET))}
    one = by_text[NET.replace("nn.Dropout(0.5)", "nn.Dropout(0.9)")]
    other = by_text[NET.replace("self.bn2(self.conv2", "self.bn1(self.conv2")]
    assert both(one, other) == {"task1": one.text.replace("self.bn2(self.conv2", "self.bn1(self.conv2")}
    assert both(one, by_text[NET.replace("nn.Dropout(0.5)", "nn.Dropout(0.1)")]) is None


@pytest.mark.parametrize(
    "forged", [None, 3, {}, {"changes": []}, {"changes": [{"kind": "x"}], "task": {}}, {"changes": "ab", "task": 1}]
)
def test_a_forged_diagnosis_in_a_notebook_is_none(forged: object) -> None:
    assert Told.read(forged) is None
