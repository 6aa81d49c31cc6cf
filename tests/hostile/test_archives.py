"""Archives of an LMS that do harm while they are unpacked: `grader collect` refuses them, and writes nothing."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from batches import snapshot
from gate import honest_notebook

from grader.collect import archives
from grader.collect.folders import collect
from grader.course.folder import Course
from grader.errors import InvalidSubmission

NOTEBOOK = nbformat.writes(honest_notebook("gate")).encode()
OTHER = NOTEBOOK + b"\n"


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


def packed(**files: bytes) -> bytes:
    """An archive in memory."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def handed_in(tmp_path: Path, is_folder: bool, files: dict[str, bytes]) -> Path:
    """The same files as an archive or as a folder."""
    source = tmp_path / ("handed-in" if is_folder else "lms.zip")
    if not is_folder:
        source.write_bytes(packed(**files))
        return source
    for name, data in files.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(data)
    return source


def taken(course: Course) -> dict[str, bytes]:
    return {path.parts[-3]: path.read_bytes() for path in course.submitted.glob("*/gate/gate.ipynb")}


def corrupt(data: bytes) -> bytes:
    names = struct.unpack("<HH", data[26:30])
    start = 30 + sum(names)
    return data[:start] + b"\xff\xff" + data[start + 2 :]


in_archive_and_folder = pytest.mark.parametrize("is_folder", [False, True], ids=["archive", "folder"])

BAD = {
    "corrupt": corrupt(packed(**{"gate.ipynb": NOTEBOOK})),
    "no_zip": b"garbage",
    "large": packed(**{"gate.ipynb": NOTEBOOK, "filler.bin": bytes(3 << 20)}),
    "leading_out": packed(**{"gate.ipynb": NOTEBOOK, "../../lisa/gate/gate.ipynb": NOTEBOOK}),
}


@in_archive_and_folder
def test_a_bad_archive_of_one_student_is_left_out_and_named_and_the_class_is_collected(
    attacked: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_folder: bool
) -> None:
    monkeypatch.setattr(archives, "MAX_INNER_BYTES", 1 << 20)
    bad = {f"{name}/gate.zip": data for name, data in BAD.items()}
    files = {"lisa/gate.ipynb": NOTEBOOK, "bart/gate.zip": packed(**{"gate.ipynb": NOTEBOOK}), **bad}
    found = collect(attacked, "gate", handed_in(tmp_path, is_folder, files))
    assert found.students == ("bart", "lisa")
    assert [one.name for one in found.skipped] == sorted(bad)
    assert taken(attacked) == {"lisa": NOTEBOOK, "bart": NOTEBOOK}


@pytest.mark.parametrize("name", ["a/gate.ipynb", "y" * 300 + "/gate.ipynb", "nul\x01/" + "é" * 200 + ".ipynb"])
def test_an_entry_that_cannot_be_a_file_is_left_out_and_named_and_the_class_is_collected(
    attacked: Course, tmp_path: Path, name: str
) -> None:
    """Alone, such an entry refused the whole class's archive; in a student's own archive it cost the student all."""
    files = {
        "a": b"x",
        "lisa/gate.ipynb": NOTEBOOK,
        "bart/gate.zip": packed(**{"gate.ipynb": NOTEBOOK, "b": b"", "b/c": b""}),
    }
    found = collect(attacked, "gate", handed_in(tmp_path, False, {**files, name: NOTEBOOK}))
    assert found.students == ("bart", "lisa")
    assert [one.name for one in found.skipped] == [name, "bart/gate.zip/b/c"]
    assert taken(attacked) == {"lisa": NOTEBOOK, "bart": NOTEBOOK}


@in_archive_and_folder
def test_archives_in_a_student_s_archive_and_gz_are_not_unpacked(
    attacked: Course, tmp_path: Path, is_folder: bool
) -> None:
    """Nbgrader would unpack them without end."""
    deep = packed(**{"in.zip": packed(**{"in.zip": packed(**{"filler.bin": bytes(1 << 20)})}), "gate.ipynb": NOTEBOOK})
    files = {"lisa/gate.ipynb": NOTEBOOK, "lisa/data.csv.gz": gzip.compress(bytes(1 << 20)), "mallory/gate.zip": deep}
    found = collect(attacked, "gate", handed_in(tmp_path, is_folder, files))
    assert found.students == ("lisa", "mallory")
    assert [one.name for one in found.skipped] == ["lisa/data.csv.gz", "mallory/gate/in.zip"]
    assert not list(attacked.submitted.rglob("filler.bin"))


