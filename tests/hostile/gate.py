"""The class that is attacked: two small assignments, secrets planted everywhere a submission must not reach.

`gate` asks for a module, a function of tensors and a function of plain values; `town` is a contest over a drawn data
set, and `net` the same with networks that are handed in.
"""

# ruff: noqa: E501  attacks are programs inside strings: a line that is broken is another program
from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path

import nbformat
import torch
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grader.course import new_class
from grader.course.folder import Course
from grader.course.gradebook import open_gradebook
from grader.course.release import release
from grader.datasets.synthesize import synthesize

# Every planted secret has this form, so that an attack can look for secrets that it does not know.
SECRET = "sgcanary-{place}-7f3a9c51"
SECRET_MARK = "sgcanary-"
CONFIG = """\
schema = 1
name = "Attacked class"  # {secret}
language = "en"
timezone = "UTC"

[limits]
gpu = "off"
wall_s = 40
cell_s = 4
call_s = 3
memory_mib = 2048
disk_mib = 256
output_kib = 64

[contest]
thresholds = [["0.50", 5], ["0.90", 15]]

[assignments.gate]
title = "Gate"

[assignments.town]
title = "Town"
contest = true

[assignments.net]
title = "Net"
contest = true
source = "network"
"""
BLOCK = """\
class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x):
        return F.relu(self.norm(self.conv(x)))
"""
WRONG_BLOCK = BLOCK.replace("F.relu(self.norm(self.conv(x)))", "self.conv(x)")
SCALE = "def scale(x, factor):\n    return x * factor\n"
EVENS = "def evens(n):\n    return list(range(0, n, 2))\n"
PREDICTIONS = """\
import os
names = sorted(os.listdir("testset/testset"))
with open("submission.csv", "w") as file:
    file.write("Id,Expected\\n")
    for name in names:
        file.write(f"{name},homer_simpson\\n")
"""
NETWORK = """\
import os
import numpy as np
from PIL import Image
class SpringfieldNet(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.linear = nn.Linear(192, num_classes)

    def forward(self, x):
        return self.linear(x.flatten(1))
def predict(network, paths):
    small = [np.asarray(Image.open(path).convert("RGB").resize((8, 8))) for path in paths]
    numbers = network(torch.tensor(np.stack(small)).float() / 255).argmax(1)
    return [sorted(os.listdir("train/simpsons_dataset"))[number] for number in numbers.tolist()]
"""
SOLUTIONS = {
    "task1_block": BLOCK,
    "task2_scale": SCALE,
    "task3_evens": EVENS,
    "task1_predict": PREDICTIONS,
    "task1_net": NETWORK,
}
TESTS = {
    "task1_block": ("task1_block_function", "task1_block_gradients"),
    "task2_scale": ("task2_scale_values",),
    "task3_evens": ("task3_evens_values",),
    "task1_predict": ("task1_contest",),
    "task1_net": ("task1_net_contest",),
}
POINTS = {
    "task1_block_function": 4,
    "task1_block_gradients": 2,
    "task2_scale_values": 3,
    "task3_evens_values": 2,
    "task1_contest": 15,
    "task1_net_contest": 15,
}
SLUG_TASKS = {"gate": ("task1_block", "task2_scale", "task3_evens"), "town": ("task1_predict",), "net": ("task1_net",)}
HIDDEN = {
    "task1_block_function": """\
from grader.checks import same_function
answer = "{secret}"  # {secret}
same_function(Block(6), nn.Sequential(nn.Conv2d(6, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU()), torch.randn(4, 6,
8, 8))
""",
    "task1_block_gradients": """\
from grader.checks import does_not_change_its_input, gradients_match
x = torch.randn(4, 6, 8, 8)
does_not_change_its_input(Block(6), x)
gradients_match(Block(6), nn.Sequential(nn.Conv2d(6, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU()), x)
""",
    # As most teachers write a test: what is expected is computed after the call.
    "task2_scale_values": """\
answer = "{secret}"
x = torch.randn(3, 5)
factor = 1.0 + float(torch.rand(1))
assert torch.allclose(scale(x, factor), x * factor)
""",
    "task3_evens_values": """\
answer = "{secret}"
assert evens(9) == [0, 2, 4, 6, 8]
assert evens(0) == []
""",
    "task1_contest": 'from grader.checks import contest_points\ncontest_points("submission.csv")  # {secret}\n',
    "task1_net_contest": 'from grader.checks import contest_points\ncontest_points("submission.csv")  # {secret}\n',
}
VISIBLE = {
    "task1_block_function": "output = Block(6)(torch.randn(2, 6, 8, 8))\nassert output.shape == (2, 6, 8, 8)",
    "task1_block_gradients": "assert issubclass(Block, nn.Module)",
    "task2_scale_values": "assert scale(torch.ones(2), 3).tolist() == [3, 3]",
    "task3_evens_values": "assert evens(3) == [0, 2]",
    "task1_contest": "",
    "task1_net_contest": "",
}


