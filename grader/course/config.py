"""class.toml: what a class decides. Read with tomllib, checked by pydantic; every mistake is named with its place."""

from __future__ import annotations

import re
import tomllib
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from grader.course.database_url import parse
from grader.errors import EnvironmentFault, InvalidConfig, disk_fault
from grader.language import Language
from grader.sandbox.limits import Limits
from grader.scoring.contest import Part, Source
from grader.scoring.f1 import Average
from grader.scoring.points import DEFAULT_TABLE, PointsTable
from grader.scoring.quota import Quota

CONFIG_NAME = "class.toml"
YEARS = range(2000, 3000)  # those beyond have times that no time zone can be added to
END_OF_DAY = time(23, 59, 59)
_PASSWORD = re.compile(r"(?<=://)([^\s:/@]*):[^\s@]*(?=@)")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class AssignmentConfig(_Strict):
    """One assignment.

    Attributes:
        title: what people read; the slug where it is empty.
        deadline: with a time zone, or in the class's; a date alone is the end of that day.
        contest: whether its points come from the contest's F1.
        source: where the F1 comes from: `rerun` runs the notebook, `csv` takes a handed-in submission.csv, `kaggle`
            takes what `grader import-kaggle` found on the contest's public leaderboard.
        train_s: seconds that a notebook may train, told to it as `SPRINGFIELD_TRAIN_SECONDS`; 0 says nothing.
        weights: a folder of the class with ImageNet weights (`*.pth`, or a whole TORCH_HOME), which torchvision finds
            in the sandbox as if it had downloaded them.
        limits: settings that differ from the class's `[limits]`.
    """

    title: str = ""
    deadline: datetime | None = None
    contest: bool = False
    source: Source = "rerun"
    train_s: float = Field(0, ge=0)
    weights: str = ""
    limits: dict[str, Any] = Field(default_factory=dict)

    @field_validator("deadline", mode="before")
    @classmethod
    def _end_of_day(cls, value: object) -> object:
        return value if value is None else read_deadline(value)


class ContestConfig(_Strict):
    """How the contest is scored.

    Attributes:
        average: `micro` (what the contest measures) or `macro`.
        grade_on: the part of the test that points come from.
        thresholds: `[["0.83", 1], ...]`, ascending.
        ladder: whether only a clear improvement on the student's own best changes the score; left out, it is so
            where points are micro F1 of the public part.
        quota: how much a student may hand in.
    """

    average: Average = "micro"
    grade_on: Part = "public"
    thresholds: PointsTable = DEFAULT_TABLE
    ladder: bool | None = None
    quota: Quota = Quota()

    @property
    def has_ladder(self) -> bool:
        """Whether the Ladder decides."""
        return self._can_have_ladder if self.ladder is None else self.ladder

    @property
    def _can_have_ladder(self) -> bool:
        return self.grade_on == "public" and self.average == "micro"

    @model_validator(mode="after")
    def _ladder_fits(self) -> Self:
        if self.ladder and not self._can_have_ladder:
            raise ValueError('the ladder needs average = "micro" and grade_on = "public"')
        return self

    @field_validator("thresholds", mode="before")
    @classmethod
    def _parse(cls, rows: Any) -> Any:
        return rows if isinstance(rows, PointsTable) else PointsTable.parse(rows)


