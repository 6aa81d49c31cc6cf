"""class.toml: what a class decides. Read with tomllib, checked by pydantic; every mistake is named with its place."""

from __future__ import annotations

import re
import tomllib
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from packaging.utils import canonicalize_name
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from grader.course.cluster_config import ClusterConfig
from grader.course.colab import colab_address, notebook_in
from grader.course.database_url import parse
from grader.course.packages import DEFAULT_PACKAGES, parse_package
from grader.course.time_settings import LateConfig, RemindersConfig
from grader.errors import EnvironmentFault, InvalidConfig, disk_fault
from grader.language import Language, _, ngettext
from grader.sandbox.limits import Limits
from grader.scoring.contest import Part, Source
from grader.scoring.f1 import Average
from grader.scoring.late import Counts
from grader.scoring.points import DEFAULT_TABLE, PointsTable
from grader.scoring.quota import Quota

CONFIG_NAME = "class.toml"
YEARS = range(2000, 3000)  # those beyond have times that no time zone can be added to
END_OF_DAY = time(23, 59, 59)
HELD_OUT = 10  # pictures of each character that the notebook sets aside, where nobody says otherwise
_PASSWORD = re.compile(r"(?<=://)([^\s:/@]*):[^\s@]*(?=@)")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class AssignmentConfig(_Strict):
    """One assignment.

    Attributes:
        title: what people read; the slug where it is empty.
        deadline: with a time zone, or in the class's; a date alone is the end of that day.
        contest: whether its points come from the contest's F1.
        source: where the F1 comes from: `rerun` runs the notebook, `network` leaves out what trains and has the
            notebook's network predict with the weights that are handed in beside it, `csv` takes a handed-in
            submission.csv, `kaggle` takes what `grader import-kaggle` found on the contest's public leaderboard.
        train_s: seconds that a notebook may train, told to it as `SPRINGFIELD_TRAIN_SECONDS`; 0 says nothing.
        weights: a folder of the class with ImageNet weights (`*.pth`, or a whole TORCH_HOME), which torchvision finds
            in the sandbox as if it had downloaded them.
        colab: the released notebook's address on Google Drive or GitHub; the class's `colab` where it is empty.
        goal: points that everybody in the class is to reach, shown on the projector; two thirds of what can be earned
            without a person where it is left out, no goal where it is 0.
        counts: which of a student's submissions is the grade, `last` or `best`; left out, the last, and in the contest
            the best, as on its board.
        teams: whether students hand it in together, as the column `team` of roster.csv says.
        limits: settings that differ from the class's `[limits]`.
    """

    title: str = ""
    deadline: datetime | None = None
    contest: bool = False
    source: Source = "rerun"
    train_s: float = Field(0, ge=0)
    weights: str = ""
    colab: str = ""
    goal: float | None = Field(None, ge=0)
    counts: Counts | None = None
    teams: bool = False
    limits: dict[str, Any] = Field(default_factory=dict)

    @field_validator("deadline", mode="before")
    @classmethod
    def _end_of_day(cls, value: object) -> object:
        return value if value is None else read_deadline(value)

    @field_validator("colab")
    @classmethod
    def _is_notebook(cls, address: str) -> str:
        if address:
            colab_address(address)
        return address


class ContestConfig(_Strict):
    """How the contest is scored.

    Attributes:
        average: `micro` (what the contest measures) or `macro`.
        grade_on: the part of the test that points come from.
        thresholds: `[["0.83", 1], ...]`, ascending.
        ladder: whether only a clear improvement on the student's own best changes the score; left out, it is so
            where points are micro F1 of the public part.
        quota: how much a student may hand in.
        held_out: training pictures of each character, at most, on which students see where their network fails; 0
            switches it off. It decides no points.
        withhold: whether a notebook that is run finds the training pictures without those, so that its network cannot
            have seen them; without it the notebook says whether it has.
    """

    average: Average = "micro"
    grade_on: Part = "public"
    thresholds: PointsTable = DEFAULT_TABLE
    ladder: bool | None = None
    quota: Quota = Quota()
    held_out: int = Field(HELD_OUT, ge=0, le=50)
    withhold: bool = False

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


