"""The attacked class, made once; batches, graded once each and only for the attacks that were asked for."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import holes
import pytest
from attacks import Attack
from batches import Batch, GradedBatch, copy_class, grade_batch
from failing import HAS_FAILED
from gate import Planted, make_class, plant_in_environment

from grader.course.folder import Course


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, object, object]:
    """Remember that a test has failed; an expected failure is one too."""
    if call.when == "call":
        item.stash[HAS_FAILED] = call.excinfo is not None
    return (yield)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Holes that are known are expected failures, each with its reason."""
    for item in items:
        reasons = [reason for end, reason in holes.KNOWN.items() if item.nodeid.endswith(end)]
        if reasons:
            item.add_marker(pytest.mark.xfail(reason=reasons[0], strict=True))


@pytest.fixture(scope="session")
def attacked_class(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A released class with secrets planted in it; copy it, do not write in it."""
    return make_class(tmp_path_factory.mktemp("hostile") / "class").root


@pytest.fixture
def attacked(attacked_class: Path, tmp_path: Path) -> Course:
    """An attacked class of the test's own."""
    return copy_class(attacked_class, tmp_path / "class")


@pytest.fixture(scope="session")
def graded(attacked_class: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GradedBatch]:
    """Grades a batch once: `graded(name, attacks)`."""
    batches: dict[str, Batch] = {}
    plant_in_environment()

    def grade(name: str, attacks: list[Attack]) -> Batch:
        if name not in batches:
            course = copy_class(attacked_class, tmp_path_factory.mktemp("batch") / "class")
            # A short path: the sockets of the kernels lie below it.
            scratch = Path(tempfile.mkdtemp(prefix="hc-", dir="/tmp"))
            try:
                batches[name] = grade_batch(course, attacks, scratch)
            finally:
                # `rm`, since Python's own removal recurses: some attacks make folders a thousand levels deep.
                subprocess.run(
                    ["rm", "-rf", str(scratch), *map(str, course.root.glob("submitted/mallory-*_deep_*"))], check=True
                )
        return batches[name]

    yield grade
    os.environ.pop(Planted.environment, None)
