from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from class_records import block_run
from sqlalchemy import create_engine, inspect, text

from grader.errors import EnvironmentFault
from grader.record.database import ClassDatabase, revisions
from grader.record.database.schema import Base


def test_the_migrations_make_the_tables_of_the_models(url: str) -> None:
    ClassDatabase.open(url).close()
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "version_table": revisions.VERSION_TABLE}
        )
        assert compare_metadata(context, Base.metadata) == []
        migrated = _checks(connection)
    engine.dispose()
    fresh = create_engine("sqlite://")
    with fresh.begin() as connection:
        Base.metadata.create_all(connection)
        assert _checks(connection) == migrated
    fresh.dispose()


def _checks(connection: object) -> dict[str, set[str]]:
    inspector = inspect(connection)
    return {
        table: {str(check["name"]) for check in inspector.get_check_constraints(table)}
        | {str(unique["name"]) for unique in inspector.get_unique_constraints(table)}
        for table in Base.metadata.tables
    }


def test_sqlite_keeps_a_write_ahead_log(url: str, tmp_path: Path) -> None:
    ClassDatabase.open(url).close()
    with sqlite3.connect(tmp_path / "class.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_opening_again_loses_nothing(url: str) -> None:
    with ClassDatabase.open(url) as database:
        database.record_run(block_run("s1", 3.0))
    with ClassDatabase.open(url, create=False) as database:
        assert database.has_run("s1-resnet-3.0")


def test_the_folder_of_a_new_database_is_made(tmp_path: Path) -> None:
    ClassDatabase.open(f"sqlite:///{tmp_path}/new class #1/class.db").close()
    assert (tmp_path / "new class #1" / "class.db").exists()


def test_a_database_of_a_newer_grader_is_refused_and_left_alone(url: str, tmp_path: Path) -> None:
    ClassDatabase.open(url).close()
    _execute(url, f"UPDATE {revisions.VERSION_TABLE} SET version_num = '9999'")
    before = (tmp_path / "class.db").read_bytes()
    with pytest.raises(EnvironmentFault, match=r"newer grader.*Update the grader"):
        ClassDatabase.open(url)
    assert (tmp_path / "class.db").read_bytes() == before


def test_another_programs_database_is_refused_and_left_alone(url: str) -> None:
    _execute(url, "CREATE TABLE gradebook (id INTEGER)")
    with pytest.raises(EnvironmentFault, match="tables of something else"):
        ClassDatabase.open(url)
    engine = create_engine(url)
    assert inspect(engine).get_table_names() == ["gradebook"]
    engine.dispose()


def test_a_missing_database_is_not_made_when_that_was_not_asked(url: str, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="There is no class database"):
        ClassDatabase.open(url, create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_named(url: str, tmp_path: Path) -> None:
    (tmp_path / "class.db").write_text("Not a database, however long this text may be. " * 50)
    with pytest.raises(EnvironmentFault, match=r"class\.db cannot be opened: file is not a database"):
        ClassDatabase.open(url)


@pytest.mark.parametrize("url", ["class.db", "sqlite://", "sqlite:///:memory:", "nosuch://host/name", ""])
def test_a_url_that_names_no_lasting_database_is_refused(url: str) -> None:
    with pytest.raises(EnvironmentFault, match="Expected sqlite:///"):
        ClassDatabase.open(url)


def _execute(url: str, statement: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
