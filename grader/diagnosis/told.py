"""What is kept of a diagnosis: plain data, from which a text is made when it is shown, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from grader.diagnosis.kinds import Change, ChangeKind, Role

Hints = Literal["full", "place", "none"]


@dataclass(frozen=True)
class Told:
    """A diagnosis as a reader may know it.

    Attributes:
        changes: one change of the author's solution, or two together.
        task: the heading of the earlier task where the mistake is, by language; empty where it is in this task.
        is_certain: whether enough was asked to tell it from other mistakes.
    """

    changes: tuple[Change, ...]
    task: dict[str, str] = field(default_factory=dict)
    is_certain: bool = True

    @classmethod
    def read(cls, data: object) -> Told | None:
        """What `asdict` made of it; None where it is something else: an executed notebook may be edited."""
        if not isinstance(data, Mapping):
            return None
        try:
            changes = tuple(_change(change) for change in data["changes"])
            task = {str(key): str(value) for key, value in dict(data["task"]).items()}
        except (KeyError, TypeError, ValueError):
            return None
        return cls(changes, task, data.get("is_certain") is True) if changes else None


def _change(data: Mapping[str, Any]) -> Change:
    roles = {name: None if data[name] is None else Role(**data[name]) for name in ("role", "near")}
    return Change(**{**data, **roles, "kind": ChangeKind(data["kind"])})
