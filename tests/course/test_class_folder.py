"""A new class folder knows what its assignments are called."""

from pathlib import Path

import pytest

from grader.course import new_class
from grader.language import Language

TITLES = {
    "ru": ["AlexNet", "VGG", "Обходной путь", "ResNet", "DenseNet", "Путешествие по Спрингфилду"],
    "en": ["AlexNet", "VGG", "Skip connection", "ResNet", "DenseNet", "Journey to Springfield"],
}


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_assignment_has_a_title_in_the_language_of_the_class(tmp_path: Path, language: Language) -> None:
    made = new_class.init(tmp_path / "class", language=language)
    assert [made.title(slug) for slug in made.slugs()] == TITLES[language]
