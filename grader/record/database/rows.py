"""Convert records into rows of the class database, and rows into records."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.record.database import reports
from grader.record.database.records import AssignmentRecord, EntryRecord, RunRecord, RunReport
from grader.record.database.schema import Assignment, Entry, Run, StoredFailures, Submission
from grader.scoring.failures import Failures


def submission_row(session: Session, record: RunRecord) -> Submission:
    """The row of what was handed in: the stored one, or a new one, flushed so that it has its id."""
    submission = session.scalar(
        select(Submission).where(
            Submission.student_id == record.student_id,
            Submission.assignment == record.assignment.slug,
            Submission.content_sha256 == record.content_sha256,
        )
    )
    if submission is None:
        submission = Submission(
            student_id=record.student_id,
            assignment=record.assignment.slug,
            content_sha256=record.content_sha256,
            source=record.source,
            received_at=record.received_at,
        )
        session.add(submission)
        session.flush()
    return submission


def run_row(submission: Submission, record: RunRecord) -> Run:
    """A new row for a run of this submission, its contest entry with it."""
    return Run(
        submission_id=submission.id,
        key=record.key,
        grader_version=record.grader_version,
        assignment_revision=record.assignment_revision,
        started_at=record.started_at,
        finished_at=record.finished_at,
        wall_s=record.wall_s,
        state=record.state,
        points=record.points,
        max_points=record.max_points,
        report_json=reports.to_json(record),
        entry=None if record.entry is None else _entry_row(submission, record.entry),
        failures=None if record.failures is None else _failures_row(submission, record.failures),
    )


def _entry_row(submission: Submission, entry: EntryRecord) -> Entry:
    return Entry(
        student_id=submission.student_id,
        assignment=submission.assignment,
        metric=entry.metric,
        correct=entry.correct,
        total=entry.total,
        points=entry.points,
        private_correct=entry.private_correct,
        private_total=entry.private_total,
        accepted=entry.accepted,
    )


def _failures_row(submission: Submission, failures: Failures) -> StoredFailures:
    return StoredFailures(
        student_id=submission.student_id,
        assignment=submission.assignment,
        found_json=failures.without_pictures().to_json(),
        pictures_json=[mistake.picture for mistake in failures.mistakes],
    )


def report_of(run: Run) -> RunReport:
    """A stored run as a record, with its submission, student, assignment and contest entry."""
    submission = run.submission
    return RunReport(
        run_id=run.id,
        submission_id=submission.id,
        alias=submission.student.alias,
        record=RunRecord(
            key=run.key,
            student_id=submission.student_id,
            assignment=_assignment_record(submission.for_assignment),
            content_sha256=submission.content_sha256,
            source=submission.source,
            received_at=submission.received_at,
            grader_version=run.grader_version,
            assignment_revision=run.assignment_revision,
            started_at=run.started_at,
            finished_at=run.finished_at,
            wall_s=run.wall_s,
            state=run.state,
            points=run.points,
            max_points=run.max_points,
            tasks=reports.tasks(run.report_json),
            entry=None if run.entry is None else _entry_record(run.entry),
            student_name=submission.student.name,
            problem=reports.problem(run.report_json),
            remarks=reports.remarks(run.report_json),
        ),
    )


def _assignment_record(assignment: Assignment) -> AssignmentRecord:
    return AssignmentRecord(
        slug=assignment.slug,
        title=assignment.title,
        max_points=assignment.max_points,
        is_contest=assignment.is_contest,
        deadline=assignment.deadline,
        position=assignment.position,
    )


def _entry_record(entry: Entry) -> EntryRecord:
    return EntryRecord(
        metric=entry.metric,
        correct=entry.correct,
        total=entry.total,
        points=entry.points,
        private_correct=entry.private_correct,
        private_total=entry.private_total,
        accepted=entry.accepted,
    )


def latest_of_each(found: Iterable[RunReport]) -> list[RunReport]:
    """The last report per assignment and student, of reports ordered oldest first."""
    last = {(report.record.assignment.slug, report.student_id): report for report in found}
    return list(last.values())
