"""What grading one submission takes and what it gives: plain data that goes to a worker and back.

Apart from `grader.grading.run_notebook`, so that only workers load torch: without it the command starts three seconds
sooner.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from grader.course.assignment import Assignment
from grader.datasets.held_out import HeldOut
from grader.diagnosis.reference import Reference
from grader.diagnosis.told import Hints
from grader.language import Language
from grader.outcomes import Report
from grader.sandbox.bubblewrap import View
from grader.sandbox.devices import CPU, Device
from grader.sandbox.limits import Limits
from grader.scoring.contest import ContestScore, Source
from grader.scoring.points import DEFAULT_TABLE, PointsTable
from grader.scoring.rules import ContestRules


@dataclass(frozen=True)
class Conditions:
    """Under what conditions an assignment is graded: the same for the whole class.

    Attributes:
        limits: what one submission may use.
        language: language of the messages.
        data: (host folder, path inside) pairs, bound read-only.
        contest: rules and answers where the assignment is the contest.
        contest_missing: why there are none, where there should be.
        source: where the contest's F1 comes from.
        table: the contest's thresholds.
        gpu: whether it is for a GPU where there is one.
        device: where it runs.
        environment: (name, value) pairs that notebooks find in their environment.
        isolated: whether notebooks run in a sandbox; without it for one's own code alone.
        hints: how much of a mistake is told; it decides no points, and is no part of the ledger's rules.
        held_out: training pictures on which the network's failures are shown; they decide no points.
        training_cells: ids of the author's cells that train; left out where weights are handed in.
        packages: names and versions of the libraries that the class promises, for messages; no part of the rules.
    """

    limits: Limits = field(default_factory=Limits)
    language: Language = "ru"
    data: tuple[tuple[Path, str], ...] = ()
    contest: ContestRules | None = None
    contest_missing: str = ""
    source: Source = "rerun"
    table: PointsTable = DEFAULT_TABLE
    gpu: bool = False
    device: Device = CPU
    environment: tuple[tuple[str, str], ...] = ()
    isolated: bool = True
    hints: Hints = "full"
    training_cells: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    held_out: HeldOut | None = None


@dataclass(frozen=True)
class Job:
    """One submission to grade.

    Attributes:
        key: the ledger's key.
        notebook: the submitted notebook's bytes.
        files: (relative path, bytes) of the files handed in beside it.
        assignment: what it answers.
        conditions: how it is graded.
        until_lost: whether to stop after the first test that gives less than its points; the audit needs no more.
        earlier: predictions of the same student's earlier submissions, oldest first.
        killed_before: whether an earlier run of it was killed, and nobody knows by whom.
        faults: how many earlier runs of it came to nothing by a fault that is not the student's.
        reference: the author's solution, to explain a failure by; nothing that it says decides a point.
    """

    key: str
    notebook: bytes
    files: tuple[tuple[str, bytes], ...]
    assignment: Assignment
    conditions: Conditions
    until_lost: bool = False
    earlier: tuple[bytes, ...] = ()
    killed_before: bool = False
    faults: int = 0
    reference: Reference = ()


@dataclass(frozen=True)
class Graded:
    """What grading one submission gave.

    Attributes:
        key: the job's key.
        notebook: the executed notebook, as JSON bytes, with messages and points as outputs of the test cells.
        report: outcomes of all graded cells.
        score: the contest's score, if there is one.
        predictions: the scored `submission.csv`.
        is_doubtful: whether its process was killed, which may have been the student's doing or not.
    """

    key: str
    notebook: bytes
    report: Report
    score: ContestScore | None = None
    predictions: bytes = b""
    is_doubtful: bool = False


def view_of(conditions: Conditions, files: tuple[tuple[str, bytes], ...] = ()) -> View:
    """What a submission sees of the machine.

    Args:
        conditions: how it is graded.
        files: (relative path, bytes) of the files handed in beside it.
    """
    device = conditions.device
    return View(
        files=files,
        read_only=conditions.data,
        limits=conditions.limits,
        gpu=device.visible,
        gpu_share=device.memory_share,
        cuda_on_cpu=conditions.contest is not None and not device.is_gpu,
        usual_places=conditions.contest is not None,
        threads=device.threads,
        environment=conditions.environment,
        isolated=conditions.isolated,
    )
