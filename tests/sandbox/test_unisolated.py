"""`--unisolated`: a notebook of one's own is graded where there is no bubblewrap, and with the same points."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grader.errors import SandboxUnavailable
from grader.sandbox import bubblewrap
from grader.sandbox import slot as slots
from grader.sandbox.bubblewrap import View
from grader.sandbox.kernel import Kernel
from grader.sandbox.limits import Limits


@pytest.fixture
def without_bubblewrap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    slots.close_warm()
    bubblewrap.check_bwrap.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    yield
    slots.close_warm()
    bubblewrap.check_bwrap.cache_clear()


def said(kernel: Kernel, code: str) -> str:
    return "".join(output.get("text", "") for output in kernel.run(code).outputs)


@pytest.mark.usefixtures("without_bubblewrap")
def test_without_bubblewrap_nothing_is_graded_unless_the_caller_says_so() -> None:
    with pytest.raises(SandboxUnavailable, match="--unisolated"), Kernel(View()):
        pass


@pytest.mark.slow
@pytest.mark.usefixtures("without_bubblewrap")
def test_a_notebook_of_ones_own_runs_without_bubblewrap(tmp_path: Path) -> None:
    train = tmp_path / "train"
    train.mkdir()
    (train / "x.txt").write_text("data")
    view = View(
        files=(("mine.txt", b"mine"),),
        read_only=((train, "/kaggle/working/train"), (train, "/kaggle/input/contest")),
        limits=Limits(wall_s=60),
        isolated=False,
    )
    with Kernel(view) as kernel:
        assert said(kernel, "import os\nprint(sorted(os.listdir('.')))") == "['mine.txt', 'train']\n"
        assert said(kernel, "print(open('train/x.txt').read(), open('../input/contest/x.txt').read())") == "data data\n"
        folder = said(kernel, "print(os.getcwd(), end='')")
    with Kernel(view):
        assert not os.path.exists(folder)  # noqa: PTH110
