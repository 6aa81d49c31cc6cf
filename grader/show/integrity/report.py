"""The integrity report of one assignment: gathered from what was handed in and what the ledger keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.collect.submissions import find_submissions
from grader.course.folder import Course
from grader.datasets.layout import load_answer_key
from grader.errors import InvalidConfig, InvalidSubmission
from grader.files import ordinary_files, read_given
from grader.grading.job import Graded
from grader.language import _
from grader.record.ledger import Ledger
from grader.scoring.contest import RUNS_NOTEBOOK, AnswerKey
from grader.scoring.submission_csv import parse_submission
from grader.show.integrity.agreement import Agreement, agreements
from grader.show.integrity.code import CodeComparison, SharedCode, shared_code
from grader.show.integrity.decoys import DecoyLoss, decoy_losses
from grader.show.integrity.leaked import LeakMatch, leak_matches, read_leaked
from grader.show.integrity.weights import FileMark, SameFile, same_files


@dataclass(frozen=True, slots=True)
class IntegrityReport:
    """What was compared and what was found.

    Attributes:
        slug: the assignment.
        students: how many handed in something that could be read.
        predictions: how many have predictions that were scored.
        pairs: all pairs of students by their predictions; `suspicious_pairs` are the findings.
        leaks: all students against the leaked list, if there is one.
        code: all pairs that share code, and whose code was not compared in full.
        files: contents handed in more than once.
        decoys: all students on altered copies of test pictures, if the test has some.
    """

    slug: str
    students: int
    predictions: int
    pairs: tuple[Agreement, ...]
    leaks: tuple[LeakMatch, ...]
    code: CodeComparison
    files: tuple[SameFile, ...]
    decoys: tuple[DecoyLoss, ...] = ()

    @property
    def suspicious_pairs(self) -> list[Agreement]:
        """Predictions that are identical, or agree more than chance explains."""
        return [pair for pair in self.pairs if pair.is_identical or pair.is_suspicious]

    @property
    def suspicious_leaks(self) -> list[LeakMatch]:
        """Predictions that follow the leaked list."""
        return [match for match in self.leaks if match.is_suspicious]

    @property
    def suspicious_decoys(self) -> list[DecoyLoss]:
        """Predictions that fail on altered copies."""
        return [loss for loss in self.decoys if loss.is_suspicious]

    @property
    def suspicious_code(self) -> list[SharedCode]:
        """Code that most of another student's code is found in."""
        return [pair for pair in self.code.pairs if pair.is_suspicious]


def integrity_report(course: Course, slug: str, leaked: Path | None = None) -> IntegrityReport:
    """Compare the students of one assignment with each other.

    Raises:
        InvalidConfig: a leaked list is given where there is nothing to compare it with, or it is not one.
        MissingDataset: the assignment is the contest and there are no answers.
    """
    notebooks: dict[str, bytes] = {}
    files: dict[str, list[FileMark]] = {}
    for submission in find_submissions(course, [slug]):
        try:
            notebooks[submission.student], beside = submission.read()
            files[submission.student] = [FileMark.of(*file) for file in beside]
        except (InvalidSubmission, OSError):
            continue
    release = course.release / slug
    released = release / f"{slug}.ipynb"
    given = [FileMark.of(path.name, path.read_bytes()) for path in ordinary_files(release)] if release.is_dir() else []
    settings = course.assignment_config(slug)
    predictions: dict[str, Mapping[str, str]] = {}
    pairs: list[Agreement] = []
    leaks: list[LeakMatch] = []
    decoys: list[DecoyLoss] = []
    if settings.contest and settings.source != "kaggle":
        key = load_answer_key(course.dataset)
        predictions = _scored(course, slug, notebooks, key)
        pairs = agreements(predictions, key.labels)
        decoys = decoy_losses(predictions, key)
        if leaked is not None:
            leaks = leak_matches(predictions, read_leaked(read_given(leaked), key.labels), key.labels)
    elif leaked is not None:
        raise InvalidConfig(
            _("{slug} has no predictions to compare a leaked list with.").format(slug=slug),
            remedy=_("Name the contest's assignment."),
        )
    return IntegrityReport(
        slug=slug,
        students=len(notebooks),
        predictions=len(predictions),
        pairs=tuple(pairs),
        leaks=tuple(leaks),
        code=shared_code(notebooks, released.read_bytes() if released.is_file() else b""),
        files=tuple(same_files(files, given)) if settings.source in RUNS_NOTEBOOK else (),
        decoys=tuple(decoys),
    )


def _scored(course: Course, slug: str, students: Mapping[str, bytes], key: AnswerKey) -> dict[str, Mapping[str, str]]:
    """The predictions of each student's current result."""
    ledger = Ledger(course.ledger)
    found = {}
    for student in students:
        result = ledger.find(ledger.current(slug, student))
        if isinstance(result, Graded) and result.predictions:
            try:
                found[student] = parse_submission(result.predictions, key.ids, key.classes)
            except InvalidSubmission:
                continue  # of a data set that has been replaced
    return found
