"""What is audited: an assignment of a class, or of our own course, and where its answers lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.course.config import CONFIG_NAME
from grader.course.folder import Course, assignments_in, no_such_assignment
from grader.course.new_class import course_solutions, course_source
from grader.language import Language

ANSWERS = "solutions"


@dataclass(frozen=True)
class Subject:
    """One assignment to audit.

    Attributes:
        slug: its name.
        source: the folder of the author's notebook.
        answers: the folder with `right/`, `wrong/` and `equivalent.diff`; it need not exist.
        course: the class whose settings count; None for our own course, which is audited under the default ones.
        language: the language in which the class reads.
    """

    slug: str
    source: Path
    answers: Path
    course: Course | None
    language: Language

    @property
    def notebook(self) -> Path:
        """The author's notebook, with reference solution and hidden tests."""
        return self.source / f"{self.slug}.ipynb"


def find_subjects(class_dir: Path, slugs: Sequence[str]) -> list[Subject]:
    """The assignments that are meant.

    Args:
        class_dir: a class folder; where it is none and nothing named it, our own course is audited.
        slugs: their names; all where empty.

    Raises:
        InvalidConfig: there is no such class, or no such assignment.
    """
    if class_dir == Path() and not (class_dir / CONFIG_NAME).is_file():
        return _chosen(_of_course(), slugs)
    return _chosen(_of_class(Course.open(class_dir)), slugs)


def _of_class(course: Course) -> list[Subject]:
    return [
        Subject(slug, course.source / slug, _answers(course, slug), course, course.config.language)
        for slug in course.slugs()
    ]


def _answers(course: Course, slug: str) -> Path:
    """Beside the class's sources; those that came with our course where the class has none of its own."""
    own, ours = course.root / ANSWERS / slug, course_solutions() / slug
    return ours if not own.is_dir() and ours.is_dir() else own


def _of_course() -> list[Subject]:
    folder = course_source() / "source"
    return [Subject(slug, folder / slug, course_solutions() / slug, None, "en") for slug in assignments_in(folder)]


def _chosen(subjects: list[Subject], slugs: Sequence[str]) -> list[Subject]:
    known = {subject.slug: subject for subject in subjects}
    for slug in slugs:
        if slug not in known:
            raise no_such_assignment(slug, list(known))
    return [known[slug] for slug in dict.fromkeys(slugs)] if slugs else subjects
