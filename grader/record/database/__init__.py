"""The class database: who handed in what, what it earned, and the queries of the class's page. Never imports torch."""

from grader.record.database import hand_schema, late_schema, page_schema  # noqa: F401  their tables belong to the same metadata
from grader.record.database.admission import Admission
from grader.record.database.records import AssignmentRecord, EntryRecord, RunRecord, RunReport, RunState, TaskRecord
from grader.record.database.store import ClassDatabase

__all__ = [
    "Admission",
    "AssignmentRecord",
    "ClassDatabase",
    "EntryRecord",
    "RunRecord",
    "RunReport",
    "RunState",
    "TaskRecord",
]
