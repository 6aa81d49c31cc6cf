"""A released notebook opens in Google Colab by a link, where the teacher has said where it lies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest

from grader.course import new_class
from grader.course.colab import colab_address, notebook_in
from grader.course.config import CONFIG_NAME, ClassConfig
from grader.course.folder import Course
from grader.course.release import release
from grader.course.release_steps import AddColabLink
from grader.errors import InvalidConfig
from grader.notebook import code_cell, markdown_cell

FOLDER = "https://github.com/school/cnn-2026/tree/main/release"
IN_FOLDER = "https://colab.research.google.com/github/school/cnn-2026/blob/main/release/vgg/vgg.ipynb"
ON_DRIVE = "https://drive.google.com/file/d/1aB2-cD3_eF4gH5iJ6k/view?usp=sharing"
FROM_DRIVE = "https://colab.research.google.com/drive/1aB2-cD3_eF4gH5iJ6k"


@pytest.mark.parametrize(
    ("notebook", "address"),
    [
        (notebook_in(FOLDER, "vgg"), IN_FOLDER),
        (notebook_in("https://github.com/school/cnn-2026/blob/main/release/", "vgg"), IN_FOLDER),
        (
            notebook_in("https://www.github.com/s/r/tree/main", "vgg"),
            "https://colab.research.google.com/github/s/r/blob/main/vgg/vgg.ipynb",
        ),
        (
            "https://github.com/s/r/blob/main/my (best) net.ipynb",
            "https://colab.research.google.com/github/s/r/blob/main/my%20%28best%29%20net.ipynb",
        ),
        (ON_DRIVE, FROM_DRIVE),
        ("https://drive.google.com/open?id=1aB2-cD3_eF4gH5iJ6k", FROM_DRIVE),
        (f"{FROM_DRIVE}#scrollTo=x", FROM_DRIVE),
    ],
)
def test_colab_finds_a_notebook_on_github_and_on_google_drive(notebook: str, address: str) -> None:
    assert colab_address(notebook) == address


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"colab": "http://github.com/s/r/tree/main"}, "https://"),
        ({"colab": "https://github.com/s/r"}, "with a branch"),
        ({"colab": "https://example.org/release"}, "a folder on GitHub"),
        ({"colab": "https://drive.google.com/drive/folders/1aB2cD3eF4gH5"}, "each notebook's own address"),
        ({"assignments": {"vgg": {"colab": FOLDER}}}, "a notebook's address"),
        ({"assignments": {"vgg": {"colab": "javascript:alert(1)"}}}, "https://"),
    ],
)
def test_an_address_that_colab_cannot_open_is_refused_with_what_is_expected(
    settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        ClassConfig.model_validate({"name": "a class", **settings})


def test_a_notebook_with_an_address_of_its_own_is_opened_there() -> None:
    config = ClassConfig.model_validate(
        {"name": "a class", "colab": FOLDER, "assignments": {"vgg": {}, "resnet": {"colab": ON_DRIVE}}}
    )
    assert config.colab_of("vgg") == IN_FOLDER
    assert config.colab_of("resnet") == FROM_DRIVE
    assert ClassConfig(name="a class").colab_of("vgg") == ""


def linked(*cells: Any) -> list[str]:
    notebook = nbformat.v4.new_notebook(cells=list(cells))
    step = AddColabLink(language="en", addresses={"vgg": IN_FOLDER})
    made, _resources = step.preprocess(notebook, {"nbgrader": {"assignment": "vgg"}})
    return [cell.source for cell in made.cells]


def test_the_link_stands_below_the_title_or_in_a_cell_of_its_own() -> None:
    link = f"[Open in Colab]({IN_FOLDER})"
    graded = markdown_cell("Answer here.")
    graded.metadata["nbgrader"] = {"grade_id": "answer"}
    assert linked(markdown_cell("# VGG\n\nText.")) == [f"# VGG\n\n{link}\n\nText."]
    assert linked(markdown_cell("# VGG")) == [f"# VGG\n\n{link}"]
    assert linked(markdown_cell("Text.")) == [f"{link}\n\nText."]
    assert linked(code_cell("1")) == [link, "1"]
    assert linked(graded) == [link, "Answer here."]
    assert linked() == [link]


@pytest.mark.parametrize(("language", "text"), [("ru", "Открыть в Colab"), ("en", "Open in Colab")])
def test_a_release_links_to_colab_in_the_language_of_the_class(tmp_path: Path, language: str, text: str) -> None:
    made = new_class.init(tmp_path / "class", language=language)
    toml = made.root / CONFIG_NAME
    written = toml.read_text(encoding="utf-8")
    commented = next(line for line in written.splitlines() if line.startswith("# colab = ") and "github" in line)
    setting = commented.removeprefix("# ").replace("OWNER/REPOSITORY", "school/cnn-2026")
    toml.write_text(written.replace(commented, setting), encoding="utf-8")
    released = release(Course.open(made.root), "vgg").path
    first = nbformat.read(released, as_version=4).cells[0].source.split("\n")
    assert first[0].startswith("# VGG")
    assert first[1:3] == ["", f"[{text}]({IN_FOLDER})"]


def test_without_an_address_a_release_has_no_link(course: Course) -> None:
    released = (course.release / "resnet" / "resnet.ipynb").read_text(encoding="utf-8")
    assert "colab.research.google.com" not in released


def test_a_mistake_in_class_toml_is_named_with_its_place(tmp_path: Path) -> None:
    root = new_class.init(tmp_path / "class").root
    path = root / CONFIG_NAME
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('\n# colab = "https://github.com/OWNER', '\ncolab = "ftp://github.com/OWNER'), "utf-8")
    with pytest.raises(InvalidConfig, match="colab: expected an address"):
        Course.open(root)
