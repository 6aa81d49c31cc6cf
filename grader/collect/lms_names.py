"""What learning management systems, Drive, GitHub and people call a student's folder or file.

The part of a name that the system has written comes first and is read first: what follows is the student's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from grader.collect.plain_names import student_in


class Form(StrEnum):
    """Who has made a name."""

    MOODLE = "Moodle"
    CANVAS = "Canvas"
    BLACKBOARD = "Blackboard"
    GRADESCOPE = "Gradescope"
    REPOSITORY = "GitHub"
    FOLDER = "folder"
    FILE = "file"


@dataclass(frozen=True)
class Named:
    """What a name at the top of a folder or archive says.

    Attributes:
        form: who has made the name.
        whole: the name, without the ending of a notebook.
        labels: what may name the student in it, the likeliest first.
        number: the system's own number of the student, of the group or of the participant.
        file: what the student has called the file, where the name holds that too.
        order: numbers that grow with each time of handing in; of two of one student the larger counts.
        is_text: whether it is Moodle's folder for text that was typed in.
    """

    form: Form
    whole: str
    labels: tuple[str, ...]
    number: str = ""
    file: str = ""
    order: tuple[int, ...] = ()
    is_text: bool = False

    @property
    def label(self) -> str:
        """What names the student."""
        return self.labels[0]

    @property
    def is_of_system(self) -> bool:
        """Whether a system vouches for the name, so that files inside may be called anything."""
        return self.form not in (Form.FOLDER, Form.FILE)


# `.+?`: the first match is the system's; a student may call a file like the next one's folder.
_MOODLE = re.compile(
    r"(?P<label>.+?)_(?P<number>\d+)_assignsubmission_(?P<kind>file|onlinetext)(?:_(?P<file>.*))?", re.DOTALL
)
_CANVAS = re.compile(
    r"(?P<label>.+?)(?:_late)?_(?P<number>\d+)_(?P<upload>\d+)_(?P<file>.+)", re.IGNORECASE | re.DOTALL
)
_BLACKBOARD = re.compile(r"(?P<label>.+?)_attempt_(?P<when>\d{4}(?:-\d+){3,5})(?:_(?P<file>.+))?", re.DOTALL)
_GRADESCOPE = re.compile(r"submission_\d+")
_COPIES = (
    re.compile(r"^(?:copy(?: \(?\d+\)?)? of|копия)\s+", re.IGNORECASE),
    re.compile(r"\s*[-—–]?\s*(?:copy|копия)(?: \(?\d+\)?)?$", re.IGNORECASE),
)  # fmt: skip
_NUMBERED = re.compile(r"(?: ?\((\d+)\)|-(\d+))$")
_DASH = re.compile(r"\s+[-—–]\s+")
_BRANCH = re.compile(r"-(?:main|master)$")
BLIND = frozenset({"participant", "участник", "teilnehmer/in", "teilnehmer", "participante", "учасник", "қатысушы"})


def without_copy_marks(stem: str) -> tuple[str, int]:
    """A file's name without what Drive, browsers and systems add to copies, and the number that they added.

    Such as `Копия resnet`, `Copy of resnet`, `resnet (1)`, `resnet-2`, `resnet — копия`.
    """
    number = 0
    for _round in range(4):  # a copy of a copy, downloaded twice
        before = stem
        for mark in _COPIES:
            stem = mark.sub("", stem)
        found = _NUMBERED.search(stem)
        if found:
            number = max(number, int((found[1] or found[2])[:9]))
            stem = stem[: found.start()]
        if stem in (before, ""):
            return stem or before, number
    return stem, number


def read_top(name: str, slug: str, *, is_file: bool, is_repository: bool = False, plain: tuple[str, ...]) -> Named:
    """Read a name at the top.

    Args:
        name: composed; a file's without its ending.
        slug: the assignment.
        is_file: whether it is a file's.
        is_repository: whether it is a folder with a `.git` in it.
        plain: what a file is called that lies in a student's folder, such as `resnet`.
    """
    if found := _MOODLE.fullmatch(name):
        file, copy = without_copy_marks(found["file"] or "")
        return Named(
            Form.MOODLE, name, (found["label"],), found["number"], file, (copy,), is_text=found["kind"] != "file"
        )
    if not is_file and _GRADESCOPE.fullmatch(name):
        return Named(Form.GRADESCOPE, name, (name,))
    if is_repository:
        return Named(Form.REPOSITORY, name, (_login(name, slug),))
    if found := _BLACKBOARD.fullmatch(name):
        when = tuple(int(part) for part in found["when"].split("-"))
        return Named(Form.BLACKBOARD, name, _endings(found["label"], slug), "", found["file"] or "", when)
    if found := _CANVAS.fullmatch(name):
        file, copy = without_copy_marks(found["file"])
        order = (int(found["upload"][:18]), copy)
        return Named(Form.CANVAS, name, (found["label"],), found["number"], file, order)
    clean, copy = without_copy_marks(name)
    form = Form.FILE if is_file else Form.FOLDER
    return Named(form, name, _labels(clean, name, plain), _digits(clean, plain), clean, (copy,))


def _labels(clean: str, name: str, plain: tuple[str, ...]) -> tuple[str, ...]:
    """What may be the student in a name that people made, such as `Иван Петров - resnet` or `resnet_ivanova`."""
    if clean in plain:
        return (clean,)
    found = []
    for word in plain:
        for mark in ("_", " - ", " — ", " – ", " "):
            found += [clean.removeprefix(f"{word}{mark}")] if clean.startswith(f"{word}{mark}") else []
            found += [clean.removesuffix(f"{mark}{word}")] if clean.endswith(f"{mark}{word}") else []
    found += _DASH.split(clean)
    found = [label for label in found if re.search(r"[^\W\d_]", label)]  # `resnet_3` is a version, not student 3
    found = [*filter(None, [named_in(clean, plain)]), *found, clean, name]
    return tuple(dict.fromkeys(label.strip() for label in found if label.strip())) or (name,)  # of spaces alone


def named_in(stem: str, plain: tuple[str, ...]) -> str | None:
    """The student whom a file's own name tells, such as `lisa_resnet` or `Lisa Simpson - resnet`; None: nobody."""
    clean, _copy = without_copy_marks(stem)
    if clean in plain:
        return None
    parts = _DASH.split(clean)
    if len(parts) == 2 and parts[1] in plain:
        return parts[0]
    return student_in(clean, plain)


def _digits(clean: str, plain: tuple[str, ...]) -> str:
    """A number between the student and the assignment, as in `ivanova_12345_resnet`."""
    found = re.fullmatch(rf".+?_(\d+)_(?:{'|'.join(map(re.escape, plain))})", clean)
    return found[1] if found else ""


def _endings(text: str, slug: str) -> tuple[str, ...]:
    """The login behind an assignment's title, either of which may hold `_`: every ending, the likeliest first."""
    text = text.removeprefix(f"{slug}_")
    parts = text.split("_")
    return tuple("_".join(parts[at:]) for at in range(len(parts)))


def _login(name: str, slug: str) -> str:
    return without_branch(name).removeprefix(f"{slug}-")


def without_branch(name: str) -> str:
    """A repository's name without the branch that GitHub adds to what is downloaded."""
    return _BRANCH.sub("", name)
