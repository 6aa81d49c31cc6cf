"""Names in zip archives as their writers meant them: Windows and older programs do not say how names are encoded."""

from __future__ import annotations

import os
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from itertools import pairwise

_IS_UTF8 = 0x800  # flag bit 11 of APPNOTE.TXT
_UNICODE_PATH = 0x7075  # Info-ZIP's extra field: the name in UTF-8, beside one in the packer's own encoding
_DOS = "cp437"  # what `zipfile` reads names as; it maps every byte, so the bytes can be had back
_GUESSES = ("cp866", "cp1251", _DOS)  # Explorer in Russia, some archivers in Russia, Explorer elsewhere
_BY_FREQUENCY = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"


def repair_names(entries: Iterable[zipfile.ZipInfo]) -> None:
    """Give entries the names that were meant, composed (NFC): a Mac writes the two halves of `й`.

    One program has written an archive, so names without a mark are decoded alike. A wrong guess costs nobody anything:
    a name that is not on the roster is asked about.
    """
    unmarked = []
    for entry in entries:
        said = _unicode_path(entry)
        if said:
            entry.filename = said
        elif not entry.flag_bits & _IS_UTF8 and not entry.filename.isascii():
            unmarked.append(entry)
    names = [entry.filename.encode(_DOS) for entry in unmarked]
    for entry, name in zip(unmarked, decoded(names), strict=True):
        entry.filename = name
    for entry in entries:
        entry.filename = unicodedata.normalize("NFC", entry.filename)


def readable(name: str) -> str:
    """A file's name, composed; one that is no UTF-8 on the disk is decoded as an archive's would be."""
    if not name.isascii():
        raw = os.fsencode(name)
        name = decoded([raw])[0]
    return unicodedata.normalize("NFC", name)


def decoded(names: Sequence[bytes]) -> list[str]:
    """Names of one source in the encoding that makes the most likely text of all of them."""
    try:
        return [name.decode() for name in names]
    except UnicodeDecodeError:
        whole = b"\n".join(names)
        best = max(_GUESSES, key=lambda encoding: _likelihood(whole.decode(encoding, "replace")))
        return [name.decode(best, "replace") for name in names]


def _unicode_path(entry: zipfile.ZipInfo) -> str:
    """The name in the entry's Unicode field; empty where there is none that belongs to this name."""
    extra = entry.extra
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == _UNICODE_PATH and len(field) > 5 and field[0] == 1:
            encoding = "utf-8" if entry.flag_bits & _IS_UTF8 else _DOS
            raw = entry.orig_filename.encode(encoding, "replace")
            try:
                return field[5:].decode() if zlib.crc32(raw) == struct.unpack("<I", field[1:5])[0] else ""
            except UnicodeDecodeError:
                return ""
    return ""


def _likelihood(text: str) -> float:
    """How much a text looks like names of people: common letters, one alphabet and one change of case in a word."""
    score = 0.0
    for letter in text:
        if letter.lower() in _BY_FREQUENCY:
            score += 2 - _BY_FREQUENCY.index(letter.lower()) / 16
        elif not letter.isascii():
            score += 0.3 if letter.isalpha() else -3
    for word in re.findall(r"[^\W\d_]+", text):
        is_mixed = bool(re.search("[A-Za-z]", word)) and bool(re.search("[А-Яа-яЁё]", word))
        score -= 6 * is_mixed + 2 * sum(a.islower() and b.isupper() for a, b in pairwise(word))
    return score
