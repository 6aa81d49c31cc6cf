import shutil
from pathlib import Path

import pytest
from small_pictures import picture

from grader.language import speaking


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


COUNTS = {"bart_simpson": 24, "homer_simpson": 40, "lionel_hutz": 3, "ned_flanders": 30}


@pytest.fixture(scope="session")
def pristine_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in the contest's layout: 97 training pictures of 4 classes and 5 test pictures."""
    root = tmp_path_factory.mktemp("archive") / "journey-springfield"
    numbers = iter(range(10_000))
    for name, count in COUNTS.items():
        folder = root / "train/simpsons_dataset" / name
        folder.mkdir(parents=True)
        for n in range(count):
            (folder / f"pic_{n:04d}.jpg").write_bytes(picture(next(numbers)))
    testset = root / "testset/testset"
    testset.mkdir(parents=True)
    for n in range(5):
        (testset / f"img{n}.jpg").write_bytes(picture(next(numbers), size=(28, 60)))
    (root / "sample_submission.csv").write_text("Id,Expected\nimg0.jpg,bart_simpson\n")
    return root


@pytest.fixture
def archive(pristine_archive: Path, tmp_path: Path) -> Path:
    """A copy of that folder which a test may damage."""
    return Path(shutil.copytree(pristine_archive, tmp_path / "journey-springfield"))
