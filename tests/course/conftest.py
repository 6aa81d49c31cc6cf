from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import matplotlib
import pytest
import torch


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Notebooks write files: weights, and what is handed in."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def one_thread_and_no_window() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    matplotlib.use("agg")
    yield
    import matplotlib.pyplot as plt

    plt.close("all")
    torch.set_num_threads(before)
