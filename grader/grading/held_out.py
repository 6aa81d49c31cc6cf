"""Have the student's network name training pictures that were held out, after all that is scored.

Nothing of the hidden test can be told from what comes of it. Its inputs are training pictures, chosen by their names
among the training pictures, and their characters' names, all of which students have; the answers of the test, and what
the network has earned on it, go into no line of this module and into no request to the kernel. The kernel is asked when
the scored predictions have left it, and what it answers changes no point: whoever lies here only fools themself.
"""

from __future__ import annotations

import base64
import io
import json
import math
import random
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from PIL import Image

from grader.collect.weights import weights_among
from grader.datasets.held_out import HeldOut, digest_of
from grader.errors import GraderError
from grader.grading.network import NETWORK, NETWORK_PARTS, PREDICT, code_for
from grader.printable import printable
from grader.sandbox.kernel import Kernel
from grader.scoring.failures import (
    ANOTHER,
    MAX_DETAIL,
    Failures,
    Mistake,
    Reason,
    Said,
    Unseen,
    count,
    most_certain_mistakes,
)

TRAINED, SET_ASIDE = "network", "HELD_OUT"
"""The notebook's trained network, and how many pictures of each character it has set aside from training."""
_PART = "held_out_run.py"
MAX_REPORT_BYTES = 1 << 20
MAX_S = 45
_MESSAGE_BYTES = 2 << 20
_SIDE = 96  # pixels of a thumbnail's longer side
_QUALITY = 70


def failures_of(kernel: Kernel, held_out: HeldOut, weights: Mapping[str, int] | None) -> Failures:
    """Where the network in a kernel fails.

    Args:
        kernel: in which the notebook's cells have run, and that everything scored has left.
        held_out: the pictures.
        weights: sizes of the files handed in beside the notebook, where its network gets its weights from one; None
            where the notebook has trained it.
    """
    unseen: Unseen = "withheld" if held_out.is_withheld else "said"
    try:
        pictures = _shuffled(held_out.pictures)
        plain = _asked(kernel, held_out, pictures, weights)
        return _read(plain, held_out, pictures, unseen)
    except GraderError:
        return Failures(unseen=unseen, reason="stopped")


def _shuffled(pictures: Sequence[Path]) -> dict[str, Path]:
    """Pictures by names that say nothing, in an order that says nothing."""
    order = random.SystemRandom().sample(list(pictures), len(pictures))
    return {f"picture_{number}.jpg": path for number, path in enumerate(order)}


def _asked(
    kernel: Kernel, held_out: HeldOut, pictures: Mapping[str, Path], weights: Mapping[str, int] | None
) -> object:
    folder, report = f".held-out-{secrets.token_hex(8)}", f".report-{secrets.token_hex(8)}.json"
    for some in _messages(pictures):
        kernel.run(code_for("held_out", (_PART,), {"folder": folder, "pictures": some}, "inside['put'](request)"))
    request: dict[str, Any] = {
        "network": TRAINED if weights is None else NETWORK, "predict": PREDICT, "held_out": SET_ASIDE,
        "is_withheld": held_out.is_withheld, "classes": len(held_out.classes), "folder": folder,
        "pictures": list(pictures), "places": [held_out.places[path] for path in pictures.values()],
        "seconds": MAX_S, "report": report,
    }  # fmt: skip
    parts: tuple[str, ...] = (_PART,)
    loaded = "None"
    if weights is not None:
        parts = (*NETWORK_PARTS, _PART)
        request["weights"] = weights_among(weights)
        loaded = "lambda: inside['load_network'](student, request, inside['read_weights'])[0]"
    kernel.run(code_for("held_out", parts, request, f"inside['name_held_out'](student, request, {loaded})"))
    data = kernel.read_file(report, MAX_REPORT_BYTES)
    with suppress(ValueError, RecursionError):
        return json.loads(data or b"")
    return None


def _messages(pictures: Mapping[str, Path]) -> list[dict[str, str]]:
    """The pictures' files in base64, in parts of about `_MESSAGE_BYTES`."""
    parts: list[dict[str, str]] = [{}]
    size = 0
    for name, path in pictures.items():
        data = base64.b64encode(path.read_bytes()).decode()
        if size and size + len(data) > _MESSAGE_BYTES:
            parts.append({})
            size = 0
        parts[-1][name] = data
        size += len(data)
    return parts


def _read(plain: object, held_out: HeldOut, pictures: Mapping[str, Path], unseen: Unseen) -> Failures:
    """What the kernel has left, checked as everything that comes from there."""
    if not isinstance(plain, dict):
        return Failures(unseen=unseen, reason="stopped")
    reason = _reason(plain.get("reason"))
    if reason:
        detail = plain.get("detail")
        return Failures(
            unseen=unseen, reason=reason, detail=printable(detail, MAX_DETAIL) if isinstance(detail, str) else ""
        )
    named, names, certainties = (_list(plain.get(name)) for name in ("pictures", "names", "certainties"))
    asked = {name for name in named if isinstance(name, str) and name in pictures}
    if not asked or {len(asked)} != {len(named), len(names), len(certainties)}:
        return Failures(unseen=unseen, reason="unusable")
    paths = [pictures[str(name)] for name in named]
    known = frozenset(held_out.classes)
    said = [
        Said(path.parent.name, name if isinstance(name, str) and name in known else ANOTHER, _certainty(value), number)
        for number, (path, name, value) in enumerate(zip(paths, names, certainties, strict=False))
    ]
    mistakes = tuple(
        Mistake(one.character, one.named, one.certainty, _thumbnail(paths[one.picture]))
        for one in most_certain_mistakes(said)
    )
    return Failures(digest_of(paths), unseen, count(said), mistakes)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _reason(value: object) -> Reason:
    match value:
        case "" | "seen" | "unsaid" | "undefined" | "raised" | "unusable":
            return value
    return "unusable"


def _certainty(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) and 0 <= value <= 1.001 else None  # type: ignore[arg-type,operator]


def _thumbnail(path: Path) -> str:
    """A picture of the class's own training folder, small, as a JPEG in base64; empty where it cannot be read."""
    try:
        with Image.open(path) as image:
            small = image.convert("RGB")
            small.thumbnail((_SIDE, _SIDE))
            file = io.BytesIO()
            small.save(file, "JPEG", quality=_QUALITY)
    except (OSError, ValueError):
        return ""
    return base64.b64encode(file.getvalue()).decode()
