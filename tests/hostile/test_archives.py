"""Archives of an LMS that do harm while they are unpacked: `grader collect` refuses them, and writes nothing."""

from __future__ import annotations

import os
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from batches import snapshot
from gate import honest_notebook

from grader import archives
from grader.collect import collect
from grader.course import Course
from grader.errors import InvalidSubmission

NOTEBOOK = nbformat.writes(honest_notebook("gate")).encode()


def named(*names: str) -> Callable[[Path], None]:
    """An archive with a notebook under each of the names."""

    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(zipfile.ZipInfo(name), NOTEBOOK)

    return write


def link(name: str, target: str, *then: str) -> Callable[[Path], None]:
    """An archive with a symbolic link, and files that go through it."""

    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            entry = zipfile.ZipInfo(name)
            entry.create_system = 3
            entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, target)
            for other in then:
                archive.writestr(other, NOTEBOOK)

    return write


def special(kind: int) -> Callable[[Path], None]:
    """An archive with a pipe, a device or a folder in the place of a notebook."""

    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            entry = zipfile.ZipInfo("mallory/gate.ipynb")
            entry.create_system = 3
            entry.external_attr = (kind | 0o600) << 16
            archive.writestr(entry, b"")

    return write


def bomb(path: Path) -> None:
    """Five gigabytes of zeros in five megabytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(5):
            with archive.open(f"s{number}_gate.ipynb", "w", force_zip64=True) as file:
                for _ in range(64):
                    file.write(bytes(16 << 20))


def lying_bomb(path: Path) -> None:
    """64 MiB of zeros whose entry says that they are 100 bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mallory_gate.ipynb", bytes(64 << 20))
    data = bytearray(path.read_bytes())
    for offset in (data.find(b"PK\x03\x04") + 22, data.find(b"PK\x01\x02") + 24):
        data[offset : offset + 4] = struct.pack("<I", 100)
    path.write_bytes(bytes(data))


def many(path: Path) -> None:
    """A hundred thousand and one empty files."""
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(archives.MAX_ARCHIVE_FILES + 1):
            archive.writestr(str(number), b"")


def broken(path: Path) -> None:
    named("mallory_gate.ipynb")(path)
    path.write_bytes(path.read_bytes()[:-30])


def encrypted(path: Path) -> None:
    named("mallory_gate.ipynb")(path)
    data = bytearray(path.read_bytes())
    for offset in (data.find(b"PK\x03\x04") + 6, data.find(b"PK\x01\x02") + 8):
        data[offset] |= 1
    path.write_bytes(bytes(data))


def odd_method(path: Path) -> None:
    named("mallory_gate.ipynb")(path)
    data = bytearray(path.read_bytes())
    for offset in (data.find(b"PK\x03\x04") + 8, data.find(b"PK\x01\x02") + 10):
        data[offset : offset + 2] = struct.pack("<H", 99)
    path.write_bytes(bytes(data))


REFUSED = {
    "leads_up": named("../../class.toml"),
    "leads_up_in_the_middle": named("mallory/../../../gradebook.db"),
    "leads_up_with_backslashes": named("..\\..\\mallory_gate.ipynb"),
    "is_absolute": named("/tmp/sg-hostile-slipped.ipynb"),
    "is_absolute_with_a_drive_and_up": named("C:\\..\\..\\x_gate.ipynb"),
    "holds_a_link_to_a_file": link("mallory_gate.ipynb", "/etc/passwd"),
    "holds_a_link_to_a_folder": link("mallory", "../../../submitted/lisa", "mallory/gate.ipynb"),
    "is_a_bomb": bomb,
    "has_too_many_files": many,
    "is_cut_off": broken,
    "is_no_archive": lambda path: path.write_bytes(b"not a zip"),
    "is_empty": lambda path: path.write_bytes(b""),
    "is_encrypted": encrypted,
    "is_packed_in_an_unknown_way": odd_method,
    "says_that_it_is_small": lying_bomb,
    "names_no_student": named("gate.ipynb"),
    "names_a_hidden_student": named(".ssh/gate.ipynb"),
    "names_a_student_of_control_characters": named("a\x1b[2Jb_gate.ipynb"),
    "names_a_student_of_html": named("<script>x_gate.ipynb"),
    "names_a_student_of_500_letters": named("y" * 200 + "z" * 40 + "_gate.ipynb"),
}


