"""A student's `submission.csv`: one known label for every image, or everything that is wrong with it.

All problems come back at once, with line numbers and the student's own values. No label of the test set is needed, so
a page can check a file before it is queued.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import PurePosixPath

from grader.errors import InvalidSubmission
from grader.language import _
from grader.scoring.csv_table import Row, Table, read_table, shown

SUBMISSION_CSV = "submission.csv"
ID = "Id"
EXPECTED = "Expected"
_LINES_SHOWN = 10
_ITEMS_SHOWN = 5
_LEAST_LIMIT_BYTES = 1 << 20
_BYTES_PER_ROW = 256
_MOST_COLUMNS = 100
_NUMBER = re.compile(r"-?\d+(\.\d*)?")
_ALIASES = {"imageid", "imgid", "id", "image", "img", "name", "filename", "file", "imagename"}
_OUTER_FOLDERS = ("simpsons_dataset", "dataset", "train")
_LABEL_ALIASES = {"expected", "label", "labels", "class", "classname", "prediction", "predicted", "category", "target"}


def parse_submission(data: bytes, ids: Sequence[str], classes: Sequence[str]) -> Mapping[str, str]:
    """The label of every image, in the order of `ids`.

    Args:
        data: the file as it was handed in.
        ids: the file names of the test images.
        classes: the names a label may have.

    Raises:
        InvalidSubmission: the file is not one known label for every image; the message lists up to ten problems.
    """
    table = read_table(data, max(_LEAST_LIMIT_BYTES, _BYTES_PER_ROW * len(ids)))
    problems = list(table.problems)
    problems += _shape_problems(table, ids)
    if len(problems) > len(table.problems):
        raise _invalid(problems)
    columns = _columns_of(table.header)
    problems += _header_problems(table.header, columns)
    if columns.id is None or columns.label is None:
        raise _invalid(problems)
    entries = _entries(table, columns.id, columns.label)
    problems += _width_problems(table)
    problems += _count_problems(table, entries, ids)
    problems += _id_problems(entries, ids)
    problems += _label_problems(entries, classes)
    if problems:
        raise _invalid(problems)
    labels = {entry.id: entry.label for entry in entries}
    return {image: labels[image] for image in ids}


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where the two columns are, by their name or by what was meant for it."""

    id: int | None
    label: int | None


@dataclass(frozen=True, slots=True)
class _Entry:
    line: int
    id: str
    label: str


def _shape_problems(table: Table, ids: Sequence[str]) -> Iterator[str]:
    """What makes a file too different from a submission for its rows to be worth reading."""
    columns, rows = len(table.header.values), len(table.rows)
    if columns > _MOST_COLUMNS:
        yield _("ERROR: {found} columns found (Line {line}). The first line must be: Id,Expected").format(
            found=columns, line=table.header.line
        )
    if rows > 2 * len(ids):
        yield _("ERROR: Submission has {found} rows but {expected} were expected").format(found=rows, expected=len(ids))


def _columns_of(header: Row) -> _Columns:
    names = header.values
    return _Columns(id=_find(names, ID, _ALIASES), label=_find(names, EXPECTED, _LABEL_ALIASES))


def _find(names: Sequence[str], wanted: str, aliases: set[str]) -> int | None:
    """The column called so, else the first that is meant so: its rows can still be checked."""
    if wanted in names:
        return names.index(wanted)
    return next((i for i, name in enumerate(names) if re.sub(r"[\s_\-]", "", name).lower() in aliases), None)


