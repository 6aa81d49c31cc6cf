"""Whoever has the public archive that a hidden test is cut from gains little by it: WALLS, row 5."""

import zipfile
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import pytest
from lookup_tables import dhash_table, hash_table
from test_real_archive import ARCHIVE

from grader.datasets.importer import import_archive
from grader.datasets.layout import Layout, load_answer_key
from grader.datasets.synthesize import synthesize
from grader.scoring.contest import AnswerKey, score_predictions
from grader.scoring.points import DEFAULT_TABLE
from grader.show.integrity.decoys import decoy_losses

Labelled = list[tuple[str, bytes]]


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A public archive: 800 drawn pictures with their labels."""
    root = tmp_path_factory.mktemp("public") / "archive"
    synthesize(root, seed=1, images=800, size=64, test_classes=1, per_class=3, decoys=0, workers=1)
    return Layout(root).student


@pytest.fixture(scope="module")
def town(public: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class's data set that is cut from it: 100 test pictures of 10 classes, and 60 decoys."""
    root = tmp_path_factory.mktemp("class") / "town"
    import_archive(public, root, seed=2, test_classes=10, per_class=10, private_share=Fraction(1, 10))
    return root


def labelled(folder: Path) -> Labelled:
    return [(path.parent.name, path.read_bytes()) for path in sorted(folder.rglob("pic_*.jpg"))]


def test_pictures(root: Path) -> dict[str, bytes]:
    return {name: (Layout(root).testset / name).read_bytes() for name in load_answer_key(root).ids}


test_pictures.__test__ = False  # type: ignore[attr-defined]


def accuracy(said: Mapping[str, str], key: AnswerKey) -> float:
    return sum(said[name] == label for name, label in key.labels.items()) / len(key.labels)


def test_a_table_of_hashes_is_no_better_than_always_the_commonest_class(public: Path, town: Path) -> None:
    key = load_answer_key(town)
    said = hash_table(labelled(public / "train"), test_pictures(town))

    assert len(set(said.values())) == 1
    assert accuracy(said, key) <= 1 / 10
    assert score_predictions(said, key, DEFAULT_TABLE).points == 0


def test_the_same_table_names_every_training_picture(public: Path, town: Path) -> None:
    """The attack itself works: it is the altered test that it fails on."""
    own = labelled(Layout(town).train)[:200]
    said = hash_table(labelled(public / "train"), {str(n): data for n, (_label, data) in enumerate(own)})

    assert list(said.values()) == [label for label, _data in own]


def test_a_table_of_perceptual_hashes_stands_out_by_the_decoys(public: Path, town: Path) -> None:
    key = load_answer_key(town)
    said = dhash_table(labelled(public / "train"), test_pictures(town))
    (loss,) = decoy_losses({"mallory": said}, key)

    assert loss.is_suspicious, loss
    assert loss.decoys_right < loss.pairs / 2 < loss.originals_right


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.skipif(not ARCHIVE.is_file(), reason=f"the contest's archive is not at {ARCHIVE}")
def test_on_the_real_archive_tables_earn_nothing_or_stand_out(tmp_path: Path) -> None:
    import_archive(ARCHIVE, tmp_path / "town", seed=5)
    key, asked = load_answer_key(tmp_path / "town"), test_pictures(tmp_path / "town")
    with zipfile.ZipFile(ARCHIVE) as archive:
        names = [name for name in archive.namelist() if name.startswith("train/") and name.endswith(".jpg")]
        everything = [(name.split("/")[-2], archive.read(name)) for name in names]
    by_hash, by_look = hash_table(everything, asked), dhash_table(everything, asked)
    (loss,) = decoy_losses({"mallory": by_look}, key)

    print(f"hash {accuracy(by_hash, key)}, dHash {accuracy(by_look, key)}, {loss}")
    assert accuracy(by_hash, key) <= 1 / 20
    assert score_predictions(by_hash, key, DEFAULT_TABLE).points == 0
    assert loss.is_suspicious, loss
