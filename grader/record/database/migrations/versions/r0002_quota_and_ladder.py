"""When a submission was admitted, for the quota; whether the Ladder accepted an entry."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; what is there was accepted."""
    with op.batch_alter_table("submission") as table:
        table.add_column(sa.Column("admitted_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("entry") as table:
        table.add_column(sa.Column("accepted", sa.Boolean(), nullable=False, server_default=sa.true()))
