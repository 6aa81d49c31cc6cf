from __future__ import annotations

import ast
import re
from io import BytesIO
from pathlib import Path

import pytest
import torch
from babel.messages.pofile import read_po

import grader.checks
from grader.checks import has_shape, same_value
from grader.errors import CheckFailed
from grader.language import speaking

FOLDER = Path(grader.checks.__file__).parent
EXAMINER = FOLDER.parent / "examiner"  # explains errors, in the same catalogue
CATALOGUES = [FOLDER.parent / "locale" / "ru" / name for name in ("checks.po", "lesson.po")]


def messages(*folders: Path) -> set[str]:
    found = set()
    for path in (path for folder in folders for path in folder.rglob("*.py")):
        if path.name == "contest.py":  # speaks for the scoring; its messages are in grader.po
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "ngettext"):
                found.add(ast.literal_eval(node.args[0]))
    return found


def translations() -> dict[str, tuple[str, ...]]:
    """Of each message the Russian; all forms where a number decides between them."""
    found = {}
    for catalogue in CATALOGUES:
        for message in read_po(BytesIO(catalogue.read_bytes()), locale="ru"):
            if message.id:
                has_forms = isinstance(message.id, tuple)
                found[message.id[0] if has_forms else message.id] = message.string if has_forms else (message.string,)
    return found


def fields(text: str) -> list[str]:
    return sorted(re.findall(r"\{[^}]*\}", text))


def test_every_message_has_a_russian_translation() -> None:
    assert messages(FOLDER) - set(translations()) == set()


def test_no_translation_is_left_over() -> None:
    assert set(translations()) - messages(FOLDER, EXAMINER) == set()


@pytest.mark.parametrize("message", sorted(translations()))
def test_a_translation_is_russian_and_keeps_the_fields(message: str) -> None:
    for translated in translations()[message]:
        assert re.search("[а-яё]", translated)
        assert fields(translated) == fields(message)


def test_russian_nouns_follow_their_number() -> None:
    right = torch.arange(30.0)
    for wrong, words in ((1, "Отличается 1 число"), (3, "Отличаются 3 числа"), (12, "Отличаются 12 чисел")):
        with speaking("ru"), pytest.raises(CheckFailed, match=words):
            same_value(torch.cat([right[:wrong] + 50, right[wrong:]]), right)


def test_a_student_reads_the_message_in_russian() -> None:
    with speaking("ru"), pytest.raises(CheckFailed, match="ничего не вернул"):
        has_shape(None, (1, 2))
