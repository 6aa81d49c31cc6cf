"""What becomes of an upload before it is graded: whose it is, whether it is new, whether it is fit."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from grader.collect.inbox import Inbox, Upload
from grader.collect.submissions import Submission, place
from grader.collect.uploads import PageRules, unpack
from grader.course.folder import Course
from grader.errors import InvalidSubmission
from grader.language import _
from grader.record.database import ClassDatabase, RunState
from grader.record.database.access import AccessList
from grader.record.database.decisions import Decisions
from grader.record.database.page_records import Identity, UploadRecord
from grader.record.database.uploads import OVER, UploadLog


class Uploads:
    """The inbox's uploads with their rows in the class database."""

    def __init__(self, inbox: Inbox, database: ClassDatabase) -> None:
        self._inbox = inbox
        self._database = database
        self._log = UploadLog(database)
        self._access = AccessList(database)
        self._decisions = Decisions(database)
        self._noted: dict[str, str] = {}

    def student_of(self, item: Upload) -> str | None:
        """Whose upload it is; None where nobody may hand in that way (any more): then the item is thrown away."""
        if item.id not in self._noted:
            who = self._access.identity(item.access_id)
            if not self._may_hand_in(who, item.assignment):
                self._inbox.remove(item.id)
                return None
            self._log.note(_record(item, str(who.student_id if who else "")))
            self._noted[item.id] = str(who.student_id if who else "")
        return self._noted[item.id]

    def _may_hand_in(self, who: Identity | None, assignment: str) -> bool:
        return who is not None and who.student_id is not None and assignment in self._rules()

    def _rules(self) -> dict[str, PageRules]:
        return {slug: PageRules.from_json(plain) for slug, plain in self._decisions.rules().items()}

    def prepare(self, course: Course, student: str, item: Upload) -> Submission | None:
        """Put the upload into `submitted/`; None where it is over already, for a reason that its row tells."""
        known = self._log.find(item.id)
        if known is None or known.state in OVER:
            self.forget(item)
            return None
        earlier = self._log.earlier(known)
        if earlier is not None:
            self._log.move(item.id, RunState.SCORED, message=same_file(), run_key=earlier.run_key)
            self.forget(item)
            return None
        rules = self._rules()[item.assignment]
        data = self._inbox.data(item, rules.max_bytes)
        if data is None:
            self.fail(item, _("The file arrived damaged. Hand it in again."))
            return None
        try:
            files = unpack(item.filename, data, item.assignment, rules)
        except InvalidSubmission as error:
            self.fail(item, str(error))
            return None
        limit = self._over_quota(course, student, item)
        if limit:
            self.fail(item, limit)
            return None
        return place(course, student, item.assignment, files, item.at)

    def _over_quota(self, course: Course, student: str, item: Upload) -> str:
        """Why nothing more is taken now; empty where something is. Asked before the file takes the last one's place."""
        if not course.assignment_config(item.assignment).contest:
            return ""
        now, zone = datetime.now(UTC), ZoneInfo(course.config.timezone)
        return self._database.allowance(student, item.assignment, course.config.contest.quota, now, zone).message

    def running(self, item: Upload) -> None:
        """It is being graded."""
        self._log.move(item.id, RunState.RUNNING)

    def wait(self, item: Upload) -> None:
        """It has to be graded once more."""
        self._log.move(item.id, RunState.QUEUED)

    def scored(self, item: Upload, run_key: str) -> None:
        """It has a result."""
        self._log.move(item.id, RunState.SCORED, run_key=run_key)
        self.forget(item)

    def fail(self, item: Upload, message: str, run_key: str | None = None) -> None:
        """It has none, and will have none."""
        self._log.move(item.id, RunState.FAILED, message=message, run_key=run_key)
        self.forget(item)

    def fail_inside(self, item: Upload, reason: str) -> None:
        """Something of ours broke: the student reads a number, the teacher's log has the reason under it."""
        reference = item.id[:4]
        self._decisions.log("grader", "internal", f"ref {reference}", reason[:500])
        self.fail(
            item,
            _(
                "INTERNAL: Scoring failed on our side (ref {reference}). It did not use a submission; the teacher "
                "was told."
            ).format(reference=reference),
        )

    def forget(self, item: Upload) -> None:
        """Take it out of the inbox."""
        self._inbox.remove(item.id)
        self._noted.pop(item.id, None)


def same_file() -> str:
    """What to say of a file that was handed in before."""
    return _("You have handed in this very file before. Nothing changes and nothing is counted.")


def _record(item: Upload, student: str) -> UploadRecord:
    return UploadRecord(
        id=item.id, student_id=student, assignment=item.assignment, filename=item.filename,
        file_sha256=item.file_sha256, received_at=item.at, state=RunState.QUEUED, state_at=item.at,
    )  # fmt: skip