@in_archive_and_folder
def test_archives_of_one_student_cannot_use_up_the_room_of_another(
    attacked: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_folder: bool
) -> None:
    monkeypatch.setattr(archives, "MAX_INNER_BYTES", 1 << 20)
    monkeypatch.setattr(archives, "MAX_ARCHIVE_BYTES", 2 << 20)
    large = packed(**{"filler.bin": bytes(700 << 10)})
    files = {f"mallory/{n}.zip": large for n in range(5)} | {"zoe/gate.zip": packed(**{"gate.ipynb": NOTEBOOK})}
    found = collect(attacked, "gate", handed_in(tmp_path, is_folder, files))
    assert found.students == ("zoe",)
    assert [one.name for one in found.skipped] == [f"mallory/{n}.zip" for n in range(1, 5)]


@pytest.mark.parametrize("error", [zlib.error, lzma.LZMAError])
def test_data_that_trips_the_decompressor_is_an_archive_that_cannot_be_read(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def trip(*_: object) -> None:
        raise error("invalid data")

    monkeypatch.setattr(zipfile.ZipExtFile, "read", trip)
    with pytest.raises(InvalidSubmission):
        archives.read_small(packed(**{"gate.ipynb": NOTEBOOK}), max_files=9, max_bytes=1 << 20)


ANOTHER_S = {
    "file/lisa_gate.ipynb": OTHER,
    "folder/lisa/gate.ipynb": OTHER,
    "archive/lisa.zip": packed(**{"gate.ipynb": OTHER}),
    "folder_in_archive/gate.zip": packed(**{"lisa/gate.ipynb": OTHER}),
    "moodle_102_assignsubmission_file_/lisa_gate.ipynb": OTHER,
    "assignment/gate/lisa_gate.ipynb": OTHER,
    "flat_12_gate.zip": packed(**{"lisa_gate.ipynb": OTHER}),
    "flat_12_lisa_gate.zip": packed(**{"gate.ipynb": OTHER}),
}


@in_archive_and_folder
def test_nothing_in_a_student_s_folder_replaces_another_student_s_submission(
    attacked: Course, tmp_path: Path, is_folder: bool
) -> None:
    for day, other in (("monday", "lisa"), ("tuesday", "bart"), ("wednesday", "lisa")):
        attacks = {} if day == "monday" else ANOTHER_S
        (tmp_path / day).mkdir()
        found = collect(
            attacked, "gate", handed_in(tmp_path / day, is_folder, {f"{other}/gate.ipynb": NOTEBOOK, **attacks})
        )
        assert set(found.students) - {"flat_12_lisa_gate"} == {other}
        assert len(found.skipped) == max(0, len(attacks) - 1)
        assert taken(attacked)["lisa"] == NOTEBOOK


def test_several_submissions_of_one_student_give_the_one_that_lies_the_least_deep(
    attacked: Course, tmp_path: Path
) -> None:
    files = {
        "lisa/gate/gate.ipynb": OTHER,
        "lisa/gate (1).ipynb": OTHER,
        "lisa/gate.ipynb": NOTEBOOK,
        "bart/gate.ipynb": NOTEBOOK,
    }
    found = collect(attacked, "gate", handed_in(tmp_path, False, files))
    assert found.students == ("bart", "lisa")
    assert [one.name for one in found.skipped] == ["lisa/gate (1).ipynb", "lisa/gate/gate.ipynb"]
    assert taken(attacked)["lisa"] == NOTEBOOK


def test_an_archive_named_for_a_student_is_the_student_s(attacked: Course, tmp_path: Path) -> None:
    (tmp_path / "lisa.zip").write_bytes(packed(**{"gate.ipynb": NOTEBOOK, "models/mine.pth": b"weights"}))
    assert collect(attacked, "gate", tmp_path / "lisa.zip").students == ("lisa",)
    assert (attacked.submitted / "lisa" / "gate" / "models" / "mine.pth").read_bytes() == b"weights"


def test_folders_in_folders_are_left_out_below_a_depth(attacked: Course, tmp_path: Path) -> None:
    files = {"lisa/gate.ipynb": NOTEBOOK, "mallory/" + "a/" * 1500 + "gate.ipynb": NOTEBOOK}
    assert collect(attacked, "gate", handed_in(tmp_path, False, files)).students == ("lisa",)


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
