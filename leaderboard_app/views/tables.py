"""One table, two ways: a grid that sorts and scrolls, and plain text that a screen reader can read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import pandas as pd
import pyarrow as pa
import streamlit as st
from pandas.io.formats.style import Styler
from streamlit.elements.lib.column_types import ColumnConfig

from grader.language import _
from leaderboard_app import formatting

_GRID_ROWS = 60
_GRID_HEIGHT_PX = 1000
# A phone of 390 px has room for 356: rank, alias, score and points are in sight there.
_WIDTHS_PX = {"rank": 36, "count": 82, "points": 94, "score": 70, "range": 80}
ALIAS_PX = 156
Cell: TypeAlias = str | int | float | None
Kind: TypeAlias = Literal["rank", "count", "points", "score", "range", "text"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        title: its heading, in the reader's language.
        cells: one per row; None where there is nothing.
        kind: `rank` and `count` hold whole numbers, `points` decimals, `score` a number that is written out already,
            `range` a short text, `text` anything else.
        help: explanation of the heading.
        is_strong: whether it is what the table is about.
        width_px: how wide it is; None for as much as its kind takes.
    """

    title: str
    cells: Sequence[Cell]
    kind: Kind = "text"
    help: str = ""
    is_strong: bool = False
    width_px: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of equal length, and the same as the grid sends them: making that costs 30 ms, so tabs share it.

    Attributes:
        columns: as they are shown.
        arrow: columns by number, because two headings may read the same in some language.
    """

    columns: tuple[Column, ...]
    arrow: pa.Table

    @classmethod
    def of(cls, columns: Sequence[Column]) -> Table:
        """A table of these columns."""
        frame = pd.DataFrame({str(number): _series(column) for number, column in enumerate(columns)})
        return cls(tuple(columns), pa.Table.from_pandas(frame, preserve_index=False))

    def marked(self, number: int, own_alias: str) -> Table:
        """The same table with a word beside the reader's own alias in a column; this one is shared and stays."""
        column = self.columns[number]
        if own_alias not in column.cells:
            return self
        cells = [formatting.marked(str(cell), own_alias) if cell == own_alias else cell for cell in column.cells]
        columns = (*self.columns[:number], replace(column, cells=cells), *self.columns[number + 1 :])
        return Table(columns, self.arrow.set_column(number, str(number), pa.array(cells, pa.string())))


def heading_px(title: str) -> int:
    """How wide a column is that has a long heading over short numbers."""
    return min(240, 34 + round(7.2 * len(title)))


def draw(given: Table | Sequence[Column], *, alt: str, key: str) -> None:
    """Draw the table, and below it the switch between its two forms.

    Args:
        given: what to draw.
        alt: what the table shows, for a screen reader.
        key: unique on the page.
    """
    table = given if isinstance(given, Table) else Table.of(given)
    place = st.container()
    is_plain = st.toggle(_("As plain text, for screen readers"), key=f"{key}-plain")
    with place:
        if is_plain:
            st.table(_as_text(table.columns), border="horizontal", hide_index=True, alt=alt)
        else:
            _grid(table, alt)


def _grid(table: Table, alt: str) -> None:
    st.dataframe(
        _styled(table) if table.arrow.num_rows <= _GRID_ROWS else table.arrow,
        hide_index=True,
        height="content" if table.arrow.num_rows <= _GRID_ROWS else _GRID_HEIGHT_PX,
        column_config={str(number): _config(column) for number, column in enumerate(table.columns)},
        placeholder=formatting.NOTHING,
        alt=alt,
    )


def _series(column: Column) -> pd.Series:
    match column.kind:
        case "rank" | "count":
            return pd.Series(list(column.cells), dtype="Int64")
        case "points":
            return pd.Series(list(column.cells), dtype="Float64")
        case "score" | "range" | "text":
            return pd.Series([None if cell == formatting.NOTHING else cell for cell in column.cells], dtype="object")


def _styled(table: Table) -> Styler | pa.Table:
    """With what matters in bold; only for small tables: a thousand rows would cost a second for every tab."""
    strong = [str(number) for number, column in enumerate(table.columns) if column.is_strong]
    if not strong:
        return table.arrow
    styler = table.arrow.to_pandas(types_mapper=_TYPES.get).style
    return styler.format(_shown, na_rep="").set_properties(subset=strong, **{"font-weight": "700"})


def _shown(cell: object) -> str:
    return formatting.points(cell) if isinstance(cell, float) else str(cell)


_TYPES = {pa.float64(): pd.Float64Dtype(), pa.int64(): pd.Int64Dtype()}


def _config(column: Column) -> ColumnConfig:
    help_text = column.help or None
    width = column.width_px or _WIDTHS_PX.get(column.kind)
    if column.kind in ("score", "range", "text"):
        side: Literal["left", "right"] = "left" if column.kind == "text" else "right"
        return st.column_config.TextColumn(column.title, help=help_text, width=width, alignment=side)
    return st.column_config.NumberColumn(
        column.title,
        help=help_text,
        format="%.6g" if column.kind == "points" else "%d",
        width=width,
        alignment="right",
    )


def _as_text(columns: Sequence[Column]) -> pd.DataFrame:
    titles = _distinct([formatting.plain(column.title) for column in columns])
    cells = [[_plain(cell) for cell in column.cells] for column in columns]
    return pd.DataFrame(dict(zip(titles, cells, strict=True)))


def _distinct(titles: Sequence[str]) -> list[str]:
    """Titles that differ, if only by invisible joiners: two assignments may be called the same."""
    return [title + "\u2060" * titles[:number].count(title) for number, title in enumerate(titles)]


def _plain(cell: Cell) -> str:
    if cell is None:
        return formatting.NOTHING
    return formatting.plain(formatting.points(cell) if isinstance(cell, float) else str(cell))
