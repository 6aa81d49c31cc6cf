"""A class moves to another machine: backed up, also while it is served and graded, restored elsewhere, and the same."""

import json
import shutil
import sqlite3
import stat
import subprocess
import sys
import warnings
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from command_line import grader
from whole_class import Known, grade_without_running, known

from grader.collect.inbox import Inbox
from grader.course import new_class
from grader.course.folder import Course
from grader.errors import EnvironmentFault, InvalidConfig
from grader.record.planning import GradingStatus
from grader.record.upkeep.backup import back_up
from grader.record.upkeep.manifest import MANIFEST
from grader.record.upkeep.restore import restore


@pytest.fixture
def fresh_class(tmp_path: Path) -> Course:
    return new_class.init(tmp_path / "new class")


@pytest.fixture
def archive(fresh_class: Course, tmp_path: Path) -> Path:
    return back_up(fresh_class, tmp_path / "class.zip").path


@pytest.mark.slow
def test_a_class_elsewhere_grades_nothing_anew_and_exports_the_same(
    graded: Course, before: Known, tmp_path: Path
) -> None:
    exported = grader("export", cwd=graded.root).stdout
    (graded.root / "secrets.toml").write_text("[auth]\nclient_secret = 'XYZZY'\n")
    (graded.root / "elsewhere").symlink_to(tmp_path)
    upload = Inbox(graded.inbox).put_upload(1, "resnet", "resnet.ipynb", b"{}")
    archive = tmp_path / "class.zip"
    made = grader("backup", graded.root, "--to", archive, "--json")
    assert made.returncode == 0, made.stderr
    told = " ".join(json.loads(made.stdout)["left_out"])
    assert "secrets.toml" in told
    assert "a link: elsewhere" in told
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert b"XYZZY" not in b"".join(zipfile.ZipFile(archive).read(name) for name in zipfile.ZipFile(archive).namelist())

    moved = tmp_path / "another" / "machine"
    restored = grader("restore", archive, "--to", moved)
    assert restored.returncode == 0, restored.stderr
    assert "secrets.toml" in restored.stdout
    shutil.rmtree(graded.root)
    course = Course.open(moved)
    assert {row.status for row in grade_without_running(course).values()} == {GradingStatus.UNCHANGED}
    assert known(course) == before
    assert grader("export", cwd=moved).stdout == exported
    assert [item.id for item in Inbox(course.inbox).items()] == [upload.id]
    assert stat.S_IMODE(moved.stat().st_mode) == 0o700


def test_pictures_go_along_where_that_is_asked_for(fresh_class: Course, few_pictures: Path, tmp_path: Path) -> None:
    fresh_class.dataset.symlink_to(few_pictures)
    small, large = tmp_path / "small.zip", tmp_path / "large.zip"
    assert any("pictures" in line for line in back_up(fresh_class, small).left_out)
    back_up(fresh_class, large, with_dataset=True)
    for archive, has_pictures in ((small, False), (large, True)):
        names = zipfile.ZipFile(archive).namelist()
        assert "dataset/answers/answers.csv" in names
        assert any(name.endswith(".jpg") for name in names) is has_pictures
    root = restore(large, tmp_path / "restored").root
    count = sum(path.is_file() for path in few_pictures.rglob("*"))
    assert sum(path.is_file() for path in (root / "dataset").rglob("*")) == count


