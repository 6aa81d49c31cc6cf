"""Alembic's entry point: runs the migrations on the connection that `grader.record.database.revisions` hands over."""

from __future__ import annotations

from alembic import context

from grader.record.database.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=context.config.attributes["version_table"],
    # The connection already holds a transaction; on SQLite too a half-done migration then leaves nothing behind.
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