@pytest.fixture
def before(attacked: Course) -> dict[str, str]:
    return snapshot(attacked.root)


@pytest.mark.parametrize("name", REFUSED)
def test_the_archive_is_refused_and_nothing_is_written(
    attacked: Course, tmp_path: Path, name: str, before: dict[str, str]
) -> None:
    path = tmp_path / "archive.zip"
    REFUSED[name](path)
    with pytest.raises(InvalidSubmission):
        collect(attacked, "gate", path)
    assert {k: v for k, v in snapshot(attacked.root).items() if not k.startswith(".")} == before
    assert not [p for p in attacked.root.iterdir() if p.name.startswith(".collecting")]
    assert not Path("/tmp/sg-hostile-slipped.ipynb").exists()


@pytest.mark.parametrize(
    "kind", [stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK], ids=["pipe", "char", "block", "socket"]
)
def test_special_files_in_an_archive_become_nothing_but_ordinary_files(
    attacked: Course, tmp_path: Path, kind: int
) -> None:
    special(kind)(tmp_path / "archive.zip")
    try:
        collect(attacked, "gate", tmp_path / "archive.zip")
    except InvalidSubmission:
        return
    found = [path for path in attacked.submitted.rglob("*") if not path.is_dir()]
    assert all(stat.S_ISREG(path.lstat().st_mode) for path in found)


def test_an_archive_with_one_name_twice_gives_one_submission(attacked: Course, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        named("mallory_gate.ipynb", "mallory_gate.ipynb")(tmp_path / "archive.zip")
    collect(attacked, "gate", tmp_path / "archive.zip")
    assert [path.name for path in attacked.submitted.iterdir()] == ["mallory"]


@pytest.mark.parametrize("depth", [1, 3])
def test_an_archive_in_an_archive_is_held_to_the_same_limits(
    attacked: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, depth: int
) -> None:
    """Moodle packs archives of students into one: so they are unpacked, and have to be counted."""
    monkeypatch.setattr(archives, "MAX_ARCHIVE_BYTES", 1 << 20)
    with zipfile.ZipFile(tmp_path / "0.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mallory_gate.ipynb", NOTEBOOK)
        archive.writestr("filler.bin", bytes(32 << 20))
    for level in range(depth):
        with zipfile.ZipFile(tmp_path / f"{level + 1}.zip", "w") as archive:
            archive.write(tmp_path / f"{level}.zip", f"mallory_{level}.zip")
    with pytest.raises(InvalidSubmission):
        collect(attacked, "gate", tmp_path / f"{depth}.zip")


def test_an_archive_cannot_replace_what_another_student_handed_in_before(attacked: Course, tmp_path: Path) -> None:
    """A student's id comes from the file's name, for which the LMS vouches. Only named files are touched."""
    named("lisa_gate.ipynb", "bart_gate.ipynb")(tmp_path / "first.zip")
    collect(attacked, "gate", tmp_path / "first.zip")
    kept = (attacked.submitted / "lisa" / "gate" / "gate.ipynb").stat().st_mtime_ns
    named("bart_gate.ipynb")(tmp_path / "second.zip")
    collect(attacked, "gate", tmp_path / "second.zip")
    assert (attacked.submitted / "lisa" / "gate" / "gate.ipynb").stat().st_mtime_ns == kept


@pytest.mark.parametrize(
    "make",
    [
        lambda f: (f / "mallory_gate.ipynb").symlink_to("/etc/passwd"),
        lambda f: (f / "mallory").symlink_to("/etc"),
        lambda f: os.mkfifo(f / "mallory_gate.ipynb"),
        lambda f: (f / "loop").symlink_to("."),
    ],
    ids=["link", "linked_folder", "pipe", "loop"],
)
def test_a_folder_with_links_and_pipes_gives_nothing_of_them(
    attacked: Course, tmp_path: Path, make: Callable[[Path], None], before: dict[str, str]
) -> None:
    source = tmp_path / "handed-in"
    source.mkdir()
    make(source)
    with pytest.raises(InvalidSubmission):
        collect(attacked, "gate", source)
    assert {k: v for k, v in snapshot(attacked.root).items() if not k.startswith(".")} == before
