"""Points by hand on the page, and students' questions about a task."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables; the next start of the watcher and each recorded result fill them."""
    op.create_table(
        "hand_question",
        sa.Column("assignment", sa.String(), nullable=False),
        sa.Column("grade_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("section", "title", "question", "model_answer")),
        sa.Column("is_code", sa.Boolean(), nullable=False),
        sa.Column("max_points", sa.Double(), nullable=False),
        sa.Column("comment_cell", sa.String(), nullable=False),
        sa.Column("rubric_json", sa.JSON(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("assignment", "grade_id", name="pk_hand_question"),
        sa.ForeignKeyConstraint(["assignment"], ["assignment.slug"], name="fk_hand_question_assignment"),
        sa.CheckConstraint("kind IN ('answer', 'check', 'work')", name=op.f("ck_hand_question_kind")),
    )
    op.create_table(
        "hand_answer",
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("assignment", sa.String(), nullable=False),
        sa.Column("grade_id", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("answer_sha256", sa.String(64), nullable=False),
        sa.Column("group_sha256", sa.String(64), nullable=False),
        sa.Column("judged_sha256", sa.String(64), nullable=True),
        sa.Column("is_waiting", sa.Boolean(), nullable=False),
        sa.Column("points", sa.Double(), nullable=True),
        sa.Column("auto_points", sa.Double(), nullable=True),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("mark_json", sa.JSON(), nullable=True),
        sa.Column("changed_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("student_id", "assignment", "grade_id", name="pk_hand_answer"),
        sa.ForeignKeyConstraint(["student_id"], ["student.id"], name="fk_hand_answer_student_id"),
        sa.ForeignKeyConstraint(["assignment"], ["assignment.slug"], name="fk_hand_answer_assignment"),
    )
    op.create_index("ix_hand_answer_assignment_grade_id", "hand_answer", ["assignment", "grade_id"])
    op.create_table(
        "hand_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("assignment", sa.String(), nullable=False),
        sa.Column("grade_id", sa.String(), nullable=False),
        sa.Column("changes_json", sa.JSON(), nullable=False),
        sa.Column("undone_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_hand_decision"),
        sa.ForeignKeyConstraint(["assignment"], ["assignment.slug"], name="fk_hand_decision_assignment"),
    )
    op.create_index("ix_hand_decision_author", "hand_decision", ["author"])
    op.create_table(
        "doubt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(), nullable=False),
        sa.Column("assignment", sa.String(), nullable=False),
        sa.Column("grade_id", sa.String(), nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("closed_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_doubt"),
        sa.ForeignKeyConstraint(["student_id"], ["student.id"], name="fk_doubt_student_id"),
        sa.ForeignKeyConstraint(["assignment"], ["assignment.slug"], name="fk_doubt_assignment"),
    )
    op.create_index("ix_doubt_student_id_assignment", "doubt", ["student_id", "assignment"])
    op.create_table(
        "doubt_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("doubt_id", sa.Integer(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("event", sa.String(16), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("points_before", sa.Double(), nullable=True),
        sa.Column("points_after", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_doubt_line"),
        sa.ForeignKeyConstraint(["doubt_id"], ["doubt.id"], name="fk_doubt_line_doubt_id", ondelete="CASCADE"),
        sa.CheckConstraint(
            "event IN ('asked', 'answered', 'corrected', 'regraded', 'closed')", name=op.f("ck_doubt_line_event")
        ),
    )
    op.create_index("ix_doubt_line_doubt_id", "doubt_line", ["doubt_id"])
