"""The notebooks hold the whole lesson: each of its points has a place, and the guide for teachers names it."""

from __future__ import annotations

import re
from copy import deepcopy

import pytest
from course_answers import ROOT, SLUGS, language, notebook

from grader.course.release_steps import KeepLanguage

GUIDE = ROOT / "solutions" / "TEACHING.md"
POINTS = [f"L{number}" for number in range(1, 32)]
ROW = re.compile(r"^\| (L\d+) \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)
PLACE = re.compile(r"`(\w+)#([\w-]+)`")
PARTS = re.compile(r"^\| (\d+) \| [^|]+ \| `(\w+)` \|", re.MULTILINE)

# What the lesson says at a point, in the texts of its places; only what a rewording could lose.
SAYS = {
    "L1": (["15 миллионов", "21 тысяч", "полтора миллиона"], ["15 million", "21 thousand", "one and a half million"]),
    "L2": (["не нейросет", "на десять процентных"], ["not neural networks", "ten percentage points"]),
    "L3": (["Человек", "обогнала"], ["A person", "overtaken"]),
    "L4": (["более сложные узоры", "приёмы"], ["more complex patterns", "tricks"]),
    "L5": (["редко строят с нуля", "фильтров", "пулинг"], ["seldom built from scratch", "filters", "pooling"]),
    "L6": (["MNIST", "CIFAR", "переобучение", "мельче"], ["MNIST", "CIFAR", "overfitting", "shallower"]),
    "L7": (["загружают", "замораживают", "размораживают"], ["load weights", "freeze", "unfreeze"]),
    "L9": (["11×11", "шагом 4"], ["11×11", "stride 4"]),
    "L11": (["мелких деталей", "VGG-19"], ["fine details", "VGG-19"]),
    "L12": (["У AlexNet такого порядка не было", "224"], ["AlexNet had no such\norder", "224"]),
    "L13": (["не лучше, а хуже"], ["worse instead of better"]),
    "L15": ([r"w := w - \alpha", "два, для $w_2$ — три"], [r"w := w - \alpha", "two, for $w_2$ three"]),
    "L16": (["не обучится никогда"], ["never learns"]),
    "L18": (["смещениями, активациями"], ["biases, activations"]),
    "L19": (["по шесть карт", "карта\nс картой"], ["six maps", "map by map"]),
    "L20": (["остаются 32×32"], ["stay 32×32"]),
    "L21": (["вдвое меньше", "152"], ["halved", "152"]),
    "L22": (["ещё не сказал"], ["not said yet"]),
    "L23": (["реже человека", "трансформеры"], ["fewer mistakes on ImageNet than a person", "transformers"]),
    "L24": (["12 карт"], ["12 maps"]),
    "L26": (
        ["архитектуры", "особенность", "трудность", "средства"],
        ["architectures", "special", "difficulty", "remedies"],
    ),
    "L27": (["нового", "труднее", "не хватает", "целей"], ["learned", "hardest", "lack", "aims"]),
    "L28": (["Телекомпания", "больше 25 лет", "графика"], ["TV company", "more than 25 years", "graphics"]),
    "L29": (["kaggle.com/c/journey-springfield", "(public)"], ["kaggle.com/c/journey-springfield", "public part"]),
    "L30": (["GPU", "процессоре"], ["GPU", "processor"]),
    "L31": 2 * (["msu.ai/l09_cnn_architectures", "habr.com/ru/post/511372", "python-school.ru"],),
}


def places() -> dict[str, list[tuple[str, str]]]:
    rows = ROW.findall(GUIDE.read_text(encoding="utf-8"))
    assert [point for point, _where in rows] == POINTS
    return {point: PLACE.findall(where) for point, where in rows}


def texts_at(slug: str, place: str, spoken: str) -> list[str]:
    """The cell of that name in a release in this language: a text, or a cell that both languages share."""
    released, _resources = KeepLanguage(language=spoken).preprocess(deepcopy(notebook(slug)), {})
    return [cell.source for cell in released.cells if cell.id in (place, f"{place}-{spoken}")]


@pytest.mark.parametrize("spoken", ["ru", "en"])
@pytest.mark.parametrize("point", POINTS)
def test_each_point_of_the_lesson_has_a_place_in_both_languages(point: str, spoken: str) -> None:
    where = places()[point]
    assert where
    found = {f"{slug}#{place}": texts_at(slug, place, spoken) for slug, place in where}
    assert [place for place, texts in found.items() if len(texts) != 1] == []
    text = re.sub(r"\s+", " ", " ".join(text for texts in found.values() for text in texts))
    russian, english = SAYS.get(point, ([], []))
    wanted = [re.sub(r"\s+", " ", words) for words in (russian if spoken == "ru" else english)]
    assert [words for words in wanted if words not in text] == []


def test_the_lesson_takes_ninety_minutes_and_every_notebook_has_its_part() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert [int(minutes) for minutes, _slug in PARTS.findall(text)] == [5, 7, 50, 15, 8, 5]
    timetable = text.split("## Урок по минутам")[1].split("## ")[0]
    assert set(re.findall(r"\| `(\w+)` \|", timetable)) == set(SLUGS)
    assert sum(map(int, re.findall(r"\| (\d+) минут", timetable))) == 50  # the parts of the new material


@pytest.mark.parametrize("slug", SLUGS)
def test_a_notebook_begins_with_its_title_and_has_no_empty_cell(slug: str) -> None:
    cells = notebook(slug).cells
    assert [language(cell) for cell in cells[:2]] == ["ru", "en"]
    assert all(cell.source.startswith("# ") for cell in cells[:2])
    assert [cell.id for cell in cells if not cell.source.strip()] == []


def test_the_readme_leads_to_the_guide() -> None:
    assert "solutions/TEACHING.md" in (ROOT / "README.md").read_text(encoding="utf-8")
