"""Fixtures: a class folder with our course released, submissions made from answers, a real sandboxed kernel."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
import torch
from classroom import REAL_ARCHIVE, HandIn, student_notebook
from nbformat import NotebookNode

from grader.audit.answers import Answer
from grader.course import new_class
from grader.course.folder import Course
from grader.course.release import release
from grader.datasets.synthesize import synthesize
from grader.errors import SandboxUnavailable
from grader.sandbox import bubblewrap
from grader.sandbox.bubblewrap import View
from grader.sandbox.kernel import Kernel
from grader.sandbox.limits import Limits

torch.set_num_threads(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say why a test cannot run here; on CI only GPU tests may be skipped."""
    on_ci = bool(os.environ.get("CI"))
    for item in items:
        if "hostile" in item.path.parts:
            item.add_marker(pytest.mark.hostile)
        if item.get_closest_marker("gpu") and not torch.cuda.is_available():
            item.add_marker(pytest.mark.skip(reason="no CUDA GPU here"))
        if item.get_closest_marker("real_data") and not REAL_ARCHIVE.exists() and not on_ci:
            item.add_marker(pytest.mark.skip(reason=f"the contest's archive is not at {REAL_ARCHIVE}"))


@pytest.fixture(scope="session", autouse=True)
def _sandbox_is_there() -> None:
    """Without bubblewrap nothing here means anything: fail at once, with the reason."""
    try:
        bubblewrap.check_bwrap()
    except SandboxUnavailable as error:
        pytest.exit(str(error), returncode=3)


@pytest.fixture(autouse=True)
def _weights_are_the_same_in_every_run() -> None:
    """A red test is red again; how often a check errs over random weights is measured by `grader audit`, not here."""
    torch.default_generator.manual_seed(0)


@pytest.fixture(autouse=True)
def _main_module_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit's AppTest leaves its script as `__main__`, which every worker process started later would run."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(scope="session")
def released_class(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class folder with `resnet` and `springfield` released; copy it, do not write in it."""
    course = new_class.init(tmp_path_factory.mktemp("released") / "class", name="Test class", language="en")
    for slug in course.slugs():
        release(course, slug)
    return course.root


@pytest.fixture
def course(released_class: Path, tmp_path: Path) -> Course:
    """A class folder of the test's own, with short limits."""
    shutil.copytree(released_class, tmp_path / "class")
    config = tmp_path / "class" / "class.toml"
    config.write_text(config.read_text().replace("wall_s = 300\ncell_s = 60", "wall_s = 90\ncell_s = 20"))
    return Course.open(tmp_path / "class")


@pytest.fixture(scope="session")
def few_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of few pictures; link to it, do not write in it."""
    root = tmp_path_factory.mktemp("town") / "dataset"
    synthesize(root, seed=3, images=126, size=32, per_class=8, workers=1)
    return root


@pytest.fixture
def town(course: Course, few_pictures: Path) -> Course:
    """A class with a town of few pictures, the same for all tests: so they share a warm sandbox."""
    course.dataset.symlink_to(few_pictures)
    return course


@pytest.fixture
def hand_in(course: Course) -> HandIn:
    """Hand in: `hand_in("lisa", "resnet", "reference")`, or a notebook, or raw bytes."""

    def put(student: str, slug: str, answer: Answer | str | NotebookNode | bytes) -> Path:
        path = course.submitted / student / slug / f"{slug}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(answer, Answer | str):
            answer = student_notebook(course, slug, answer)
        path.write_bytes(answer if isinstance(answer, bytes) else nbformat.writes(answer).encode())
        return path

    return put


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    """A kernel in a real sandbox, shared by the tests of a module."""
    with Kernel(View(limits=Limits(cell_s=10, call_s=5))) as started:
        yield started
