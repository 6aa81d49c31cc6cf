"""A class whose contest takes networks with their weights, and hands some in."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path

import nbformat
import torch
import torch.nn.functional as F
import torchvision
from classroom import in_this_process, source_notebook, student_notebook
from contest_class import with_source
from torch import nn

from grader.audit.answers import Answer, reference_answer
from grader.course.folder import Course
from grader.pipeline import grade_class as grade_class_with_workers
from grader.record.planning import Row

grade_class = partial(grade_class_with_workers, workers=in_this_process)
SLUG = "springfield"
CLASSES = 42


def network_class(course: Course) -> Course:
    """The class, with `source = "network"`."""
    return with_source(course, "network")


def reference_network(seed: int = 0) -> nn.Module:
    """The author's network with weights that nobody has trained, and that tell pictures apart all the same."""
    names = {"torch": torch, "nn": nn, "F": F}
    exec(reference_answer(source_notebook(SLUG)).cells["task1_network"], names)
    torch.manual_seed(seed)
    network: nn.Module = names["SpringfieldNet"](CLASSES)  # type: ignore[operator]
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith("running_var"):
                tensor.fill_(0.05)
            elif tensor.is_floating_point() and tensor.dim() > 1:
                tensor.mul_(3)
        network.classifier.bias.zero_()  # type: ignore[union-attr,operator]
    return network


RESNET18 = """
import torchvision


class SpringfieldNet(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.body = torchvision.models.resnet18(num_classes=num_classes)

    def forward(self, images):
        return self.body(images.float() / 127.5 - 1)
"""


def resnet18_weights() -> bytes:
    """43 MiB of weights that fit `RESNET18`; nobody has trained them."""
    torch.manual_seed(0)
    body = torchvision.models.resnet18(num_classes=CLASSES)
    return saved({f"body.{name}": tensor for name, tensor in body.state_dict().items()})


def saved(weights: object) -> bytes:
    """What `torch.save` writes."""
    file = io.BytesIO()
    torch.save(weights, file)
    return file.getvalue()


def hand_in(
    course: Course, weights: bytes | None, *, student: str = "lisa", name: str = "network.pth", **cells: str
) -> Path:
    """Put notebook and weights into the class folder; `cells` are other answers than the reference's.

    Returns:
        The submitted folder.
    """
    folder = course.submitted / student / SLUG
    folder.mkdir(parents=True, exist_ok=True)
    notebook = student_notebook(course, SLUG, Answer("network", cells))
    (folder / f"{SLUG}.ipynb").write_text(nbformat.writes(notebook))
    if weights is not None:
        (folder / name).write_bytes(weights)
    return folder


def graded(course: Course, student: str = "lisa") -> tuple[Row, str]:
    """The row and the contest's message."""
    (row,) = grade_class(course, [SLUG], students=[student])
    message = row.report.tasks[0].message if row.report is not None else row.problem
    return row, message
