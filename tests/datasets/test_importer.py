import errno
import os
import shutil
import zipfile
from collections import namedtuple
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from small_pictures import picture

from grader.datasets import archive as archive_module
from grader.datasets.build import ClassCount
from grader.datasets.importer import ImportReport, import_archive
from grader.datasets.layout import Layout, load_answer_key, load_answers, load_record
from grader.datasets.picture import content_digest
from grader.errors import EnvironmentFault, MissingDataset

SHAPE = {"test_classes": 2, "per_class": 10, "private_share": Fraction(1, 10)}


def zipped(folder: Path, target: Path, *, prefix: str = "") -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(folder.rglob("*")):
            file.write(path, prefix + path.relative_to(folder).as_posix())
    return target


def snapshot(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def imported(source: Path, root: Path, **options) -> ImportReport:
    return import_archive(source, root, **{**SHAPE, **options})


def test_an_archive_becomes_a_class_split_of_the_contests_shape(archive, tmp_path):
    report = imported(archive, tmp_path / "town")

    assert report.classes == (
        ClassCount("homer_simpson", 40, 30, 10),
        ClassCount("ned_flanders", 30, 20, 10),
        ClassCount("bart_simpson", 24, 24, 0),
        ClassCount("lionel_hutz", 3, 3, 0),
    )
    assert (report.train_images, report.public_images, report.private_images) == (77, 18, 2)
    assert (report.contest_test_images, report.tiny, report.other) == (5, 5, 1)
    assert (report.duplicates, report.contradictions, report.unreadable, report.junk) == (0, 0, (), 0)
    assert load_record(tmp_path / "town").content_digest == report.content_digest


def test_training_pictures_are_copied_and_never_encoded_again(archive, tmp_path):
    imported(archive, tmp_path / "town")
    before = {path.read_bytes() for path in (archive / "train").rglob("*.jpg")}
    after = {path.read_bytes() for path in Layout(tmp_path / "town").train.rglob("*.jpg")}

    assert len(after) == 77
    assert after < before


def test_the_hidden_test_is_disjoint_from_the_training_pictures_by_content(archive, tmp_path):
    imported(archive, tmp_path / "town")
    train = {content_digest(path.read_bytes()) for path in Layout(tmp_path / "town").train.rglob("*.jpg")}
    answers = load_answers(tmp_path / "town")
    test = {answer.digest for answer in answers}

    assert len(test) == 20
    assert not train & test
    assert {answer.digest for answer in answers if answer.part == "decoy"} <= test


def test_the_archives_own_test_stays_where_no_notebook_sees_it(archive, tmp_path):
    imported(archive, tmp_path / "town")
    layout = Layout(tmp_path / "town")

    assert sorted(path.name for path in layout.contest_testset.iterdir()) == [f"img{n}.jpg" for n in range(5)]
    assert layout.student not in layout.contest_testset.parents


def test_a_zip_and_its_folder_give_the_same_data_set_every_time(archive, tmp_path):
    source = zipped(archive, tmp_path / "journey.zip")
    one, two = imported(source, tmp_path / "one"), imported(archive, tmp_path / "two")

    assert one.content_digest == two.content_digest
    assert one.classes == two.classes
    first, second = snapshot(tmp_path / "one"), snapshot(tmp_path / "two")
    assert {k: v for k, v in first.items() if "dataset.json" not in k} == {
        k: v for k, v in second.items() if "dataset.json" not in k
    }


def test_another_seed_hides_other_pictures(archive, tmp_path):
    one, two = imported(archive, tmp_path / "one", seed=1), imported(archive, tmp_path / "two", seed=2)

    assert one.content_digest != two.content_digest


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train/dataset", "test/testset"),
        ("train", "test"),
        ("Train/Simpsons_Dataset", "TestSet"),
        ("data/journey-springfield/train/simpsons_dataset", "data/journey-springfield/testset/testset"),
        ("simpsons_dataset", "kaggle_simpson_testset/kaggle_simpson_testset"),
    ],
)
def test_older_and_related_layouts_are_understood(archive, tmp_path, train, test):
    other = tmp_path / "other"
    shutil.copytree(archive / "train/simpsons_dataset", other / train)
    shutil.copytree(archive / "testset/testset", other / test)
    expected = imported(archive, tmp_path / "one")
    report = imported(zipped(other, tmp_path / "other.zip"), tmp_path / "two")

    assert report.content_digest == expected.content_digest
    assert report.contest_test_images == 5


