"""Time rerun mode beside the same notebook run by hand, in turn, with the same data, cells and threads.

python tests/benchmarks/rerun.py --steps 600 --repeats 5
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import nbformat
from nbformat import NotebookNode
from rich.console import Console
from rich.table import Table

from grader.audit.answers import Answer
from grader.course import new_class
from grader.course.assignment import load_assignment
from grader.course.folder import Course
from grader.course.release import release
from grader.datasets.synthesize import synthesize
from grader.grading.conditions import conditions_of
from grader.grading.job import Graded, Job
from grader.grading.run_notebook import grade
from grader.sandbox.devices import Device
from grader.sandbox.slot import close_warm

SLUG = "springfield"
NETWORK = """
class SpringfieldNet(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        widths = [3, 32, 64, 128]
        layers = []
        for a, b in zip(widths, widths[1:]):
            layers += [nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d(2)]
        self.layers = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(widths[-1], num_classes))

    def forward(self, images):
        return self.layers(images.float() / 127.5 - 1)
"""
TRAINING = """
def train(network, images, labels, steps):
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3)
    for step in range(steps):
        batch = torch.randint(len(images), (32,))
        loss = F.cross_entropy(network(images[batch].to(device)), labels[batch].to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 50 == 0:
            print(step, loss.item())
"""
SUBMISSION = """
torch.manual_seed(0)
network = SpringfieldNet(len(classes)).to(device)
train(network, train_images, train_labels, {steps})
network.eval()
with torch.no_grad():
    predicted = torch.cat([network(part.to(device)) for part in test_images.split(256)]).argmax(1)
names = [classes[number] for number in predicted.tolist()]
pd.DataFrame({{"Id": [path.name for path in test_paths], "Expected": names}}).to_csv("submission.csv", index=False)
"""
BY_HAND = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=None, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[1])
"""


@dataclass(frozen=True)
class Timed:
    """One notebook, run both ways.

    Attributes:
        by_hand_s: `nbclient` in a process of its own, with a fresh kernel.
        rerun_s: sandbox from nothing, notebook, and the score.
        warm_s: the same in a sandbox that has graded something before, as all but the first of a class are.
    """

    by_hand_s: float
    rerun_s: float
    warm_s: float


def prepare(folder: Path, steps: int) -> tuple[Course, NotebookNode]:
    """A class with a drawn town, and a notebook that trains for a fixed number of steps."""
    course = new_class.init(folder / "class", name="Benchmark", language="en")
    synthesize(course.dataset, seed=0, images=2500, size=48)
    release(course, SLUG)
    released = nbformat.read(course.release / SLUG / f"{SLUG}.ipynb", as_version=4)
    cells = {
        "task1_network": NETWORK,
        "task1_training": TRAINING,
        "task1_submission": SUBMISSION.format(steps=steps),
    }
    return course, Answer("fixed work", cells).applied_to(released)


def by_hand(course: Course, notebook: NotebookNode, folder: Path) -> float:
    """Seconds of the notebook in a folder with the data beside it, as at home."""
    folder.mkdir()
    for part in ("train", "testset", "sample_submission.csv"):
        (folder / part).symlink_to(course.dataset / "student" / part)
    path = folder / f"{SLUG}.ipynb"
    nbformat.write(notebook, path)
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", BY_HAND, path.name], cwd=folder, check=True)
    took = time.monotonic() - started
    if not (folder / "submission.csv").is_file():
        raise RuntimeError("the notebook run by hand wrote no submission.csv")
    return took


def rerun(course: Course, notebook: NotebookNode) -> tuple[float, Graded]:
    """Seconds of `grade` in this process, and its result."""
    conditions = conditions_of(course, SLUG, slots=1)
    conditions = replace(conditions, device=Device(threads=os.cpu_count() or 1))
    assignment = load_assignment(course.gradebook_url, SLUG)
    started = time.monotonic()
    result = grade(Job("benchmark", nbformat.writes(notebook).encode(), (), assignment, conditions))
    return time.monotonic() - started, result


def measure(course: Course, notebook: NotebookNode, folder: Path, repeats: int, console: Console) -> list[Timed]:
    """Both ways in turn, so that a neighbour's load falls on both."""
    found = []
    for repeat in range(repeats):
        hand_s = by_hand(course, notebook, folder / f"hand{repeat}")
        close_warm()
        cold_s, result = rerun(course, notebook)
        warm_s, _again = rerun(course, notebook)
        if result.score is None:
            raise RuntimeError(result.report.tasks[0].message)
        found.append(Timed(hand_s, cold_s, warm_s))
        load = os.getloadavg()[0]
        console.print(
            f"[dim]{repeat + 1}/{repeats} by hand {hand_s:.1f} s, rerun {cold_s:.1f} s, warm {warm_s:.1f} s, "
            f"F1 {result.score.shown_f1} (load average {load:.1f})[/]"
        )
    return found


def main() -> int:
    """Measure and print; 1 where rerun mode adds more than 5 %."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--allowed", type=float, default=1.05, help="the largest ratio that is no failure")
    given = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory(prefix="springfield-benchmark-") as folder:
        course, notebook = prepare(Path(folder), given.steps)
        found = measure(course, notebook, Path(folder), given.repeats, console)
    ratio = median(run.rerun_s / run.by_hand_s for run in found)
    warm = median(run.warm_s / run.by_hand_s for run in found)
    table = Table(title=f"the same notebook, median of {len(found)} repeats, {os.cpu_count()} cores")
    for column in ("way", "s", "ratio"):
        table.add_column(column, justify="left" if column == "way" else "right")
    table.add_row("by hand (nbclient)", f"{median(run.by_hand_s for run in found):.1f}", "1")
    table.add_row("rerun, first of a class", f"{median(run.rerun_s for run in found):.1f}", f"{ratio:.3f}")
    table.add_row("rerun, warm sandbox", f"{median(run.warm_s for run in found):.1f}", f"{warm:.3f}")
    console.print(table)
    return 0 if ratio <= given.allowed else 1


if __name__ == "__main__":
    raise SystemExit(main())
