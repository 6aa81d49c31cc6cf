"""Let the student's network name training pictures that were held out. Runs in the student's kernel, behind its walls.

It runs when everything that is scored has left the kernel. It leaves a report as JSON in the working folder: names and
how certain the network was, or what went wrong. The grader outside takes it for data and gives no points for it.

Imports nothing else of the project; `grader.grading.held_out` sends this file's text into the kernel.
"""

import base64
import json
import math
import os
import time
from pathlib import Path

import torch

CHUNK = 32


def put(request):
    """Write pictures into a folder of the working folder, under names that say nothing.

    Args:
        request: `folder` (a path), `pictures` (base64 by file name).
    """
    folder = Path(request["folder"])
    folder.mkdir(mode=0o700, exist_ok=True)
    for name, data in request["pictures"].items():
        (folder / name).write_bytes(base64.b64decode(data))


def name_held_out(student, request, loaded):
    """Have the pictures named and leave the report.

    Args:
        student: the notebook's names.
        request: `network`, `predict` and `held_out` (names of the notebook's), `is_withheld` (whether it cannot have
            seen the pictures), `folder`, `pictures` (file names), `places` (of each among its character's), `seconds`
            (when to stop), `report` (a path).
        loaded: makes the network where weights were handed in; None where the notebook has trained one.
    """
    try:
        report = _named(student, request, loaded)
    except Exception as error:
        report = {"reason": "raised", "detail": f"{type(error).__name__}: {error}"[:500]}
    descriptor = os.open(request["report"], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(report, file)


def _named(student, request, loaded):
    # So many of each character the notebook has set aside.
    number = max(request["places"]) + 1 if request["is_withheld"] else student.get(request["held_out"])
    if not isinstance(number, int) or number <= 0:
        return {"reason": "seen" if isinstance(number, int) else "unsaid", "detail": ""}
    predict = student.get(request["predict"])
    network = loaded() if loaded else student.get(request["network"])
    missing = [name for name, is_there in (
        (request["network"], isinstance(network, torch.nn.Module)), (request["predict"], callable(predict)),
    ) if not is_there]  # fmt: skip
    if missing:
        return {"reason": "undefined", "detail": ", ".join(missing)}
    network.eval()
    chosen = [name for name, place in zip(request["pictures"], request["places"], strict=True) if place < number]
    paths = [Path(request["folder"]) / name for name in chosen]
    until = time.monotonic() + request["seconds"]
    names, certainties = [], []
    for start in range(0, len(paths), CHUNK):
        if start and time.monotonic() > until:
            break
        some = paths[start : start + CHUNK]
        said, certain = _watched(predict, network, some)
        if len(said) != len(some):
            return {"reason": "unusable", "detail": f"{len(said)} != {len(some)}"}
        names += said
        certainties += certain
    return {
        "reason": "", "detail": "", "names": names, "certainties": certainties, "pictures": chosen[: len(names)],
    }  # fmt: skip


def _watched(predict, network, paths):
    """Names, and how certain the network's outputs are: probabilities, or None where they cannot be told apart."""
    outputs = []

    def keep(_module, _inputs, output):
        if isinstance(output, torch.Tensor) and output.dim() == 2 and output.is_floating_point():
            outputs.append(output.detach().float().cpu())

    hook = network.register_forward_hook(keep)
    try:
        with torch.no_grad():
            names = predict(network, list(paths))
    finally:
        hook.remove()
    return [str(name)[:100] for name in names], _certainties(outputs, len(paths))


def _certainties(outputs, count):
    """The largest probability of each picture.

    Args:
        outputs: of the network's calls, (rows, K) each: all pictures at once, several times where `predict` averages
            over views of them, or a few pictures in each call.
        count: how many pictures there were.
    """
    outputs = [output for output in outputs if output.shape[1] > 1]
    if outputs and all(len(output) == count for output in outputs):
        probabilities = torch.stack([_probabilities(output) for output in outputs]).mean(dim=0)
    elif sum(len(output) for output in outputs) == count and len({output.shape[1] for output in outputs}) == 1:
        probabilities = torch.cat([_probabilities(output) for output in outputs])
    else:
        return [None] * count
    return [None if math.isnan(value) else round(value, 4) for value in probabilities.max(dim=1).values.tolist()]


def _probabilities(output):
    is_one_already = bool((output >= 0).all()) and torch.allclose(output.sum(dim=1), torch.ones(len(output)), atol=1e-3)
    return output if is_one_already else output.softmax(dim=1)
