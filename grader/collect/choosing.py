"""From files at hand to one submission for each student: whose each is, and which of several counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from grader.collect.archives import Skipped
from grader.collect.lms_names import Form, Named, named_in, read_top, without_copy_marks
from grader.collect.owners import Directory, Owner, Unknown, folded
from grader.collect.plain_names import plain_stems, student_of
from grader.collect.zip_names import readable
from grader.course.roster import is_student_id
from grader.language import _

_NUMBERING = (Form.CANVAS, Form.BLACKBOARD)
_MAX_SUGGESTED = 300  # questions with suggestions: comparing spellings takes a moment for each, and a student made them
_SAME_TIME_S = 60.0  # an archive knows even seconds, and some stamp all files with the time of packing


@dataclass(frozen=True)
class Candidate:
    """A notebook, or a file of predictions, that may be somebody's submission.

    Attributes:
        path: relative to the folder of what was brought, as it lies on the disk.
        parts: the same in readable names, without folders around everything.
        named: what its name at the top says.
        changed_at: seconds since 1970, as the sender's machine said.
    """

    path: Path
    parts: tuple[str, ...]
    named: Named
    changed_at: float

    @property
    def name(self) -> str:
        """For people."""
        return str(self.path)

    @property
    def stem(self) -> str:
        """What the student has called the file."""
        return self.named.file if len(self.parts) == 1 else PurePath(self.parts[-1]).stem


@dataclass(frozen=True)
class Chosen:
    """One student's submission.

    Attributes:
        student: id.
        path: of the notebook or the file of predictions, relative.
        why: how it is known whose it is.
        is_in_own_folder: whether the files beside it are the student's too.
    """

    student: str
    path: Path
    why: str
    is_in_own_folder: bool


@dataclass(frozen=True)
class Question:
    """A name that certainly means nobody: whose are its files.

    Attributes:
        name: under which the teacher answers.
        files: that wait for the answer.
        why: what is not certain.
        candidates: ids of those who may be meant, the likeliest first.
    """

    name: str
    files: tuple[str, ...]
    why: str
    candidates: tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    """What is taken, what is left out, and what is asked.

    Attributes:
        chosen: one for each student, by id.
        skipped: files that are left out; not those that are asked about.
        questions: about names that certainly mean nobody.
    """

    chosen: tuple[Chosen, ...]
    skipped: tuple[Skipped, ...]
    questions: tuple[Question, ...]


def read_candidates(
    times: Mapping[Path, float], slug: str, repositories: frozenset[str], directory: Directory
) -> list[Candidate]:
    """Read the names of files, leaving out folders that lie around everything.

    Args:
        times: when each file was changed, by relative path.
        slug: the assignment.
        repositories: names of folders at the top that hold a `.git`.
        directory: tells a folder around everything from a student's.
    """
    around = 0
    while True:
        found = [_candidate(path, at, slug, repositories, around) for path, at in times.items()]
        if not _is_around_everything(found, slug, repositories, around, directory):
            return found
        around += 1


def _candidate(path: Path, at: float, slug: str, repositories: frozenset[str], around: int) -> Candidate:
    parts = tuple(readable(part) for part in path.parts)[around:]
    is_file = len(parts) == 1
    top = PurePath(parts[0]).stem if is_file else parts[0]
    named = read_top(
        top, slug, is_file=is_file, is_repository=path.parts[around] in repositories and not is_file,
        plain=plain_stems(path, slug),
    )  # fmt: skip
    return Candidate(path, parts, named, at)


def _is_around_everything(
    found: Sequence[Candidate], slug: str, repositories: frozenset[str], around: int, directory: Directory
) -> bool:
    """Whether all lies in one folder that is the assignment's, or nobody's while names in it are somebody's."""
    tops = {one.parts[0] for one in found}
    if len(tops) != 1 or any(len(one.parts) < 2 for one in found):
        return False
    named = found[0].named
    if named.form is not Form.FOLDER:
        return False
    if named.whole == slug:
        return True
    if directory.people is None or isinstance(directory.owner_of(named, None), Owner):
        return False
    inside = [_candidate(one.path, one.changed_at, slug, repositories, around + 1) for one in found]
    return any(isinstance(directory.owner_of(one.named, None), Owner) for one in inside)


