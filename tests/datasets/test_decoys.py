import io
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image

from grader.datasets.importer import import_archive
from grader.datasets.layout import Layout, load_answer_key, load_answers, load_record
from grader.datasets.picture import content_digest
from grader.datasets.split import Picture, hidden_test, split

PICTURES = [Picture(f"class{n % 4}", f"{n:064x}", Path(str(n))) for n in range(80)]
SHAPE = {"test_classes": 2, "per_class": 10, "private_share": Fraction(1, 10)}


def test_a_decoy_is_a_copy_of_a_scored_picture_under_an_ordinary_name():
    test = hidden_test(PICTURES, seed=1, private_share=Fraction(1, 10), decoys=20)
    by_name = {one.name: one for one in test}

    assert list(by_name) == [f"img{n}.jpg" for n in range(100)]
    assert Counter(one.part for one in test) == {"public": 72, "private": 8, "decoy": 20}
    for decoy in (one for one in test if one.part == "decoy"):
        assert by_name[decoy.original].picture == decoy.picture
        assert by_name[decoy.original].part != "decoy"


def test_a_decoys_number_says_nothing_of_its_originals():
    test = hidden_test(PICTURES, seed=1, private_share=Fraction(0), decoys=80)
    numbers = {one.name: n for n, one in enumerate(test)}
    away = [abs(numbers[one.name] - numbers[one.original]) for one in test if one.part == "decoy"]

    assert 30 < sum(away) / len(away) < 80  # 53 by chance
    assert sum(numbers[one.name] > numbers[one.original] for one in test if one.part == "decoy") in range(25, 56)


def test_decoys_change_neither_the_split_nor_the_parts():
    parts = [split(PICTURES, seed=7, **SHAPE, decoys=count) for count in (0, 10)]
    one, two = ({t.picture.digest: t.part for t in some.test if t.part != "decoy"} for some in parts)

    assert parts[0].train == parts[1].train
    assert one == two
    assert [t.picture.digest for t in parts[0].test] == [t.picture.digest for t in parts[1].test if t.part != "decoy"]


def test_no_more_decoys_than_pictures():
    assert len(hidden_test(PICTURES[:5], seed=1, private_share=Fraction(0), decoys=60)) == 10
    with pytest.raises(ValueError, match="-1 decoys"):
        split(PICTURES, seed=7, **SHAPE, decoys=-1)


def test_the_record_counts_decoys_apart(archive, tmp_path):
    report = import_archive(archive, tmp_path / "town", **SHAPE, decoys=6)
    key, record = load_answer_key(tmp_path / "town"), load_record(tmp_path / "town")

    assert (report.public_images, report.private_images, report.decoys) == (18, 2, 6)
    assert (record.public_images, record.private_images, record.decoys) == (18, 2, 6)
    assert sum(count.test for count in report.classes) == len(key.labels) == 20
    assert len(key.ids) == len(key.expected) == 26
    assert "img" not in repr(key)


def test_no_test_picture_is_a_file_or_has_the_pixels_of_the_archive(archive, tmp_path):
    import_archive(archive, tmp_path / "town", **SHAPE)
    public = [path.read_bytes() for path in (archive / "train").rglob("*.jpg")]
    tails, pixels = {data[-64:] for data in public}, {Image.open(io.BytesIO(data)).tobytes() for data in public}
    answers = {answer.name: answer for answer in load_answers(tmp_path / "town")}
    digests = {content_digest(data) for data in public}

    for path in Layout(tmp_path / "town").testset.iterdir():
        data = path.read_bytes()
        assert data[-64:] not in tails
        assert Image.open(io.BytesIO(data)).tobytes() not in pixels
        assert content_digest(data) not in digests
        assert answers[path.name].digest in digests  # what it was made of is known to the answers alone


def test_sizes_are_drawn_and_no_side_vanishes(archive, tmp_path):
    import_archive(archive, tmp_path / "town", **SHAPE)
    sizes = {Image.open(io.BytesIO(path.read_bytes())).size for path in Layout(tmp_path / "town").testset.iterdir()}

    assert len(sizes) > 5
    assert all(32 <= width <= 40 and 38 <= height <= 48 for width, height in sizes)


def test_what_is_drawn_depends_on_the_secret_seed(archive, tmp_path):
    everything = {"test_classes": 4, "per_class": 50, "private_share": Fraction(0), "decoys": 0}
    contents = []
    for place, seed in (("one", 1), ("again", 1), ("two", 2)):
        import_archive(archive, tmp_path / place, seed=seed, **everything)
        answers = load_answers(tmp_path / place)
        testset = Layout(tmp_path / place).testset
        contents.append({answer.digest: (testset / answer.name).read_bytes() for answer in answers})
    one, again, two = contents
    shared = one.keys() & two.keys()

    assert one == again
    assert len(shared) > 20
    assert not [digest for digest in shared if one[digest] == two[digest]]
