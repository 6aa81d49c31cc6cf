"""A job on its way to another machine: folders are named by the digest of what is in them, and so are large files.

A path of this machine means nothing there. What lies below a folder of the data set is written as
`/springfield-data/DIGEST/PLACE`; the machine puts its own folder in, one that it has looked through itself.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from grader.errors import EnvironmentFault, disk_fault
from grader.fleet.machines import MachineLacks
from grader.grading.job import Conditions, Job
from grader.language import _
from grader.sandbox.slot import Kind
from grader.scoring.contest import RUNS_NOTEBOOK

ROOT = Path("/springfield-data")
LARGE_BYTES = 1 << 20
_CHUNK_BYTES = 1 << 20
_LOOK_EVERY_S = 5.0
_NOTEBOOK = -1
Translate = Callable[[Path], Path]
Portable = Job | Kind


def digest_of(path: Path) -> str:
    """The digest of a folder: of the names and contents of all files in it; or of a file.

    Raises:
        EnvironmentFault: something there cannot be read.
    """
    try:
        if not path.is_dir():
            return _file_digest(path)
        total = hashlib.sha256()
        for folder, folders, names in os.walk(path):
            folders.sort()
            for name in sorted(names):
                file = Path(folder, name)
                total.update(f"{file.relative_to(path).as_posix()}\0{_file_digest(file)}\n".encode())
        return total.hexdigest()
    except OSError as error:
        raise disk_fault(error, path, "read") from error


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class OwnFolders:
    """The coordinator's folders that jobs name, with their digests; looked through again when they have changed."""

    def __init__(self) -> None:
        self._digests: dict[Path, tuple[object, str]] = {}
        self._needs: dict[tuple[tuple[Path, str], ...], tuple[float, frozenset[str]]] = {}
        self._lock = threading.Lock()

    def needs(self, conditions: Conditions) -> frozenset[str]:
        """Digests of what a machine must have for such jobs."""
        if conditions.source not in RUNS_NOTEBOOK:
            return frozenset()
        known = self._needs.get(conditions.data)
        if known is not None and time.monotonic() - known[0] < _LOOK_EVERY_S:
            return known[1]
        digests = frozenset(self._digest(folder) for folder in _outermost(host for host, _inside in conditions.data))
        self._needs[conditions.data] = (time.monotonic(), digests)
        return digests

    def translation(self, hosts: Iterable[Path]) -> Translate:
        """What writes paths of this machine so that another one understands them."""
        roots = {folder: ROOT / self._digest(folder) for folder in _outermost(hosts)}

        def translate(path: Path) -> Path:
            for folder, portable in roots.items():
                if path.is_relative_to(folder):
                    return portable / path.relative_to(folder)
            raise EnvironmentFault(_("{path} lies outside the data set, so no other machine has it.").format(path=path))

        return translate

    def _digest(self, folder: Path) -> str:
        with self._lock:
            stamp = _stamp(folder)
            known = self._digests.get(folder)
            if known is None or known[0] != stamp:
                known = self._digests[folder] = (stamp, digest_of(folder))
            return known[1]


