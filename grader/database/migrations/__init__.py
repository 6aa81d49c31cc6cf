"""Alembic's migrations of the class database; `grader.database.revisions` runs them."""