def test_the_bare_class_folders_are_an_archive_too(archive, tmp_path):
    expected = imported(archive, tmp_path / "one")
    report = imported(archive / "train/simpsons_dataset", tmp_path / "two")

    assert report.content_digest == expected.content_digest


def test_an_archive_nested_in_itself_counts_every_picture_once(archive, tmp_path):
    shutil.copytree(archive / "train/simpsons_dataset", archive / "train/simpsons_dataset/simpsons_dataset")
    shutil.copytree(archive / "testset/testset", archive / "testset/testset/testset")
    report = imported(archive, tmp_path / "town")

    assert len(report.classes) == 4
    assert report.duplicates == 97
    assert (report.train_images, report.contest_test_images) == (77, 5)


def test_what_operating_systems_leave_behind_is_no_picture(archive, tmp_path):
    (archive / "__MACOSX/train/simpsons_dataset/bart_simpson").mkdir(parents=True)
    (archive / "__MACOSX/train/simpsons_dataset/bart_simpson/._pic_0000.jpg").write_bytes(b"junk")
    (archive / "train/simpsons_dataset/.DS_Store").write_bytes(b"junk")
    (archive / "train/simpsons_dataset/bart_simpson/._pic_0001.jpg").write_bytes(b"junk")
    (archive / "train/simpsons_dataset/bart_simpson/Thumbs.db").write_bytes(b"junk")
    report = imported(archive, tmp_path / "town")

    assert (report.junk, report.unreadable) == (4, ())


def test_unreadable_pictures_are_named_and_left_out(archive, tmp_path):
    folder = archive / "train/simpsons_dataset/bart_simpson"
    (folder / "pic_0000.jpg").write_bytes((folder / "pic_0000.jpg").read_bytes()[:200])
    (folder / "pic_0001.jpg").write_bytes(b"")
    (archive / "testset/testset/img3.jpg").write_bytes(b"<html>")
    report = imported(archive, tmp_path / "town")

    assert [file.path for file in report.unreadable] == [
        "testset/testset/img3.jpg",
        "train/simpsons_dataset/bart_simpson/pic_0000.jpg",
        "train/simpsons_dataset/bart_simpson/pic_0001.jpg",
    ]
    assert all(file.reason for file in report.unreadable)
    assert report.contest_test_images == 4


def test_a_png_named_jpg_is_kept_as_it_is_and_counted(archive, tmp_path):
    disguised = picture(5001, kind="PNG")
    (archive / "train/simpsons_dataset/bart_simpson/pic_9999.jpg").write_bytes(disguised)
    (archive / "train/simpsons_dataset/bart_simpson/pic_9998.png").write_bytes(picture(5002, kind="PNG"))
    report = imported(archive, tmp_path / "town")

    assert report.disguised == 1
    assert disguised in snapshot(Layout(tmp_path / "town").train / "bart_simpson").values()
    assert {path.suffix for path in Layout(tmp_path / "town").train.rglob("pic*")} == {".jpg"}


def test_copies_of_one_picture_never_straddle_training_and_test(archive, tmp_path):
    folder = archive / "train/simpsons_dataset/homer_simpson"
    for path in list(folder.iterdir()):
        shutil.copy(path, folder / f"copy_of_{path.name}")
    report = imported(archive, tmp_path / "town")

    assert report.duplicates == 40
    assert report.classes[0] == ClassCount("homer_simpson", 40, 30, 10)


def test_a_copy_with_other_metadata_is_a_copy(archive, tmp_path):
    (archive / "train/simpsons_dataset/bart_simpson/a.jpg").write_bytes(picture(6000))
    (archive / "train/simpsons_dataset/bart_simpson/b.jpg").write_bytes(picture(6000, comment=b"bart_simpson"))

    assert imported(archive, tmp_path / "town").duplicates == 1


