"""Connections to the class database: SQLite in WAL by default, PostgreSQL by URL."""

from __future__ import annotations

import sqlite3
import time
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool, QueuePool

from grader.course.database_url import sqlite_path

# A writer holds the lock for milliseconds; half a minute means that something is wrong, and says so.
_BUSY_TIMEOUT_S = 30.0


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
