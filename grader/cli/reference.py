"""The verb that trains the reference solution: dataset solve."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from grader.cli.options import Device, Json
from grader.language import _

if TYPE_CHECKING:
    import torch

    from grader.datasets.reference.solve import Reporter, Solution


def solve(
    archive: Annotated[Path, typer.Argument(help="The contest's zip archive or folder, or a class's dataset/student.")],
    to: Annotated[Path, typer.Option(help="The file to write.")] = Path("submission.csv"),
    minutes: Annotated[
        float | None,
        typer.Option(
            help="Wall time for everything; left out: 10 on processors, 2 on a GPU.", min=0, show_default=False
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Epochs, if time allows; left out: what fits.", min=1, show_default=False)
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(help="Side of the pictures, pixels; left out: what fits.", min=32, max=256, show_default=False),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            help="Exactly so many steps, whatever they take: no clock, the same file each time.",
            min=1,
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Where chance comes from.")] = 0,
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

    A residual network from scratch, nothing is downloaded. The machine is measured first: network, size of the
    pictures and number of epochs are what it can finish in ten minutes, on a GPU in two.

    Example: [bold]grader dataset solve journey-springfield.zip --to submission.csv[/]
    """
    from grader.datasets.reference import fine_tuning, training
    from grader.datasets.reference import solve as solving
    from grader.datasets.reference.training import Recipe
    from grader.errors import InvalidConfig

    for path in (to, weights):
        if path is not None and not path.absolute().parent.is_dir():  # minutes of training before it was written
            raise InvalidConfig(
                _("There is no folder {folder}.").format(folder=path.parent),
                remedy=_("Make it first, or name another file."),
            )
    recipe = Recipe(seed=seed, steps=steps, peak=fine_tuning.PEAK if pretrained else training.PEAK)
    if steps is not None and size is not None:
        recipe = replace(recipe, size=size)
    with _bars(quiet=as_json) as reporter:
        solution = solving.solve(
            archive, to, recipe, epochs=epochs, size=size,
            pretrained=pretrained, device=_device(device), minutes=minutes, validate=validate, plots=plots,
            weights=weights, reporter=reporter,
        )  # fmt: skip
    _show(solution, to, as_json=as_json)


def _device(wanted: Device) -> torch.device:
    import torch

    from grader.errors import EnvironmentFault

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
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TextColumn(_("left")),
        TimeRemainingColumn(elapsed_when_finished=True), TextColumn("{task.fields[note]}"),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as progress:
        reading = progress.add_task(_("reading"), total=None, note="")
        training = progress.add_task(_("training"), total=1.0, start=False, note="")
        losses = _Smoothed()

        def step(done: float, loss: float) -> None:
            progress.start_task(training)
            progress.update(training, completed=done, note=f"{_('loss')} {losses.with_next(loss):.3f}")

        yield Reporter(read=lambda done, total: progress.update(reading, completed=done, total=total), step=step)
        progress.update(training, completed=1.0)


class _Smoothed:
    """A running mean of about the last hundred values."""

    def __init__(self) -> None:
        self._mean = math.nan

    def with_next(self, value: float) -> float:
        self._mean = value if math.isnan(self._mean) else 0.99 * self._mean + 0.01 * value
        return self._mean


def _show(solution: Solution, to: Path, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"submission": str(to), **asdict(solution)}, default=str))
        return
    console = Console(highlight=False, soft_wrap=True)
    for name, value in asdict(solution).items():
        if name != "score":
            shown = f"{value:.1f}" if isinstance(value, float) else str(value)
            console.print(f"{_(name.replace('_', ' '))}: {shown}")
    if solution.planned_epochs is not None and solution.epochs < solution.planned_epochs:
        text = _("the machine became slower: {epochs:.1f} of {planned} epochs")
        console.print(text.format(epochs=solution.epochs, planned=solution.planned_epochs))
    if solution.score is not None:
        score = solution.score
        for text, count, f1 in (
            (_("micro F1 on {count} held-out pictures: {f1:.4f}"), score.pictures, score.f1),
            (_("... on the {count} of scenes not trained on: {f1:.4f}"), score.new_scene_pictures, score.new_scene_f1),
        ):
            console.print(text.format(count=count, f1=f1))
    console.print(f"[green]{_('made')}[/] {escape(str(to))}")
