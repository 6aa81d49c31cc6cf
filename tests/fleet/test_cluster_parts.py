"""What a cluster is made of, part by part: parcels, certificates, settings, and words where something is missing."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from cluster_processes import with_cluster
from command_line import grader

from grader.course.assignment import Assignment
from grader.course.folder import Course
from grader.datasets.held_out import HeldOut
from grader.errors import InvalidConfig
from grader.fleet.cluster.facts import MachineFacts, differences, versions
from grader.fleet.cluster.joining import data_by_digest
from grader.fleet.cluster.parcels import LARGE_BYTES, LargeFiles, OwnFolders, digest_of, pack, unpack
from grader.fleet.cluster.recipes import recipe
from grader.fleet.machines import MachineLacks
from grader.grading.job import Conditions, Job
from grader.sandbox.devices import places
from grader.sandbox.slot import Kind

WITHOUT = "import sys; sys.modules['distributed'] = None; from grader.cli.app import main; main()"


def town(root: Path) -> Path:
    """A data set of two pictures, as a class has it."""
    for name in ("train/homer_simpson/pic_0.jpg", "testset/img0.jpg"):
        path = root / "student" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(name.encode())
    (root / "answers").mkdir()
    return root


def job_of(root: Path) -> Job:
    student = root / "student"
    conditions = Conditions(
        data=((student, "/kaggle/input"), (student / "train", "/kaggle/working/train")),
        held_out=HeldOut((student / "train/homer_simpson/pic_0.jpg",), False, ("homer_simpson",)),
    )
    files = (("notes.txt", b"small"), ("weights.pt", bytes(LARGE_BYTES)))
    return Job("key", b"notebook", files, Assignment("springfield", ()), conditions)


def test_a_job_names_folders_and_large_files_by_what_is_in_them(tmp_path: Path) -> None:
    ours, theirs = town(tmp_path / "ours"), town(tmp_path / "theirs")
    job, folders, large = job_of(ours), OwnFolders(), LargeFiles()
    parcel = pack(job, folders, large)
    assert len(parcel.content) < LARGE_BYTES // 10
    assert str(tmp_path).encode() not in parcel.content
    there = data_by_digest([theirs])
    assert folders.needs(job.conditions) == set(there)
    asked: list[str] = []

    def fetch(digest: str) -> bytes:
        asked.append(digest)
        return large.part(digest, 0, 2 * LARGE_BYTES)

    found = unpack(parcel, there, fetch)
    assert found == replace(job_of(theirs))
    assert len(asked) == 1
    kind = Kind(job.conditions.data, "", 1, True)
    assert unpack(pack(kind, folders, large), there, fetch) == replace(kind, read_only=job_of(theirs).conditions.data)
    large.drop(parcel)
    assert large.part(asked[0], 0, 1) == b""
    with pytest.raises(MachineLacks, match="no data set"):
        unpack(parcel, {}, fetch)


def test_what_is_in_a_folder_decides_its_digest_and_a_change_is_seen(tmp_path: Path) -> None:
    ours, theirs = town(tmp_path / "ours") / "student", town(tmp_path / "theirs") / "student"
    assert digest_of(ours) == digest_of(theirs)
    folders, conditions = OwnFolders(), Conditions(data=((ours, "/kaggle/input"),))
    before = folders.needs(conditions)
    (theirs / "testset" / "img0.jpg").rename(theirs / "testset" / "img1.jpg")
    assert digest_of(ours) != digest_of(theirs)
    (ours / "more").mkdir()
    (ours / "more" / "img2.jpg").write_bytes(b"2")
    assert OwnFolders().needs(conditions) != before
    assert folders.needs(replace(conditions, source="csv")) == frozenset()  # predictions alone need no pictures


def test_a_machine_says_what_it_is_and_differences_are_named() -> None:
    facts = MachineFacts("moe", versions(), places("auto", slots=2, per_gpu=1, found=["0"], cores=4), frozenset({"ab"}))
    assert MachineFacts.from_plain(facts.to_plain()) == facts
    assert differences(facts.versions, versions()) == ""
    other = tuple((what, "1.0" if what == "torch" else which) for what, which in versions() if what != "numpy")
    said = differences(other, versions())
    assert "torch is 1.0 there" in said
    assert "numpy is not installed there" in said
    assert "Python" not in said


@pytest.mark.parametrize("host", ["10.0.0.1:8786", "0.0.0.0", "no host"])
def test_a_wrong_host_in_class_toml_is_named(course: Course, host: str) -> None:
    with pytest.raises(InvalidConfig, match=r"cluster\.host"):
        with_cluster(course, host=host)


def test_beyond_this_machine_there_is_no_cluster_without_certificates(course: Course) -> None:
    with_cluster(course, host="10.77.0.1")
    said = grader("grade", "resnet", "--cluster", "--class", course.root)
    assert said.returncode == 2
    assert "grader cluster init" in said.stderr
    said = grader("worker", "10.77.0.1:8786")
    assert said.returncode == 2
    assert "--certificates" in said.stderr
    assert grader("cluster", "init", "--class", course.root).returncode == 0
    again = grader("cluster", "init", "--class", course.root)
    assert again.returncode == 2
    assert "is there already" in again.stderr
    said = grader("grade", "resnet", "--cluster", "--class", course.root)
    assert said.returncode == 1  # no machine has this address
    assert "cannot listen" in said.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "an address or a file"),
        (("moe",), "'moe' is no address"),
        (("127.0.0.1:1", "--data", "/no/such"), "There is no /no/such"),
    ],
)
def test_a_worker_that_is_started_wrongly_says_so(arguments: tuple[str, ...], words: str) -> None:
    said = grader("worker", *arguments)
    assert said.returncode == 2
    assert words in said.stderr


def test_no_other_machine_runs_anything_without_a_sandbox(course: Course) -> None:
    said = grader("grade", "--cluster", "--unisolated", "--class", course.root)
    assert said.returncode == 2
    assert "for this machine alone" in said.stderr


def test_who_waits_for_machines_in_vain_is_told(course: Course) -> None:
    with_cluster(course, port=0, wait_s=1)
    (course.submitted / "lisa" / "resnet").mkdir(parents=True)
    released = course.release / "resnet" / "resnet.ipynb"
    (course.submitted / "lisa" / "resnet" / "resnet.ipynb").write_bytes(released.read_bytes())
    said = grader("grade", "resnet", "--cluster", "--class", course.root)
    assert said.returncode == 1
    assert "No machine has joined for 1 s" in said.stderr
    assert "grader worker 127.0.0.1:" in said.stderr


def test_nobody_who_does_not_ask_for_a_cluster_loads_dask() -> None:
    code = "import sys, grader.cli.app, grader.pipeline, grader.service.serve, grader.service.watcher.loop\n"
    code += "assert not {'dask', 'distributed'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    said = subprocess.run(
        [sys.executable, "-c", WITHOUT, "worker", "127.0.0.1:1"], capture_output=True, text=True, check=False
    )
    assert said.returncode == 1
    assert "springfield-grader[cluster]" in said.stderr
    assert "Traceback" not in said.stderr


def test_recipes_are_of_the_form_that_they_are_for(tmp_path: Path) -> None:
    script = tmp_path / "slurm.sbatch"
    script.write_text(recipe("slurm"))
    assert subprocess.run(["sh", "-n", str(script)], check=False).returncode == 0
    deployment = yaml.safe_load(recipe("kubernetes"))
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    assert container["command"][:2] == ["grader", "worker"]
    assert container["securityContext"]["procMount"] == "Unmasked"
    assert "ExecStart=/opt/grader/bin/grader worker" in recipe("systemd")
    said = grader("cluster", "recipe", "slurm")
    assert said.stdout == recipe("slurm")
