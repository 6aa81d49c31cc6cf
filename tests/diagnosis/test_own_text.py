"""A mistake that no change of the author's solution has: found in the student's own text."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from grader.diagnosis.own_text import definitions
from grader.diagnosis.repairs import repairs_of
from grader.diagnosis.text import Source
from grader.diagnosis.told import Told
from grader.outcomes import Report, TaskResult

Grade = Callable[..., Report]
BLOCK = """
class Norm(nn.BatchNorm2d):
    pass


def wires(n_in, n_out, stride):
    if stride == 1 and n_in == n_out:
        return nn.Identity()
    return nn.Sequential(nn.Conv2d(n_in, n_out, 1, stride, bias=False), Norm(n_out))


class BasicBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        sizes = [(in_channels, stride), (out_channels, 1)]
        self.layers = nn.ModuleList()
        for width, step in sizes:
            self.layers.append(nn.Conv2d(width, out_channels, 3, stride=step, padding=3 // 2, bias=False))
            self.layers.append(Norm(out_channels))
        self.wires = wires(in_channels, out_channels, stride)

    def forward(self, x):
        first, norm, second, last = self.layers
        out = second(F.relu(norm(first(x))))
        return F.relu(last(out) + self.wires(x))
"""


def lost(graded: Grade, old: str, new: str) -> list[TaskResult]:
    assert BLOCK.count(old) == 1
    report = graded("resnet", {"task1_basic_block": BLOCK.replace(old, new)})
    return [task for task in report.tasks if task.is_lost and task.grade_id.startswith("task1_")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        pytest.param(
            "(in_channels, stride), (out", "(stride, in_channels), (out", "order", id="two swapped in a table"
        ),
        pytest.param(
            "last(out) + ",
            "last(out) + x + ",
            "`last(out) + x` stands where `last(out)` belongs",
            id="one summand more",
        ),
        pytest.param(
            "nn.Conv2d(n_in, n_out, 1, stride, bias", "nn.Conv2d(n_in, n_out, 1, bias", "stride", id="no stride"
        ),
        pytest.param("3 // 2", "3", "`padding` is 3, and 1 is asked", id="a part missing"),
    ],
)
def test_a_way_of_its_own_is_told_in_its_own_words(graded: Grade, old: str, new: str, words: str) -> None:
    tasks = lost(graded, old, new)
    found = [told for task in tasks if (told := Told.read(task.diagnosis)) is not None]
    assert found
    assert {change.scope for told in found for change in told.changes} <= {"BasicBlock", "wires"}
    assert any(words in task.message for task in tasks), [task.message for task in tasks]


@pytest.mark.slow
def test_a_text_that_never_ends_when_it_is_changed_costs_nothing(graded: Grade) -> None:
    loop = "count = 3\n        while count != 0:\n            count -= 1\n        "
    text = BLOCK.replace(
        "        super().__init__()\n", f"        super().__init__()\n        {loop}self.seen = count\n"
    )
    report = graded("resnet", {"task1_basic_block": text.replace("F.relu(norm(", "(norm(")})
    (first, *_more) = [task for task in report.tasks if task.is_lost]
    assert "ReLU" in first.message
    assert all(not task.is_lost for task in report.tasks if task.grade_id.startswith("task4_"))


def test_the_notebook_is_left_as_it_was(graded: Grade) -> None:
    """Nothing that a changed text does reaches the cells below."""
    counted = BLOCK.replace("class Norm", "made = []\n\n\nclass Norm").replace(
        "        sizes = [", "        made.append(1)\n        sizes = ["
    )
    wrong = counted.replace("F.relu(last(out)", "(last(out)")
    check = (
        "def make_stage(block, in_channels, out_channels, depth, stride=1):\n    assert len(made) < 400, len(made)\n"
    )
    body = (
        "    blocks = [block(in_channels, out_channels, stride)]\n"
        "    blocks += [block(out_channels, out_channels) for _ in range(depth - 1)]\n"
        "    return nn.Sequential(*blocks)\n"
    )
    report = graded("resnet", {"task1_basic_block": wrong, "task2_make_stage": check + body})
    assert any(task.diagnosis for task in report.tasks if task.grade_id.startswith("task1_"))
    assert all(not task.is_lost for task in report.tasks if task.grade_id.startswith("task2_"))


def test_every_repair_says_which_mistake_it_takes_back() -> None:
    source = Source(definitions(BLOCK.replace("1, stride, bias", "1, bias")))
    repairs = repairs_of(source)
    texts = {source.replaced(repair.edit.span, repair.edit.text): repair for repair in repairs}
    assert len(texts) == len(repairs)
    right = definitions(BLOCK)
    change = texts[right].change("task1_basic_block", source)
    assert (change.scope, change.name) == ("wires", "stride")


def test_brackets_are_put_in_and_those_that_stand_there_stay() -> None:
    source = Source("def slope(f, a, h):\n    return (f(a + h) - f(a - h)) / 2 * h\n")
    texts = [source.replaced(repair.edit.span, repair.edit.text) for repair in repairs_of(source)]
    assert any("return (f(a + h) - f(a - h)) / (2 * h)" in text for text in texts)


def test_only_what_defines_something_is_tried_again() -> None:
    text = (
        "import math\ntable = {1: (2, 3)}\nnet = build(3)\nprint(net)\n\n@cache\ndef area(r):\n    return math.pi * r\n"
    )
    assert definitions(text) == "import math\ntable = {1: (2, 3)}\n@cache\ndef area(r):\n    return math.pi * r"
    assert definitions("net = build(3)") == ""
    assert definitions("def broken(:") == ""