def _header_problems(header: Row, columns: _Columns) -> Iterator[str]:
    names = header.values
    if columns.id is None and columns.label is None and len(names) == 2:
        yield _("ERROR: No header found (Line {line}: {found}). The first line must be: Id,Expected").format(
            line=header.line, found=shown(",".join(names))
        )
        return
    for wanted, position in ((ID, columns.id), (EXPECTED, columns.label)):
        if position is None:
            yield _("ERROR: Required column '{wanted}' could not be found. Found: {found}").format(
                wanted=wanted, found=_some(_bare(name) for name in names)
            )
        elif names[position] != wanted:
            yield _("ERROR: Column {found} must be called '{wanted}' (Line {line}, Column {column})").format(
                found=shown(names[position]), wanted=wanted, line=header.line, column=position + 1
            )
    for position, name in enumerate(names):
        if position not in (columns.id, columns.label):
            yield _unexpected_column(header.line, position, name, names)


def _unexpected_column(line: int, position: int, name: str, names: Sequence[str]) -> str:
    if name in names[:position]:
        return _("ERROR: Column {name} appears twice (Line {line}, Columns {first} and {second})").format(
            name=shown(name), line=line, first=names.index(name) + 1, second=position + 1
        )
    # pandas writes its index under an empty name and reads it back as 'Unnamed: 0'.
    place = {"name": shown(name or f"Unnamed: {position}"), "line": line, "column": position + 1}
    if not name or name.lower().startswith(("unnamed", "index", "level_")):
        return _("ERROR: Unexpected Column: {name} (Line {line}, Column {column}). Save with index=False").format(
            **place
        )
    return _("ERROR: Unexpected Column: {name} (Line {line}, Column {column}). Keep only Id,Expected").format(**place)


def _entries(table: Table, id_column: int, label_column: int) -> list[_Entry]:
    def value(row: Row, column: int) -> str:
        return row.values[column] if column < len(row.values) else ""

    return [_Entry(row.line, value(row, id_column), value(row, label_column)) for row in table.rows]


def _width_problems(table: Table) -> Iterator[str]:
    """Rows that are too long; what a short row lacks is reported as an empty value."""
    width = len(table.header.values)
    too_long = [(str(len(row.values)), row.line) for row in table.rows if len(row.values) > width]
    for found, lines in _lines_by(too_long).items():
        yield _("ERROR: {found} values where the header has {expected} ({lines})").format(
            found=found, expected=width, lines=_at(lines)
        )


def _count_problems(table: Table, entries: Sequence[_Entry], ids: Sequence[str]) -> Iterator[str]:
    found, expected = len(table.rows), len(ids)
    given = {entry.id for entry in entries}
    missing = [image for image in ids if image not in given]
    if found != expected and missing:
        yield _("ERROR: Submission has {found} rows but {expected} were expected. Missing Ids: {missing}").format(
            found=found, expected=expected, missing=_some(missing)
        )
    elif found != expected:
        yield _("ERROR: Submission has {found} rows but {expected} were expected").format(
            found=found, expected=expected
        )
    elif missing:
        yield _("ERROR: Missing Ids: {missing}").format(missing=_some(missing))


def _id_problems(entries: Sequence[_Entry], ids: Sequence[str]) -> Iterator[str]:
    known = set(ids)
    for value, lines in _lines_by((entry.id, entry.line) for entry in entries).items():
        if not value.strip():
            yield _empty(ID, lines)
        elif value not in known:
            yield _unknown_id(value, lines, ids, known)
        elif len(lines) > 1:
            yield _("ERROR: Duplicate Id {value} ({lines})").format(value=shown(value), lines=_at(lines))


def _unknown_id(value: str, lines: Sequence[int], ids: Sequence[str], known: set[str]) -> str:
    name = PurePosixPath(value.strip().replace("\\", "/")).name
    meant = next((guess for guess in (name, f"{name}.jpg", f"img{name}.jpg") if guess in known), None)
    place = {"value": shown(value), "lines": _at(lines)}
    if meant == value.strip():
        return _spaces(value, lines)
    if meant is not None:
        return _("ERROR: Unknown Id {value} ({lines}). Did you mean '{meant}'?").format(**place, meant=meant)
    return _("ERROR: Unknown Id {value} ({lines}). An Id is a file name of the test set, such as '{example}'").format(
        **place, example=ids[0] if ids else "img0.jpg"
    )


