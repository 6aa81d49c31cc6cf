from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from grader.language import speaking


@pytest.fixture(autouse=True)
def english_and_one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with speaking("en"):
        yield
    torch.set_num_threads(before)
