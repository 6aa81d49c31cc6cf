"""The contest's check: the notebook's `submission.csv`, scored against answers that never entered the sandbox."""

from __future__ import annotations

from grader.errors import CheckFailed, InvalidSubmission, MissingDataset
from grader.examiner import examination as examinations
from grader.language import _
from grader.scoring.contest import score_submission


def contest_points(name: str = "submission.csv") -> float:
    """Points for the predictions in a file of the working folder.

    Args:
        name: the file's name, without a folder.

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
    data = examination.read_file(name)
    try:
        score = score_submission(data, rules.key, rules.table, rules.average, rules.grade_on)
    except InvalidSubmission as invalid:
        raise CheckFailed(invalid.message, remedy=invalid.remedy) from invalid
    examination.score = score
    examination.predictions = data
    examination.notes.append(
        _("F1 {f1} ({correct} of {total} images right): {points} points.").format(
            f1=score.shown_f1, correct=score.public_correct, total=score.public_total, points=score.points
        )
    )
    step = rules.table.next_step(score.public_correct, score.public_total)
    if step is not None:
        examination.notes.append(
            _("Next: {points} points at {needed} right; {more} more images.").format(
                points=step.points, needed=step.images_needed, more=step.more
            )
        )
    return float(score.points)
