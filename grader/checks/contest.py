"""The contest's check: the notebook's `submission.csv`, scored against answers that never entered the sandbox."""

from __future__ import annotations

import ast
import hashlib
import logging
import traceback
from functools import lru_cache

from grader.errors import CheckFailed, EnvironmentFault, GraderError, InvalidSubmission, MissingDataset
from grader.examiner import examination as examinations
from grader.language import _
from grader.scoring.contest import ContestScore
from grader.scoring.points import PointsTable

_log = logging.getLogger(__name__)


def contest_points(name: str = "submission.csv") -> float:
    """Points for the predictions in a file of the working folder.

    Args:
        name: the file's name. Where there is none, another csv file is taken that the notebook wrote, in whatever
            folder below its own: the newest one that holds predictions.

    Returns:
        Points by the class's table of thresholds.

    Raises:
        CheckFailed: the file is missing or is not one known label for every image; all problems are listed.
        MissingDataset: there is nothing to compare with: no data set was imported, or no examiner is at work.
    """
    examination = examinations.current()
    if examination is None:
        raise MissingDataset(
            "The answers are known to the grader only.", remedy="Run `grader grade` to see the points of a submission."
        )
    rules = examination.contest
    if rules is None:
        raise MissingDataset(examination.contest_missing or "This assignment has no contest data.")
    found, data = examination.find_predictions(name)
    other = _("{found} is taken: there is no {name}.").format(found=found, name=name) if found != name else ""
    try:
        score = rules.score(data, examination.earlier)
    except InvalidSubmission as invalid:
        raise CheckFailed(f"{other}\n{invalid.message}".lstrip(), remedy=invalid.remedy) from invalid
    except GraderError:
        raise
    except Exception as error:  # noqa: BLE001  the text of an exception from the metric may name a label
        raise _scoring_failed(error) from None
    if other:
        examination.notes.append(other)
    examination.score = score
    examination.predictions = data
    examination.notes += lines_on(score, rules.table)
    return float(score.points)


def _scoring_failed(error: Exception) -> EnvironmentFault:
    """For the student a number; for the teacher, who may see labels, the whole of it on standard error."""
    text = "".join(traceback.format_exception(error))
    reference = hashlib.sha256(text.encode()).hexdigest()[:4]
    _log.error("scoring failed (ref %s)\n%s", reference, text)
    return EnvironmentFault(
        _("INTERNAL: Scoring failed on our side (ref {reference}). It did not use a submission; your teacher is told.")
        .format(reference=reference)
    )  # fmt: skip


def lines_on(score: ContestScore, table: PointsTable) -> list[str]:
    """What a student reads about a score, and what separates it from more points."""
    place = {"f1": score.shown_f1, "correct": score.public_correct, "total": score.public_total, "points": score.points}
    text = (
        _("F1 {f1} ({correct} of {total} images right): {points} points.")
        if score.accepted
        else _(
            "Scored. Not a clear improvement; the board stays at {f1} ({correct} of {total} images right): "
            "{points} points."
        )
    )
    step = table.next_step(score.public_correct, score.public_total)
    if step is None:
        return [text.format(**place)]
    more = _("Next: {points} points at {needed} right; {more} more images.")
    return [text.format(**place), more.format(points=step.points, needed=step.images_needed, more=step.more)]


@lru_cache(maxsize=1024)
def is_contest_test(code: str) -> bool:
    """Whether a hidden test asks for nothing but the contest's points: it needs no living kernel."""
    try:
        names = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    except SyntaxError:
        return False
    return names == {contest_points.__name__}
