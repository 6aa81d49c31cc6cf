import io
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image

from grader.datasets.characters import CAST, shapes_of
from grader.datasets.frame import draw
from grader.datasets.layout import Layout, load_answer_key, load_record
from grader.datasets.shapes import EXTRAS, EYES, HAIR_BEFORE, HAIR_BEHIND, HEADS, MOUTHS, NOSES
from grader.datasets.synthesize import synthesize, train_counts
from grader.errors import EnvironmentFault, InvalidConfig

SMALL = {"images": 150, "size": 24, "per_class": 4, "private_share": Fraction(1, 8), "workers": 1}


def images(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_a_drawn_town_has_the_contests_layout(tmp_path):
    report = synthesize(tmp_path / "town", **SMALL)
    layout = Layout(tmp_path / "town")
    key = load_answer_key(tmp_path / "town")

    assert sorted(folder.name for folder in layout.train.iterdir()) == sorted(c.name for c in CAST) == list(key.classes)
    assert len(list(layout.train.rglob("pic_*.jpg"))) == report.train_images == 150
    assert sorted(path.name for path in layout.testset.iterdir()) == sorted(key.ids)
    assert (report.public_images, report.private_images) == (70, 10)
    assert load_record(tmp_path / "town").kind == "synthesized"
    assert {Image.open(io.BytesIO(path.read_bytes())).size for path in layout.testset.iterdir()} == {(24, 24)}
    assert not layout.contest_testset.exists()


def test_the_same_seed_draws_the_same_bytes_however_many_draw(tmp_path):
    one, two = synthesize(tmp_path / "one", **SMALL), synthesize(tmp_path / "two", **{**SMALL, "workers": 2})

    assert one.content_digest == two.content_digest
    assert images(tmp_path / "one") == images(tmp_path / "two")


def test_another_seed_draws_other_pictures(tmp_path):
    synthesize(tmp_path / "one", **SMALL, seed=1)
    synthesize(tmp_path / "two", **SMALL, seed=2)

    assert not set(images(Layout(tmp_path / "one").train).values()) & set(
        images(Layout(tmp_path / "two").train).values()
    )


@pytest.mark.parametrize("total", [126, 500, 2500, 4000, 20933])
def test_training_pictures_are_shared_out_as_in_the_contest(total):
    counts = train_counts(total)

    assert sum(counts.values()) == total
    assert min(counts.values()) >= 3
    assert [c.name for c in CAST if c.commonness == 2246] == [max(counts, key=lambda name: counts[name])]


def test_the_full_town_has_the_contests_own_counts():
    counts = train_counts(20933)

    assert all(abs(counts[c.name] - c.commonness) <= 12 for c in CAST)


def test_42_characters_differ_in_shape():
    assert len(CAST) == 42
    assert sum(c.commonness for c in CAST) == 20933
    outlines = Counter(tuple(shape.points for shape in shapes_of(c)) for c in CAST)
    assert outlines.most_common(1)[0][1] == 1


def test_every_part_is_worn_by_somebody_and_every_hair_exists():
    worn = {(c.head, c.eyes, c.mouth, c.nose, c.extra, c.hair) for c in CAST}

    heads, eyes, mouths, noses, extras, hair = (set(column) for column in zip(*worn, strict=True))
    assert (heads, eyes, mouths, noses, extras) == (set(HEADS), set(EYES), set(MOUTHS), set(NOSES), set(EXTRAS))
    assert hair == HAIR_BEHIND.keys() | HAIR_BEFORE.keys()


def test_two_pictures_of_a_character_differ_in_pose_and_colour():
    one, two = (Image.open(io.BytesIO(draw(CAST[0], n, seed=0, size=32))) for n in (0, 1))

    assert one.getpixel((0, 0)) != two.getpixel((0, 0))
    assert one.tobytes() != two.tobytes()


def test_progress_is_told_to_the_end(tmp_path):
    steps: list[tuple[int, int]] = []
    synthesize(tmp_path / "town", **SMALL, progress=lambda done, total: steps.append((done, total)))

    assert steps == [(100, 230), (200, 230), (230, 230)]


def test_a_town_that_is_there_already_is_not_replaced_by_accident(tmp_path):
    synthesize(tmp_path / "town", **SMALL)
    before = images(tmp_path / "town")

    with pytest.raises(EnvironmentFault, match="already"):
        synthesize(tmp_path / "town", **SMALL, seed=3)
    assert images(tmp_path / "town") == before
    synthesize(tmp_path / "town", **SMALL, seed=3, replace=True)
    assert images(tmp_path / "town") != before


@pytest.mark.parametrize(
    ("wrong", "message"), [({"images": 125}, "125 images are too few"), ({"size": 8}, "8 pixels cannot be drawn")]
)
def test_a_town_that_cannot_be_drawn_says_what_can(tmp_path, wrong, message):
    with pytest.raises(InvalidConfig, match=message) as caught:
        synthesize(tmp_path / "town", **{**SMALL, **wrong})
    assert caught.value.remedy
    assert not (tmp_path / "town").exists()
