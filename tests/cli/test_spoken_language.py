"""The command in Russian and in English: help, labels, tables and plurals; what machines read has no language."""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from command_line import grader
from rich.console import Console
from typer.testing import CliRunner

from grader.cli.app import app
from grader.cli.help_texts import paragraphs
from grader.cli.tables import print_table
from grader.course.folder import Course
from grader.language import _translations, address_in, language_of_locale, ngettext, speaking

CYRILLIC = re.compile("[А-яЁё]")


@pytest.fixture(autouse=True)
def own_language() -> Iterator[None]:
    """What a command sets for its process does not reach the next test."""
    yield
    address_in(None)


def help_paragraphs() -> list[str]:
    """Every paragraph of help, but for the examples, which are commands."""
    found: set[str] = set()

    def walk(command: typer.core.TyperCommand) -> None:
        texts = [command.help, command.short_help, *(getattr(option, "help", None) for option in command.params)]
        found.update(paragraph for text in texts for paragraph in paragraphs(text or ""))
        for inner in getattr(command, "commands", {}).values():
            walk(inner)

    walk(typer.main.get_command(app))
    return sorted(one for one in found if one and not one.startswith("Example:"))


def test_all_help_is_there_in_russian() -> None:
    catalogue = _translations("ru")
    found = help_paragraphs()
    assert len(found) > 100
    assert [text for text in found if not CYRILLIC.search(catalogue.gettext(text))] == []


def test_help_speaks_the_language_that_is_asked_for() -> None:
    russian = CliRunner().invoke(app, ["--language", "ru", "grade", "--help"]).stdout
    assert "Пример: grader grade resnet springfield" in russian
    assert "Параметры" in russian
    assert "Show this message" not in russian
    english = CliRunner().invoke(app, ["--language", "en", "grade", "--help"]).stdout
    assert not CYRILLIC.search(english)
    assert "Options" in english


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "ru_RU.UTF-8"}, "ru"),
        ({"LC_MESSAGES": "en_US.UTF-8", "LANG": "ru_RU.UTF-8"}, "en"),
        ({"LC_ALL": "ru_RU", "LC_MESSAGES": "en_US", "LANG": "C"}, "ru"),
        ({"LC_ALL": "", "LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "C.UTF-8"}, None),
        ({"LC_ALL": "POSIX", "LANG": "ru_RU"}, None),
        ({}, None),
    ],
)
def test_the_locale_decides_as_posix_says(environment: dict[str, str], language: str | None) -> None:
    assert language_of_locale(environment) == language


def test_errors_are_in_the_language_of_the_locale_and_json_in_none(course: Course) -> None:
    russian = grader("collect", "reznet", "x.zip", cwd=course.root, LC_ALL="ru_RU.UTF-8")
    assert russian.returncode == 2
    assert russian.stderr.startswith("ошибка: Нет задания 'reznet'")
    assert "что делать: Может быть, 'resnet'?" in russian.stderr
    chosen = grader("--language", "en", "collect", "reznet", "x.zip", cwd=course.root, LC_ALL="ru_RU.UTF-8")
    assert "what to do: Did you mean 'resnet'?" in chosen.stderr
    said = {
        grader(*spoken, "collect", "reznet", "x.zip", "--json", cwd=course.root, LC_ALL=locale).stdout
        for spoken in ([], ["--language", "ru"])
        for locale in ("C.UTF-8", "ru_RU.UTF-8")
    }
    assert len(said) == 1
    assert json.loads(said.pop())["kind"] == "InvalidConfig"


def test_a_student_who_is_nearly_there_is_asked_about(course: Course, tmp_path: Path) -> None:
    (course.root / "roster.csv").write_text("id,name\nivanova,Мария\n")
    assert grader("invite", "--class", course.root, "--to", tmp_path / "links.csv").returncode == 0
    wrong = grader("revoke", "Ivanowa", cwd=course.root)
    assert wrong.returncode == 2
    assert "Did you mean 'ivanova'?" in wrong.stderr


@pytest.mark.parametrize(("count", "said"), [(1, "1 файл"), (3, "3 файла"), (11, "11 файлов"), (21, "21 файл")])
def test_russian_has_three_plurals(count: int, said: str) -> None:
    with speaking("ru"):
        assert ngettext("{count} file", "{count} files", count).format(count=count) == said


def test_a_table_in_80_columns_loses_nothing() -> None:
    console = Console(width=80, record=True, file=io.StringIO())
    cells = ["konstantinopolskaya-aleksandra-9a@school.example", "Копия resnet (1).ipynb", "причина " * 20, "id" * 40]
    print_table(console, ("student", "file", "why", "more"), [cells])
    shown = console.export_text()
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= 80
    columns = zip(*(line.split("│")[1:-1] for line in shown.splitlines() if line.startswith("│")), strict=True)
    joined = ["".join("".join(part) for part in column).replace(" ", "") for column in columns]
    assert joined == [cell.replace(" ", "") for cell in cells]


def test_a_refused_invitation_leaves_the_file_of_links_as_it_was(course: Course, tmp_path: Path) -> None:
    links = tmp_path / "links.csv"
    links.write_text("the links of last week")
    refused = grader("invite", tmp_path / "none.csv", "--class", course.root, "--to", links)
    assert refused.returncode == 2
    assert links.read_text() == "the links of last week"
    roster = tmp_path / "people.csv"
    roster.write_text("id\nlisa\n")
    assert grader("invite", roster, "--class", course.root, "--to", links).returncode == 0
    assert links.read_text().startswith("id,name,link")
    assert links.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".writing")] == []
