"""What the page is told by whoever starts it: through the environment, so that a password stays out of `ps`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from grader.errors import EnvironmentFault

FILE_MIB = 10  # of an upload
_CLASS_DB = "SPRINGFIELD_CLASS_DB"
_CLASS_TITLE = "SPRINGFIELD_CLASS_TITLE"
_TIMEZONE = "SPRINGFIELD_TIMEZONE"
_INBOX = "SPRINGFIELD_INBOX"


@dataclass(frozen=True, slots=True)
class BoardSettings:
    """One class's page.

    Attributes:
        class_db_url: `sqlite:///path/to/class.db`, or a PostgreSQL URL.
        class_title: shown above every page; empty for the course's own title.
        timezone: IANA name of the zone that times are shown in.
        inbox: folder that takes uploads and a teacher's requests; empty where nobody watches it.
    """

    class_db_url: str
    class_title: str = ""
    timezone: str = "UTC"
    inbox: str = ""

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise EnvironmentFault(
                f"{self.timezone!r} is no time zone.", remedy="Expected an IANA name such as Europe/Moscow."
            ) from error

    @property
    def zone(self) -> ZoneInfo:
        """The zone that times are shown in."""
        return ZoneInfo(self.timezone)

    def to_environment(self) -> dict[str, str]:
        """The variables that `from_environment` reads back."""
        return {
            _CLASS_DB: self.class_db_url,
            _CLASS_TITLE: self.class_title,
            _TIMEZONE: self.timezone,
            _INBOX: self.inbox,
        }

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """The settings of this process.

        Raises:
            EnvironmentFault: no database is named, or the time zone is unknown.
        """
        url = environment.get(_CLASS_DB, "")
        if not url:
            raise EnvironmentFault(f"{_CLASS_DB} is not set.", remedy="Start the page with `grader leaderboard`.")
        return cls(
            url,
            environment.get(_CLASS_TITLE, ""),
            environment.get(_TIMEZONE) or "UTC",
            environment.get(_INBOX, ""),
        )