def test_metadata_that_names_the_class_does_not_reach_the_test(tmp_path):
    for n, name in enumerate(("bart_simpson", "lisa_simpson")):
        folder = tmp_path / "archive/train" / name
        folder.mkdir(parents=True)
        for k in range(20):
            (folder / f"{k}.jpg").write_bytes(picture(100 * n + k, comment=f"path/to/{name}".encode()))
    imported(tmp_path / "archive", tmp_path / "town")

    assert not any(b"_simpson" in path.read_bytes() for path in Layout(tmp_path / "town").testset.iterdir())


def test_a_picture_in_two_classes_is_in_neither(archive, tmp_path):
    homers = archive / "train/simpsons_dataset/homer_simpson"
    shutil.copy(homers / "pic_0000.jpg", archive / "train/simpsons_dataset/bart_simpson/pic_0100.jpg")
    report = imported(archive, tmp_path / "town")

    assert report.contradictions == 1
    assert report.classes[0].found == 39
    assert report.classes[2].found == 24


def test_a_contest_test_image_that_is_a_training_picture_is_counted(archive, tmp_path):
    source = archive / "train/simpsons_dataset/bart_simpson/pic_0000.jpg"
    shutil.copy(source, archive / "testset/testset/img4.jpg")

    assert imported(archive, tmp_path / "town").contest_test_known == 1


def test_paths_that_lead_out_of_a_zip_are_left_out(archive, tmp_path):
    source = zipped(archive, tmp_path / "evil.zip")
    with zipfile.ZipFile(source, "a") as file:
        file.writestr("../../train/simpsons_dataset/bart_simpson/evil.jpg", picture(7000))
        file.writestr("/train/simpsons_dataset/bart_simpson/evil.jpg", picture(7001))
        file.writestr("train/simpsons_dataset/..\\..\\evil/evil.jpg", picture(7002))
        file.writestr("train/simpsons_dataset/.hidden/evil.jpg", picture(7003))
    (tmp_path / "place").mkdir()
    report = imported(source, tmp_path / "place/town")

    assert report.unsafe == 3
    assert len(report.classes) == 4
    assert [path.name for path in (tmp_path / "place").iterdir()] == ["town"]
    assert not list(tmp_path.rglob("evil.jpg"))


def test_progress_is_told_to_the_end(archive, tmp_path):
    steps: list[tuple[int, int]] = []
    imported(archive, tmp_path / "town", progress=lambda done, total: steps.append((done, total)))

    assert steps == [(n, 103) for n in range(1, 104)]


@pytest.fixture
def old(archive: Path, tmp_path: Path) -> dict[str, bytes]:
    """What is at `tmp_path / "town"` before the import under test."""
    imported(archive, tmp_path / "town", seed=99)
    return snapshot(tmp_path / "town")


