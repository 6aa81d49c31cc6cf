"""The per-task report of a run as stored: JSON with a schema version."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from grader.errors import EnvironmentFault
from grader.language import _
from grader.record.database.records import RunRecord, TaskRecord

_SCHEMA = 1


def to_json(record: RunRecord) -> dict[str, Any]:
    """What of a run has no column of its own."""
    return {
        "schema": _SCHEMA,
        "problem": record.problem,
        "remarks": list(record.remarks),
        "tasks": [asdict(task) for task in record.tasks],
    }


def problem(report: dict[str, Any]) -> str:
    """Why the run failed; empty when it did not."""
    return str(_checked(report)["problem"])


def remarks(report: dict[str, Any]) -> tuple[str, ...]:
    """What else the teacher should know; nothing in a report of an older grader."""
    return tuple(str(text) for text in _checked(report).get("remarks", ()))


def tasks(report: dict[str, Any]) -> tuple[TaskRecord, ...]:
    """The task records of a stored report."""
    return tuple(TaskRecord(**task) for task in _checked(report)["tasks"])


def _checked(report: dict[str, Any]) -> dict[str, Any]:
    if report.get("schema") != _SCHEMA:
        raise EnvironmentFault(
            _("A stored report has schema {report!r}; this grader reads {schema}.").format(
                report=report.get("schema"), schema=_SCHEMA
            ),
            remedy=_("Update the grader."),
        )
    return report
