from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.record.database import ClassDatabase


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'class.db'}"


@pytest.fixture
def database(url: str) -> Iterator[ClassDatabase]:
    with ClassDatabase.open(url) as opened:
        yield opened
