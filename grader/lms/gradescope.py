"""Results in the format of Gradescope's autograders: `results.json` for each submission."""

from __future__ import annotations

import json
from typing import Any

from grader.language import _
from grader.lms.results import Result
from grader.outcomes import Outcome
from grader.printable import printable
from grader.record.database import TaskRecord

_MAX_MESSAGE = 4000


def results_json(result: Result) -> str:
    """One submission's `results.json`; the score is the gradebook's, with penalties and a teacher's points.

    A task that was not graded, or that waits for a teacher, has neither score nor status: it is no failure.
    """
    run, line = result.run, result.line
    said = [_("The teacher set the points: {reason}").format(reason=line.reason)] if line.reason else []
    if result.waits_for_teacher:
        said.append(_("Some answers wait for a teacher."))
    facts: dict[str, Any] = {
        "score": max(round(line.points, 2), 0.0),  # Gradescope takes none below 0
        "output": "\n".join(said),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [_test(task) for task in (run.tasks if run else ())],
        "extra_data": {"assignment": line.assignment, "student": line.student},
    }
    if run:
        facts["execution_time"] = round(run.wall_s, 1)
    if line.f1:
        facts["leaderboard"] = [{"name": "F1", "value": float(line.f1)}]
    return json.dumps(facts, ensure_ascii=False, indent=2) + "\n"


def _test(task: TaskRecord) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "name": task.title or task.grade_id,
        "max_score": task.max_points,
        "output": printable(task.message, _MAX_MESSAGE),
        "output_format": "text",
        "visibility": "visible",
        "extra_data": {"grade_id": task.grade_id},
    }
    if task.points is not None and task.outcome != Outcome.MANUAL:
        facts["score"] = task.points
        facts["status"] = "passed" if task.points >= task.max_points else "failed"
    return facts
