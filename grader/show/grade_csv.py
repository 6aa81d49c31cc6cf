"""Points as plain CSV: one line per student and assignment, or one per student; for programs, or for a local Excel."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from grader.show.export import GradeLine
from grader.show.spreadsheet import safe_cell

HEADER = (
    "student",
    "name",
    "assignment",
    "points",
    "max_points",
    "f1",
    "received",
    "reason",
    "late_penalty",
    "days_late",
)


@dataclass(frozen=True)
class Style:
    """How numbers and times are written.

    Attributes:
        zone: of local times such as `30.11.2026 21:54`, as a Russian Excel reads them; None writes ISO 8601 in UTC.
        delimiter: between two cells.
        decimal: mark of a number's decimals.
        has_bom: whether a byte order mark says that it is UTF-8: Excel reads cp1251 without it.
    """

    zone: ZoneInfo | None = None
    delimiter: str = ","
    decimal: str = "."
    has_bom: bool = False

    def number(self, text: str) -> str:
        """A number that is written with a point."""
        return text.replace(".", self.decimal)

    def moment(self, iso: str) -> str:
        """A time that is written in ISO 8601; empty stays empty."""
        if not iso or self.zone is None:
            return iso
        return f"{datetime.fromisoformat(iso).astimezone(self.zone):%d.%m.%Y %H:%M}"


def russian_excel(zone: str) -> Style:
    """What a Russian Excel opens with a double click.

    Args:
        zone: IANA name of the class's time zone.
    """
    return Style(ZoneInfo(zone), delimiter=";", decimal=",", has_bom=True)


def write_grades(file: TextIO, lines: Sequence[GradeLine], style: Style, *, wide: bool) -> None:
    """Write points as CSV; text that a spreadsheet would run as a formula is quoted with an apostrophe.

    Args:
        file: text, opened with `newline=""`.
        lines: what to write.
        style: how.
        wide: one line per student with a column for each assignment and their sum, instead of one line for each; what
            was not graded is empty, and no 0.
    """
    if style.has_bom:
        file.write("\ufeff")
    writer: Any = csv.writer(file, delimiter=style.delimiter)
    if wide:
        writer.writerows(_wide(lines, style))
        return
    writer.writerow(HEADER)
    writer.writerows(line.cells() if style == Style() else _cells(line, style) for line in lines)


def _cells(line: GradeLine, style: Style) -> list[str]:
    numbers = [style.number(text) for text in (f"{line.points:g}", f"{line.max_points:g}", line.f1)]
    who = [safe_cell(text) for text in (line.student, line.name, line.assignment)]
    late = [style.number(f"{line.late_penalty:g}"), f"{line.days_late}"]
    return [*who, *numbers, style.moment(line.received), safe_cell(line.reason), *late]


def _wide(lines: Sequence[GradeLine], style: Style) -> Iterable[list[str]]:
    slugs = list(dict.fromkeys(line.assignment for line in lines))
    yield [*HEADER[:2], *map(safe_cell, slugs), "total"]
    of_student: dict[str, dict[str, GradeLine]] = {}
    for line in lines:
        of_student.setdefault(line.student, {})[line.assignment] = line
    for student, found in sorted(of_student.items()):
        name = next((line.name for line in found.values() if line.name), "")
        points = [f"{found[slug].points:g}" if slug in found else "" for slug in slugs]
        total = f"{sum(line.points for line in found.values()):g}"
        yield [safe_cell(student), safe_cell(name), *(style.number(text) for text in [*points, total])]
