"""The verb that trains the reference solution: dataset solve."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from grader.cli.options import Device, Json

if TYPE_CHECKING:
    import torch

    from grader.datasets.reference.solve import Reporter, Solution


def solve(
    archive: Annotated[Path, typer.Argument(help="The contest's zip archive or folder, or a class's dataset/student.")],
    to: Annotated[Path, typer.Option(help="The file to write.")] = Path("submission.csv"),
    minutes: Annotated[float, typer.Option(help="Wall time for everything; fewer epochs if it is short.", min=0)] = 14,
    epochs: Annotated[int, typer.Option(help="Epochs, if time allows.", min=1)] = 20,
    size: Annotated[int, typer.Option(help="Side of the training pictures, pixels.", min=32, max=256)] = 72,
    seed: Annotated[int, typer.Option(help="The same seed and epochs give the same file on the same device.")] = 0,
    pretrained: Annotated[
        bool, typer.Option("--pretrained", help="Fine-tune ResNet-18 from ImageNet weights in TORCH_HOME.")
    ] = False,
    device: Annotated[Device, typer.Option(help="auto: the GPU if there is one.")] = Device.AUTO,
    validate: Annotated[
        bool, typer.Option("--validate", help="Hold pictures back, as many as the contest's test has, and score them.")
    ] = False,
    plots: Annotated[Path | None, typer.Option(help="Folder for plots: loss; with --validate F1 and errors.")] = None,
    weights: Annotated[Path | None, typer.Option(help="File for the network's weights (a state dict).")] = None,
    as_json: Json = False,
) -> None:
    """Train the reference solution and write submission.csv for the archive's own test images.

    A residual network from scratch, nothing is downloaded: a quarter of an hour on two processor cores.

    Example: [bold]grader dataset solve journey-springfield.zip --to submission.csv[/]
    """
    from grader.datasets.reference import fine_tuning, training
    from grader.datasets.reference import solve as solving
    from grader.datasets.reference.training import Recipe
    from grader.errors import InvalidConfig

    for path in (to, weights):
        if path is not None and not path.absolute().parent.is_dir():  # minutes of training before it was written
            raise InvalidConfig(f"There is no folder {path.parent}.", remedy="Make it first, or name another file.")
    recipe = Recipe(size=size, epochs=epochs, seed=seed, peak=fine_tuning.PEAK if pretrained else training.PEAK)
    with _bars(quiet=as_json) as reporter:
        solution = solving.solve(
            archive, to, recipe,
            pretrained=pretrained, device=_device(device), minutes=minutes, validate=validate, plots=plots,
            weights=weights, reporter=reporter,
        )  # fmt: skip
    _show(solution, to, recipe.epochs, as_json=as_json)


def _device(wanted: Device) -> torch.device:
    import torch

    from grader.errors import EnvironmentFault
    from grader.language import _

    if wanted is Device.CUDA and not torch.cuda.is_available():
        raise EnvironmentFault(
            _("PyTorch sees no GPU on this machine."), remedy=_("Train with --device cpu, or see `grader doctor`.")
        )
    if wanted is Device.AUTO:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(wanted.value)


@contextmanager
def _bars(*, quiet: bool) -> Iterator[Reporter | None]:
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from grader.datasets.reference.solve import Reporter

    if quiet:
        yield None
        return
    columns = (
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TextColumn("left"),
        TimeRemainingColumn(elapsed_when_finished=True), TextColumn("{task.fields[note]}"),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as progress:
        reading = progress.add_task("reading", total=None, note="")
        training = progress.add_task("training", total=1.0, start=False, note="")
        losses = _Smoothed()

        def step(done: float, loss: float) -> None:
            progress.start_task(training)
            progress.update(training, completed=done, note=f"loss {losses.with_next(loss):.3f}")

        yield Reporter(read=lambda done, total: progress.update(reading, completed=done, total=total), step=step)
        progress.update(training, completed=1.0)


class _Smoothed:
    """A running mean of about the last hundred values."""

    def __init__(self) -> None:
        self._mean = math.nan

    def with_next(self, value: float) -> float:
        self._mean = value if math.isnan(self._mean) else 0.99 * self._mean + 0.01 * value
        return self._mean


def _show(solution: Solution, to: Path, epochs: int, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"submission": str(to), **asdict(solution)}, default=str))
        return
    console = Console(highlight=False, soft_wrap=True)
    for name, value in asdict(solution).items():
        if name != "score":
            console.print(
                f"{name.replace('_', ' ')}: {value:.1f}"
                if isinstance(value, float)
                else f"{name.replace('_', ' ')}: {value}"
            )
    if solution.epochs < epochs:
        console.print(f"time ran out before {epochs} epochs: another run may give another file")
    if solution.score is not None:
        score = solution.score
        console.print(f"micro F1 on {score.pictures} held-out pictures: {score.f1:.4f}")
        console.print(f"... on the {score.new_scene_pictures} of scenes not trained on: {score.new_scene_f1:.4f}")
    console.print(f"[green]made[/] {to}")
