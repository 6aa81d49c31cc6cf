"""A class folder: an nbgrader course directory with `class.toml`, and where everything in it lies."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from grader.course.config import CONFIG_NAME, AssignmentConfig, ClassConfig, load_config
from grader.errors import InvalidConfig
from grader.language import _

LESSON_ORDER = ("alexnet", "vgg", "skip_connection", "resnet", "densenet", "springfield")


def assignments_in(source: Path, order: Sequence[str] = LESSON_ORDER) -> list[str]:
    """Names of the folders that hold a notebook of their name, in this order; others behind them, by name."""
    found = [path.name for path in source.glob("*") if (path / f"{path.name}.ipynb").is_file()]
    return sorted(found, key=lambda slug: (order.index(slug) if slug in order else len(order), slug))


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
    def cluster(self) -> Path:
        """Certificates for the machines of a cluster, and the address at which they find this one."""
        return self.root / "cluster"

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
    where = "" if source is None else _("no {path}; ").format(path=source / slug / f"{slug}.ipynb")
    return InvalidConfig(
        _("There is no assignment {slug} ({where}assignments: {known}).").format(
            slug=repr(slug), where=where, known=", ".join(known) or _("none")
        ),
        remedy=meant(slug, known, _("Check the name.")),
    )


def meant(name: str, known: Iterable[str], otherwise: str) -> str:
    """Ask whether the most similar of the known names was meant; where none is similar, say something else."""
    by_lower = {one.casefold(): one for one in known}
    near = difflib.get_close_matches(name.casefold(), by_lower, 1)
    return _("Did you mean {near}?").format(near=repr(by_lower[near[0]])) if near else otherwise