@pytest.mark.slow
def test_a_backup_beside_a_grading_is_put_right_by_grading(graded: Course, before: Known, tmp_path: Path) -> None:
    """Archives are made one after another while results are being written, and every one of them is a whole class."""
    weak = (graded.submitted / "bart/resnet/resnet.ipynb").read_bytes()
    for student in ("milhouse", "nelson", "ralph"):
        (graded.submitted / student / "resnet").mkdir(parents=True)
        (graded.submitted / student / "resnet/resnet.ipynb").write_bytes(weak)
    command = [sys.executable, "-m", "grader", "grade", "resnet", "--slots", "1", "--class", str(graded.root)]
    grading = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    archives = []
    while grading.poll() is None or not archives:
        archives.append(back_up(graded, tmp_path / f"{len(archives)}.zip").path)
    assert grading.returncode == 0
    after = known(graded)
    for archive in {archives[0], archives[len(archives) // 2], archives[-1]}:
        course = Course.open(restore(archive, tmp_path / f"restored-{archive.stem}").root)
        rows = grade_without_running(course)
        assert rows["lisa"].status is not GradingStatus.NOT_GRADED
        is_graded = {student for student, row in rows.items() if row.status is not GradingStatus.NOT_GRADED}
        assert known(course).cells == {name: cells for name, cells in after.cells.items() if name in is_graded}
        assert {"lisa", "bart"} <= is_graded


def changed(archive: Path, to: Path, change) -> Path:
    """The archive with its entries and its manifest changed."""
    with zipfile.ZipFile(archive) as old:
        entries = {name: old.read(name) for name in old.namelist() if name != MANIFEST}
        manifest = json.loads(old.read(MANIFEST))
    infos = change(entries, manifest) or {}
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as new, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, data in entries.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = infos.get(name, 0)
            new.writestr(info, data)
        new.writestr(MANIFEST, json.dumps(manifest))
    return to


def renamed(entries, manifest, name: str) -> None:
    entries[name] = entries.pop("class.toml")
    next(file for file in manifest["files"] if file["path"] == "class.toml")["path"] = name


def other_content(entries, _manifest) -> None:
    entries["class.toml"] = entries["class.toml"].replace(b"schema = 1", b"schema = 2")


def a_link(_entries, _manifest):
    return {"class.toml": (stat.S_IFLNK | 0o777) << 16}


def a_bomb(entries, manifest) -> None:
    entries["bomb"] = b"\0" * (8 << 20)
    manifest["files"].append({"path": "bomb", "bytes": 1 << 50, "sha256": "0" * 64, "mtime_ns": 0})


def more_than_named(entries, _manifest) -> None:
    entries["more"] = b"x"


def fewer_than_named(entries, _manifest) -> None:
    del entries["class.toml"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda e, m: renamed(e, m, "../class.toml"), "leads out"),
        (lambda e, m: renamed(e, m, "/etc/class.toml"), "leads out"),
        (lambda e, m: renamed(e, m, "source/../../x"), "leads out"),
        (lambda e, m: renamed(e, m, "source/resnet"), "a file and a folder"),
        (lambda _e, m: m["files"].append(m["files"][0]), "named twice"),
        (lambda _e, m: m.update(version=2), "newer grader"),
        (other_content, "not what was backed up"),
        (a_link, "not the file"),
        (a_bomb, "not the file"),
        (more_than_named, "does not hold the files"),
        (fewer_than_named, "does not hold the files"),
    ],
)
def test_an_archive_that_was_changed_is_refused(archive: Path, tmp_path: Path, change, words: str) -> None:
    evil = changed(archive, tmp_path / "evil.zip", change)
    with pytest.raises(EnvironmentFault) as refused:
        restore(evil, tmp_path / "a" / "restored")
    assert words in str(refused.value)
    assert list((tmp_path / "a").iterdir()) == []


def test_what_is_no_backup_or_half_of_one_is_refused(archive: Path, tmp_path: Path) -> None:
    half, other, text = tmp_path / "half.zip", tmp_path / "other.zip", tmp_path / "text.zip"
    half.write_bytes(archive.read_bytes()[:-5000])
    text.write_text("no archive")
    with zipfile.ZipFile(other, "w") as made:
        made.writestr("lisa/resnet.ipynb", "{}")
    for path in (half, other, text):
        with pytest.raises(EnvironmentFault):
            restore(path, tmp_path / "a" / "restored")
    done = grader("restore", other, "--to", tmp_path / "b")
    assert (done.returncode, "what to do:" in done.stderr) == (1, True)
    assert "grader collect" in done.stderr


def test_nothing_is_overwritten(fresh_class: Course, archive: Path, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "x").write_text("x")
    with pytest.raises(InvalidConfig, match="not an empty folder"):
        restore(archive, full)
    assert [path.name for path in full.iterdir()] == ["x"]
    with pytest.raises(InvalidConfig, match="cannot be the backup"):
        back_up(fresh_class, fresh_class.root / "class.zip")
    (tmp_path / "empty").mkdir()
    assert restore(archive, tmp_path / "empty").files == sum(path.is_file() for path in fresh_class.root.rglob("*"))


def test_a_damaged_database_is_not_backed_up_as_if_it_were_whole(fresh_class: Course, tmp_path: Path) -> None:
    path = fresh_class.root / "gradebook.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE grade (points)")
        database.executemany("INSERT INTO grade VALUES (?)", [("x" * 1000,)] * 200)
        database.commit()
    path.write_bytes(path.read_bytes()[:20000])
    with pytest.raises(EnvironmentFault, match=r"gradebook\.db") as refused:
        back_up(fresh_class, tmp_path / "class.zip")
    assert "--repair" in refused.value.remedy
    assert not list(tmp_path.glob("*.zip")) + list(tmp_path.glob(".grader-*"))
