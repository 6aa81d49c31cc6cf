"""What a teacher's points are given for: `source/<slug>/rubric.toml`, written by hand or on the page.

comments = ["Say it in your own words."]        # offered with every answer of the assignment

[task6_gradient]                                 # the cell's grade_id
criteria = [
{points = 0.5, text = "The gradient is a product"},
{points = 0.5, text = "With the wire a term 1 stays"},
]
comments = ["Look at y = F(x) + x again."]
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tomlkit
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from grader.course.folder import Course, meant
from grader.errors import InvalidConfig, disk_fault
from grader.files import write_atomically
from grader.language import _
from grader.printable import printable

RUBRIC = "rubric.toml"
MAX_CRITERIA = 8  # digits on the keyboard: 0 is none of them, 9 is all
MAX_COMMENTS = 6
MAX_TEXT = 300
_SHARED = "comments"
_LINE = re.compile(r"\s*([-+]?\d+(?:[.,]\d+)?)\s+(\S.*)")
_TEXT = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]


@dataclass(frozen=True, slots=True)
class Criterion:
    """Something that an answer should have.

    Attributes:
        points: what it is worth; below 0 for a mistake that takes points away.
        text: what it is; the student reads it.
    """

    points: float
    text: str


@dataclass(frozen=True, slots=True)
class Rubric:
    """What one cell's points are given for, and comments to choose from."""

    criteria: tuple[Criterion, ...] = ()
    comments: tuple[str, ...] = ()

    def points_for(self, met: tuple[int, ...], most: float) -> float:
        """Points of an answer that meets these criteria, from 0 to the most that there are."""
        earned = math.fsum(self.criteria[number].points for number in met)
        return round(min(max(earned, 0.0), most), 4)


class _Criterion(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    points: Annotated[float, Field(ge=-1000, le=1000, allow_inf_nan=False)]
    text: _TEXT


class _Cell(BaseModel):
    model_config = ConfigDict(extra="forbid")
    criteria: Annotated[list[_Criterion], Field(max_length=MAX_CRITERIA)] = []
    comments: Annotated[list[_TEXT], Field(max_length=MAX_COMMENTS)] = []


class _Shared(BaseModel):
    comments: Annotated[list[_TEXT], Field(max_length=MAX_COMMENTS)] = []


def rubric_path(course: Course, slug: str) -> Path:
    """Where the rubric of an assignment lies."""
    return course.source / slug / RUBRIC


def read_rubrics(path: Path, cells: tuple[str, ...]) -> dict[str, Rubric]:
    """The rubrics of an assignment, by cell; empty where there is no file.

    Args:
        path: the file.
        cells: names of the cells that a teacher gives points for.

    Raises:
        InvalidConfig: it is not what is expected; all mistakes of one table are listed.
        EnvironmentFault: it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise disk_fault(error, path, "read") from error
    except UnicodeDecodeError as error:
        raise _wrong(path, _("it is not UTF-8 text")) from error
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise _wrong(path, str(error)[:200]) from error
    shared = _checked(path, "", _Shared, {_SHARED: data.pop(_SHARED, [])})
    found: dict[str, Rubric] = {}
    for cell, table in data.items():
        if cell not in cells:
            raise InvalidConfig(
                _("{path}: the notebook has no cell {cell!r} that a teacher gives points for.").format(
                    path=path, cell=printable(cell, 100)
                ),
                remedy=meant(cell, cells, _("Expected one of: {cells}.").format(cells=", ".join(cells) or "-")),
            )
        known = _checked(path, cell, _Cell, table)
        criteria = tuple(Criterion(one.points, one.text) for one in known.criteria)
        found[cell] = Rubric(criteria, (*known.comments, *shared.comments)[:MAX_COMMENTS])
    return {cell: found.get(cell, Rubric((), tuple(shared.comments))) for cell in cells}


def _checked(path: Path, cell: str, kind: type[Any], table: object) -> Any:
    try:
        return kind.model_validate(table)
    except ValidationError as error:
        said = [
            f"{'.'.join(str(part) for part in (cell, *one['loc']) if part != '')}: {one['msg']}"
            for one in error.errors()[:5]
        ]
        raise _wrong(path, "; ".join(said)) from error


def _wrong(path: Path, reason: str) -> InvalidConfig:
    return InvalidConfig(
        _("The rubric {path} cannot be read: {reason}.").format(path=path, reason=reason.rstrip(".")),
        remedy=_('Expected tables such as [task6] with criteria = [{points = 0.5, text = "..."}].'),
    )


def parse_criteria(text: str) -> tuple[Criterion, ...]:
    """Criteria as they are typed on the page: a line each, points first, such as `0.5 The gradient is a product`.

    Raises:
        InvalidConfig: a line does not begin with points, or there are too many.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        parts = _LINE.fullmatch(line.rstrip())
        if parts is None:
            raise InvalidConfig(
                _("Line {number} of the criteria is {line!r}.").format(number=number, line=printable(line, 60)),
                remedy=_("Expected points and a text, such as: 0.5 The gradient is a product."),
            )
        found.append(Criterion(float(parts[1].replace(",", ".")), parts[2].strip()[:MAX_TEXT]))
    if len(found) > MAX_CRITERIA:
        raise InvalidConfig(
            _("{count} criteria are too many.").format(count=len(found)),
            remedy=_("At most {most}: each has a digit on the keyboard.").format(most=MAX_CRITERIA),
        )
    return tuple(found)


def write_rubric(path: Path, cell: str, cells: tuple[str, ...], rubric: Rubric) -> None:
    """Write one cell's rubric, leaving every other line as it was; an empty rubric takes its table out.

    Raises:
        InvalidConfig: the file is wrong, or would be.
        EnvironmentFault: it cannot be written.
    """
    read_rubrics(path, cells)
    document: Any = tomlkit.parse(path.read_text(encoding="utf-8-sig")) if path.is_file() else tomlkit.document()
    shared = [str(one) for one in document.get(_SHARED, [])]
    table = tomlkit.table()
    if rubric.criteria:
        lines = tomlkit.array().multiline(True)
        for one in rubric.criteria:
            line = tomlkit.inline_table()
            line.update({"points": one.points, "text": one.text})
            lines.append(line)
        table["criteria"] = lines
    own = [one for one in rubric.comments if one not in shared]
    if own:
        table["comments"] = own
    if not table:
        document.pop(cell, None)
    else:
        document[cell] = table
    tried = path.with_name(f".{RUBRIC}.tried")
    try:
        write_atomically(tried, tomlkit.dumps(document).encode())
        read_rubrics(tried, cells)
        tried.replace(path)
    finally:
        tried.unlink(missing_ok=True)


def to_json(rubric: Rubric) -> dict[str, Any]:
    """As the class database keeps it."""
    return {
        "criteria": [{"points": one.points, "text": one.text} for one in rubric.criteria],
        "comments": list(rubric.comments),
    }


def from_json(plain: Mapping[str, Any]) -> Rubric:
    """As `to_json` has written it."""
    criteria = tuple(Criterion(float(one["points"]), str(one["text"])) for one in plain.get("criteria", ()))
    return Rubric(criteria, tuple(str(one) for one in plain.get("comments", ())))