def _label_problems(entries: Sequence[_Entry], classes: Sequence[str]) -> Iterator[str]:
    known = set(classes)
    by_label = _lines_by((entry.label, entry.line) for entry in entries if entry.label not in known)
    numbers = {value: lines for value, lines in by_label.items() if _NUMBER.fullmatch(value.strip())}
    if numbers:
        yield _class_indices(numbers)
    for position, (value, lines) in enumerate((v, at) for v, at in by_label.items() if v not in numbers):
        if not value.strip():
            yield _empty(EXPECTED, lines)
        elif value.strip() in known:
            yield _spaces(value, lines)
        else:
            # Looking for what was meant takes a millisecond, and later lines are only counted.
            yield _unknown_label(value, lines, classes if position < _LINES_SHOWN else ())


def _class_indices(numbers: Mapping[str, Sequence[int]]) -> str:
    first = min(numbers, key=lambda value: numbers[value][0])
    return _(
        "ERROR: Column 'Expected' holds class indices, not names: {value} (Line {line}), {count} rows in all. "
        "Turn them back into names: encoder.inverse_transform(indices)"
    ).format(value=shown(first), line=numbers[first][0], count=sum(map(len, numbers.values())))


def _unknown_label(value: str, lines: Sequence[int], classes: Sequence[str]) -> str:
    place = {"value": shown(value), "lines": _at(lines)}
    if value in _OUTER_FOLDERS:  # of the train folder: what ImageFolder("train") takes for the one class
        return _(
            "ERROR: {value} ({lines}) is the folder that holds the class folders, not a class. ImageFolder takes the "
            "folders below it for classes: give it train/simpsons_dataset"
        ).format(**place)
    meant = _nearest(value, classes)
    if meant is None:
        return _("ERROR: Unknown label {value} ({lines}). A label is the name of a class folder").format(**place)
    return _("ERROR: Unknown label {value} ({lines}). Did you mean '{meant}'?").format(**place, meant=meant)


def _nearest(value: str, classes: Sequence[str]) -> str | None:
    if len(value) > 100:
        return None
    spelled = re.sub(r"[\W_]+", "_", value.strip().lower()).strip("_")
    return next(iter(get_close_matches(spelled, classes, n=1, cutoff=0.7)), None)


def _empty(column: str, lines: Sequence[int]) -> str:
    return _("ERROR: Empty value in column '{column}' ({lines})").format(column=column, lines=_at(lines))


def _spaces(value: str, lines: Sequence[int]) -> str:
    return _("ERROR: Spaces around {value} ({lines}). Expected '{meant}'").format(
        value=shown(value), lines=_at(lines), meant=value.strip()
    )


def _lines_by(values: Iterable[tuple[str, int]]) -> dict[str, list[int]]:
    lines: dict[str, list[int]] = {}
    for value, line in values:
        lines.setdefault(value, []).append(line)
    return lines


def _at(lines: Sequence[int]) -> str:
    if len(lines) == 1:
        return _("Line {line}").format(line=lines[0])
    return _("Lines {lines}").format(lines=_some(str(line) for line in lines))


def _some(items: Iterable[str]) -> str:
    """The first few, and how many there are beyond them."""
    everything = list(items)
    start = ", ".join(everything[:_ITEMS_SHOWN])
    beyond = len(everything) - _ITEMS_SHOWN
    return start if beyond <= 0 else _("{start} and {n} more").format(start=start, n=beyond)


def _bare(name: str) -> str:
    return shown(name)[1:-1]


def _invalid(problems: Sequence[str]) -> InvalidSubmission:
    lines = list(islice(problems, _LINES_SHOWN))
    if len(problems) > len(lines):
        lines.append(_("... and {n} more").format(n=len(problems) - len(lines)))
    return InvalidSubmission("\n".join(lines))
