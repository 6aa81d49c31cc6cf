import io
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image

from grader.datasets.layout import Layout, load_answer_key
from grader.datasets.reference.pictures import read_pictures
from grader.errors import EnvironmentFault, MissingDataset


@pytest.fixture
def folder(hamlet, tmp_path) -> Path:
    """A copy of the town that a test may damage."""
    return Path(shutil.copytree(Layout(hamlet).student, tmp_path / "student"))


def test_every_picture_of_a_class_folder_is_there_with_its_label(hamlet):
    pictures = read_pictures(Layout(hamlet).student, 24)

    assert (pictures.images.shape, pictures.images.dtype) == ((150, 3, 24, 24), torch.uint8)
    assert pictures.test_images.shape == (80, 3, 24, 24)
    key = load_answer_key(hamlet)
    assert pictures.classes == key.classes
    assert sorted(pictures.test_names) == sorted(key.labels)
    per_class = [len(list((Layout(hamlet).train / name).iterdir())) for name in pictures.classes]
    assert pictures.labels.bincount().tolist() == per_class


def test_a_zip_file_gives_the_same_pictures(hamlet, folder, tmp_path):
    zipped = Path(shutil.make_archive(str(tmp_path / "contest"), "zip", folder))
    one, two = read_pictures(folder, 24), read_pictures(zipped, 24)

    by_digest = dict(zip(one.digests, one.images, strict=True))
    assert all(torch.equal(by_digest[d], image) for d, image in zip(two.digests, two.images, strict=True))
    assert set(one.test_names) == set(two.test_names)


def test_a_picture_in_two_classes_and_superfluous_copies_and_broken_files_are_left_out(folder):
    train = folder / "train/simpsons_dataset"
    bart, homer = train / "bart_simpson", train / "homer_simpson"
    shutil.copy(bart / "pic_0000.jpg", homer / "both.jpg")
    shutil.copy(bart / "pic_0001.jpg", bart / "again.jpg")
    (bart / "pic_0002.jpg").write_bytes((bart / "pic_0002.jpg").read_bytes()[:200])

    pictures = read_pictures(folder, 24)

    assert (len(pictures.images), pictures.left_out) == (148, 4)


def test_png_under_a_jpeg_name_is_read_and_a_broken_test_picture_still_gets_a_row(folder):
    testset = folder / "testset/testset"
    png = io.BytesIO()
    Image.new("RGB", (28, 60), (200, 100, 50)).save(png, "PNG")
    (testset / "img3.jpg").write_bytes(png.getvalue())
    (testset / "img4.jpg").write_bytes(b"no picture at all")

    pictures = read_pictures(folder, 24)
    by_name = dict(zip(pictures.test_names, pictures.test_images, strict=True))

    assert by_name["img3.jpg"][:, 12, 12].tolist() == [200, 100, 50]
    assert by_name["img4.jpg"].count_nonzero() == 0
    assert len(by_name) == 80


def test_an_archive_without_test_pictures_says_what_it_holds(folder):
    shutil.rmtree(folder / "testset")

    with pytest.raises(EnvironmentFault, match="42 classes of training pictures and 0 test pictures"):
        read_pictures(folder, 24)


def test_an_archive_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MissingDataset, match=r"nowhere\.zip"):
        read_pictures(tmp_path / "nowhere.zip", 24)
