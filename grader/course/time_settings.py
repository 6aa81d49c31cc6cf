"""What class.toml says about time: late work, and reminders."""

from __future__ import annotations

import re
from datetime import timedelta
from fractions import Fraction
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from grader.scoring.late import LateRules, Policy


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LateConfig(_Strict):
    """What being late costs.

    Attributes:
        policy: `none`; `percent`, a part of the points for each day begun; `budget`, late days that a student has for
            the term.
        grace_minutes: so much later is not late yet.
        percent: of the points, a day; with a budget, for the days that it does not cover, and 100 where left out.
        at_most: percent that are taken off in all.
        days: the budget.
    """

    policy: Policy = Policy.NONE
    grace_minutes: int = Field(0, ge=0, le=24 * 60)
    percent: float | None = Field(None, gt=0, le=100)
    at_most: float = Field(100, gt=0, le=100)
    days: int | None = Field(None, ge=1, le=365)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.policy is Policy.PERCENT and self.percent is None:
            raise ValueError('policy = "percent" needs how many a day, such as percent = 10')
        if self.policy is Policy.BUDGET and self.days is None:
            raise ValueError('policy = "budget" needs how many late days a student has, such as days = 5')
        if self.policy is not Policy.BUDGET and self.days is not None:
            raise ValueError('late days need policy = "budget"')
        return self

    @property
    def rules(self) -> LateRules:
        """The rules in exact numbers."""
        return LateRules(
            self.policy,
            timedelta(minutes=self.grace_minutes),
            Fraction(repr(100.0 if self.percent is None else self.percent)),
            Fraction(repr(self.at_most)),
            self.days or 0,
        )


class RemindersConfig(_Strict):
    """How students are reminded. Addresses of services hold passwords, so they stand elsewhere.

    Attributes:
        url_env: a variable with the addresses of services as `apprise` writes them, one a line; `{email}` and other
            columns of roster.csv are filled in for each student.
        url_file: a file outside the class folder with the same, for its owner alone.
        page: the address of the class's page, said in the message; empty says nothing.
    """

    url_env: str = ""
    url_file: str = ""
    page: str = ""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if bool(self.url_env) == bool(self.url_file):
            raise ValueError("expected url_env or url_file, one of them")
        return self

    @field_validator("url_env")
    @classmethod
    def _is_name(cls, name: str) -> str:
        # An address put here by mistake would be in every copy of the file.
        if name and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", name):
            raise ValueError("expected the name of a variable, never the address itself")
        return name

    @field_validator("url_file")
    @classmethod
    def _is_path(cls, path: str) -> str:
        if "://" in path:
            raise ValueError("expected the path of a file, never the address itself")
        return path
