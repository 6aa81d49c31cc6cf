"""Every message has a Russian text with the same fields."""

import ast
import re
from pathlib import Path

import pytest

import grader
from grader.language import _translations, after_colon, grouped, percent, speaking

PACKAGES = (Path(grader.__file__).parent, Path(grader.__file__).parent.parent / "leaderboard_app")
FIELD = re.compile(r"{(\w*)[^}]*}")
IN_TEMPLATE = re.compile(r"""\b_\("([^"]+)"\)""")


def messages() -> list[str]:
    found = set()
    for path in [path for package in PACKAGES for path in package.rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_"
            if is_call and node.args and isinstance(node.args[0], ast.Constant):
                found.add(node.args[0].value)
    for path in [path for package in PACKAGES for path in package.rglob("*.j2")]:
        found |= set(IN_TEMPLATE.findall(path.read_text(encoding="utf-8")))
    return sorted(found - {"Springfield Grader"})  # a name


@pytest.mark.parametrize("message", messages())
def test_the_message_has_a_russian_text_with_the_same_fields(message: str) -> None:
    russian = _translations("ru").gettext(message)
    assert russian != message, "not in grader/locale/ru/*.po"
    assert re.search("[а-яё]", russian, re.IGNORECASE)
    assert set(FIELD.findall(russian)) == set(FIELD.findall(message))


def test_numbers_are_written_as_the_readers_language_does() -> None:
    assert (grouped(1_046_824), grouped(1200, signed=True)) == ("1,046,824", "+1,200")
    assert [percent(part) for part in (0.5, 0.012, 0.003, 1e-6, float("inf"))] == ["50%", "1%", "0.3%", "0.01%", "999%"]
    with speaking("ru"):
        assert grouped(1_046_824).split() == ["1", "046", "824"]
        assert percent(0.003) == "0,3%"


@pytest.mark.parametrize(
    ("sentence", "said"), [("Получилось 5.", "получилось 5."), ("NaN в ответе.", "NaN в ответе."), ("", "")]
)
def test_a_russian_sentence_goes_on_with_a_small_letter_behind_a_colon(sentence: str, said: str) -> None:
    with speaking("ru"):
        assert after_colon(sentence) == said
    assert after_colon("Found 5.") == "Found 5."
