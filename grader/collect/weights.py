"""Which of the handed-in files holds the network's weights. Names and sizes alone: what is inside is the sandbox's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from grader.errors import InvalidSubmission
from grader.language import _
from grader.printable import printable

WEIGHTS_ENDINGS = ("pth", "pt", "safetensors")
MAX_WEIGHTS_BYTES = 200 * 1024 * 1024
_STEM = "network"  # what the released notebook saves


def is_weights(name: str) -> bool:
    """Whether a file's name says that it holds weights."""
    return name.rsplit(".", 1)[-1].lower() in WEIGHTS_ENDINGS


def weights_among(sizes: Mapping[str, int]) -> str:
    """The relative path of the weights.

    Args:
        sizes: bytes of each file beside the notebook, by relative path.

    Raises:
        InvalidSubmission: there are none, several that could be meant, or more bytes than are taken.
    """
    found = sorted(name for name in sizes if is_weights(name))
    named = [name for name in found if PurePosixPath(name).stem == _STEM]
    chosen = named if len(named) == 1 else found
    if not chosen:
        there = printable(", ".join(sorted(sizes)[:5]), 300) or _("nothing")
        raise InvalidSubmission(
            _("No weights lie beside the notebook (found: {there}).").format(there=there),
            remedy=_("Hand in the notebook together with network.pth, which its last code cell saves."),
        )
    if len(chosen) > 1:
        raise InvalidSubmission(
            _("Several files could be the weights: {names}.").format(names=printable(", ".join(chosen[:5]), 300)),
            remedy=_("Hand in one of them, under the name network.pth or network.safetensors."),
        )
    size = sizes[chosen[0]]
    if size > MAX_WEIGHTS_BYTES:
        raise InvalidSubmission(
            _("The weights {name} have {found} MiB; at most {allowed} MiB are taken.").format(
                name=printable(chosen[0], 100), found=size >> 20, allowed=MAX_WEIGHTS_BYTES >> 20
            ),
            remedy=_("Save the network's state_dict alone, without the optimizer, or use a smaller network."),
        )
    return chosen[0]
