"""What lies in a backup: a list of files with sizes and hashes, `manifest.json` in the archive."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator

MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 256 * 1024 * 1024


class FileEntry(BaseModel):
    """One file.

    Attributes:
        path: below the class folder, with `/`.
        bytes: its size.
        sha256: of its content.
        mtime_ns: when it was last written; decides when something was handed in that has no time stamp.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Annotated[str, Field(min_length=1, max_length=4096)]
    bytes: Annotated[int, Field(ge=0, lt=2**63)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    mtime_ns: Annotated[int, Field(ge=0, lt=2**63)]

    @field_validator("path")
    @classmethod
    def _stays_below(cls, path: str) -> str:
        parts = path.split("/")
        if PurePosixPath(path).is_absolute() or any(part in ("", ".", "..") for part in parts) or "\0" in path:
            raise ValueError(f"the path {path[:200]!a} leads out of the class folder")
        return path


class Manifest(BaseModel):
    """A backup's list.

    Attributes:
        grader: version of the grader that made it; another one grades everything anew.
        name: the class's.
        made_at: when.
        files: in the archive's order.
        left_out: what is not in it, and why, in words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["springfield-grader-backup"] = "springfield-grader-backup"
    version: Literal[1] = 1
    grader: Annotated[str, Field(max_length=100)]
    name: str
    made_at: AwareDatetime
    files: tuple[FileEntry, ...]
    left_out: tuple[str, ...]

    @model_validator(mode="after")
    def _is_a_tree(self) -> Manifest:
        paths = {file.path for file in self.files}
        if len(paths) != len(self.files):
            raise ValueError("a path is named twice")
        folders = {str(parent) for path in paths for parent in PurePosixPath(path).parents}
        if folders & paths:
            raise ValueError(f"{min(folders & paths)[:200]!a} is a file and a folder")
        return self
