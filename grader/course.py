"""A class folder: an nbgrader course directory with `class.toml`, and where everything in it lies."""

from __future__ import annotations

import difflib
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from grader.config import CONFIG_NAME, AssignmentConfig, ClassConfig, load_config
from grader.errors import EnvironmentFault, InvalidConfig

LESSON_ORDER = ("alexnet", "vgg", "skip_connection", "resnet", "densenet", "springfield")
NBGRADER_CONFIG = """\
# nbgrader grades behind the sandbox too: `nbgrader autograde` and formgrader's button use the sealed steps.
from pathlib import Path

from grader.nbgrader_plugins import configure

configure(get_config(), Path(__file__).parent)  # noqa: F821  nbgrader gives get_config
"""
CLASS_TOML = """\
# What this class decides. Every setting has a default but the name; `grader doctor` checks the file.
schema = 1
name = "{name}"
language = "{language}"            # ru or en: releases, messages, feedback
timezone = "{timezone}"
slots = 0                  # submissions graded at once; 0: one per core
per_gpu = 1                # submissions graded at once on each GPU

[limits]                   # of one submission
wall_s = 300
cell_s = 60
call_s = 20
memory_mib = 4096
gpu = "auto"               # the contest's notebooks get a GPU where there is one; "on": all notebooks; or "off"

[contest]
average = "micro"          # what the contest measures; or "macro"
grade_on = "public"        # or "private"
ladder = true              # only a clear improvement on a student's own best changes the score
quota = {{ per_day = 5, in_total = 0, invalid_per_day = 20 }}  # submissions of a student; 0: no limit
thresholds = [
    ["0.83", 1], ["0.84", 2], ["0.85", 3], ["0.86", 4], ["0.87", 5],
    ["0.88", 6], ["0.89", 7], ["0.90", 8], ["0.91", 9], ["0.92", 10],
    ["0.93", 11], ["0.94", 12], ["0.95", 13], ["0.96", 14], ["0.97", 15],
]

[assignments.alexnet]
title = "AlexNet"
# deadline = 2026-12-01             # a date: until the end of that day; or a moment, 2026-12-01T18:00:00

[assignments.vgg]
title = "VGG"

[assignments.skip_connection]
title = "{skip_connection}"

[assignments.resnet]
title = "ResNet"

[assignments.densenet]
title = "DenseNet"

[assignments.springfield]
title = "{springfield}"
contest = true
source = "rerun"           # runs the notebook; or "csv": submission.csv is handed in; or "kaggle": grader import-kaggle
train_s = 600              # seconds that a notebook may train; it reads SPRINGFIELD_TRAIN_SECONDS
# weights = "weights"      # a folder here with ImageNet weights (*.pth): torchvision finds them without a download
limits = {{ wall_s = 1200, cell_s = 1200 }}
"""
TITLES = {
    "ru": {"skip_connection": "Обходной путь", "springfield": "Путешествие по Спрингфилду"},
    "en": {"skip_connection": "Skip connection", "springfield": "Journey to Springfield"},
}


def assignments_in(source: Path, order: Sequence[str] = LESSON_ORDER) -> list[str]:
    """Names of the folders that hold a notebook of their name, in this order; others behind them, by name."""
    found = [path.name for path in source.glob("*") if (path / f"{path.name}.ipynb").is_file()]
    return sorted(found, key=lambda slug: (order.index(slug) if slug in order else len(order), slug))


