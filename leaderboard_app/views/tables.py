"""One table, two ways: a grid that sorts and scrolls, and plain text that a screen reader can read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from grader.language import _
from leaderboard_app import formatting

_GRID_ROWS = 60
_GRID_HEIGHT_PX = 1000
Cell: TypeAlias = str | int | float | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        title: its heading, in the reader's language.
        cells: one per row; None where there is nothing.
        kind: `rank` and `count` hold whole numbers, `points` decimals, `text` anything else.
        help: explanation of the heading.
    """

    title: str
    cells: Sequence[Cell]
    kind: Literal["rank", "count", "points", "text"] = "text"
    help: str = ""


def marked(columns: Sequence[Column], number: int, own_alias: str) -> list[Column]:
    """The same columns with a word beside the reader's own alias; the given ones are shared and stay as they are."""
    column = columns[number]
    cells = [formatting.marked(str(cell), own_alias) if cell == own_alias else cell for cell in column.cells]
    return [*columns[:number], replace(column, cells=cells), *columns[number + 1 :]]


def draw(columns: Sequence[Column], *, alt: str, key: str) -> None:
    """Draw the table with the switch between its two forms.

    Args:
        columns: of equal length.
        alt: what the table shows, for a screen reader.
        key: unique on the page.
    """
    if st.toggle(_("As plain text, for screen readers"), key=f"{key}-plain"):
        st.table(_as_text(columns), border="horizontal", hide_index=True, alt=alt)
    else:
        _grid(columns, alt)


def _grid(columns: Sequence[Column], alt: str) -> None:
    # Columns are named by number, because two headings may read the same in some language.
    frame = pd.DataFrame({str(number): _series(column) for number, column in enumerate(columns)})
    st.dataframe(
        frame,
        hide_index=True,
        height="content" if len(frame) <= _GRID_ROWS else _GRID_HEIGHT_PX,
        column_config={str(number): _config(column) for number, column in enumerate(columns)},
        placeholder=formatting.NOTHING,
        alt=alt,
    )


def _series(column: Column) -> pd.Series:
    match column.kind:
        case "rank" | "count":
            return pd.Series(list(column.cells), dtype="Int64")
        case "points":
            return pd.Series(list(column.cells), dtype="Float64")
        case "text":
            return pd.Series([None if cell == formatting.NOTHING else cell for cell in column.cells], dtype="object")


def _config(column: Column) -> ColumnConfig:
    help_text = column.help or None
    if column.kind == "text":
        return st.column_config.TextColumn(column.title, help=help_text)
    # Headings stand on the left, so the numbers do too: on a wide screen the two would lose sight of each other.
    return st.column_config.NumberColumn(
        column.title,
        help=help_text,
        format="%.6g" if column.kind == "points" else "%d",
        width=50 if column.kind == "rank" else None,
        alignment="left",
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