def no_space(*_args: object, **_kwargs: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def break_the_zip(source: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    with zipfile.ZipFile(source) as file:
        offset = file.infolist()[60].header_offset
    data = bytearray(source.read_bytes())
    data[offset + 200 : offset + 260] = bytes(60)
    source.write_bytes(data)
    return "Download it again"


def cut_the_zip(source: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    source.write_bytes(source.read_bytes()[:-500])
    return "Download it again"


def encrypt_the_zip(source: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    data = source.read_bytes().replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01")
    source.write_bytes(data)
    return "Unpack it with its password"


def pack_it_strangely(source: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    deflate, deflate64 = b"PK\x01\x02\x14\x03\x14\x00\x00\x00\x08\x00", b"PK\x01\x02\x14\x03\x14\x00\x00\x00\x09\x00"
    source.write_bytes(source.read_bytes().replace(deflate, deflate64))
    return "Unpack it with another program"


def fill_the_disk(source: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("grader.datasets.build.write_sample_submission", no_space)
    return "Nothing was changed. Check free space"


def start_on_a_full_disk(source: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("grader.datasets.build.shutil.disk_usage", lambda path: usage(1 << 40, 1 << 40, 1000))
    return "Free some space"


def lower_the_limit_of_files(source: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(archive_module, "MAX_MEMBERS", 50)
    return "Is it the contest's archive?"


def lower_the_limit_of_a_file(source: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(archive_module, "MAX_MEMBER_BYTES", 100)
    return "Is it the contest's archive?"


def lower_the_limit_of_all(source: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(archive_module, "MAX_TOTAL_BYTES", 10_000)
    return "Is it the contest's archive?"


def take_the_classes_away(source: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    with zipfile.ZipFile(source, "w") as file:
        file.writestr("readme.txt", "nothing here")
    return "Expected train/simpsons_dataset/<class>/*.jpg"


def write_no_zip(source: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    source.write_text("<html>Sign in to download</html>")
    return "Download it again"


@pytest.mark.parametrize(
    "accident",
    [
        break_the_zip,
        cut_the_zip,
        encrypt_the_zip,
        pack_it_strangely,
        fill_the_disk,
        start_on_a_full_disk,
        lower_the_limit_of_files,
        lower_the_limit_of_a_file,
        lower_the_limit_of_all,
        take_the_classes_away,
        write_no_zip,
    ],
)
def test_an_accident_leaves_the_old_data_set_as_it_was_and_says_what_to_do(
    accident: Callable[[Path, pytest.MonkeyPatch], str], archive, old, tmp_path, monkeypatch
):
    source = zipped(archive, tmp_path / "journey.zip")
    beside = {path.name for path in tmp_path.iterdir()}
    remedy = accident(source, monkeypatch)

    with pytest.raises(EnvironmentFault) as caught:
        imported(source, tmp_path / "town", replace=True)
    assert remedy in caught.value.remedy
    assert snapshot(tmp_path / "town") == old
    assert {path.name for path in tmp_path.iterdir()} == beside


def test_an_interrupted_import_leaves_the_old_data_set_as_it_was(archive, old, tmp_path):
    def interrupt(done: int, total: int) -> None:
        if done == 50:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        imported(archive, tmp_path / "town", replace=True, progress=interrupt)
    assert snapshot(tmp_path / "town") == old
    assert {path.name for path in tmp_path.iterdir()} == {"town", "journey-springfield"}


def test_a_data_set_is_not_replaced_by_accident(archive, old, tmp_path):
    with pytest.raises(EnvironmentFault, match="already") as caught:
        imported(archive, tmp_path / "town")
    assert "--replace" in caught.value.remedy
    assert snapshot(tmp_path / "town") == old


def test_of_two_imports_to_one_place_the_slower_one_gives_way(archive, tmp_path):
    def be_overtaken(done: int, total: int) -> None:
        if done == total:
            imported(archive, tmp_path / "town", seed=5)

    with pytest.raises(EnvironmentFault, match="already"):
        imported(archive, tmp_path / "town", seed=6, progress=be_overtaken)
    assert load_record(tmp_path / "town").seed == 5


def test_a_data_set_is_replaced_on_demand(archive, old, tmp_path):
    imported(archive, tmp_path / "town", seed=1, replace=True)

    assert snapshot(tmp_path / "town") != old
    assert load_answer_key(tmp_path / "town").labels


def test_a_folder_that_is_no_data_set_is_never_replaced(archive, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home/thesis.txt").write_text("important")

    with pytest.raises(EnvironmentFault, match="not a data set"):
        imported(archive, tmp_path / "home", replace=True)
    assert (tmp_path / "home/thesis.txt").read_text() == "important"


def test_an_empty_folder_and_missing_parents_are_fine(archive, tmp_path):
    (tmp_path / "empty").mkdir()
    imported(archive, tmp_path / "empty")
    imported(archive, tmp_path / "a/b/c")

    assert load_answer_key(tmp_path / "empty").labels == load_answer_key(tmp_path / "a/b/c").labels


def test_a_missing_archive_is_told_by_its_path(tmp_path):
    with pytest.raises(MissingDataset, match=r"nowhere\.zip"):
        imported(tmp_path / "nowhere.zip", tmp_path / "town")
