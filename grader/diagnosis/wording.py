"""A diagnosis in words, in the reader's language."""

from __future__ import annotations

from dataclasses import replace

from grader.diagnosis.kinds import Change, ChangeKind, Role
from grader.diagnosis.told import Told
from grader.diagnosis.unwritten import NEVER_ASSIGNED
from grader.language import _, current_language, in_context

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_NOUNS = {
    "convolution": "convolution",
    "norm": "BatchNorm",
    "linear": "linear layer",
    "pooling": "pooling",
    "dropout": "Dropout",
    "flatten": "flattening",
    "concatenation": "concatenation",
    "padding": "padding",
    "addition": "addition",
}
MAX_QUOTED = 24


def words_of(told: Told) -> str:
    """What the mistake is, where that is certain, and else where to look; for an earlier task that, first of all."""
    if not told.is_certain:
        return place_of(told)
    said = " ".join(dict.fromkeys(_sentence(change) for change in told.changes))
    return _in_its_task(told, said)


def place_of(told: Told) -> str:
    """Where to look, and not what for."""
    places = dict.fromkeys(_("Look at {place}.").format(place=_place(change)) for change in told.changes)
    return _in_its_task(told, " ".join(places))


def _in_its_task(told: Told, said: str) -> str:
    title = told.task.get(current_language(), next(iter(told.task.values()), ""))
    if not title:
        return said
    return _("The mistake lies in an earlier task, “{task}”. {mistake}").format(task=title, mistake=said)


def _named(role: Role, case: str = "nominative") -> str:
    """A layer in words: "the second convolution", "the convolution in `shortcut`"."""
    if role.kind == "activation":
        noun = role.type
        gender = "m"
    elif role.kind in _NOUNS:
        noun = in_context(case, _NOUNS[role.kind])
        gender = "f" if in_context("gender", _NOUNS[role.kind]) == "f" else "m"
    else:
        noun, gender = f"`{role.type}`", "m"
    if role.number and role.number <= len(_ORDINALS):
        text = in_context(f"{case} {gender}", "the {number} {noun}").format(
            number=in_context(f"{case} {gender}", _ORDINALS[role.number - 1]), noun=noun
        )
    else:
        text = in_context(case, "the {noun}").format(noun=noun)
    return _("{layer} in `{part}`").format(layer=text, part=role.inside) if role.inside else text


def _place(change: Change) -> str:
    if change.scope and change.function and change.scope != change.function:
        return f"`{change.scope}.{change.function}`"
    return f"`{change.function or change.scope or change.cell}`"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _quoted(name: str) -> str:
    """A name that may be quoted; the author's longer expressions are not shown."""
    return name if name and len(name) <= MAX_QUOTED and "(" not in name and " " not in name else ""


def _sentence(change: Change) -> str:  # noqa: PLR0911, PLR0912  one line for each sort of mistake
    place = _place(change)
    match change.kind:
        case ChangeKind.ARGUMENT:
            return _of_argument(change)
        case ChangeKind.LAYER_MISSING:
            return _of_missing_layer(change)
        case ChangeKind.LAYER_OTHER:
            said = _("{found} stands where {expected} is asked").format(found=change.found, expected=change.expected)
            return f"{said}{_behind(change.near)}."
        case ChangeKind.LAYER_EXTRA:
            behind = _behind(change.role or change.near)
            if not behind:
                return _("There is a superfluous {found} at the end of {place}.").format(
                    found=change.found, place=place
                )
            return _("There is a superfluous {found}{behind}.").format(found=change.found, behind=behind)
        case ChangeKind.LAYER_SWAPPED if change.role is not None and change.near is not None:
            return _("In {place} {other} is used where {layer} belongs.").format(
                place=place, other=_named(change.near), layer=_named(change.role)
            )
        case ChangeKind.MOVED:
            return _("In {place} another layer than the task says has `{name}`.").format(place=place, name=change.name)
        case ChangeKind.ORDER:
            if change.role is not None and change.near is not None and change.role != change.near:
                return _("The order is another one: look at {layer} and {other} in {place}.").format(
                    layer=_named(change.role), other=_named(change.near), place=place
                )
            return _("In {place} the operations stand in another order.").format(place=place)
        case ChangeKind.SUMMAND_MISSING | ChangeKind.FACTOR_MISSING | ChangeKind.PART_MISSING | ChangeKind.PART_EXTRA:
            return _of_part(change)
        case ChangeKind.OPERATOR:
            return _of_operator(change)
        case ChangeKind.BRACKETS:
            return _("In {place} brackets are missing or stand in the wrong place.").format(place=place)
        case ChangeKind.NUMBER:
            if change.found:
                return _("In {place} a number is wrong: {found}.").format(place=place, found=change.found)
            return _("In {place} a number is wrong.").format(place=place)
        case ChangeKind.NAME | ChangeKind.LAYER_SWAPPED:
            if _quoted(change.found) and _quoted(change.expected):
                return _("In {place} `{found}` is used where `{expected}` belongs.").format(
                    place=place, found=change.found, expected=change.expected
                )
            return _("In {place} one variable is used where another belongs.").format(place=place)
        case ChangeKind.REPEATS if change.found == "fewer":
            return _("A loop in {place} makes one step too few.").format(place=place)
        case ChangeKind.REPEATS:
            return _("A loop in {place} makes one step too many.").format(place=place)
        case ChangeKind.CONDITION:
            return _("A condition in {place} is another than the task asks for.").format(place=place)
        case ChangeKind.STEP_MISSING:
            return _of_step(change)
        case ChangeKind.GRADIENT_CUT:
            said = _("In {place} the path of the gradient is cut{behind}").format(
                place=place, behind=_behind(change.role)
            )
            return said + _(": look for `.detach()`, `.data` or `torch.no_grad()`.")
        case ChangeKind.ARGUMENTS_OF_CALL:
            return _("In {place} `{name}` is called with other arguments than needed.").format(
                place=place, name=change.expected
            )
    return _("The difference lies in {place}.").format(place=place)


