"""What one student may see of the own work. Read from the database for this student alone, and never cached."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from grader.collect.inbox import Inbox, Upload
from grader.fleet.turns import in_turn
from grader.scoring.quota import Allowance
from grader.service.page_settings import BoardSettings
from leaderboard_app import identity
from leaderboard_app.class_data import AssignmentBoard
from leaderboard_app.class_database import (
    OVER,
    Board,
    CountedRecord,
    ExtensionRecord,
    GradeRecord,
    Identity,
    OwnRun,
    RunState,
    UploadRecord,
    alias_of,
    counted_of,
    extensions_of,
    feedback_of,
    grades_of,
    members_of,
    runs_of,
    together_with,
    uploads_of,
    waiting_uploads,
)


@dataclass(frozen=True, slots=True)
class OwnWork:
    """A student's own things.

    Attributes:
        alias: the public name.
        runs: the latest run of each submission, the oldest first.
        uploads: files that came through the page, the newest first.
        ahead: how many uploads stand before this one in the queue, by id.
        grades: one per assignment.
        counted: which submission is the grade and what being late has cost, by assignment.
        extensions: later deadlines, by assignment.
    """

    alias: str
    runs: tuple[OwnRun, ...]
    uploads: tuple[UploadRecord, ...]
    ahead: dict[str, int]
    grades: tuple[GradeRecord, ...]
    counted: dict[str, CountedRecord] = field(default_factory=dict)
    extensions: dict[str, ExtensionRecord] = field(default_factory=dict)

    def runs_for(self, slug: str) -> list[OwnRun]:
        """The runs of one assignment."""
        return [run for run in self.runs if run.assignment == slug]

    def has_begun(self, slug: str) -> bool:
        """Whether anything was handed in for an assignment."""
        return bool(self.runs_for(slug)) or any(upload.assignment == slug for upload in self.uploads)

    def run_of(self, upload: UploadRecord) -> OwnRun | None:
        """The run that an upload led to."""
        return next((run for run in self.runs if run.key == upload.run_key), None)

    def grade(self, slug: str) -> GradeRecord | None:
        """The grade for one assignment."""
        return next((grade for grade in self.grades if grade.assignment == slug), None)

    def due(self, board: AssignmentBoard) -> datetime | None:
        """The student's own deadline: the class's, or an extension's."""
        deadline, extension = board.assignment.deadline, self.extensions.get(board.assignment.slug)
        return deadline if deadline is None or extension is None else max(deadline, extension.until)

    @property
    def is_waiting(self) -> bool:
        """Whether something of this student's is on its way."""
        return any(upload.state not in OVER for upload in self.uploads)


def load(settings: BoardSettings, who: Identity) -> OwnWork:
    """Everything of this student's, as it is now.

    Raises:
        BoardUnavailable: the database cannot be shown.
    """
    student = str(who.student_id)
    # The inbox first: what the watcher takes in between is then in the database already.
    arrived = _arrived(settings, who)
    with Board.open(settings.class_db_url) as board:
        known = uploads_of(board, student)
        queue = _queue(waiting_uploads(board))
        ids = {upload.id for upload in known}
        return OwnWork(
            alias=alias_of(board, student),
            runs=_with_team(board, student),
            uploads=(*(_received(item, student) for item in arrived if item.id not in ids), *known),
            ahead={upload.id: place for place, upload in enumerate(queue)},
            grades=tuple(grades_of(board, student)),
            counted={slug: found for (_student, slug), found in counted_of(board, student).items()},
            extensions={slug: found for (_student, slug), found in extensions_of(board, student).items()},
        )


def _with_team(board: Board, student: str) -> tuple[OwnRun, ...]:
    """A student's runs, and what teammates have handed in for assignments that they do together; the oldest first."""
    members = members_of(board)
    runs = list(runs_of(board, student))
    for slug in [slug for (one, slug) in members if one == student]:
        mates = [one for one in together_with(members, student, slug) if one != student]
        runs += [run for mate in mates for run in runs_of(board, mate, slug)]
    return tuple(sorted(runs, key=lambda run: run.received_at))


def _queue(uploads: list[UploadRecord]) -> list[UploadRecord]:
    """The uploads that no lane has yet, as they will have one; whose turn was last is not known here."""
    running = [upload.student_id for upload in uploads if upload.state is RunState.RUNNING]
    queued = [(upload.student_id, upload) for upload in uploads if upload.state is not RunState.RUNNING]
    return [upload for _student, upload in in_turn(queued, running, {})]


def own_alias(settings: BoardSettings) -> str:
    """The reader's own alias, to be marked on a board; empty for a visitor and for a teacher."""
    if not identity.is_named():
        return ""
    with Board.open(settings.class_db_url) as board:
        who = identity.known_to(board)
        return "" if who is None or who.student_id is None else alias_of(board, who.student_id)


def allowance(settings: BoardSettings, who: Identity, board: AssignmentBoard) -> Allowance | None:
    """What this student may still hand in; None where nothing is limited."""
    quota = board.rules.quota
    if quota is None:
        return None
    with Board.open(settings.class_db_url) as opened:
        return opened.allowance(str(who.student_id), board.assignment.slug, quota, datetime.now(UTC), settings.zone)


def feedback(settings: BoardSettings, who: Identity, slug: str) -> bytes | None:
    """The feedback page of this student's last submission, HTML."""
    with Board.open(settings.class_db_url) as board:
        return feedback_of(board, str(who.student_id), slug)


def _arrived(settings: BoardSettings, who: Identity) -> list[Upload]:
    """Uploads that wait in the inbox, the newest first."""
    if not settings.inbox:
        return []
    items = Inbox(Path(settings.inbox)).items()
    return [item for item in reversed(items) if isinstance(item, Upload) and item.access_id == who.access_id]


def _received(item: Upload, student: str) -> UploadRecord:
    return UploadRecord(
        id=item.id, student_id=student, assignment=item.assignment, filename=item.filename,
        file_sha256=item.file_sha256, received_at=item.at, state=RunState.RECEIVED, state_at=item.at,
    )  # fmt: skip
