"""The first tables: student, assignment, submission, run, entry."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _students_and_assignments()
    _submissions()
    _runs()
    _entries()


def _students_and_assignments() -> None:
    op.create_table(
        "student",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("alias", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_student"),
        sa.UniqueConstraint("alias", name="uq_student_alias"),
    )
    op.create_table(
        "assignment",
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("max_points", sa.Double(), nullable=False),
        sa.Column("is_contest", sa.Boolean(), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("slug", name="pk_assignment"),
    )


def _submissions() -> None:
    op.create_table(
        "submission",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("assignment", sa.String(), nullable=False),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_submission"),
        sa.ForeignKeyConstraint(["student_id"], ["student.id"], name="fk_submission_student_id"),
        sa.ForeignKeyConstraint(["assignment"], ["assignment.slug"], name="fk_submission_assignment"),
        sa.UniqueConstraint(
            "student_id", "assignment", "content_sha256", name="uq_submission_student_id_assignment_content_sha256"
        ),
    )
    op.create_index("ix_submission_assignment", "submission", ["assignment"])


def _runs() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("grader_version", sa.String(), nullable=False),
        sa.Column("assignment_revision", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wall_s", sa.Double(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("points", sa.Double(), nullable=True),
        sa.Column("max_points", sa.Double(), nullable=False),
        sa.Column("report_json", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name="fk_run_submission_id"),
        sa.UniqueConstraint("key", name="uq_run_key"),
        sa.CheckConstraint("state IN ('received', 'queued', 'running', 'scored', 'failed')", name=op.f("ck_run_state")),
    )
    op.create_index("ix_run_submission_id", "run", ["submission_id"])


def _entries() -> None:
    op.create_table(
        "entry",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("assignment", sa.String(), nullable=False),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("correct", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("points", sa.Double(), nullable=False),
        sa.Column("private_correct", sa.Integer(), nullable=True),
        sa.Column("private_total", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", name="pk_entry"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_entry_run_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["student_id"], ["student.id"], name="fk_entry_student_id"),
        sa.ForeignKeyConstraint(["assignment"], ["assignment.slug"], name="fk_entry_assignment"),
        sa.CheckConstraint("total > 0 AND correct >= 0 AND correct <= total", name=op.f("ck_entry_public_count")),
        sa.CheckConstraint(
            "(private_correct IS NULL AND private_total IS NULL)"
            " OR (private_total > 0 AND private_correct >= 0 AND private_correct <= private_total)",
            name=op.f("ck_entry_private_count"),
        ),
    )
    op.create_index("ix_entry_assignment", "entry", ["assignment"])
