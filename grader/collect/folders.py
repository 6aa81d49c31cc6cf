"""Collect: from a folder or an LMS archive into `submitted/<student>/<slug>/`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from grader.collect.answers import Answers, of_mapping, remember, remembered
from grader.collect.archives import Skipped
from grader.collect.choosing import Choice, Question, choose, read_candidates, shared_labels
from grader.collect.lms_names import Form, Named, read_top
from grader.collect.owners import Directory, Owner, People
from grader.collect.placing import place_all
from grader.collect.plain_names import has_plain_name, plain_stems, student_of
from grader.collect.staging import Staged, stage
from grader.collect.worksheet import Worksheet
from grader.collect.zip_names import readable
from grader.course.folder import Course
from grader.course.roster import ROSTER, is_student_id, read_people
from grader.errors import InvalidAssignment, InvalidSubmission
from grader.files import ordinary_files
from grader.language import _, addressing
from grader.printable import printable
from grader.scoring.submission_csv import SUBMISSION_CSV

Ask = Callable[[Sequence[Question]], Mapping[str, str]]
"""Asks a teacher; gives the students by the question's name, those alone that were answered."""


@dataclass(frozen=True)
class Taken:
    """A file that became a student's submission.

    Attributes:
        file: its path in the folder or archive.
        student: id.
        why: how it is known whose it is.
    """

    file: str
    student: str
    why: str


