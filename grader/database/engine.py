"""Connections to the class database: SQLite in WAL by default, PostgreSQL by URL."""

from __future__ import annotations

import sqlite3
import time
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError
from sqlalchemy.pool import NullPool, QueuePool

from grader.errors import EnvironmentFault

# A writer holds the lock for milliseconds; half a minute means that something is wrong, and says so.
_BUSY_TIMEOUT_S = 30.0
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
            f"The database {shown(parsed)} needs the Python package {error.name}, which is not installed.",
            remedy="Install springfield-grader[postgresql] and write postgresql+psycopg://user:password@host/name.",
        ) from error
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        raise EnvironmentFault(
            "This is not a URL of a database the grader knows.",
            remedy="Expected sqlite:///path/to/class.db or postgresql+psycopg://user:password@host/name.",
        ) from error
    if parsed.get_backend_name() == "sqlite" and (parsed.database or ":memory:") == ":memory:":
        raise EnvironmentFault(
            "A class database in memory would be lost at the end of the command.",
            remedy="Expected sqlite:///path/to/class.db.",
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


def database_fault(error: BaseException, trouble: str) -> EnvironmentFault:
    """What a database refused, as a sentence with what to do.

    Args:
        error: SQLAlchemy's, or SQLite's own.
        trouble: which database (without a password), and that it cannot be opened or does not answer.
    """
    cause = error.orig if isinstance(error, DatabaseError) and error.orig is not None else error
    code = getattr(cause, "sqlite_errorcode", None)
    remedy = _OF_A_SERVER
    if isinstance(cause, sqlite3.Error):
        remedy = _REMEDIES.get((code or 0) & 0xFF, "Check the disk, and that nothing else holds the database.")
    said = " ".join(str(cause).split())
    return EnvironmentFault(f"{trouble}: {said[:300].rstrip('.')}.", remedy=remedy)


def explain_faults(engine: Engine, what: str) -> None:
    """Let every fault of an engine's database be raised as `EnvironmentFault`, wherever a library meets it.

    Args:
        engine: the engine.
        what: which database it is, without a password.
    """

    @event.listens_for(engine, "handle_error")
    def explain(context: ExceptionContext) -> None:
        error = context.sqlalchemy_exception or context.original_exception
        if is_fault(error) and not context.is_pre_ping:  # a pool that finds a lost connection makes another one
            raise database_fault(error, f"{what} does not answer") from error


def writing(url: URL) -> Engine:
    """An engine whose every transaction takes the write lock at its start."""
    path = sqlite_path(url)
    if path is None:
        return create_engine(url, pool_pre_ping=True)

    def connect() -> sqlite3.Connection:
        connection = _sqlite(f"file:{quote(str(path))}?mode=rwc")
        _use_write_ahead_log(connection)
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool)
    # A transaction that reads first and writes later can fail at once, whatever the timeout, if another one
    # wrote in between; taking the lock at the start makes it wait instead.
    event.listen(engine, "begin", _begin_immediate)
    return engine


@lru_cache(maxsize=16)
def reading(url: URL) -> Engine:
    """An engine that cannot write, opening the file anew each time, so that a replaced file is noticed.

    The engine itself is kept: it remembers its compiled statements, which cost ten times what running them does.
    """
    path = sqlite_path(url)
    if path is None:
        return create_engine(
            url,
            poolclass=NullPool,
            execution_options={"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"},
        )

    def connect() -> sqlite3.Connection:
        connection = _read_only(path)
        connection.execute("PRAGMA query_only = ON")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    event.listen(engine, "begin", _begin_deferred)
    return engine


def _read_only(path: Path) -> sqlite3.Connection:
    uri = f"file:{quote(str(path))}?mode=ro"
    connection = _sqlite(uri)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        if Path(f"{path}-wal").exists():
            raise
        # A log that nobody writes leaves no files, and on a read-only mount SQLite cannot make them to read beside.
        # Without a log the file itself is all there is, so reading it as it lies misses nothing.
        return _sqlite(f"{uri}&immutable=1")
    return connection


def _sqlite(uri: str) -> sqlite3.Connection:
    # isolation_level=None: the driver starts no transactions of its own; the listeners below do.
    return sqlite3.connect(uri, uri=True, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch the file to a write-ahead log; for this lock alone SQLite does not wait, but fails at once."""
    deadline = time.monotonic() + _BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_deferred(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
