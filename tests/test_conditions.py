from __future__ import annotations

from pathlib import Path

import pytest

from grader import conditions
from grader.conditions import conditions_of
from grader.course import Course
from grader.errors import InvalidConfig

CLASS = """\
schema = 1
name = "Class"

[limits]
memory_mib = 1024
gpu = "{gpu}"

[assignments.resnet]
limits = {{ gpu = "off", wall_s = 7 }}
"""


def class_with(folder: Path, gpu: str) -> Course:
    (folder / "class.toml").write_text(CLASS.format(gpu=gpu))
    return Course.open(folder)


@pytest.mark.parametrize(
    ("is_there", "setting", "given"), [(True, "auto", True), (True, "off", False), (False, "auto", False)]
)
def test_a_gpu_is_given_where_there_is_one_and_the_limits_allow_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_there: bool, setting: str, given: bool
) -> None:
    monkeypatch.setattr(conditions, "has_gpu", lambda: is_there)
    assert conditions_of(class_with(tmp_path, setting), "vgg", slots=1).gpu is given


def test_an_assignment_has_limits_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conditions, "has_gpu", lambda: True)
    found = conditions_of(class_with(tmp_path, "auto"), "resnet", slots=1)
    assert (found.gpu, found.limits.wall_s, found.limits.memory_mib) == (False, 7, 1024)


def test_an_unknown_setting_of_a_gpu_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match=r"limits\.gpu.*'auto' or 'off'"):
        class_with(tmp_path, "sometimes")
