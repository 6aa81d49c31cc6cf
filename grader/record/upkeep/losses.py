"""What a class has lost: results that the ledger knows and other places do not hold, and files that cannot be read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import make_url

from grader.course.database_url import sqlite_path
from grader.course.folder import Course
from grader.course.gradebook import open_gradebook
from grader.errors import EnvironmentFault
from grader.grading.job import Graded
from grader.language import _
from grader.record.database import ClassDatabase
from grader.record.ledger import Ledger
from grader.record.upkeep.stored_results import Store, StoredResults


@dataclass(frozen=True)
class Loss:
    """A result that stands by the ledger, and the places that do not hold it."""

    student: str
    slug: str
    lacking: tuple[Store, ...]


def losses(course: Course) -> list[Loss]:
    """Everything that stands by the ledger and was lost somewhere, by assignment and student.

    Raises:
        EnvironmentFault: the class database cannot be opened.
    """
    ledger = Ledger(course.ledger)
    recorded = [
        (slug, student, result)
        for slug, student, key in ledger.recorded()
        if isinstance(result := ledger.find(key), Graded) and result.report.is_complete
    ]
    if not recorded:
        return []
    with ClassDatabase.open(course.database_url) as database, open_gradebook(course) as gradebook:
        stored = StoredResults(course, gradebook, database)
        asked = [Loss(student, slug, stored.lacking(slug, student, result)) for slug, student, result in recorded]
    return [loss for loss in asked if loss.lacking]


def databases(course: Course) -> Iterator[tuple[Store, Path]]:
    """Gradebook and class database, where they are SQLite files."""
    for store, url in ((Store.GRADEBOOK, course.gradebook_url), (Store.DATABASE, course.database_url)):
        path = sqlite_path(make_url(url))
        if path is not None:
            yield store, path


def damage_of(path: Path) -> str:
    """Why a database file cannot be used, as SQLite says it; empty where it can, or where there is none.

    Raises:
        EnvironmentFault: it may not be read.
    """
    if not path.exists():
        return ""
    if not path.is_file():
        return "not a file"
    try:
        connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=30)
        try:
            (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        finally:
            connection.close()
    except sqlite3.OperationalError as error:
        raise EnvironmentFault(
            _("{path} cannot be read: {error}.").format(path=path, error=error),
            remedy=_("Check the rights and the disk."),
        ) from error
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if said == "ok" else str(said)
