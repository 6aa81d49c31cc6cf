"""What a student reads about one mistake: the mistake, and not another one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from grader.diagnosis.told import Told
from grader.outcomes import Report

Grade = Callable[..., Report]

BLOCK, FEATURES, CLASSIFIER = "task1_basic_block", "task2_make_features", "task4_vgg_classifier"
BRANCH = "branch = self.bn2(self.conv2(branch))"
SECOND = "self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)"
SUM = "branch + self.shortcut(x)"
DROPOUT = "nn.Dropout(0.5),\n        nn.Linear(hidden, hidden)"
MISTAKES = [
    # of a block
    ("resnet", BLOCK, "branch = F.relu(self.bn1", "branch = (self.bn1", "no ReLU after the first BatchNorm"),
    ("resnet", BLOCK, BRANCH, "branch = self.bn1(self.conv2(branch))", "the first BatchNorm is used where"),
    ("resnet", BLOCK, SUM, "branch + F.relu(self.shortcut(x))", "superfluous ReLU"),
    ("resnet", BLOCK, f"F.relu({SUM})", f"F.gelu({SUM})", "GELU stands where ReLU is asked"),
    ("resnet", BLOCK, SECOND, SECOND.replace("padding=1", "padding=2, dilation=2"), "`dilation` is 2"),
    ("resnet", BLOCK, SUM, f"{SUM}.detach()", "gradient is cut"),
    (
        "resnet",
        BLOCK,
        SECOND,
        SECOND.replace("3, padding=1", "3, stride=stride, padding=1"),
        "applies the stride twice",
    ),
    ("resnet", BLOCK, "        self.bn2 = nn.BatchNorm2d(out_channels)\n", "", "`self.bn2` never gets a value in"),
    # of functions that build networks
    ("vgg", CLASSIFIER, DROPOUT, DROPOUT.replace("0.5", "0.9"), "`p` is 0.9, and 0.5 is asked"),
    ("vgg", CLASSIFIER, "nn.Linear(hidden, num_classes)", "nn.Linear(hidden, num_classes, bias=False)", "`bias`"),
    ("alexnet", FEATURES, "nn.BatchNorm2d(second),", "", "the second BatchNorm is missing"),
    # of formulas
    ("skip_connection", "task2_numeric_derivative", "/ (2 * h)", "/ 2 * h", "brackets"),
    ("skip_connection", "task1_chain_gradients", "dw2 = g * w3 * w1 * x", "dw2 = g * w3 * x", "factor `w1` is missing"),
    ("skip_connection", "task1_chain_gradients", "g * w3 * w2 * w1", "g * w3 * w2", "factor `w1` is missing"),
    ("vgg", "task1_receptive_field", "depth * (kernel_size - 1)", "depth * kernel_size - 1", "brackets"),
    ("alexnet", "task1_conv_output_size", "// stride", "/ stride", "`/` stands where `//` belongs"),
]


ONE_OF_EACH = {slug: number for number, (slug, *_others) in reversed(list(enumerate(MISTAKES)))}.values()


@pytest.mark.parametrize(
    ("slug", "cell", "old", "new", "words"),
    [
        pytest.param(*case, id=case[4], marks=() if number in ONE_OF_EACH else pytest.mark.slow)
        for number, case in enumerate(MISTAKES)
    ],
)
def test_the_message_names_the_mistake(graded: Grade, slug: str, cell: str, old: str, new: str, words: str) -> None:
    report = graded(slug, {cell: [(old, new)]})
    lost = [task for task in report.tasks if task.is_lost]
    assert lost
    told = "\n".join(task.message for task in lost)
    assert words.lower() in told.lower()
    found = [diagnosis for task in lost if (diagnosis := Told.read(task.diagnosis)) is not None]
    assert all(change.cell == cell for diagnosis in found for change in diagnosis.changes)


def test_a_mistake_of_an_earlier_task_is_said_to_lie_there(graded: Grade) -> None:
    report = graded("densenet", {"task2_dense_layer": [("F.relu(self.bn2(squeezed))", "self.bn2(squeezed)")]})
    later = [task for task in report.tasks if task.is_lost and task.grade_id.startswith("task3_")]
    assert later
    assert all("lies in an earlier task, “Task 2." in task.message for task in later)


def test_two_mistakes_are_named_together(graded: Grade) -> None:
    second, in_shortcut = "self.bn2 = nn.BatchNorm2d(out_channels)", "                nn.BatchNorm2d(out_channels),\n"
    report = graded("resnet", {BLOCK: [(second, "self.bn2 = nn.Identity()"), (in_shortcut, "")]})
    told = "\n".join(task.message for task in report.tasks if task.is_lost)
    assert "The second BatchNorm is missing" in told
    assert "The BatchNorm in `shortcut` is missing" in told


def test_a_russian_student_reads_russian(graded: Grade) -> None:
    change = [("branch = F.relu(self.bn1", "branch = (self.bn1")]
    report = graded("resnet", {"task1_basic_block": change}, language="ru")
    assert "Нет ReLU после первого BatchNorm." in "\n".join(task.message for task in report.tasks)


@pytest.mark.parametrize(
    ("hints", "said", "unsaid"),
    [("place", "Look at `BasicBlock.forward`.", "ReLU"), ("none", "The check is not passed.", "BasicBlock.forward")],
)
def test_the_teacher_decides_how_much_is_told(graded: Grade, hints: str, said: str, unsaid: str) -> None:
    change = [("branch = F.relu(self.bn1", "branch = (self.bn1")]
    report = graded("resnet", {"task1_basic_block": change}, hints=hints)
    told = "\n".join(task.message for task in report.tasks if task.is_lost and task.grade_id.startswith("task1_"))
    assert said in told
    assert unsaid not in told


def test_a_right_answer_reads_nothing_of_it(graded: Grade) -> None:
    report = graded("resnet", {})
    assert not any(task.is_lost for task in report.tasks)
    assert all(task.diagnosis is None for task in report.tasks)
