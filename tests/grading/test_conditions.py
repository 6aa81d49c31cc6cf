from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from grader.course.folder import Course
from grader.errors import EnvironmentFault, InvalidConfig
from grader.grading.conditions import conditions_of

CLASS = """\
schema = 1
name = "Class"

[limits]
memory_mib = 1024
gpu = "{gpu}"

[assignments.resnet]
limits = {{ gpu = "off", wall_s = 7 }}

[assignments.springfield]
contest = true
"""


def class_with(folder: Path, gpu: str) -> Course:
    (folder / "class.toml").write_text(CLASS.format(gpu=gpu))
    return Course.open(folder)


@pytest.mark.parametrize(
    ("slug", "setting", "wanted"),
    [("vgg", "auto", False), ("vgg", "on", True), ("springfield", "auto", True), ("springfield", "off", False)],
)
def test_a_gpu_is_for_the_contest_or_for_all_as_the_limits_say(
    tmp_path: Path, slug: str, setting: str, wanted: bool
) -> None:
    assert conditions_of(class_with(tmp_path, setting), slug, slots=1).gpu is wanted


def test_an_assignment_has_limits_of_its_own(tmp_path: Path) -> None:
    found = conditions_of(class_with(tmp_path, "on"), "resnet", slots=1)
    assert (found.gpu, found.limits.wall_s, found.limits.memory_mib) == (False, 7, 1024)


def test_an_unknown_setting_of_a_gpu_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match=r"limits\.gpu.*'auto', 'on' or 'off'"):
        class_with(tmp_path, "sometimes")


@pytest.mark.parametrize("place", [Path(sys.prefix), Path("/usr/src")], ids=["environment", "usr"])
def test_a_class_where_every_notebook_can_read_is_not_graded(place: Path, tmp_path: Path) -> None:
    course = replace(class_with(tmp_path, "off"), root=place / "cnn")
    with pytest.raises(EnvironmentFault, match="answers could be read"):
        conditions_of(course, "vgg", slots=1)


def test_a_data_set_that_is_a_link_to_where_every_notebook_can_read_is_not_graded_with(tmp_path: Path) -> None:
    course = class_with(tmp_path, "off")
    course.dataset.symlink_to("/usr/share/springfield")
    with pytest.raises(EnvironmentFault, match="answers could be read"):
        conditions_of(course, "springfield", slots=1)
