"""Plain names of submissions, in which a path alone says the student: `ivanova/resnet.ipynb`, `ivanova_resnet.ipynb`.

They decide for `nbgrader zip_collect`, and where a class has no roster; all others are read by `lms_names`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from grader.course.roster import is_student_id


def student_of(path: Path, slug: str) -> str | None:
    """The student's id from a submission's path, or None: the path names nobody, or one student in another's folder.

    The folder at the top, or the name of a file that lies in none, is the teacher's or the LMS's word. Names further
    inside are the student's own: they may say the same, and nothing else.

    Args:
        path: relative to the folder or archive, such as `ivanova/resnet/resnet.ipynb` or `ivanova_12345_resnet.ipynb`.
        slug: the assignment.
    """
    stem = _stem(path)
    stems = plain_stems(path, slug)
    names = [part for part in path.parts[:-1] if part != slug]
    if stem not in stems:
        named = student_in(stem, stems)
        if named is None:
            return None
        names.append(named)
    if not names:
        return None
    top, *inside = names
    if not {*inside} <= {top, student_in(top, [slug, "assignsubmission_file", "assignsubmission_file_"])}:
        return None
    return names[-1] if is_student_id(names[-1]) else None


def plain_stems(path: Path, slug: str) -> tuple[str, ...]:
    """The names, without suffix, of a submission that lies in a folder named for its student."""
    return (slug, "submission") if path.suffix == ".csv" else (slug,)


def has_plain_name(path: Path, slug: str) -> bool:
    """Whether a file has one of the `plain_stems`, with whatever number a browser or an LMS has appended."""
    return _stem(path) in plain_stems(path, slug)


def _stem(path: Path) -> str:
    return re.sub(r" ?\(\d+\)$|-\d+$", "", path.stem)  # a browser's "resnet (1)", an LMS's "resnet-2"


def student_in(name: str, endings: Sequence[str]) -> str | None:
    """The student in a name such as `ivanova_late_12345_resnet`."""
    known = "|".join(map(re.escape, endings))
    named = re.fullmatch(rf"(?P<student>.+?)(_(?:late|LATE))?(_attempt)?(_[\d\-]+)*_(?:{known})", name)
    return named["student"] if named else None
