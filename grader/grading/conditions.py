"""Under what conditions a class grades an assignment: class.toml, the machine and the data set put together."""

from __future__ import annotations

import os
from pathlib import Path

from grader.course.config import HELD_OUT
from grader.course.folder import Course
from grader.course.packages import packages_of, told
from grader.datasets.held_out import HeldOut, held_out_pictures, train_without
from grader.datasets.layout import Layout, load_answer_key
from grader.errors import GraderError, InvalidConfig, MissingDataset
from grader.grading.job import Conditions
from grader.language import _
from grader.notebook import grade_id_of, is_training, read_notebook
from grader.sandbox.devices import Device
from grader.sandbox.visible import require_out_of_sight
from grader.scoring.contest import RUNS_NOTEBOOK, Source
from grader.scoring.rules import ContestRules

KAGGLE_INPUT = "/kaggle/input/journey-springfield"
TRAIN_SECONDS = "SPRINGFIELD_TRAIN_SECONDS"
SET_ASIDE = "SPRINGFIELD_HELD_OUT"
WORKING = "/kaggle/working"
TORCH_HOME = "/kaggle/torch"
# Where weights are handed in nothing trains. ResNet-50 at 224 pixels names 991 pictures in 100 s on two cores.
NETWORK_CELL_S, NETWORK_WALL_S = 120, 300


def conditions_of(course: Course, slug: str, *, slots: int) -> Conditions:
    """Conditions of one assignment.

    Args:
        course: the class.
        slug: the assignment.
        slots: submissions graded at once; they share the cores.

    Raises:
        InvalidConfig: class.toml is wrong.
        EnvironmentFault: the class or its data set lies where notebooks can read.
    """
    for folder in (course.root, course.dataset):
        require_out_of_sight(folder)
    rules: ContestRules | None = None
    missing = ""
    data: tuple[tuple[Path, str], ...] = ()
    held_out: HeldOut | None = None
    settings = course.assignment_config(slug)
    contest = course.config.contest
    if settings.contest and settings.source != "kaggle":
        try:
            key = load_answer_key(course.dataset)
            rules = ContestRules(key, contest.thresholds, contest.average, contest.grade_on, contest.has_ladder)
            data = student_data(course)
            if settings.source in RUNS_NOTEBOOK:
                held_out = held_out_of(course, settings.source, key.classes)
                data = data if held_out is None or not held_out.is_withheld else without_held_out(course, held_out)
        except MissingDataset as error:
            missing = str(error)
    train_s = settings.train_s
    environment: dict[str, str] = {TRAIN_SECONDS: f"{train_s:g}"} if train_s else {}
    set_aside = 0 if held_out is not None and held_out.is_withheld else contest.held_out
    if settings.source == "rerun" and settings.contest and set_aside != HELD_OUT:
        environment[SET_ASIDE] = str(set_aside)
    if settings.weights:
        data += (weights(course, settings.weights),)
        environment["TORCH_HOME"] = TORCH_HOME
    limits = course.config.limits_of(slug)
    training: tuple[str, ...] = ()
    if settings.source == "network":
        limits = limits.model_copy(
            update={"cell_s": min(limits.cell_s, NETWORK_CELL_S), "wall_s": min(limits.wall_s, NETWORK_WALL_S)}
        )
        training = training_cells(course.source / slug / f"{slug}.ipynb")
    return Conditions(
        environment=tuple(environment.items()),
        limits=limits,
        language=course.config.language,
        data=data,
        contest=rules,
        contest_missing=missing,
        source=settings.source,
        table=contest.thresholds,
        gpu=settings.source in RUNS_NOTEBOOK and (limits.gpu == "on" or (limits.gpu == "auto" and settings.contest)),
        hints=course.config.hints,
        training_cells=training,
        packages=told(packages_of(course.config.packages)),
        held_out=held_out,
        device=Device(threads=max(1, (os.cpu_count() or 1) // slots)),
    )


def training_cells(path: Path) -> tuple[str, ...]:
    """Ids of the cells that the author has tagged as training; none where the notebook cannot be read."""
    try:
        cells = read_notebook(path.read_bytes()).cells
    except (OSError, GraderError):
        return ()
    return tuple(str(grade_id_of(cell) or cell.get("id", "")) for cell in cells if is_training(cell))


def require_contest(conditions: Conditions) -> None:
    """Refuse to run the contest's notebooks where nothing could be scored.

    Raises:
        MissingDataset: the class has no data set.
    """
    if conditions.contest_missing:
        raise MissingDataset(conditions.contest_missing)


def student_data(course: Course) -> tuple[tuple[Path, str], ...]:
    """Where the sandbox shows the contest's data: as on Kaggle, and beside the notebook as students have it at home.

    Links are followed: `dataset` may lie on another disk, and classes that link to the same one share a warm sandbox.
    """
    student = (course.dataset / "student").resolve()
    beside = [(student / part, f"{WORKING}/{part}") for part in ("train", "testset", "sample_submission.csv")]
    return ((student, KAGGLE_INPUT), *[(host, inside) for host, inside in beside if host.exists()])


def held_out_of(course: Course, source: Source, classes: tuple[str, ...]) -> HeldOut | None:
    """The training pictures on which students see where their network fails; None where there are none."""
    contest = course.config.contest
    pictures = held_out_pictures(Layout(course.dataset.resolve()).train, contest.held_out)
    if not pictures:
        return None
    # Where weights are handed in nothing trains: there is nothing to withhold the pictures from.
    return HeldOut(pictures, contest.withhold and source == "rerun", classes)


def without_held_out(course: Course, held_out: HeldOut) -> tuple[tuple[Path, str], ...]:
    """As `student_data`, with the training pictures that are left in place of all."""
    kept = train_without(course.dataset, held_out)
    beside = [(host, inside) for host, inside in student_data(course) if inside != f"{WORKING}/train"]
    return (*beside, (kept, f"{KAGGLE_INPUT}/train"), (kept, f"{WORKING}/train"))


def weights(course: Course, folder: str) -> tuple[Path, str]:
    """Where the sandbox shows the teacher's weights: in `hub/checkpoints` of TORCH_HOME, where torch looks first.

    Raises:
        InvalidConfig: there is no such folder.
    """
    host = course.root / folder
    if not host.is_dir():
        raise InvalidConfig(
            _("class.toml names the folder {folder!r} for weights, and there is no {host}.").format(
                folder=folder, host=host
            ),
            remedy=_("Make it and put *.pth files of torchvision there, or take the line out."),
        )
    return host, TORCH_HOME if (host / "hub").is_dir() else f"{TORCH_HOME}/hub/checkpoints"


def slots_of(course: Course) -> int:
    """Submissions graded at once."""
    return course.config.slots or os.cpu_count() or 1