def shared_labels(found: Iterable[Candidate]) -> frozenset[str]:
    """Labels under which systems number several people."""
    numbers = defaultdict(set)
    for one in found:
        numbers[(one.named.form, folded(one.named.label))].add(one.named.number)
    return frozenset(label for (_form, label), all_numbers in numbers.items() if len(all_numbers - {""}) > 1)


def choose(found: Sequence[Candidate], slug: str, directory: Directory) -> Choice:
    """Choose one submission for each student; what is not certain becomes a question."""
    directory = replace(directory, shared=shared_labels(found))
    skipped: list[Skipped] = []
    asked: dict[str, tuple[Unknown, list[str]]] = {}
    owned: dict[str, list[tuple[Candidate, Owner]]] = defaultdict(list)
    for one, owner in _with_owners(found, slug, directory):
        if isinstance(owner, Unknown):
            asked.setdefault(directory.question_of(one.named), (owner, []))[1].append(one.name)
        elif (fault := _fault(one, owner, slug, directory)) is not None:
            skipped.append(fault)
        else:
            for student in owner.students:
                owned[student].append((one, owner))
    chosen = []
    for student, theirs in sorted(owned.items()):
        best, others = _best(theirs, slug)
        skipped += others
        if best is not None:
            one, owner = best
            chosen.append(Chosen(student, one.path, owner.why, len(one.parts) > 1))
    taken = {str(one.path) for one in chosen}  # a team's file is several students'
    questions = []
    for number, (name, (unknown, files)) in enumerate(sorted(asked.items())):
        people = directory.people if number < _MAX_SUGGESTED else None
        near = people.like(name) if people is not None else ()
        candidates = tuple(dict.fromkeys((*unknown.candidates, *near)))
        questions.append(Question(name, tuple(sorted(files)), unknown.why, candidates))
    left_out = {one.name: one for one in skipped if one.name not in taken}
    return Choice(tuple(chosen), tuple(sorted(left_out.values(), key=lambda one: one.name)), tuple(questions))


def _with_owners(
    found: Sequence[Candidate], slug: str, directory: Directory
) -> list[tuple[Candidate, Owner | Unknown]]:
    """Each file with whose it is; a name that a system gives to two people tells neither."""
    telling = frozenset(one.parts[0] for one in found if student_of(Path(*one.parts), slug) is not None)
    pairs = [(one, directory.owner_of(one.named, _plain_id(one, telling, slug))) for one in found]
    numbers = defaultdict(set)
    for one, owner in pairs:
        if isinstance(owner, Owner) and owner.is_by_name and one.named.is_of_system and one.named.number:
            numbers[(one.named.form, owner.students)].add(one.named.number)
    sure: list[tuple[Candidate, Owner | Unknown]] = []
    for one, owner in pairs:
        if isinstance(owner, Owner) and owner.is_by_name and len(numbers[(one.named.form, owner.students)]) > 1:
            sure.append((one, Unknown(_("several people hand in under this name"), owner.students)))
        else:
            sure.append((one, owner))
    return sure


def _plain_id(one: Candidate, telling: frozenset[str], slug: str) -> str | None:
    """The student that a path tells where there is no roster: its own name, or the folder that it lies in.

    Args:
        one: the file.
        telling: folders in which another file tells their student.
        slug: the assignment.
    """
    suffix = Path(one.parts[-1]).suffix
    plain = plain_stems(one.path, slug)
    cleaned = named_in(Path(one.parts[-1]).stem, plain)
    clean, _copy = without_copy_marks(Path(one.parts[-1]).stem)
    path = Path(*one.parts[:-1], f"{clean}{suffix}")
    if len(one.parts) == 1:
        return cleaned
    told = student_of(path, slug)
    if told is not None:
        return told
    is_direct = len([part for part in one.parts if part != slug]) == 2 and cleaned in (None, one.parts[0])
    return one.parts[0] if is_direct or one.parts[0] in telling else None


def _fault(one: Candidate, owner: Owner, slug: str, directory: Directory) -> Skipped | None:
    """Why a file in a student's folder is not the student's to hand in; None: it is."""
    if not owner.students:
        return Skipped(one.name, _("you answered that it is no student's"), is_minor=True)
    odd = next((student for student in owner.students if not is_student_id(student)), None)
    if odd is not None:
        return Skipped(
            one.name,
            _("{student} cannot be a student's id").format(student=repr(odd)),
            _("Give the student another id in roster.csv: letters, digits, `_`, `.`, `@`, `-`, at most 64."),
        )
    is_hidden = any(part.startswith(".") for part in one.parts)
    if is_hidden or _names_another(one, owner, slug, directory):
        return Skipped(
            one.name,
            _("its name tells no student, or another one than the folder it lies in"),
            _("If it is right there, rename it to {name} and collect again.").format(name=f"{slug}{one.path.suffix}"),
        )
    return None


