from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from grader.datasets.synthesize import synthesize
from grader.language import speaking


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with speaking("en"):
        yield


@pytest.fixture(scope="session")
def hamlet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn town of 150 training and 80 test pictures, 32 pixels wide, without decoys."""
    root = tmp_path_factory.mktemp("hamlet") / "dataset"
    synthesize(root, images=150, size=32, per_class=4, private_share=Fraction(1, 8), decoys=0, workers=1)
    return root
