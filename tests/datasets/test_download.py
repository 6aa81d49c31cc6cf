"""`grader dataset download` where it cannot work: Kaggle's real client without a token or network, or not there."""

from pathlib import Path

import pytest
from command_line import grader

from grader.course.folder import Course
from grader.course.new_class import init

NOWHERE = {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return init(tmp_path / "class", language="en")


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment in which nobody has a token."""
    return {"HOME": str(tmp_path), "KAGGLE_CONFIG_DIR": str(tmp_path), "KAGGLEHUB_CACHE": str(tmp_path / "cache")}


def test_without_a_token_it_says_where_to_get_one(course: Course, home: dict[str, str]) -> None:
    said = grader("dataset", "download", "--class", course.root, **home)
    assert said.returncode == 1
    assert "Kaggle does not know who asks" in said.stderr
    assert "kaggle.json" in said.stderr
    assert not course.dataset.exists()


def test_a_damaged_token_is_named(course: Course, home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "kaggle.json").write_text("{not json")
    said = grader("dataset", "download", "--class", course.root, **home)
    assert said.returncode == 1
    assert "Invalid Kaggle credentials file" in said.stderr


def test_without_a_network_it_names_the_other_way(course: Course, home: dict[str, str]) -> None:
    token = {"KAGGLE_USERNAME": "teacher", "KAGGLE_KEY": "0" * 32}
    said = grader("dataset", "download", "--class", course.root, **home, **token, **NOWHERE)
    assert said.returncode == 1
    assert "could not be downloaded" in said.stderr
    assert "grader dataset import" in said.stderr
    assert "0" * 32 not in said.stderr
    assert not course.dataset.exists()


def test_without_the_client_it_says_how_to_install_it(course: Course, home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "kagglehub.py").write_text("raise ImportError\n")
    said = grader("dataset", "download", "--class", course.root, **home, PYTHONPATH=str(tmp_path))
    assert said.returncode == 1
    assert "pip install kagglehub" in said.stderr