def secret(place: str) -> str:
    """The secret that is planted at a place."""
    return SECRET.format(place=place)


@dataclass(frozen=True)
class Planted:
    """Where secrets were planted outside the class folder."""

    environment: str = "SPRINGFIELD_ADMIN_TOKEN"


def plant_in_environment() -> None:
    """A secret in the environment of the grader, as a token or a database password would be."""
    os.environ[Planted.environment] = secret("environment")


def honest_notebook(slug: str) -> NotebookNode:
    """The notebook of a student who has everything right."""
    return _notebook(slug, is_source=False)


def honest_weights() -> bytes:
    """Weights that fit the honest network; nobody has trained them."""
    torch.manual_seed(0)
    file = io.BytesIO()
    torch.save({"linear.weight": torch.randn(42, 192), "linear.bias": torch.zeros(42)}, file)
    return file.getvalue()


def _marks(grade_id: str, *, points: float | None = None, solution: bool = False) -> dict[str, object]:
    marks: dict[str, object] = {
        "grade_id": grade_id,
        "grade": points is not None,
        "locked": points is not None and not solution,
        "solution": solution,
        "task": False,
        "schema_version": 3,
    }
    return marks | ({"points": points} if points is not None else {})


def _notebook(slug: str, *, is_source: bool) -> NotebookNode:
    cells = [
        new_markdown_cell(f"# {slug}", id="title"),
        new_code_cell("import torch\nfrom torch import nn\nimport torch.nn.functional as F", id="setup"),
    ]
    for task in SLUG_TASKS[slug]:
        source = f"### BEGIN SOLUTION\n{SOLUTIONS[task]}\n### END SOLUTION" if is_source else SOLUTIONS[task]
        cells.append(new_code_cell(source, id=task, metadata={"nbgrader": _marks(task, solution=True)}))
        for test in TESTS[task]:
            hidden = HIDDEN[test].format(secret=secret("hidden-test"))
            source = VISIBLE[test]
            if is_source:
                source += f"\n### BEGIN HIDDEN TESTS\n{hidden}### END HIDDEN TESTS"
            cells.append(new_code_cell(source, id=test, metadata={"nbgrader": _marks(test, points=POINTS[test])}))
    why = new_markdown_cell("Because.", id="why", metadata={"nbgrader": _marks("why", points=2, solution=True)})
    made = new_notebook(cells=[*cells, why])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


def make_class(root: Path) -> Course:
    """A released class with secrets in configuration, roster, gradebook, sources, answers and beside the class folder."""
    course = new_class.init(root, name="Attacked class", language="en", timezone="UTC")
    for slug in course.slugs():
        (course.source / slug / f"{slug}.ipynb").unlink()
    (root / "class.toml").write_text(CONFIG.format(secret=secret("config")))
    for slug in SLUG_TASKS:
        path = course.source / slug / f"{slug}.ipynb"
        path.parent.mkdir(exist_ok=True)
        nbformat.write(_notebook(slug, is_source=True), path)
    synthesize(course.dataset, images=200, size=32, test_classes=5, per_class=8, workers=1)
    course = Course.open(root)
    for slug in SLUG_TASKS:
        release(course, slug)
    (course.dataset / "answers" / "note.txt").write_text(secret("answers"))
    (root.parent / "teacher.txt").write_text(secret("beside-the-class"))
    with open_gradebook(course) as gradebook:
        gradebook.update_or_create_student("bystander", last_name=secret("gradebook"))
    return course
