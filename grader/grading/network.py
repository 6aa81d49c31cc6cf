"""The contest's fourth source: the student's network predicts, with the weights that were handed in beside it.

The file of weights is opened in the student's kernel alone. Out comes a report that is believed no more than a
`submission.csv` that a notebook writes: names for pictures, or what went wrong as plain data.
"""

from __future__ import annotations

import csv
import io
import json
import random
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.collect.weights import weights_among
from grader.errors import CheckFailed, LimitExceeded
from grader.grading.network_messages import failure_of
from grader.language import _
from grader.printable import printable
from grader.sandbox.kernel import Kernel
from grader.scoring.rules import ContestRules
from grader.scoring.submission_csv import EXPECTED, ID, SUBMISSION_CSV

NETWORK, PREDICT = "SpringfieldNet", "predict"
PICTURE_FOLDERS = ("/kaggle/input/journey-springfield/testset", "testset")
MAX_REPORT_BYTES = 8 * 1024 * 1024
PROBED = 64
# An untrained network names about one picture in ten as the trained one does, for it names one or two characters only.
LEAST_NAMES, MOST_ALIKE = 3, 0.8
INSIDE = Path(__file__).resolve().parent.parent / "sandbox" / "inside"
NETWORK_PARTS = ("weights.py", "network_run.py")
_HAND_IN = "inside['hand_in'](student, request, inside['read_weights'], inside['WeightsRefused'])"


@dataclass(frozen=True)
class Predicted:
    """What the network said.

    Attributes:
        names: of a character for each picture, in the order of the pictures.
        untrained: of the probed pictures, what the same code says with a network that has learned nothing.
        tensors: how many were loaded.
        numbers: how many numbers those hold.
        wall_s: seconds of the prediction.
    """

    names: tuple[str, ...]
    untrained: tuple[str, ...]
    tensors: int
    numbers: int
    wall_s: float


class NetworkFolder:
    """A working folder, as an examination sees it, whose `submission.csv` is what the network predicts when asked.

    Args:
        kernel: in which the notebook's cells have run.
        contest: whose pictures are named.
        files: what was handed in beside the notebook, by relative path.
    """

    def __init__(self, kernel: Kernel, contest: ContestRules, files: Mapping[str, bytes]) -> None:
        self._kernel = kernel
        self._contest = contest
        self._sizes = {name: len(data) for name, data in files.items()}
        self._data: bytes | None = None

    def names(self) -> list[str]:
        """The one file that is read."""
        return [SUBMISSION_CSV]

    def csv_files(self) -> list[str]:
        """As `names`."""
        return self.names()

    def read_file(self, name: str, limit: int) -> bytes | None:
        """What the network predicts, as a csv file.

        Raises:
            InvalidSubmission: no weights were handed in, or which they are is not clear.
            CheckFailed: notebook and weights do not make predictions; the message says why.
            LimitExceeded: the prediction took too long.
            KernelGone: the kernel is not there, or ended meanwhile.
        """
        if name != SUBMISSION_CSV:
            return None
        if self._data is None:
            self._data = self._predict()
        return self._data if len(self._data) <= limit else None

    def _predict(self) -> bytes:
        weights = weights_among(self._sizes)
        # In an order that nobody knows before: a list of names in the code says nothing of it.
        chance = random.SystemRandom()
        pictures = chance.sample(self._contest.key.ids, len(self._contest.key.ids))
        probe = chance.sample(range(len(pictures)), min(PROBED, len(pictures)))
        report = f".report-{secrets.token_hex(8)}.json"
        request = {
            "network": NETWORK, "predict": PREDICT, "classes": len(self._contest.key.classes),
            "weights": weights, "pictures": pictures, "folders": PICTURE_FOLDERS, "probe": probe,
            "report": report,
        }  # fmt: skip
        run = self._kernel.run(code_for("hand_in", NETWORK_PARTS, request, _HAND_IN))
        if run.limit:
            raise LimitExceeded(
                f"{run.limit}.",
                remedy=_("`predict` may only predict: training belongs into cells with the tag `training`."),
            )
        data = self._kernel.read_file(report, MAX_REPORT_BYTES)
        if data is None:
            raised = "" if run.error is None else f" ({run.error.name}: {run.error.text[:300]})"
            raise CheckFailed(_("The network left no predictions{why}.").format(why=printable(raised, 400)))
        predicted = read_report(data, weights)
        _require_own_names(predicted, probe)
        said = dict(zip(pictures, predicted.names, strict=False))
        return _as_csv({image: said[image] for image in self._contest.key.ids if image in said})


def code_for(name: str, parts: Sequence[str], request: Mapping[str, Any], call: str) -> str:
    """The code that the kernel runs: our parts in a namespace of their own, so that no name meets the student's.

    Args:
        name: what it is for, as it stands in tracebacks.
        parts: files of `sandbox/inside`, joined in this order.
        request: plain data, for the call.
        call: an expression; it knows `inside` (the parts' names), `student` (the notebook's) and `request`.
    """
    source = "\n".join((INSIDE / part).read_text(encoding="utf-8") for part in parts)
    return (
        f"def _grader_{name}(student):\n"
        f"    inside = {{'__name__': 'grader_{name}'}}\n"
        f"    exec(compile({source!r}, '<grader>', 'exec'), inside)\n"
        f"    request = inside['json'].loads({json.dumps(request)!r})\n"
        f"    {call}\n"
        f"_grader_{name}(globals())\n"
    )


def read_report(data: bytes, weights: str) -> Predicted:
    """What the kernel has left, checked as everything that comes from there.

    Args:
        data: the report.
        weights: name of the file, for messages.

    Raises:
        CheckFailed: it tells a failure, or is no report.
    """
    unreadable = CheckFailed(_("The network left no predictions{why}.").format(why=""))
    try:
        plain = json.loads(data)
    except (ValueError, RecursionError):
        raise unreadable from None
    if not isinstance(plain, dict):
        raise unreadable
    if plain.get("stage") != "done":
        raise failure_of(plain, weights)
    numbers = [plain.get(name) for name in ("tensors", "numbers", "wall_s")]
    lists = [plain.get(name) for name in ("names", "untrained")]
    if not all(_is_number(value) for value in numbers) or not all(_are_texts(value) for value in lists):
        raise unreadable
    return Predicted(
        tuple(plain["names"]), tuple(plain["untrained"]), int(plain["tensors"]), int(plain["numbers"]),
        float(plain["wall_s"]),
    )  # fmt: skip


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e15


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _require_own_names(predicted: Predicted, probe: list[int]) -> None:
    """Refuse names that come without the weights too: from the files' names, or from a table in the code."""
    if len(predicted.untrained) != len(probe) or max(probe, default=-1) >= len(predicted.names):
        raise CheckFailed(_("The network left no predictions{why}.").format(why=""))
    said = [predicted.names[index] for index in probe]
    alike = sum(first == second for first, second in zip(said, predicted.untrained, strict=True))
    if len(set(said)) >= LEAST_NAMES and alike >= MOST_ALIKE * len(said):
        raise CheckFailed(
            _("`predict` says the same without your weights: {alike} of {total} names, with an untrained network.")
            .format(alike=alike, total=len(said)),
            remedy=_("Let `predict` use the network that it is given."),
        )  # fmt: skip


def _as_csv(names: Mapping[str, str]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([ID, EXPECTED])
    writer.writerows(names.items())
    return text.getvalue().encode("utf-8", "replace")
