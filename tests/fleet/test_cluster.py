"""A cluster of two workers on this machine: real TLS, real sandboxes, and points as without it."""

from __future__ import annotations

import json
import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest
from classroom import HandIn
from cluster_processes import points, started, wait_for, with_cluster
from command_line import grader

from grader.course.folder import Course

ANSWERS = {"bart": "untouched", "lisa": "reference", "milhouse": "wrong/relu_missing_after_add"}


def test_two_workers_grade_a_class_and_its_points_are_those_of_this_machine_alone(
    course: Course, hand_in: HandIn, tmp_path: Path
) -> None:
    for student, answer in ANSWERS.items():
        hand_in(student, "resnet", answer)
    hand_in("nelson", "resnet", b"no notebook")
    alone = Course.open(shutil.copytree(course.root, tmp_path / "alone"))
    course = with_cluster(course, port=0, wait_s=300)
    made = grader("cluster", "init", "--class", course.root)
    assert made.returncode == 0, made.stderr
    keys = list(course.cluster.rglob("*.pem"))
    assert len(keys) == 8
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}
    certificates = course.cluster / "certificates" / "worker"
    where = ("--address-file", course.cluster / "address", "--certificates", certificates)
    with ExitStack() as stack:
        for name in ("moe", "barney"):
            stack.enter_context(started(["worker", *where, "--slots", "1", "--name", name], tmp_path / f"{name}.log"))
        said = grader("grade", "resnet", "--cluster", "--json", "--class", course.root)
        assert said.returncode == 1, said.stderr  # nelson's
        assert "tls://" in (tmp_path / "moe.log").read_text()
    rows = json.loads(said.stdout)["submissions"]
    assert {row["device"].partition("/")[0] for row in rows if row["student"] != "nelson"} <= {"moe", "barney"}
    assert grader("grade", "resnet", "--json", "--slots", "1", "--class", alone.root).returncode == 1
    assert points(course, "resnet") == points(alone, "resnet")
    assert not (course.cluster / "address").exists()


@pytest.mark.slow
def test_a_worker_serves_one_watcher_after_another(course: Course, hand_in: HandIn, tmp_path: Path) -> None:
    """Without certificates: coordinator and worker are alone on this machine's loopback."""
    course = with_cluster(course, port=0)
    where = ("--address-file", course.cluster / "address", "--slots", "1", "--name", "moe")
    watch = ["watch", "--cluster", "--class", course.root]

    def is_graded(student: str) -> bool:
        return (course.autograded / student / "resnet" / "resnet.ipynb").is_file()

    with started(["worker", *where], tmp_path / "moe.log"):
        hand_in("lisa", "resnet", "reference")
        with started(watch, tmp_path / "watch.log") as watcher:
            wait_for(lambda: is_graded("lisa"), 400, "lisa's notebook is not graded")
            watcher.kill()
        hand_in("bart", "resnet", "untouched")
        with started(watch, tmp_path / "watch.log"):
            wait_for(lambda: is_graded("bart"), 400, "bart's notebook is not graded")
    said = (tmp_path / "moe.log").read_text()
    assert said.count("moe has joined tcp://127.0.0.1:") == 2
    assert "The coordinator is gone." in said
    assert "Traceback" not in said