class ClassConfig(_Strict):
    """A class.

    Attributes:
        schema_version: of this file.
        name: shown on the page.
        language: of releases, messages and feedback.
        timezone: IANA name; dates are shown and deadlines read in it.
        gradebook: database URL of nbgrader's gradebook; relative SQLite paths count from the class folder.
        database: URL of the class database.
        slots: submissions graded at once; 0 means one per core.
        per_gpu: submissions graded at once on each GPU; they share its memory.
        limits: what one submission may use.
        assignments: by slug, in lesson order.
    """

    schema_version: Annotated[int, Field(alias="schema", ge=1, le=1)] = 1
    name: str = Field(min_length=1)
    language: Language = "ru"
    timezone: str = "Europe/Moscow"
    gradebook: str = "sqlite:///gradebook.db"
    database: str = "sqlite:///board/class.db"
    slots: int = Field(0, ge=0, le=1024)
    per_gpu: int = Field(1, ge=1, le=64)
    limits: Limits = Field(default_factory=Limits)
    contest: ContestConfig = Field(default_factory=ContestConfig)
    assignments: dict[str, AssignmentConfig] = Field(default_factory=dict)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError("expected an IANA time zone such as 'Europe/Moscow'")
        return name

    @field_validator("gradebook", "database")
    @classmethod
    def _known_database(cls, url: str) -> str:
        try:
            parse(url)
        except EnvironmentFault as fault:
            raise ValueError(str(fault)) from fault
        return url

    def limits_of(self, slug: str) -> Limits:
        """The class's limits with the assignment's own settings on top.

        Raises:
            InvalidConfig: a setting is unknown or out of range.
        """
        own = self.assignments.get(slug, AssignmentConfig()).limits
        try:
            return Limits.model_validate({**self.limits.model_dump(), **own})
        except ValidationError as error:
            raise _invalid(f"[assignments.{slug}.limits]", error) from error

    def deadline_of(self, slug: str) -> datetime | None:
        """The deadline with its time zone."""
        deadline = self.assignments.get(slug, AssignmentConfig()).deadline
        if deadline is None or deadline.tzinfo is not None:
            return deadline
        return deadline.replace(tzinfo=ZoneInfo(self.timezone))


def read_deadline(value: object) -> datetime:
    """A deadline as people write it: a moment, or a date alone, which is the end of that day.

    Args:
        value: of TOML (a date or a moment), or text such as `2026-12-01` or `2026-12-01T23:59`.

    Raises:
        ValueError: it is neither, or of a year that nobody means.
    """
    if isinstance(value, str):
        text = value.strip()
        try:
            value = date.fromisoformat(text)
        except ValueError:
            value = datetime.fromisoformat(text)
    if not isinstance(value, date):
        raise ValueError("expected a moment such as 2026-12-01T23:59, or a date")
    if value.year not in YEARS:
        raise ValueError(f"expected a year from {YEARS[0]} to {YEARS[-1]}")
    return value if isinstance(value, datetime) else datetime.combine(value, END_OF_DAY)


def load_config(path: Path) -> ClassConfig:
    """Read class.toml.

    Raises:
        InvalidConfig: it is missing, is not TOML, or says something that is not expected; all mistakes are listed.
        EnvironmentFault: it may not be read.
    """
    data = _read(path)
    try:
        config = ClassConfig.model_validate(data)
    except ValidationError as error:
        raise _invalid(str(path), error) from error
    for slug in config.assignments:
        config.limits_of(slug)
    return config


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        raise InvalidConfig(
            f"There is no {CONFIG_NAME} in {path.parent}, so it is not a class folder.",
            remedy="Run the command inside a class folder, or make one: `grader init FOLDER`.",
        ) from None
    except OSError as error:
        raise disk_fault(error, path, "read") from error
    except UnicodeDecodeError as error:
        raise InvalidConfig(
            f"{path} is not UTF-8 text ({error.reason} at byte {error.start}).", remedy="Save it as UTF-8."
        ) from error
    except RecursionError as error:
        raise InvalidConfig(
            f"{path} is not valid TOML that can be read: brackets in brackets without end.",
            remedy="Put the line right.",
        ) from error
    except ValueError as error:  # of TOML, or a number of thousands of digits
        raise InvalidConfig(f"{path} is not valid TOML: {error}.", remedy="Put the line right.") from error


def _invalid(where: str, error: ValidationError) -> InvalidConfig:
    lines = []
    for problem in error.errors():
        place = ".".join(str(part) for part in problem["loc"])
        lines.append(f"{place}: {problem['msg'].removeprefix('Value error, ')} (found {_shown(problem.get('input'))})")
    return InvalidConfig(
        f"{where} has {len(lines)} mistake(s):\n  " + "\n  ".join(lines), remedy="Put them right and run again."
    )


def _shown(value: object) -> str:
    try:
        text = str(value)
    except ValueError:  # Python writes out no number of more than 4300 digits
        return "a number of thousands of digits"
    return repr(_PASSWORD.sub(r"\1:***", text)[:60])
