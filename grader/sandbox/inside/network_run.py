"""Build the student's network, load its weights and let it predict. Runs in the student's kernel, behind its walls.

It leaves a report as JSON in the working folder: names for the pictures, or what went wrong, as plain data. The grader
outside believes no more of it than of a `submission.csv` that a notebook writes.

Imports nothing else of the project; `grader.grading.network` sends this file's text into the kernel, behind that of
`weights.py`.
"""

import json
import os
import time
import traceback
from pathlib import Path

import torch

MAX_LISTED = 20
MAX_TEXT = 4000


def hand_in(student, request, read_weights, refused):
    """Do it all and leave the report.

    Args:
        student: the notebook's names.
        request: what the grader asks for: `network` and `predict` (names), `classes`, `weights` (a path), `pictures`
            (file names), `folders` (where they may lie), `probe` (indices of pictures), `report` (a path).
        read_weights: reads the file.
        refused: what that raises.
    """
    try:
        report = _predicted(student, request, read_weights)
    except refused as error:
        report = {"stage": "weights", "code": error.code, "fields": error.fields}
    except _Stop as stop:
        report = stop.report
    descriptor = os.open(request["report"], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(report, file)


class _Stop(Exception):
    """Something that ends it; `report` says what."""

    def __init__(self, stage, **report):
        super().__init__(stage)
        self.report = {"stage": stage, **report}


def _predicted(student, request, read_weights):
    network, weights = load_network(student, request, read_weights)
    build, predict = student[request["network"]], student[request["predict"]]
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    paths = _paths(request)
    started = time.monotonic()
    names = _names(predict, network, paths, request)
    wall_s = time.monotonic() - started
    after = network.state_dict()
    changed = [name for name, tensor in before.items() if name not in after or not _same(tensor, after[name])]
    if changed:
        raise _Stop("changed", names=changed[:MAX_LISTED], count=len(changed))
    # The same pictures and a network that has learned nothing: names that come all the same are not the network's.
    untrained = _built(build, request).to(_device()).eval()
    probe = _names(predict, untrained, [paths[index] for index in request["probe"]], request)
    numbers = sum(tensor.numel() for tensor in weights.values())
    return {
        "stage": "done", "names": names, "untrained": probe, "tensors": len(weights), "numbers": numbers,
        "wall_s": round(wall_s, 2),
    }  # fmt: skip


def load_network(student, request, read_weights):
    """The network with its weights, ready to predict, and the weights by name."""
    missing = [name for name in (request["network"], request["predict"]) if not callable(student.get(name))]
    if missing:
        raise _Stop("undefined", names=missing)
    weights = read_weights(request["weights"])
    network = _built(student[request["network"]], request)
    _require_fit(network.state_dict(), weights)
    _calling(request["network"], lambda: network.load_state_dict(weights))
    network.to(_device()).eval()
    return network, weights


def _device():
    return "cuda" if torch.cuda.is_available() else "cpu"


def _built(build, request):
    network = _calling(request["network"], lambda: build(request["classes"]))
    if not isinstance(network, torch.nn.Module):
        raise _Stop("no_module", name=request["network"], found=type(network).__name__)
    return network


def _require_fit(own, weights):
    """Say by names and shapes where weights and network differ."""
    missing = [name for name in own if name not in weights]
    unexpected = [name for name in weights if name not in own]
    shapes = [
        [name, list(weights[name].shape), list(tensor.shape)]
        for name, tensor in own.items()
        if name in weights and isinstance(tensor, torch.Tensor) and weights[name].shape != tensor.shape
    ]
    if missing or unexpected or shapes:
        raise _Stop(
            "fit", missing=missing[:MAX_LISTED], unexpected=unexpected[:MAX_LISTED], shapes=shapes[:MAX_LISTED],
            counts=[len(missing), len(unexpected), len(shapes)],
        )  # fmt: skip


def _paths(request):
    """The pictures' files, in the order in which they were asked for."""
    found = {}
    for folder in request["folders"]:
        found = {path.name: path for path in Path(folder).rglob("*")}
        if found:
            break
    missing = [name for name in request["pictures"] if name not in found]
    if missing:
        raise _Stop("no_pictures", names=missing[:MAX_LISTED])
    return [found[name] for name in request["pictures"]]


def _names(predict, network, paths, request):
    with torch.no_grad():
        answer = _calling(request["predict"], lambda: predict(network, list(paths)))
    if isinstance(answer, torch.Tensor):
        answer = answer.tolist()
    try:
        names = [str(name)[:100] for name in answer]
    except TypeError:
        raise _Stop("answer", found=type(answer).__name__, expected=len(paths)) from None
    if len(names) != len(paths):
        raise _Stop("count", found=len(names), expected=len(paths))
    return names


def _same(before, after):
    return before.shape == after.shape and torch.equal(before, after.to(before.device))


def _calling(name, call):
    """Call the student's code; what it raises is told without our own lines."""
    try:
        return call()
    except Exception as error:
        own = error.__traceback__.tb_next  # behind this function's line is the lambda's
        lines = traceback.format_exception(type(error), error, own.tb_next if own else None)
        raise _Stop("raised", name=name, text="".join(lines)[-MAX_TEXT:]) from None