def course_source() -> Path:
    """The folder with our course's notebooks: of the repository, or the one that travels in the wheel.

    Raises:
        EnvironmentFault: neither is there.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "course" / "assignments", package.parent / "assignments"):
        if (folder / "source").is_dir():
            return folder
    raise EnvironmentFault("The course's notebooks were not found beside the package.", remedy="Install it again.")


def course_solutions() -> Path:
    """The folder with reference solutions and right and wrong answers, beside `course_source`."""
    return course_source().parent / "solutions"


@dataclass(frozen=True)
class Course:
    """A class folder that exists and is valid.

    Attributes:
        root: the folder.
        config: its class.toml.
    """

    root: Path
    config: ClassConfig

    @classmethod
    def open(cls, root: Path) -> Course:
        """Open a class folder.

        Raises:
            InvalidConfig: it is not one, or its class.toml is wrong.
        """
        root = root.resolve()
        return cls(root, load_config(root / CONFIG_NAME))

    @property
    def source(self) -> Path:
        """The author's notebooks, with hidden tests and solutions."""
        return self.root / "source"

    @property
    def release(self) -> Path:
        """What students get."""
        return self.root / "release"

    @property
    def submitted(self) -> Path:
        """What students handed in: `<student>/<slug>/`."""
        return self.root / "submitted"

    @property
    def autograded(self) -> Path:
        """Executed notebooks: `<student>/<slug>/`."""
        return self.root / "autograded"

    @property
    def feedback(self) -> Path:
        """HTML for students: `<student>/<slug>/`."""
        return self.root / "feedback"

    @property
    def dataset(self) -> Path:
        """The contest's data: `student/` for the sandbox, `answers/` for the grader alone."""
        return self.root / "dataset"

    @property
    def inbox(self) -> Path:
        """Uploads and requests of the page: the one folder that it may write."""
        return self.root / "inbox"

    @property
    def kaggle(self) -> Path:
        """Scores from Kaggle's leaderboard, `<slug>.csv`, for the grader alone to write."""
        return self.root / "kaggle"

    @property
    def ledger(self) -> Path:
        """Results of finished runs."""
        return self.root / "ledger"

    @cached_property
    def gradebook_url(self) -> str:
        """URL of nbgrader's gradebook."""
        return self._absolute(self.config.gradebook)

    @cached_property
    def database_url(self) -> str:
        """URL of the class database."""
        return self._absolute(self.config.database)

    def assignment_config(self, slug: str) -> AssignmentConfig:
        """The assignment's settings; defaults where class.toml does not name it."""
        return self.config.assignments.get(slug, AssignmentConfig())

    def title(self, slug: str) -> str:
        """What people read."""
        return self.assignment_config(slug).title or slug

    def slugs(self) -> list[str]:
        """Assignments that have a source folder, in lesson order."""
        return assignments_in(self.source, [*self.config.assignments, *LESSON_ORDER])

    def require(self, slug: str) -> None:
        """Refuse a name that is none of the class's assignments.

        Raises:
            InvalidConfig: there is no such assignment; the name that was meant is in the remedy.
        """
        known = self.slugs()
        if slug not in known:
            raise no_such_assignment(slug, known, self.source)

    def wanted(self, slugs: Sequence[str] | None) -> list[str]:
        """These assignments, all where none is named.

        Raises:
            InvalidConfig: there is no such assignment.
        """
        for slug in slugs or ():
            self.require(slug)
        return list(slugs or self.slugs())

    def _absolute(self, url: str) -> str:
        prefix = "sqlite:///"
        if url.startswith(prefix) and not url.startswith(prefix + "/"):
            return f"{prefix}{self.root / url.removeprefix(prefix)}"
        return url


def no_such_assignment(slug: str, known: Sequence[str], source: Path | None = None) -> InvalidConfig:
    """The error for a name that is no assignment's."""
    where = f"no {source / slug / slug}.ipynb; " if source is not None else ""
    near = difflib.get_close_matches(slug, known, 1)
    return InvalidConfig(
        f"There is no assignment {slug!r} ({where}assignments: {', '.join(known) or 'none'}).",
        remedy=f"Did you mean {near[0]!r}?" if near else "Check the name.",
    )


def init(root: Path, *, name: str = "", language: str = "ru", timezone: str = "Europe/Moscow") -> Course:
    """Make a class folder with our course in it; all of it appears at once, or nothing.

    Raises:
        InvalidConfig: the folder exists and is not empty.
        EnvironmentFault: it cannot be written.
    """
    root = root.resolve()
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise InvalidConfig(f"{root} is there already and is not an empty folder.", remedy="Name a new folder.")
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".grader-init-", dir=root.parent) as made:
            folder = Path(made) / "class"
            for part in ("source", "release", "submitted", "autograded", "feedback"):
                (folder / part).mkdir(parents=True)
            shutil.copytree(course_source() / "source", folder / "source", dirs_exist_ok=True, ignore=_junk)
            text = class_toml(name or root.name, language, timezone)
            (folder / CONFIG_NAME).write_text(text, encoding="utf-8")
            (folder / "nbgrader_config.py").write_text(NBGRADER_CONFIG, encoding="utf-8")
            load_config(folder / CONFIG_NAME)
            folder.chmod(0o700)
            if root.exists():
                root.rmdir()
            folder.rename(root)
    except OSError as error:
        raise EnvironmentFault(
            f"{root} cannot be written: {error.strerror}.",
            remedy="Nothing was left behind; free space or name another folder.",
        ) from error
    return Course.open(root)


def class_toml(name: str, language: str = "ru", timezone: str = "Europe/Moscow") -> str:
    """The text of a new class.toml, with titles in the class's language."""
    titles = TITLES.get(language, TITLES["en"])  # `load_config` complains of an unknown language
    return CLASS_TOML.format(name=_quoted(name), language=language, timezone=timezone, **titles)


def _junk(_folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name.startswith(".") or name == "__pycache__"}


def _quoted(name: str) -> str:
    """The name as the inside of a TOML basic string."""
    return "".join(c for c in name if c.isprintable()).replace("\\", "\\\\").replace('"', '\\"')
