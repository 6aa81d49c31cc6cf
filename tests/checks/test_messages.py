from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import grader.checks
from grader.checks import has_shape
from grader.errors import CheckFailed
from grader.language import speaking

FOLDER = Path(grader.checks.__file__).parent
CATALOGUE = FOLDER.parent / "locale" / "ru" / "checks.po"


def messages() -> set[str]:
    found = set()
    for path in FOLDER.glob("*.py"):
        if path.name == "contest.py":  # speaks for the scoring; its messages are in grader.po
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
                found.add(ast.literal_eval(node.args[0]))
    return found


def translations() -> dict[str, str]:
    with CATALOGUE.open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file, locale="ru") if message.id}


def fields(text: str) -> list[str]:
    return sorted(re.findall(r"\{[^}]*\}", text))


def test_every_message_has_a_russian_translation() -> None:
    assert messages() - set(translations()) == set()


def test_no_translation_is_left_over() -> None:
    assert set(translations()) - messages() == set()


@pytest.mark.parametrize("message", sorted(translations()))
def test_a_translation_is_russian_and_keeps_the_fields(message: str) -> None:
    translated = translations()[message]
    assert re.search("[а-яё]", translated)
    assert fields(translated) == fields(message)


def test_a_student_reads_the_message_in_russian() -> None:
    with speaking("ru"), pytest.raises(CheckFailed, match="ничего не вернул"):
        has_shape(None, (1, 2))
