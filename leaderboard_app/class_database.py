"""Everything that the page reads of the class database, and what its readers are given.

No other module of the page imports `grader.record`. A `Board` is one consistent view, opened for reading alone; the
functions ask it and return plain data. What they return of one student or of a teacher goes into no shared cache.
"""

from __future__ import annotations

from grader.record.database.access import (
    TOKEN_PARAMETER,
    accesses,
    has_way_in,
    hashed,
    identify,
    is_token,
    link_to,
    new_token,
)
from grader.record.database.anomalies import Kind as AnomalyKind
from grader.record.database.anomalies import find as find_anomalies
from grader.record.database.decisions import audit_log, feedback_of, grades_of, outcome_of, rules_of
from grader.record.database.doubts import doubts_of, every_doubt, waiting_doubts
from grader.record.database.failures import OwnFailures, failures_of
from grader.record.database.hand_records import (
    AnswerGroup,
    AnswerRecord,
    DoubtEvent,
    DoubtRecord,
    QuestionKind,
    QuestionRecord,
)
from grader.record.database.hands import (
    HandPoints,
    hand_answers_of,
    hand_counts,
    hand_points,
    hand_questions,
    titles_of,
    waiting_groups,
)
from grader.record.database.integrity import IntegrityRecord, integrity_of
from grader.record.database.late import (
    CountedRecord,
    ExtensionRecord,
    Member,
    counted_of,
    extensions_of,
    members_of,
    together_with,
)
from grader.record.database.page_records import AccessRecord, GradeRecord, Identity, UploadRecord
from grader.record.database.personal import OwnRun, RunLine, alias_of, all_runs, runs_of
from grader.record.database.queries import (
    AssignmentSummary,
    Board,
    BoardUnavailable,
    LeaderboardRow,
    OverallRow,
    Unavailable,
)
from grader.record.database.ranges import ranges_of
from grader.record.database.records import RunState, TaskRecord
from grader.record.database.standings import Attempt, by_assignment, for_everybody, rank_assignment, rank_overall
from grader.record.database.statistics import (
    Missing,
    Stuck,
    TaskStatistics,
    Tried,
    missing_from,
    stuck_in,
    submissions_of,
    task_statistics,
)
from grader.record.database.uploads import OVER, scored_already, uploads_of
from grader.record.database.uploads import waiting as waiting_uploads

__all__ = [
    "OVER",
    "TOKEN_PARAMETER",
    "AccessRecord",
    "AnomalyKind",
    "AnswerGroup",
    "AnswerRecord",
    "AssignmentSummary",
    "Attempt",
    "Board",
    "BoardUnavailable",
    "CountedRecord",
    "DoubtEvent",
    "DoubtRecord",
    "ExtensionRecord",
    "GradeRecord",
    "HandPoints",
    "Identity",
    "IntegrityRecord",
    "LeaderboardRow",
    "Member",
    "Missing",
    "OverallRow",
    "OwnFailures",
    "OwnRun",
    "QuestionKind",
    "QuestionRecord",
    "RunLine",
    "RunState",
    "Stuck",
    "TaskRecord",
    "TaskStatistics",
    "Tried",
    "Unavailable",
    "UploadRecord",
    "accesses",
    "alias_of",
    "all_runs",
    "audit_log",
    "by_assignment",
    "counted_of",
    "doubts_of",
    "every_doubt",
    "extensions_of",
    "failures_of",
    "feedback_of",
    "find_anomalies",
    "for_everybody",
    "grades_of",
    "hand_answers_of",
    "hand_counts",
    "hand_points",
    "hand_questions",
    "has_way_in",
    "hashed",
    "identify",
    "integrity_of",
    "is_token",
    "link_to",
    "members_of",
    "missing_from",
    "new_token",
    "outcome_of",
    "ranges_of",
    "rank_assignment",
    "rank_overall",
    "rules_of",
    "runs_of",
    "scored_already",
    "stuck_in",
    "submissions_of",
    "task_statistics",
    "titles_of",
    "together_with",
    "uploads_of",
    "waiting_doubts",
    "waiting_groups",
    "waiting_uploads",
]
