"""Databases by URL, SQLite or PostgreSQL, and what is wrong with one in a sentence."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import Engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError

from grader.errors import EnvironmentFault
from grader.language import _

_REMEDIES = {
    sqlite3.SQLITE_FULL: "Free some space on the disk and run the same command again; nothing of this step was stored.",
    sqlite3.SQLITE_IOERR: "Is the disk full? Free some space and run the same command again; nothing is damaged.",
    sqlite3.SQLITE_READONLY: "Give the user who runs the grader the right to write it and the folder it lies in.",
    sqlite3.SQLITE_PERM: "Give the user who runs the grader the right to write it and the folder it lies in.",
    sqlite3.SQLITE_CANTOPEN: "Check the path, and who may write the file and the folder it lies in.",
    sqlite3.SQLITE_BUSY: "Another program holds it: end that one and run the same command again.",
    sqlite3.SQLITE_LOCKED: "Another program holds it: end that one and run the same command again.",
    sqlite3.SQLITE_NOTADB: "It is no database (any more): put a backup in its place, or run `grader doctor --repair`.",
    sqlite3.SQLITE_CORRUPT: "The file is damaged: put a backup in its place, or run `grader doctor --repair`.",
}
_OF_A_SERVER = "Is the database's server running, and are host, name and password in class.toml right?"


def parse(url: str) -> URL:
    """The URL in parts.

    Raises:
        EnvironmentFault: the text is no database URL, or names a database in memory or one that nothing here can open.
    """
    try:
        parsed = make_url(url)
        dialect = parsed.get_dialect()
        if dialect.name not in ("sqlite", "postgresql"):
            raise ArgumentError(dialect.name)
        dialect.import_dbapi()
    except ModuleNotFoundError as error:
        raise EnvironmentFault(
            _("The database {parsed} needs the Python package {name}, which is not installed.").format(
                parsed=shown(parsed), name=error.name
            ),
            remedy=_("Install springfield-grader[postgresql] and write postgresql+psycopg://user:password@host/name."),
        ) from error
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        raise EnvironmentFault(
            _("This is not a URL of a database the grader knows."),
            remedy=_("Expected sqlite:///path/to/class.db or postgresql+psycopg://user:password@host/name."),
        ) from error
    if parsed.get_backend_name() == "sqlite" and (parsed.database or ":memory:") == ":memory:":
        raise EnvironmentFault(
            _("A class database in memory would be lost at the end of the command."),
            remedy=_("Expected sqlite:///path/to/class.db."),
        )
    return parsed


def sqlite_path(url: URL) -> Path | None:
    """The file of an SQLite database, None for another kind."""
    if url.get_backend_name() != "sqlite" or url.database is None:
        return None
    return Path(url.database).absolute()


def shown(url: URL) -> str:
    """The URL for a message, without its password."""
    return url.render_as_string(hide_password=True)


def is_fault(error: BaseException) -> bool:
    """Whether the database itself is not as it should be, and not what was asked of it."""
    return type(error) in (OperationalError, DatabaseError) or isinstance(error, sqlite3.Error)


def database_fault(error: BaseException, problem: str) -> EnvironmentFault:
    """What a database refused, as a sentence with what to do.

    Args:
        error: SQLAlchemy's, or SQLite's own.
        problem: which database (without a password), and that it cannot be opened or does not answer.
    """
    cause = error.orig if isinstance(error, DatabaseError) and error.orig is not None else error
    code = getattr(cause, "sqlite_errorcode", None)
    remedy = _OF_A_SERVER
    if isinstance(cause, sqlite3.Error):
        remedy = _REMEDIES.get((code or 0) & 0xFF, "Check the disk, and that nothing else holds the database.")
    said = " ".join(str(cause).split())
    return EnvironmentFault(f"{problem}: {said[:300].rstrip('.')}.", remedy=remedy)


def explain_faults(engine: Engine, what: str) -> None:
    """Have an engine raise `EnvironmentFault` for every fault of its database, also inside other libraries.

    Args:
        engine: the engine.
        what: which database it is, without a password.
    """

    @event.listens_for(engine, "handle_error")
    def explain(context: ExceptionContext) -> None:
        error = context.sqlalchemy_exception or context.original_exception
        if is_fault(error) and not context.is_pre_ping:  # a pool that finds a lost connection makes another one
            raise database_fault(error, f"{what} does not answer") from error
