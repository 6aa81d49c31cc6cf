"""Under what conditions a class grades an assignment: class.toml, the machine and the data set put together."""

from __future__ import annotations

import os
from pathlib import Path

from grader.course.folder import Course
from grader.datasets.layout import load_answer_key
from grader.errors import InvalidConfig, MissingDataset
from grader.grading.job import Conditions
from grader.sandbox.devices import Device
from grader.sandbox.visible import require_out_of_sight
from grader.scoring.rules import ContestRules

KAGGLE_INPUT = "/kaggle/input/journey-springfield"
TRAIN_SECONDS = "SPRINGFIELD_TRAIN_SECONDS"
WORKING = "/kaggle/working"
TORCH_HOME = "/kaggle/torch"


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
    settings = course.assignment_config(slug)
    contest = course.config.contest
    if settings.contest and settings.source != "kaggle":
        try:
            key = load_answer_key(course.dataset)
            rules = ContestRules(key, contest.thresholds, contest.average, contest.grade_on, contest.has_ladder)
            data = student_data(course)
        except MissingDataset as error:
            missing = str(error)
    train_s = settings.train_s
    environment: dict[str, str] = {TRAIN_SECONDS: f"{train_s:g}"} if train_s else {}
    if settings.weights:
        data += (weights(course, settings.weights),)
        environment["TORCH_HOME"] = TORCH_HOME
    limits = course.config.limits_of(slug)
    return Conditions(
        environment=tuple(environment.items()),
        limits=limits,
        language=course.config.language,
        data=data,
        contest=rules,
        contest_missing=missing,
        source=settings.source,
        table=contest.thresholds,
        gpu=settings.source == "rerun" and (limits.gpu == "on" or (limits.gpu == "auto" and settings.contest)),
        device=Device(threads=max(1, (os.cpu_count() or 1) // slots)),
    )


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


def weights(course: Course, folder: str) -> tuple[Path, str]:
    """Where the sandbox shows the teacher's weights: in `hub/checkpoints` of TORCH_HOME, where torch looks first.

    Raises:
        InvalidConfig: there is no such folder.
    """
    host = course.root / folder
    if not host.is_dir():
        raise InvalidConfig(
            f"class.toml names the folder {folder!r} for weights, and there is no {host}.",
            remedy="Make it and put *.pth files of torchvision there, or take the line out.",
        )
    return host, TORCH_HOME if (host / "hub").is_dir() else f"{TORCH_HOME}/hub/checkpoints"


def slots_of(course: Course) -> int:
    """Submissions graded at once."""
    return course.config.slots or os.cpu_count() or 1
