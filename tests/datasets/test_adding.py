import errno
import hashlib
import json
import os
import shutil
from fractions import Fraction
from pathlib import Path

import pytest
from small_pictures import picture

from grader.datasets import adding
from grader.datasets.adding import add_test
from grader.datasets.importer import import_archive
from grader.datasets.layout import Layout, load_answer_key, load_answers, load_record
from grader.errors import EnvironmentFault, InvalidConfig, MissingDataset
from grader.scoring.submission_csv import parse_submission


@pytest.fixture
def town(archive: Path, tmp_path: Path) -> Path:
    root = tmp_path / "place" / "town"
    import_archive(archive, root, seed=4, test_classes=2, per_class=10, private_share=Fraction(1, 5), decoys=10)
    return root


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Ten pictures of each of two classes, one of them a PNG."""
    for place, label in enumerate(("bart_simpson", "ned_flanders")):
        folder = tmp_path / "own" / label
        folder.mkdir(parents=True)
        for n in range(10):
            (folder / f"photo {n}.jpg").write_bytes(picture(90_000 + 100 * place + n))
    (tmp_path / "own/bart_simpson/last.png").write_bytes(picture(99_000, kind="PNG"))
    (tmp_path / "own/bart_simpson/photo 9.jpg").unlink()
    (tmp_path / "own/.DS_Store").write_bytes(b"junk")
    return tmp_path / "own"


def snapshot(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_own_pictures_come_after_the_old_ones_stratified_with_decoys(town, own):
    before, old = load_answers(town), snapshot(Layout(town).student)
    report = add_test(own, town)
    after, key, record = load_answers(town), load_answer_key(town), load_record(town)

    assert report.added == {"bart_simpson": 10, "ned_flanders": 10}
    assert (report.added_public, report.added_private, report.added_decoys) == (16, 4, 10)
    assert (record.public_images, record.private_images, record.decoys, record.added) == (32, 8, 20, 20)
    assert after[: len(before)] == before
    assert [answer.name for answer in after[len(before) :]] == [f"img{n}.jpg" for n in range(30, 60)]
    private = [answer.label for answer in after[len(before) :] if answer.part == "private"]
    assert sorted(private) == ["bart_simpson"] * 2 + ["ned_flanders"] * 2
    assert {path.name for path in Layout(town).testset.iterdir()} == set(key.ids)
    now = snapshot(Layout(town).student)
    assert {name: now[name] for name in old if name != "sample_submission.csv"} == {
        name: data for name, data in old.items() if name != "sample_submission.csv"
    }


def test_the_sample_names_the_new_pictures_and_nothing_of_the_class_folders_shows(town, own):
    add_test(own, town)
    key, layout = load_answer_key(town), Layout(town)

    parse_submission(layout.sample_submission.read_bytes(), key.ids, key.classes)
    files = list(layout.testset.iterdir())
    assert len({path.stat().st_mtime_ns for path in files}) == 1
    assert {path.stat().st_nlink for path in layout.student.rglob("*.jpg")} == {1}
    assert {path.stat().st_mode & 0o777 for path in layout.answers.iterdir()} == {0o600}
    given = {path.read_bytes() for path in own.rglob("*.jpg")}
    assert not given & {path.read_bytes() for path in files}


def test_adding_twice_goes_on_where_the_first_ended(town, own, tmp_path):
    add_test(own, town)
    more = tmp_path / "more/lionel_hutz"
    more.mkdir(parents=True)
    (more / "1.jpg").write_bytes(picture(95_000))
    report = add_test(more.parent, town)

    assert report.added == {"lionel_hutz": 1}
    assert load_record(town).added == 21
    assert len(load_answer_key(town).ids) == len(set(load_answer_key(town).ids)) == 61 + report.added_decoys


def test_a_data_set_made_before_there_were_decoys_takes_pictures_too(town, own):
    as_before_decoys(town)
    assert load_answer_key(town).decoys == {}
    report = add_test(own, town)

    assert (report.added_public, report.added_private, report.added_decoys) == (16, 4, 0)
    assert load_record(town).schema == 2


def as_before_decoys(root: Path) -> None:
    """Write the answers as the first schema had them."""
    layout, record = Layout(root), load_record(root)
    rows = [answer for answer in load_answers(root) if answer.part != "decoy"]
    data = "".join(["Id,Expected,Part\n", *(f"{row.name},{row.label},{row.part}\n" for row in rows)]).encode()
    layout.answers_csv.write_bytes(data)
    fields = json.loads(layout.record.read_text())
    del fields["decoys"], fields["added"]
    fields |= {"schema": 1, "answers_digest": hashlib.sha256(data).hexdigest()}
    layout.record.write_text(json.dumps(fields))
    assert record.decoys == 10


def test_a_class_that_links_to_its_data_set_keeps_the_link(town, own, tmp_path):
    link = tmp_path / "dataset"
    link.symlink_to(town)
    add_test(own, link)

    assert link.is_symlink()
    assert load_record(town).added == 20


def spoil_class(own: Path, town: Path) -> str:
    (own / "bart_simpson").rename(own / "bart_simson")
    return "there is no class bart_simson; did you mean bart_simpson?"


def spoil_picture(own: Path, town: Path) -> str:
    path = own / "ned_flanders/photo 3.jpg"
    path.write_bytes(path.read_bytes()[:300])
    return "ned_flanders/photo 3.jpg cannot be read as a picture"


def leave_a_note(own: Path, town: Path) -> str:
    (own / "notes.txt").write_text("hello")
    return "notes.txt is not a picture in the folder of a class"


def repeat_training(own: Path, town: Path) -> str:
    shutil.copy(next(iter(sorted(Layout(town).train.rglob("*.jpg")))), own / "bart_simpson/known.jpg")
    return "bart_simpson/known.jpg is a training picture already"


def repeat_test(own: Path, town: Path) -> str:
    shutil.copy(Layout(town).testset / "img3.jpg", own / "bart_simpson/seen.jpg")
    return "bart_simpson/seen.jpg is a picture of the hidden test already"


def repeat_what_a_test_picture_was_made_of(own: Path, town: Path) -> str:
    pictures = [(path, path.read_bytes()) for path in (town.parent.parent / "journey-springfield/train").rglob("*.jpg")]
    digests = {answer.digest for answer in load_answers(town)}
    source = next(path for path, data in pictures if adding.content_digest(data) in digests)
    shutil.copy(source, own / "bart_simpson/original.jpg")
    return "bart_simpson/original.jpg is a picture of the hidden test already"


def repeat_itself(own: Path, town: Path) -> str:
    shutil.copy(own / "bart_simpson/photo 1.jpg", own / "ned_flanders/same.jpg")
    return "ned_flanders/same.jpg is the same picture as bart_simpson/photo 1.jpg"


def take_everything_away(own: Path, town: Path) -> str:
    for path in list(own.rglob("*.*g")):
        path.unlink()
    return "no pictures were found"


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_class,
        spoil_picture,
        leave_a_note,
        repeat_training,
        repeat_test,
        repeat_what_a_test_picture_was_made_of,
        repeat_itself,
        take_everything_away,
    ],
)
def test_one_wrong_picture_refuses_all_and_is_named(spoil, town, own):
    words, before = spoil(own, town), snapshot(town)
    with pytest.raises(InvalidConfig) as caught:
        add_test(own, town)

    assert words in caught.value.message
    assert "Nothing was changed" in caught.value.remedy
    assert snapshot(town) == before


def test_many_problems_come_ten_at_a_time(town, own):
    for n in range(14):
        (own / f"note{n}.txt").write_text("hello")
    with pytest.raises(InvalidConfig, match=r"\.\.\. and 4 more"):
        add_test(own, town)


def test_a_folder_or_a_data_set_that_is_not_there_is_named(town, own, tmp_path):
    with pytest.raises(MissingDataset, match="nowhere"):
        add_test(tmp_path / "nowhere", town)
    with pytest.raises(MissingDataset, match="no data set"):
        add_test(own, tmp_path / "empty")


def test_a_disk_that_fills_up_leaves_the_old_data_set_and_nothing_beside_it(town, own, monkeypatch):
    def full(*_arguments: object, **_named: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = snapshot(town)
    monkeypatch.setattr(adding, "write_answers", full)
    with pytest.raises(EnvironmentFault, match="No space left"):
        add_test(own, town)

    assert snapshot(town) == before
    assert [path.name for path in town.parent.iterdir()] == ["town"]


def test_a_file_system_without_links_copies(town, own, monkeypatch):
    def refuse(*_arguments: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    old = snapshot(Layout(town).train)
    monkeypatch.setattr(adding.os, "link", refuse)
    add_test(own, town)

    assert snapshot(Layout(town).train) == old