def _names_another(one: Candidate, owner: Owner, slug: str, directory: Directory) -> bool:
    """Whether a file, or a folder that it lies in, names another student than the top of its path does."""
    if directory.answers.get(directory.question_of(one.named)):
        return False
    plain = plain_stems(one.path, slug)
    own = named_in(one.stem, plain) if one.named.is_of_system or len(one.parts) > 1 else None
    inside = [*one.parts[1:-1], *([own] if own else [])]
    if directory.people is None:
        allowed = {folded(text) for text in (*owner.students, *one.named.labels, one.named.whole, slug)}
        return bool(own and folded(own) not in allowed) or (
            not owner.is_settled and any(folded(part) not in allowed for part in inside)
        )
    named = [
        directory.people.named(label, Form.FOLDER)
        for part in inside
        for label in (part, *_labels_of(part, slug, plain))
    ]
    return any(people and not {*people} & {*owner.students} for people in named)


def _labels_of(part: str, slug: str, plain: tuple[str, ...]) -> tuple[str, ...]:
    return read_top(part, slug, is_file=False, plain=plain).labels


def _best(theirs: Sequence[tuple[Candidate, Owner]], slug: str) -> tuple[tuple[Candidate, Owner] | None, list[Skipped]]:
    """The submission of one student that counts, and the others, each with why it does not."""
    fitting = [pair for pair in theirs if _is_expected(pair[0], slug)]
    if not fitting and len(theirs) > 1 and len({pair[0].named for pair in theirs}) == 1:
        names = ", ".join(sorted(pair[0].parts[-1] for pair in theirs))
        name = f"{slug}{theirs[0][0].path.suffix}"
        reason = _("several files may be the submission ({names}), and none is called {name}").format(
            names=names[:200], name=name
        )
        remedy = _("Rename the right one to {name} and collect again.").format(name=name)
        return None, [Skipped(one.name, reason, remedy) for one, _owner in theirs]
    pool = fitting or list(theirs)
    order = {id(one): key for one, key in _ordered([one for one, _owner in pool], slug)}
    best = min(pool, key=lambda pair: order[id(pair[0])])
    reason = _("{file} is taken for this student").format(file=best[0].name)
    remedy = _("A system has two people there: check whom you have answered, and correct it with --map.")
    return best, [
        Skipped(one.name, reason, remedy) if _is_another(one, best[0]) else Skipped(one.name, reason, is_minor=True)
        for one, _owner in theirs
        if one is not best[0]
    ]


def _is_another(one: Candidate, best: Candidate) -> bool:
    """Whether one system numbers two people whom the teacher's answers make one student."""
    return one.named.is_of_system and one.named.form is best.named.form and one.named.number != best.named.number


def _is_expected(one: Candidate, slug: str) -> bool:
    """Whether a file is called as students were asked to call it, or its name at the top tells that it is handed in."""
    plain = plain_stems(one.path, slug)
    clean, _copy = without_copy_marks(one.stem)
    return clean in plain or named_in(one.stem, plain) is not None


def _ordered(pool: Sequence[Candidate], slug: str) -> list[tuple[Candidate, tuple[object, ...]]]:
    """Keys for sorting, the best first: handed in last, least deep, changed last, called as it was asked."""
    newest: dict[int, float] = defaultdict(float)
    for one in pool:
        newest[len(one.parts)] = max(newest[len(one.parts)], one.changed_at)
    keys: list[tuple[Candidate, tuple[object, ...]]] = []
    for one in pool:
        # In a folder of the student's, `resnet (1)` may be an older download; at the top a system numbers what comes.
        is_numbered = len(one.parts) == 1 or one.named.form in _NUMBERING
        order = tuple(-number for number in one.named.order) if is_numbered and one.named.order else (0,)
        is_old = newest[len(one.parts)] - one.changed_at > _SAME_TIME_S
        is_odd = PurePath(one.parts[-1]).stem not in plain_stems(one.path, slug)
        keys.append((one, (order, len(one.parts), is_old, is_odd, one.name)))
    return keys
