"""Which training pictures are held out, and the folder without them."""

from pathlib import Path

import pytest
from classroom import source_notebook

from grader.datasets.held_out import HeldOut, held_out_pictures, train_without
from grader.datasets.layout import Layout

COUNTS = {"homer_simpson": 250, "moe_szyslak": 34, "lionel_hutz": 9}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A data set with training pictures that are only names."""
    for character, number in COUNTS.items():
        folder = Layout(tmp_path).train / character
        folder.mkdir(parents=True)
        for index in range(number):
            (folder / f"pic_{index:04d}.jpg").write_text(f"{character} {index}")
    return tmp_path


def test_of_each_character_some_are_held_out_and_of_rare_ones_none(root: Path) -> None:
    found = [path.parent.name for path in held_out_pictures(Layout(root).train, 10)]
    assert {name: found.count(name) for name in COUNTS} == {"homer_simpson": 10, "moe_szyslak": 3, "lionel_hutz": 0}
    assert held_out_pictures(Layout(root).train, 0) == ()
    assert held_out_pictures(root / "nowhere", 10) == ()


@pytest.mark.parametrize("number", [3, 10, 20])
def test_the_notebook_sets_the_same_pictures_aside(root: Path, number: int) -> None:
    (cell,) = (cell for cell in source_notebook("springfield").cells if "def set_aside" in cell.source)
    names: dict[str, object] = {}
    start = cell.source.index("def set_aside")
    exec("import hashlib\n" + cell.source[start : cell.source.index("\n\n\n", start)], names)
    paths = sorted(Layout(root).train.rglob("*.jpg"))
    assert names["set_aside"](paths, number) == set(held_out_pictures(Layout(root).train, number))  # type: ignore[operator]


def test_the_folder_without_them_has_all_others_and_is_made_once(root: Path) -> None:
    held_out = HeldOut(held_out_pictures(Layout(root).train, 10), True, tuple(COUNTS))
    kept = train_without(root, held_out)
    names = {f"{path.parent.name}/{path.name}" for path in kept.rglob("*.jpg")}
    everything = {f"{path.parent.name}/{path.name}" for path in Layout(root).train.rglob("*.jpg")}
    assert everything - names == {f"{path.parent.name}/{path.name}" for path in held_out.pictures}
    assert names < everything
    assert kept.stat().st_ino == train_without(root, held_out).stat().st_ino
    (first,) = kept.glob("*/homer_simpson/pic_0000.jpg")
    assert first.stat().st_ino == (Layout(root).train / "homer_simpson" / "pic_0000.jpg").stat().st_ino
