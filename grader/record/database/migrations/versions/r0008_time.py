"""Time: extensions, what counts of each student's work and what being late costs it, and teams."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; scoring fills them from now on."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "extension",
        *_place("extension"),
        sa.Column("until", moment, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("made_at", moment, nullable=False),
    )
    op.create_table(
        "counted_work",
        *_place("counted_work"),
        sa.Column("run_key", sa.String(), nullable=False),
        sa.Column("received_at", moment, nullable=False),
        sa.Column("due_at", moment, nullable=True),
        sa.Column("days_late", sa.Integer(), nullable=False),
        sa.Column("days_free", sa.Integer(), nullable=False),
        sa.Column("taken", sa.String(), nullable=True),
        sa.Column("days_left", sa.Integer(), nullable=True),
        sa.Column("of_submissions", sa.Integer(), nullable=False),
        sa.CheckConstraint("days_free >= 0 AND days_free <= days_late", name=op.f("ck_counted_work_days")),
    )
    op.create_table(
        "team_member",
        *_place("team_member"),
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("holder_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["holder_id"], ["student.id"], name="fk_team_member_holder_id"),
    )


def _place(table: str) -> list[sa.schema.SchemaItem]:
    """The key of a row for each student and assignment."""
    return [
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("assignment", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("student_id", "assignment", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["student_id"], ["student.id"], name=f"fk_{table}_student_id"),
        sa.ForeignKeyConstraint(["assignment"], ["assignment.slug"], name=f"fk_{table}_assignment"),
    ]