class MoodleConfig(_Strict):
    """The Moodle in which the class hands in, for `grader moodle`.

    Attributes:
        url: the site's address, what stands before `/course/`; without a slash at its end.
        token_file: a file with the web service's token, for those who do not set `MOODLE_TOKEN`.
        assignments: by slug, the number in the address of the assignment's page, `mod/assign/view.php?id=123`.
    """

    url: str
    token_file: str = ""
    assignments: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)

    @field_validator("url")
    @classmethod
    def _is_site(cls, address: str) -> str:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or parts.query:
            raise ValueError("expected the address of a web site, such as https://moodle.school.org")
        return address.rstrip("/")


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
        colab: the address of a folder on GitHub where the released notebooks lie as in `release/`; they get a link
            that opens them in Google Colab.
        hints: how much of a mistake a student is told: what it is, in which function it is, or only that there is one.
        packages: libraries that notebooks may use, as the released contest notebook says: names, with or without
            versions. `grader doctor` looks whether they are here.
        limits: what one submission may use.
        late: what being late costs.
        assignments: by slug, in lesson order.
        moodle: where the class hands in, if it does so in a Moodle whose web service may be used.
        reminders: how `grader remind` reaches students; nobody is reminded where it is left out.
        cluster: where other machines find this one, for `--cluster`.
    """

    schema_version: Annotated[int, Field(alias="schema", ge=1, le=1)] = 1
    name: str = Field(min_length=1)
    language: Language = "ru"
    timezone: str = "Europe/Moscow"
    gradebook: str = "sqlite:///gradebook.db"
    database: str = "sqlite:///board/class.db"
    slots: int = Field(0, ge=0, le=1024)
    per_gpu: int = Field(1, ge=1, le=64)
    colab: str = ""
    hints: Literal["full", "place", "none"] = "full"
    packages: tuple[str, ...] = DEFAULT_PACKAGES
    limits: Limits = Field(default_factory=Limits)
    contest: ContestConfig = Field(default_factory=ContestConfig)
    late: LateConfig = Field(default_factory=LateConfig)
    assignments: dict[str, AssignmentConfig] = Field(default_factory=dict)
    moodle: MoodleConfig | None = None
    reminders: RemindersConfig | None = None
    cluster: ClusterConfig = ClusterConfig()

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

    @field_validator("packages")
    @classmethod
    def _are_packages(cls, lines: tuple[str, ...]) -> tuple[str, ...]:
        names = [canonicalize_name(parse_package(line).name) for line in lines]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{twice[0]} stands there more than once")
        return lines

    @field_validator("colab")
    @classmethod
    def _is_folder(cls, address: str) -> str:
        if address:
            notebook_in(address, "notebook")
        return address

    def colab_of(self, slug: str) -> str:
        """The address at which Colab opens the assignment's released notebook; empty where nobody has said."""
        own = self.assignments.get(slug, AssignmentConfig()).colab
        if own or self.colab:
            return colab_address(own or notebook_in(self.colab, slug))
        return ""

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

    def counts_of(self, slug: str) -> Counts:
        """Which of a student's submissions is the grade."""
        own = self.assignments.get(slug, AssignmentConfig())
        return own.counts or (Counts.BEST if own.contest else Counts.LAST)

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
            _("There is no {config_name} in {parent}, so it is not a class folder.").format(
                config_name=CONFIG_NAME, parent=path.parent
            ),
            remedy=_("Run the command inside a class folder, or make one: `grader init FOLDER`."),
        ) from None
    except OSError as error:
        raise disk_fault(error, path, "read") from error
    except UnicodeDecodeError as error:
        raise InvalidConfig(
            _("{path} is not UTF-8 text ({reason} at byte {start}).").format(
                path=path, reason=error.reason, start=error.start
            ),
            remedy=_("Save it as UTF-8."),
        ) from error
    except RecursionError as error:
        raise InvalidConfig(
            _("{path} is not valid TOML that can be read: brackets in brackets without end.").format(path=path),
            remedy=_("Put the line right."),
        ) from error
    except ValueError as error:  # of TOML, or a number of thousands of digits
        raise InvalidConfig(
            _("{path} is not valid TOML: {error}.").format(path=path, error=error), remedy=_("Put the line right.")
        ) from error


def _invalid(where: str, error: ValidationError) -> InvalidConfig:
    lines = []
    for problem in error.errors():
        place = ".".join(str(part) for part in problem["loc"])
        found = (
            "***" if place.endswith("token") or place.startswith("reminders") else _shown(problem.get("input"))
        )  # put there by mistake
        reason = problem["msg"].removeprefix("Value error, ")
        lines.append(_("{place}: {reason} (found {found})").format(place=place, reason=reason, found=found))
    said = ngettext("{where} has {count} mistake:", "{where} has {count} mistakes:", len(lines))
    return InvalidConfig(
        said.format(where=where, count=len(lines)) + "\n  " + "\n  ".join(lines),
        remedy=_("Put them right and run again."),
    )


def _shown(value: object) -> str:
    try:
        text = str(value)
    except ValueError:  # Python writes out no number of more than 4300 digits
        return _("a number of thousands of digits")
    return repr(_PASSWORD.sub(r"\1:***", text)[:60])
