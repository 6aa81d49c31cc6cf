import ast
import string
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

REPOSITORY = Path(__file__).resolve().parents[2]
CATALOGUE = REPOSITORY / "grader/locale/ru/scoring.po"


def messages_of(folder: str) -> set[str]:
    """Every text that a module of the folder passes to `_`."""
    return {
        call.args[0].value
        for path in sorted((REPOSITORY / "grader" / folder).glob("*.py"))
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "_"
    }


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("folder", ["scoring", "datasets"])
def test_every_message_is_there_in_russian_with_the_same_values(folder):
    with CATALOGUE.open("rb") as file:
        russian = {message.id: message.string for message in read_po(file) if message.id}

    assert messages_of(folder) - russian.keys() == set()
    assert [text for text in messages_of(folder) if fields(text) != fields(russian[text])] == []
