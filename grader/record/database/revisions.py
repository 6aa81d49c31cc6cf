"""Which revision a database is at, and the way up to the newest."""

from __future__ import annotations

from enum import Enum
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DatabaseError

_MIGRATIONS = Path(__file__).parent / "migrations"
# A name of our own: nbgrader's gradebook is managed by alembic too, and must not pass for a class database.
VERSION_TABLE = "springfield_schema"
# Any constant: it keeps two processes from migrating one PostgreSQL database at once.
_POSTGRESQL_LOCK = 0x5F1E1D


class SchemaState(Enum):
    """How a database relates to this grader."""

    EMPTY = "empty"
    FOREIGN = "foreign"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"


def newest() -> str:
    """The revision that this grader reads and writes."""
    return _known()[0]


def is_current(connection: Connection) -> bool:
    """Whether this grader reads this database. One query; `schema_state` takes milliseconds."""
    try:
        found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalars().all()  # noqa: S608
    except DatabaseError:
        connection.rollback()
        return False
    return list(found) == [newest()]


def schema_state(connection: Connection) -> SchemaState:
    """How the database behind the connection relates to this grader."""
    tables = inspect(connection).get_table_names()
    if not tables:
        return SchemaState.EMPTY
    if VERSION_TABLE not in tables:
        return SchemaState.FOREIGN
    revision = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()
    if revision == newest():
        return SchemaState.CURRENT
    return SchemaState.OLDER if revision is None or revision in _known() else SchemaState.NEWER


def migrate(connection: Connection) -> None:
    """Bring the tables to the newest revision inside the connection's transaction."""
    config = _config()
    config.attributes["connection"] = connection
    config.attributes["version_table"] = VERSION_TABLE
    command.upgrade(config, "head")


def lock(connection: Connection) -> None:
    """Keep other migrating processes out until the transaction ends; on SQLite, the transaction already does."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRESQL_LOCK})


def _config() -> Config:
    config = Config()
    # Alembic interpolates its options; a path with a percent sign must survive that.
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


@cache
def _known() -> tuple[str, ...]:
    """Every revision of this grader, newest first."""
    scripts = ScriptDirectory.from_config(_config())
    return tuple(script.revision for script in scripts.walk_revisions())