def _behind(role: Role | None) -> str:
    return "" if role is None else _(" after {layer}").format(layer=_named(role, "genitive"))


def _of_argument(change: Change) -> str:
    layer = _capital(_named(change.role)) if change.role is not None else _place(change)
    if change.found == "None":
        return _of_argument(replace(change, found=""))
    values = {"layer": layer, "name": change.name, "found": change.found, "expected": change.expected}
    if change.found and change.expected:
        return _("{layer}: `{name}` is {found}, and {expected} is asked.").format(**values)
    if change.expected:
        return _("{layer}: `{name}` has to be {expected}.").format(**values)
    if change.found:
        return _("{layer}: `{name}` is {found}; the task asks for another.").format(**values)
    return _("{layer}: `{name}` is not what the task asks for.").format(**values)


def _of_missing_layer(change: Change) -> str:
    role = change.role
    if role is None:
        return _("A step is missing in {place}.").format(place=_place(change))
    if role.kind == "activation" and change.near is not None:
        return _("There is no {type}{behind}.").format(type=role.type, behind=_behind(change.near))
    said = _("{layer} is missing").format(layer=_capital(_named(role)))
    return f"{said}{_behind(change.near)}."


def _of_part(change: Change) -> str:  # noqa: PLR0911  as above
    place, name = _place(change), _quoted(change.name)
    if change.kind is ChangeKind.PART_EXTRA:
        return _("In {place} there is a superfluous `{found}`.").format(place=place, found=change.found)
    if change.kind is ChangeKind.FACTOR_MISSING and change.found == "superfluous":
        return _("In {place} the factor `{name}` is superfluous.").format(place=place, name=name)
    if change.kind is ChangeKind.FACTOR_MISSING:
        if name:
            return _("In {place} the factor `{name}` is missing.").format(place=place, name=name)
        return _("In {place} a factor is missing.").format(place=place)
    if change.kind is ChangeKind.SUMMAND_MISSING:
        if name:
            return _("In {place} the summand `{name}` is missing.").format(place=place, name=name)
        return _("In {place} a summand is missing.").format(place=place)
    if name:
        return _("In {place} `{name}` is missing.").format(place=place, name=name)
    return _("In {place} a part is missing.").format(place=place)


def _of_operator(change: Change) -> str:
    place = _place(change)
    match change.found:
        case "upside down":
            return _("In {place} a fraction is upside down.").format(place=place)
        case "reversed":
            return _("In {place} a difference is the wrong way round.").format(place=place)
        case "ceil":
            return _("In {place} a division is rounded up; it has to be rounded down.").format(place=place)
        case "round":
            return _("In {place} a division is rounded to the nearest; it has to be rounded down.").format(place=place)
    if change.found and change.expected:
        return _("In {place} `{found}` stands where `{expected}` belongs.").format(
            place=place, found=change.found, expected=change.expected
        )
    return _("In {place} a sign or an operator is wrong.").format(place=place)


def _of_step(change: Change) -> str:
    place = _place(change)
    if change.name == "return":
        return _("{place} returns nothing.").format(place=place)
    if change.found == NEVER_ASSIGNED:
        text = _("`{name}` never gets a value in {place}: a line is missing, or the name is misspelt.")
        return text.format(name=change.name, place=place)
    if change.role is not None:
        return _("{layer} is missing in {place}.").format(layer=_capital(_named(change.role)), place=place)
    if _quoted(change.name):
        return _("A step is missing in {place}: what becomes of `{name}`?").format(place=place, name=change.name)
    return _("A step is missing in {place}.").format(place=place)
