from __future__ import annotations

import pytest

from grader.grading.shared_lists import shared_lists


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def block(depth, layers=[]):\n    layers.append(depth)\n    return layers", [("block", "layers")]),
        ("def block(depth, layers=[]):\n    layers += [depth]\n    return layers", [("block", "layers")]),
        ("layers = []\n\n\ndef block(depth):\n    layers.append(depth)\n    return layers", [("block", "layers")]),
        ("seen = dict()\n\n\ndef block(depth):\n    seen.update({depth: 1})", [("block", "seen")]),
    ],
)
def test_a_list_that_outlives_the_call_is_found(source: str, expected: list[tuple[str, str]]) -> None:
    assert shared_lists(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "def block(depth):\n    layers = []\n    layers.append(depth)\n    return layers",
        "def block(depth, layers=[]):\n    return [*layers, depth]",
        "layers = []\n\n\ndef block(depth):\n    layers = []\n    layers.append(depth)\n    return layers",
        "layers = []\n\n\ndef block(depth, layers):\n    layers.append(depth)",
        "def block(depth, sizes=[1, 2]):\n    sizes.append(depth)",
        "def block(depth:",
    ],
)
def test_a_list_of_the_call_s_own_is_no_trouble(source: str) -> None:
    assert shared_lists(source) == []