def _outermost(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in sorted(set(paths)):
        if not any(path.is_relative_to(outer) for outer in found):
            found.append(path)
    return found


def _stamp(path: Path) -> object:
    """Changes when files are added to the upper folders or replaced there, as all our commands do."""
    parts = [path, *sorted(path.glob("*")), *sorted(path.glob("*/*"))] if path.is_dir() else [path]
    return tuple((str(part), part.stat().st_mtime_ns, part.stat().st_ino) for part in parts if part.exists())


@dataclass(frozen=True)
class Parcel:
    """A job, or the kind of sandbox to warm up, without what is large.

    Attributes:
        content: it, pickled.
        large: (place, digest) of what was taken out of a job: places of `files`, or the notebook.
    """

    content: bytes
    large: tuple[tuple[int, str], ...] = ()


class LargeFiles:
    """Contents that machines ask for by digest, kept while a job that needs them is under way."""

    def __init__(self) -> None:
        self._data: dict[str, bytes] = {}
        self._wanted: Counter[str] = Counter()
        self._lock = threading.Lock()

    def keep(self, data: bytes) -> str:
        """Keep a content until it is dropped as often as it was kept; its digest."""
        digest = hashlib.sha256(data).hexdigest()
        with self._lock:
            self._data[digest] = data
            self._wanted[digest] += 1
        return digest

    def drop(self, parcel: Parcel) -> None:
        """A parcel's job is over."""
        with self._lock:
            for _place, digest in parcel.large:
                self._wanted[digest] -= 1
                if self._wanted[digest] <= 0:
                    self._data.pop(digest, None)
                    del self._wanted[digest]

    def part(self, digest: str, offset: int, size: int) -> bytes:
        """Some bytes of a content; none behind its end, or where nobody wants it any more."""
        return self._data.get(digest, b"")[offset : offset + size]


def pack(what: Portable, folders: OwnFolders, large_files: LargeFiles) -> Parcel:
    """Make a job or a kind ready for the way.

    Raises:
        EnvironmentFault: what it names cannot be read.
    """
    if isinstance(what, Kind):
        translate = folders.translation(host for host, _inside in what.read_only)
        return Parcel(pickle.dumps(replace(what, read_only=_hosts(what.read_only, translate))))
    if what.conditions.source not in RUNS_NOTEBOOK:  # predictions alone need no pictures
        what = replace(what, conditions=replace(what.conditions, data=(), held_out=None))
    translate = folders.translation(host for host, _inside in what.conditions.data)
    files, large = list(what.files), []
    for place, (name, data) in enumerate(what.files):
        if len(data) >= LARGE_BYTES:
            large.append((place, large_files.keep(data)))
            files[place] = (name, b"")
    notebook = what.notebook
    if len(notebook) >= LARGE_BYTES:
        large.append((_NOTEBOOK, large_files.keep(notebook)))
        notebook = b""
    job = replace(what, notebook=notebook, files=tuple(files), conditions=_with_paths(what.conditions, translate))
    return Parcel(pickle.dumps(job), tuple(large))


def unpack(parcel: Parcel, places: Mapping[str, Path], fetch: Callable[[str], bytes]) -> Portable:
    """What was packed, with the paths of this machine.

    Args:
        parcel: as it came, from a coordinator that has a certificate of the class's authority.
        places: folders by the digest of what is in them.
        fetch: gets a large content by its digest.

    Raises:
        MachineLacks: a folder that it names is not here.
    """
    what: Portable = pickle.loads(parcel.content)  # noqa: S301  whoever may join may run code here anyway

    def translate(path: Path) -> Path:
        digest, *inside = path.relative_to(ROOT).parts
        if digest not in places:
            raise MachineLacks(
                _("This machine has no data set, and no weights, with the digest {digest}.").format(digest=digest[:12]),
                remedy=_("Copy them there and name them: `grader worker ADDRESS --data FOLDER`."),
            )
        return places[digest].joinpath(*inside)

    if isinstance(what, Kind):
        return replace(what, read_only=_hosts(what.read_only, translate))
    files, notebook = list(what.files), what.notebook
    for place, digest in parcel.large:
        if place == _NOTEBOOK:
            notebook = fetch(digest)
        else:
            files[place] = (files[place][0], fetch(digest))
    return replace(what, notebook=notebook, files=tuple(files), conditions=_with_paths(what.conditions, translate))


def _with_paths(conditions: Conditions, translate: Translate) -> Conditions:
    held_out = conditions.held_out
    if held_out is not None:
        held_out = replace(held_out, pictures=tuple(translate(picture) for picture in held_out.pictures))
    return replace(conditions, data=_hosts(conditions.data, translate), held_out=held_out)


def _hosts(pairs: tuple[tuple[Path, str], ...], translate: Translate) -> tuple[tuple[Path, str], ...]:
    return tuple((translate(host), inside) for host, inside in pairs)
