"""Which global names a cell defines and which it reads, as Python's own `symtable` sees it."""

from __future__ import annotations

import symtable
from collections.abc import Iterator
from dataclasses import dataclass

STAR = "*"


@dataclass(frozen=True)
class Names:
    """Global names of a piece of code.

    Attributes:
        bound: those that it defines; `*` where a star import may define any.
        read: those that it reads, inside of functions too.
    """

    bound: frozenset[str]
    read: frozenset[str]


def names_of(source: str) -> Names | None:
    """The names of a cell; None where it is not plain Python."""
    try:
        top = symtable.symtable(source, "cell", "exec")
    except SyntaxError:
        return None
    bound = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    read = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_referenced()}
    for symbol in _symbols_below(top):
        if symbol.is_global():
            read |= {symbol.get_name()} if symbol.is_referenced() else set()
            bound |= {symbol.get_name()} if symbol.is_assigned() else set()
    if "import *" in source:
        bound.add(STAR)
    return Names(frozenset(bound), frozenset(read))


def _symbols_below(table: symtable.SymbolTable) -> Iterator[symtable.Symbol]:
    for child in table.get_children():
        yield from child.get_symbols()
        yield from _symbols_below(child)