@dataclass(frozen=True)
class Collected:
    """What `collect` brought in, or would have.

    Attributes:
        students: whose notebooks were taken.
        skipped: notebooks and archives that were left out, and why; those that are asked about too.
        taken: what was taken, with whose it is and why.
        questions: about names that certainly mean nobody; not answered yet.
    """

    students: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    taken: tuple[Taken, ...] = ()
    questions: tuple[Question, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether nothing was left out that a teacher should look at."""
        return not self.questions and all(one.is_minor for one in self.skipped)


def collect(course: Course, slug: str, source: Path) -> Collected:
    """Bring a folder or an LMS archive into the class folder, as `gather` does, where a submission is in it.

    Raises:
        InvalidSubmission: nothing can be taken.
    """
    found = gather(course, slug, source)
    if not found.taken:
        with addressing(course.config.language):
            raise _nothing_found(slug, source, _ending(course, slug), found.skipped)
    return found


def gather(
    course: Course,
    slug: str,
    source: Path,
    *,
    answers: Answers | None = None,
    worksheet: Worksheet | None = None,
    ask: Ask | None = None,
    received: datetime | None = None,
    is_dry_run: bool = False,
) -> Collected:
    """Bring a folder or an LMS archive into the class folder, or say what would be brought.

    Whose a submission is, its name at the top says: the student's own (`<student>/<slug>.ipynb`,
    `<student>_<slug>.ipynb`, `<student> - <slug>.ipynb`) or that of Moodle, Canvas, Blackboard or GitHub.
    `roster.csv` joins these names to students, as sorted words, without case and `ё`. Whatever does not certainly mean
    one student is asked. In a folder of the student's, a single notebook may have any name, files beside it come along,
    and zip archives are unpacked; a file that names another student is left out. Of several submissions of one student
    the one counts that was handed in last. Where predictions alone are handed in, the same with `.csv`.

    Args:
        course: the class.
        slug: the assignment.
        source: a folder or a zip archive; it stays as it is.
        answers: of the teacher's; they are kept for the term.
        worksheet: Moodle's, which says who a participant is.
        ask: asks the teacher what is not certain; nobody is asked if left out.
        received: when they were handed in elsewhere, with a time zone; now if left out.
        is_dry_run: whether nothing is written.

    Returns:
        Whose submissions were taken, what was left out, and what has to be answered.

    Raises:
        InvalidSubmission: the archive is damaged, too large, leads out of its folder, or holds no submission.
        InvalidConfig: there is no such assignment, or the roster or the answers cannot be read.
        InvalidAssignment: the assignment was not released.
        EnvironmentFault: the disk is full, or the class may not be written; the class is as it was.
    """
    with addressing(course.config.language):
        course.require(slug)
        _require_released(course, slug)
        if not source.exists():
            raise InvalidSubmission(
                _("There is no {source}.").format(source=source), remedy=_("Name a folder or a zip archive.")
            )
        directory, given = _directory(course, worksheet), answers or Answers({})
        directory = _with_answers(directory, given)
        ending = _ending(course, slug)
        with tempfile.TemporaryDirectory(prefix=f".collecting-{os.getpid()}-", dir=course.root) as folder:
            room = Path(folder)
            (room / "brought").mkdir()
            staged = stage(source, room / "brought", ending)
            _name_after_archive(staged, slug, ending, directory)
            choice = _choose(staged, slug, ending, directory)
            if not choice.chosen and not choice.questions:
                raise _nothing_found(slug, source, ending, (*staged.skipped, *choice.skipped))
            if ask is not None and choice.questions:
                said = of_mapping(ask(choice.questions))
                given, directory = given.with_more(said), _with_answers(directory, said)
                choice = _choose(staged, slug, ending, directory)
            if not is_dry_run:
                name = SUBMISSION_CSV if ending == ".csv" else f"{slug}.ipynb"
                place_all(course, slug, choice.chosen, staged.folder, room, name, received)
                remember(course, given)
        return _collected(staged, choice)


def _collected(staged: Staged, choice: Choice) -> Collected:
    remedy = _("Say whose it is, with --map or in roster.csv, and collect again.")
    waiting = [Skipped(file, one.why, remedy) for one in choice.questions for file in one.files]
    taken = tuple(Taken(str(one.path), one.student, one.why) for one in choice.chosen)
    skipped = [*staged.skipped, *sorted([*choice.skipped, *waiting], key=lambda one: one.name)]
    return Collected(tuple(sorted(one.student for one in choice.chosen)), tuple(skipped), taken, choice.questions)


def _ending(course: Course, slug: str) -> str:
    return ".csv" if course.assignment_config(slug).source == "csv" else ".ipynb"


def _require_released(course: Course, slug: str) -> None:
    if not (course.release / slug / f"{slug}.ipynb").is_file():
        raise InvalidAssignment(
            _("Assignment {slug} was not released.").format(slug=repr(slug)),
            remedy=_("Run `grader release {slug}` first.").format(slug=slug),
        )


def _directory(course: Course, worksheet: Worksheet | None) -> Directory:
    path = course.root / ROSTER
    roster = read_people(path) if path.exists() else None
    known = None if roster is None else [person.id for person in roster]
    return Directory(None if roster is None else People(roster), remembered(course, known), worksheet)


def _with_answers(directory: Directory, answers: Answers) -> Directory:
    return replace(directory, answers=directory.answers.with_more(answers))


def _choose(staged: Staged, slug: str, ending: str, directory: Directory) -> Choice:
    found = read_candidates(staged.times(ending), slug, staged.repositories, directory)
    choice = choose(found, slug, directory)
    around = len(found[0].path.parts) - len(found[0].parts) if found else 0
    numbered = replace(directory, shared=shared_labels(found))
    empty = _without_submission(staged, slug, ending, numbered, {_who(one.named) for one in found}, around)
    chosen = choice.chosen
    if ending == ".csv":  # predictions are one file
        chosen = tuple(replace(one, is_in_own_folder=False) for one in chosen)
    return Choice(chosen, (*choice.skipped, *empty), choice.questions)


def _who(named: Named) -> tuple[Form, str, str]:
    return named.form, named.label, named.number


def _without_submission(
    staged: Staged, slug: str, ending: str, directory: Directory, seen: Collection[tuple[Form, str, str]], around: int
) -> list[Skipped]:
    """Students at the top who have handed in files, and nothing that can be graded."""
    others: dict[tuple[Form, str, str], list[tuple[str, ...]]] = {}
    for path in ordinary_files(staged.folder):
        parts = tuple(readable(part) for part in path.relative_to(staged.folder).parts)[around:]
        if not parts:
            continue
        top = Path(parts[0]).stem if len(parts) == 1 else parts[0]
        is_repository = len(parts) > 1 and top in staged.repositories
        plain = plain_stems(Path(f"x{ending}"), slug)
        named = read_top(top, slug, is_file=len(parts) == 1, is_repository=is_repository, plain=plain)
        is_student = named.is_of_system or (
            directory.people is not None and isinstance(directory.owner_of(named, None), Owner)
        )
        if is_student and _who(named) not in seen:
            others.setdefault(_who(named), []).append(parts)
    reason = _("no {kind} file is in it (found: {files})")
    remedy = _("Ask the student for the {kind} file.").format(kind=ending)
    return [
        Skipped(
            files[0][0],
            reason.format(kind=ending, files=", ".join(sorted(parts[-1] for parts in files))[:200]),
            remedy,
        )
        for files in others.values()
    ]


def _name_after_archive(staged: Staged, slug: str, ending: str, directory: Directory) -> None:
    """Move everything into a folder of the archive's name, if the archive is one student's and names nobody inside."""
    name = readable(staged.name)
    found = [path.relative_to(staged.folder) for path in ordinary_files(staged.folder) if path.suffix == ending]
    at_top = [path for path in found if len(path.parts) == 1]
    if not name or not at_top or any(student_of(path, slug) for path in found):
        return
    named = read_top(name, slug, is_file=False, plain=plain_stems(at_top[0], slug))
    if directory.people is not None:
        is_one = isinstance(directory.owner_of(named, None), Owner)
        is_one &= not any(isinstance(one, Owner) for one in _owners_at_top(at_top, slug, directory))
    else:
        is_one = is_student_id(name) and any(has_plain_name(path, slug) for path in at_top)
    if is_one:
        holder = staged.folder.with_name("holder")
        staged.folder.rename(holder)
        staged.folder.mkdir()
        holder.rename(staged.folder / name)


def _owners_at_top(at_top: Sequence[Path], slug: str, directory: Directory) -> list[object]:
    read = [read_top(readable(path.stem), slug, is_file=True, plain=plain_stems(path, slug)) for path in at_top]
    return [directory.owner_of(named, None) for named in read]


def _nothing_found(slug: str, source: Path, ending: str, skipped: Sequence[Skipped]) -> InvalidSubmission:
    names = "; ".join(f"{printable(one.name, 300)}: {one.reason}" for one in skipped[:5])
    return InvalidSubmission(
        _("No submission for {slug} was found in {source} ({names}).").format(
            slug=repr(slug), source=source, names=names or _("no {kind} file is there").format(kind=ending)
        ),
        remedy=_(
            "Name the files <student>_{slug}{kind}, or put them into folders named for the students, and name the "
            "folder or archive that holds these at its top."
        ).format(slug=slug, kind=ending),
    )
