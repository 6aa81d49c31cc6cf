"""The page: ways in, uploads, rules, feedback, grades, a teacher's decisions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _access()
    _uploads()
    _shown()
    _decisions()


def _access() -> None:
    op.create_table(
        "access",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_sha256", sa.String(64), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("student_id", sa.String(), nullable=True),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_access"),
        sa.UniqueConstraint("token_sha256", name="uq_access_token_sha256"),
        sa.ForeignKeyConstraint(["student_id"], ["student.id"], name="fk_access_student_id"),
        sa.CheckConstraint("role IN ('student', 'teacher')", name=op.f("ck_access_role")),
        sa.CheckConstraint("token_sha256 IS NOT NULL OR email IS NOT NULL", name=op.f("ck_access_way_in")),
        sa.CheckConstraint("role <> 'student' OR student_id IS NOT NULL", name=op.f("ck_access_student")),
    )
    op.create_index("ix_access_email", "access", ["email"])
    op.create_index("ix_access_student_id", "access", ["student_id"])


def _uploads() -> None:
    op.create_table(
        "upload",
        sa.Column("id", sa.String(32), nullable=False),
        *_student_and_assignment(),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("file_sha256", sa.String(64), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("state_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_key", sa.String(), nullable=True),
        sa.Column("message", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_upload"),
        *_foreign_keys("upload"),
        sa.CheckConstraint(
            "state IN ('received', 'queued', 'running', 'scored', 'failed')", name=op.f("ck_upload_state")
        ),
    )
    op.create_index("ix_upload_student_id_assignment", "upload", ["student_id", "assignment"])
    op.create_index("ix_upload_run_key", "upload", ["run_key"])


def _shown() -> None:
    op.create_table(
        "page_rules",
        sa.Column("assignment", sa.String(), nullable=False),
        sa.Column("rules_json", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("assignment", name="pk_page_rules"),
        sa.ForeignKeyConstraint(["assignment"], ["assignment.slug"], name="fk_page_rules_assignment"),
    )
    op.create_table(
        "feedback",
        *_student_and_assignment(),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("html_zlib", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("student_id", "assignment", name="pk_feedback"),
        *_foreign_keys("feedback"),
    )
    op.create_table(
        "grade",
        *_student_and_assignment(),
        sa.Column("points", sa.Double(), nullable=False),
        sa.Column("max_points", sa.Double(), nullable=False),
        sa.Column("late_penalty", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("student_id", "assignment", name="pk_grade"),
        *_foreign_keys("grade"),
    )


def _decisions() -> None:
    op.create_table(
        "override",
        *_student_and_assignment(),
        sa.Column("points", sa.Double(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("student_id", "assignment", name="pk_override"),
        *_foreign_keys("override"),
    )
    op.create_table(
        "rejudge",
        *_student_and_assignment(),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("student_id", "assignment", name="pk_rejudge"),
        *_foreign_keys("rejudge"),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(32), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entry"),
        sa.UniqueConstraint("request_id", name="uq_audit_entry_request_id"),
    )


def _student_and_assignment() -> list[sa.Column[str]]:
    return [
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("assignment", sa.String(), nullable=False),
    ]


def _foreign_keys(table: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(["student_id"], ["student.id"], name=f"fk_{table}_student_id"),
        sa.ForeignKeyConstraint(["assignment"], ["assignment.slug"], name=f"fk_{table}_assignment"),
    ]
