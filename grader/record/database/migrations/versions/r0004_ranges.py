"""Ranges of ranks that cannot be told apart. Two numbers for each student, nothing of any image."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; the grader fills it when it is next at work."""
    op.create_table(
        "rank_range",
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("assignment", sa.String(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("counted_run", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("student_id", "assignment", name="pk_rank_range"),
        sa.ForeignKeyConstraint(["student_id"], ["student.id"], name="fk_rank_range_student_id"),
        sa.ForeignKeyConstraint(["assignment"], ["assignment.slug"], name="fk_rank_range_assignment"),
        sa.CheckConstraint("first >= 1 AND first <= last", name=op.f("ck_rank_range_order")),
    )
