"""Alembic's migrations of the class database; `grader.record.database.revisions` runs them."""
