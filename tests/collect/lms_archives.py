"""Archives and folders as learning management systems, Drive, GitHub and people make them, built by code.

Each notebook holds the id of the student who wrote it, so that a test sees whose work it has become.
"""

from __future__ import annotations

import io
import os
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

AT_TEN = (2026, 11, 30, 10, 0, 0)
AT_NOON = (2026, 11, 30, 12, 0, 0)
MOODLE_41 = "_assignsubmission_file"
MOODLE_40 = "_assignsubmission_file_"


@dataclass(frozen=True)
class Entry:
    """A file in what a teacher has downloaded.

    Attributes:
        name: its path there.
        data: what is in it.
        changed_at: as an archive stamps it.
    """

    name: str
    data: bytes
    changed_at: tuple[int, int, int, int, int, int] = AT_TEN


def notebook(author: str) -> bytes:
    """A notebook of this student's."""
    return f'{{"cells": [], "metadata": {{"author": "{author}"}}, "nbformat": 4, "nbformat_minor": 5}}'.encode()


def by(author: str, name: str, changed_at: tuple[int, int, int, int, int, int] = AT_TEN) -> Entry:
    """A student's notebook under a name."""
    return Entry(name, notebook(author), changed_at)


def moodle(author: str, full_name: str, number: int, file: str = "resnet.ipynb", end: str = MOODLE_41) -> Entry:
    """As Moodle packs it with a folder for each student."""
    return by(author, f"{full_name}_{number}{end}/{file}")


def moodle_flat(author: str, full_name: str, number: int, file: str = "resnet.ipynb") -> Entry:
    """As Moodle packs it without folders."""
    return by(author, f"{full_name}_{number}{MOODLE_41}_{file}")


def moodle_text(full_name: str, number: int) -> Entry:
    """Text that a student has typed into Moodle."""
    return Entry(f"{full_name}_{number}_assignsubmission_onlinetext/onlinetext.html", b"<p>done</p>")


def canvas(author: str, name: str, user: int, upload: int, file: str = "resnet.ipynb", late: bool = False) -> Entry:
    """As Canvas packs it: lastnamefirstname, LATE, the user's number, the upload's, the file."""
    return by(author, f"{name}{'_LATE' if late else ''}_{user}_{upload}_{file}")


def blackboard(author: str, title: str, login: str, when: str = "2026-11-30-10-15-00") -> list[Entry]:
    """As Blackboard packs it, with its note on each attempt."""
    top = f"{title}_{login}_attempt_{when}"
    return [Entry(f"{top}.txt", b"Name: ..."), by(author, f"{top}_resnet.ipynb")]


def repository(author: str, folder: str) -> list[Entry]:
    """A cloned repository."""
    return [
        Entry(f"{folder}/.git/config", b"[core]"),
        Entry(f"{folder}/.git/resnet.ipynb", b"no notebook"),
        by(author, f"{folder}/resnet.ipynb"),
        Entry(f"{folder}/README.md", b"# resnet"),
    ]


def from_mac(entries: Iterable[Entry]) -> list[Entry]:
    """As Finder packs it: decomposed names, a shadow of each file, the folder's settings."""
    packed = [Entry(".DS_Store", b"\0")]
    for entry in entries:
        name = unicodedata.normalize("NFD", entry.name)
        packed += [Entry(name, entry.data, entry.changed_at), Entry(f"__MACOSX/{name}", b"\0\5\x16\7")]
    return packed


class _Raw(zipfile.ZipInfo):
    """An entry whose name is written in an encoding of its packer's, without a mark."""

    raw: bytes = b""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.raw, self.flag_bits & ~0x800


def zipped(entries: Iterable[Entry], encoding: str = "", *, has_unicode_field: bool = False) -> bytes:
    """An archive.

    Args:
        entries: its files.
        encoding: of names, without a mark: cp866 for Explorer in Russia; empty: UTF-8 with its mark.
        has_unicode_field: whether Info-ZIP's field repeats the name in UTF-8.
    """
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in entries:
            info = _Raw(entry.name, entry.changed_at) if encoding else zipfile.ZipInfo(entry.name, entry.changed_at)
            if isinstance(info, _Raw):
                info.raw = entry.name.encode(encoding)
                if has_unicode_field:
                    field = struct.pack("<BI", 1, zlib.crc32(info.raw)) + entry.name.encode()
                    info.extra = struct.pack("<HH", 0x7075, len(field)) + field
            archive.writestr(info, entry.data)
    return made.getvalue()


def laid_out(entries: Iterable[Entry], folder: Path, encoding: str = "utf-8") -> Path:
    """The files in a folder; `encoding` of names as a careless program has unpacked them."""
    for entry in entries:
        path = os.fsencode(folder) + b"/" + entry.name.encode(encoding)
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120  names that are no text
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(entry.data)
    return folder
