"""The drawn town is hard enough to mean something, and easy enough to be learned in a lesson."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from small_models import Town, colour_histogram_f1, load, raw_pixels_f1, small_cnn_f1

from grader.datasets.synthesize import synthesize

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    root: Path = tmp_path_factory.mktemp("calibration") / "town"
    synthesize(root, seed=0)
    return load(root)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_colours_alone_earn_no_point(town):
    assert colour_histogram_f1(town) < 0.83


def test_a_linear_model_of_the_pixels_earns_no_point(town):
    assert raw_pixels_f1(town) < 0.83


def test_a_small_cnn_earns_every_point(town):
    assert small_cnn_f1(town, epochs=6, batch=32) >= 0.97
