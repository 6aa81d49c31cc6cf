"""`[cluster]` of class.toml: where other machines find the one that hands out their work."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field, field_validator

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:]+")


class ClusterConfig(BaseModel):
    """The coordinator, for `grader grade --cluster` and `grader serve --cluster`.

    Attributes:
        host: this machine's name or address, as the others reach it; the machine itself alone where it is left out.
        port: where it listens.
        wait_s: how long `grader grade` waits where no machine is there; 0 waits without end, as the watcher does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(8786, ge=0, le=65535)
    wait_s: float = Field(600, ge=0)

    @field_validator("host")
    @classmethod
    def _is_host(cls, host: str) -> str:
        if not _HOST.fullmatch(host):
            raise ValueError("expected a name or an address of this machine, such as 10.0.0.1, without a port")
        if host in ("0.0.0.0", "::"):  # noqa: S104  refused, not used
            raise ValueError("expected the one address that the other machines reach, not all of them")
        return host
