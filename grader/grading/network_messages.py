"""What is said of a network that does not predict: from the plain report of the sandbox to a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grader.errors import CheckFailed, GraderError, StudentCodeRaised
from grader.language import _
from grader.printable import printable

MAX_SHOWN = 5
MAX_VALUE = 300
Fields = dict[str, str]


def failure_of(report: dict[str, Any], weights: str) -> GraderError:
    """The error that a report tells of; whatever the report holds, texts in it are cut and made printable.

    Args:
        report: of the sandbox.
        weights: name of the file with the weights.
    """
    make = _STAGES.get(str(report.get("stage")), _nothing)
    return make(report, printable(weights, 100))


def _nothing(_report: dict[str, Any], _file: str) -> GraderError:
    return CheckFailed(_("The network left no predictions{why}.").format(why=""))


def _raised(report: dict[str, Any], _file: str) -> GraderError:
    return StudentCodeRaised(printable(str(report.get("text", "")), 4000))


def _changed(report: dict[str, Any], _file: str) -> GraderError:
    return CheckFailed(
        _("`predict` changed the network: {count} of its tensors are others now ({names}).").format(
            count=_number(report.get("count")), names=_names(report.get("names"))
        ),
        remedy=_("Training belongs into cells with the tag `training`; in `predict` call eval() and no train()."),
    )


def _no_module(report: dict[str, Any], _file: str) -> GraderError:
    return CheckFailed(
        _("{name} made {found}, not an nn.Module.").format(
            name=_text(report.get("name")), found=_text(report.get("found"))
        ),
        remedy=_("It has to be a class of yours that inherits from nn.Module."),
    )


def _no_list(report: dict[str, Any], _file: str) -> GraderError:
    return CheckFailed(
        _("`predict` returned {found}; expected: a list of {expected} names, one for each picture.").format(
            found=_text(report.get("found")), expected=_number(report.get("expected"))
        )
    )


def _no_pictures(report: dict[str, Any], _file: str) -> GraderError:
    return CheckFailed(
        _("Test pictures are missing from the folder testset: {names}.").format(names=_names(report.get("names"))),
        remedy=_("Leave the folder testset as it is."),
    )


def _undefined(report: dict[str, Any], _file: str) -> GraderError:
    return CheckFailed(
        _("{names} is not defined.").format(names=_names(report.get("names"))),
        remedy=_("Define it in a cell without the tag `training`: those are left out, and the others have to run."),
    )


def _no_fit(report: dict[str, Any], file: str) -> CheckFailed:
    """Layers and shapes where notebook and weights differ; the numbers in front count all, the names are the first."""
    counts = report.get("counts")
    missing, unexpected, shapes = counts if isinstance(counts, list) and len(counts) == 3 else (0, 0, 0)
    lines = [_("The weights {file} do not fit the network in the notebook.").format(file=file)]
    if missing:
        lines.append(
            _("Missing in the file ({count}): {names}.").format(
                count=_number(missing), names=_names(report.get("missing"))
            )
        )
    if unexpected:
        lines.append(
            _("Unexpected in the file ({count}): {names}.").format(
                count=_number(unexpected), names=_names(report.get("unexpected"))
            )
        )
    told = report.get("shapes")
    for entry in told[:MAX_SHOWN] if isinstance(told, list) else ():
        if isinstance(entry, list) and len(entry) == 3:
            lines.append(
                _("{layer}: shape {found} in the file, where the network expects {expected}.").format(
                    layer=_text(entry[0]), found=_shape(entry[1]), expected=_shape(entry[2])
                )
            )
    if _number(shapes) > MAX_SHOWN:
        lines.append(_("Shapes differ in {count} tensors altogether.").format(count=_number(shapes)))
    unexpected_names = _names(report.get("unexpected"))
    if unexpected_names.startswith("_orig_mod."):
        remedy = _("The weights were saved from torch.compile(network): save network.state_dict().")
    elif unexpected_names.startswith("module."):
        remedy = _("The weights were saved from nn.DataParallel: save network.module.state_dict().")
    else:
        remedy = _(
            "Hand in the notebook and the weights of one and the same network: run the cell that saves them again."
        )
    return CheckFailed("\n".join(lines), remedy=remedy)


def _refused(report: dict[str, Any], file: str) -> CheckFailed:
    given = report.get("fields")
    fields = {str(name): _text(value) for name, value in given.items()} if isinstance(given, dict) else {}
    make = _MESSAGES.get(str(report.get("code")), _damaged)
    try:
        said = make(fields)
    except KeyError:
        said = _damaged({"wanted": ""})
    return CheckFailed(
        _("The weights {file} are not taken. {reason}").format(file=file, reason=said),
        remedy=_(
            "Save them anew with torch.save(network.state_dict(), ...) or with safetensors, and hand them in again."
        ),
    )


def _damaged(fields: Fields) -> str:
    return _("The file is damaged or of another kind ({wanted}).").format(wanted=fields.get("wanted", ""))


_MESSAGES: dict[str, Callable[[Fields], str]] = {
    "empty": lambda _fields: _("The file is empty."),
    "damaged": _damaged,
    "too_large": lambda fields: _("To read it takes more memory than there is ({kind}).").format(**fields),
    "header_length": lambda fields: _("Its header claims {length} bytes; the whole file has {size}.").format(**fields),
    "header_json": lambda _fields: _("Its header is not JSON that lists tensors."),
    "tensor_count": lambda fields: _("It lists {found} tensors; from 1 to {allowed} are read.").format(**fields),
    "entry": lambda fields: _("The header does not say shape and place of {name} as it should.").format(**fields),
    "dtype": lambda fields: _("{name} is of the type {found}, which is not read.").format(**fields),
    "outside": lambda fields: _("{name} claims the bytes {begin} to {end}; the file's data has {size} bytes.").format(
        **fields
    ),
    "tensor_bytes": lambda fields: _("{name} claims the shape {shape}; the file gives {found} bytes for it.").format(
        **fields
    ),
    "overlap": lambda fields: _("{first} and {second} claim the same bytes.").format(**fields),
    "unused_bytes": lambda fields: _("{count} bytes of the file belong to no tensor.").format(**fields),
    "bomb": lambda fields: _("It has {size} bytes and would unpack to {unpacked}.").format(**fields),
    "code": lambda fields: _("It holds more than tensors: it asks for {wanted}. Nothing of it was run.").format(
        **fields
    ),
    "no_state_dict": lambda fields: _("It holds an object of the type {found}, not a state_dict.").format(**fields),
    "no_tensor": lambda fields: _("Under {name} it holds an object of the type {found}, not a tensor.").format(
        **fields
    ),
    "odd_tensor": lambda fields: _("{name} is no plain tensor ({layout}).").format(**fields),
    "overlaps_itself": lambda fields: _(
        "{name} claims the shape {shape}, and the file holds {held} bytes of it."
    ).format(**fields),
}


_STAGES: dict[str, Callable[[dict[str, Any], str], GraderError]] = {
    "weights": _refused,
    "fit": _no_fit,
    "undefined": _undefined,
    "no_pictures": _no_pictures,
    "raised": _raised,
    "changed": _changed,
    "no_module": _no_module,
    "answer": _no_list,
    "count": _no_list,
}


def _names(values: object) -> str:
    shown = [_text(value) for value in values[:MAX_SHOWN]] if isinstance(values, list) else []
    more = ", ..." if isinstance(values, list) and len(values) > MAX_SHOWN else ""
    return ", ".join(shown) + more


def _shape(value: object) -> str:
    sides = [str(_number(side)) for side in value[:16]] if isinstance(value, list) else []
    return f"({', '.join(sides)})"


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**15 else 0


def _text(value: object) -> str:
    return printable(str(value)[:MAX_VALUE], MAX_VALUE)
