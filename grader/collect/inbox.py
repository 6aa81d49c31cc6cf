"""The inbox: the one folder that the page may write. Uploads and a teacher's requests wait in it for the watcher.

    inbox/<id>/item.json    who, what, when
    inbox/<id>/file         the uploaded bytes

An item appears whole, by a rename, or not at all; the watcher removes it when all that follows from it is kept
elsewhere. So the folder is the queue, and a process killed anywhere loses nothing. The watcher does not trust what it
reads here: sizes, names and who may do what are checked again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from grader.collect.weights import MAX_WEIGHTS_BYTES
from grader.errors import EnvironmentFault

ITEM = "item.json"
FILE = "file"
MAX_FILE_BYTES = 10 * 1024 * 1024
MAX_NETWORK_BYTES = MAX_WEIGHTS_BYTES + MAX_FILE_BYTES  # of an archive with a notebook and its network's weights
MAX_WAITING_BYTES = 16 * 1024 * 1024 * 1024
MAX_ITEM_BYTES = 64 * 1024
MAX_WAITING = 2000
_HIDDEN = ".writing-"
Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Name = Annotated[str, Field(max_length=200)]
Moment = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(3000, 1, 1, tzinfo=UTC))]


class _Item(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    id: Id
    access_id: Annotated[int, Field(ge=1, lt=2**63)]
    at: Moment


class Upload(_Item):
    """A file that a student handed in.

    Attributes:
        assignment: slug.
        filename: as the browser named it; hostile text.
        file_sha256: of the bytes beside this.
    """

    kind: Literal["upload"] = "upload"
    assignment: Name
    filename: Name
    file_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Request(_Item):
    """Something that a teacher decided on the page; `grader.record.actions` knows what may be asked."""

    kind: Literal["request"] = "request"
    action: Name
    fields: dict[Name, Annotated[str, Field(max_length=2000)]]


Item = Upload | Request
_ADAPTER: TypeAdapter[Upload | Request] = TypeAdapter(Annotated[Upload | Request, Field(discriminator="kind")])


@dataclass(frozen=True)
class Inbox:
    """The inbox of a class: the page puts items in, the watcher reads and removes them."""

    folder: Path

    def put_upload(self, access_id: int, assignment: str, filename: str, data: bytes) -> Upload:
        """Leave a file for the watcher.

        Raises:
            EnvironmentFault: too much is waiting, or it cannot be written.
        """
        item = Upload(
            id=uuid.uuid4().hex, access_id=access_id, at=datetime.now(UTC), assignment=assignment,
            filename=filename[:200], file_sha256=hashlib.sha256(data).hexdigest(),
        )  # fmt: skip
        self._put(item, data)
        return item

    def put_archive(self, access_id: int, assignment: str, files: Mapping[str, bytes | Path]) -> Upload:
        """Leave several files for the watcher, as one archive: the same files make the same bytes.

        Args:
            access_id: number of the way in.
            assignment: slug.
            files: by name in the archive: bytes, or a file on the inbox's own disk, which is read in pieces.

        Raises:
            EnvironmentFault: too much is waiting, or it cannot be written.
        """
        self._require_room()
        name = uuid.uuid4().hex
        made = self.folder / f"{_HIDDEN}{name}"
        try:
            made.mkdir(mode=0o700, parents=True)
            with zipfile.ZipFile(made / FILE, "w", zipfile.ZIP_STORED) as archive:
                for inside, content in sorted(files.items()):
                    _write_into(archive, inside, content)
            with (made / FILE).open("rb") as whole:
                digest = hashlib.file_digest(whole, "sha256").hexdigest()
                os.fsync(whole.fileno())
            item = Upload(
                id=name, access_id=access_id, at=datetime.now(UTC), assignment=assignment,
                filename=f"{assignment}.zip"[:200], file_sha256=digest,
            )  # fmt: skip
            _write(made / ITEM, item.model_dump_json().encode())
            made.rename(self.folder / name)
        except OSError as error:
            shutil.rmtree(made, ignore_errors=True)
            raise EnvironmentFault(f"The inbox cannot be written: {error.strerror}.") from error
        return item

    def put_request(self, access_id: int, action: str, **fields: str) -> Request:
        """Leave a decision for the watcher.

        Raises:
            EnvironmentFault: too much is waiting, or it cannot be written.
        """
        item = Request(id=uuid.uuid4().hex, access_id=access_id, at=datetime.now(UTC), action=action, fields=fields)
        self._put(item, None)
        return item

    def items(self) -> list[Item]:
        """The items that wait, the oldest first; folders that are no items are skipped."""
        found = [item for path in self._folders() if (item := _read(path)) is not None]
        return sorted(found, key=lambda item: (item.at, item.id))

    def strangers(self) -> list[str]:
        """Names of folders that are no item: damaged, or not made by the page."""
        return [path.name for path in self._folders() if _read(path) is None]

    def data(self, item: Upload, limit: int = MAX_FILE_BYTES) -> bytes | None:
        """The uploaded bytes; None where they are not what the item says, or more than `limit`."""
        data = _bytes(self.folder / item.id / FILE, limit)
        is_whole = data is not None and hashlib.sha256(data).hexdigest() == item.file_sha256
        return data if is_whole else None

    def remove(self, name: str) -> None:
        """Remove an item that has been dealt with.

        The page may write beside the watcher, so what stands in the way stays where it is.
        """
        gone = self.folder / f"{_HIDDEN}{uuid.uuid4().hex}-gone"
        with suppress(OSError):
            (self.folder / name).rename(gone)
        _throw_away(gone)

    def sweep(self) -> None:
        """Delete what a killed page or watcher left half written."""
        for path in self.folder.glob(f"{_HIDDEN}*"):
            _throw_away(path)

    def _folders(self) -> Iterator[Path]:
        try:
            with os.scandir(self.folder) as entries:
                names = [entry.name for entry in entries if not entry.name.startswith(".")]
        except OSError:
            return
        yield from (self.folder / name for name in names[: 2 * MAX_WAITING])

    def _require_room(self) -> None:
        """Refuse more where too much waits: in number, or in bytes.

        Raises:
            EnvironmentFault: it does.
        """
        sizes = [_size(path / FILE) for path in self._folders()]
        if len(sizes) >= MAX_WAITING or sum(sizes) > MAX_WAITING_BYTES:
            raise EnvironmentFault(
                f"{len(sizes)} items of {sum(sizes) >> 20} MiB wait in the inbox.", remedy="Is `grader watch` running?"
            )

    def _put(self, item: Item, data: bytes | None) -> None:
        self._require_room()
        made = self.folder / f"{_HIDDEN}{item.id}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            made.mkdir(mode=0o700)
            if data is not None:
                _write(made / FILE, data)
            _write(made / ITEM, item.model_dump_json().encode())
            made.rename(self.folder / item.id)
        except OSError as error:
            shutil.rmtree(made, ignore_errors=True)
            raise EnvironmentFault(f"The inbox cannot be written: {error.strerror}.") from error


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _write_into(archive: zipfile.ZipFile, name: str, content: bytes | Path) -> None:
    about = zipfile.ZipInfo(name)  # of 1980: the time of packing would make other bytes of the same files
    with archive.open(about, "w", force_zip64=True) as target:
        if isinstance(content, bytes):
            target.write(content)
        else:
            descriptor = os.open(content, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as source:
                shutil.copyfileobj(source, target, 1 << 20)


def _throw_away(path: Path) -> None:
    with suppress(OSError):
        if path.is_symlink() or not path.is_dir():
            path.unlink(missing_ok=True)
    shutil.rmtree(path, ignore_errors=True)


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _read(folder: Path) -> Item | None:
    text = _bytes(folder / ITEM, MAX_ITEM_BYTES)
    if text is None:
        return None
    try:
        item = _ADAPTER.validate_json(text, strict=False)
    except ValidationError:
        return None
    return item if item.id == folder.name else None


def _bytes(path: Path, limit: int) -> bytes | None:
    """A regular file of at most `limit` bytes, links not followed; None if there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode) or about.st_size > limit:
            return None
        data = file.read(limit + 1)
    return data if len(data) <= limit else None
