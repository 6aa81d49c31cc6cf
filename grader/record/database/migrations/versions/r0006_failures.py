"""Where a network fails on training pictures that it has not seen, for its student's own page."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; runs fill it from now on."""
    op.create_table(
        "failures",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("assignment", sa.String(), nullable=False),
        sa.Column("found_json", sa.JSON(), nullable=False),
        sa.Column("pictures_json", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", name="pk_failures"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_failures_run_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["student_id"], ["student.id"], name="fk_failures_student_id"),
        sa.ForeignKeyConstraint(["assignment"], ["assignment.slug"], name="fk_failures_assignment"),
    )
    op.create_index("ix_failures_student_id_assignment", "failures", ["student_id", "assignment"])
