"""Whose a submission is: what is certain, and what has to be asked, with those whom it may be."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from grader.collect.answers import NOBODY, Answers
from grader.collect.lms_names import BLIND, Form, Named, without_branch
from grader.collect.worksheet import Worksheet
from grader.course.roster import Person, is_student_id, name_key
from grader.language import _

_TEAMS = ("team", "команда", "group", "группа")
_NUMBERS = {Form.CANVAS: ("canvas",), Form.MOODLE: ("participant", "участник")}
# In titles of columns that name a student; a class or a variant is no name, though a folder may be called like one.
_NAMING = (
    "moodle", "canvas", "github", "blackboard", "gradescope", "stepik", "google", "classroom", "lms", "login", "логин",
    "user", "account", "аккаунт", "participant", "участник", "e-mail", "mail", "почта",
)  # fmt: skip
_MAX_WORDS = 4  # of a name whose orders are tried; 24 orders
_LIKE = 0.72  # of `difflib`, from 0 to 1; "Maria" and "Мария" in Latin letters have 0.91, "Anna" and "Ivan" 0.5
_LATIN = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "й": "i", "к": "k",
    "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh",
    "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "iu", "я": "ia",
}  # fmt: skip


@dataclass(frozen=True)
class Owner:
    """Whose a submission certainly is.

    Attributes:
        students: their ids; a team's has several, and where the teacher answered `-` there is none.
        why: how that is known.
        is_by_name: whether only a name says so, which two people may have.
        is_settled: whether the roster, a system or the teacher vouches for it, so that files inside may have any name.
    """

    students: tuple[str, ...]
    why: str
    is_by_name: bool = False
    is_settled: bool = True


@dataclass(frozen=True)
class Unknown:
    """A name that certainly means nobody.

    Attributes:
        why: what is not certain.
        candidates: ids of those who may be meant, the likeliest first.
    """

    why: str
    candidates: tuple[str, ...] = ()


class People:
    """The class's people by everything that names them."""

    def __init__(self, roster: Sequence[Person]) -> None:
        self._roster = roster
        self._by_text: dict[str, dict[str, str]] = defaultdict(dict)
        self._by_key: dict[tuple[str, ...], list[str]] = defaultdict(list)
        self._by_joined: dict[str, set[str]] = defaultdict(set)
        self._teams: dict[str, list[str]] = defaultdict(list)
        for person in roster:
            self._add(person)

    def _add(self, person: Person) -> None:
        for title, value in person.others.items():
            if value and title in _TEAMS:
                self._teams[folded(value)].append(person.id)
            elif value and any(word in title for word in _NAMING):
                self._by_text[folded(value)][person.id] = _("column {title} of roster.csv").format(title=title)
        if person.email:
            self._by_text[folded(person.email)][person.id] = _("address in roster.csv")
        self._by_text[folded(person.id)][person.id] = _("id in roster.csv")
        key = name_key(person.name)
        if key:
            self._by_key[key].append(person.id)
        if 0 < len(key) <= _MAX_WORDS:
            for words in permutations(key):
                self._by_joined["".join(words)].add(person.id)

    def named(self, label: str, form: Form) -> dict[str, str]:
        """Everybody whom a label names exactly, with how."""
        namesakes = () if form is Form.REPOSITORY else self._by_key[name_key(label)]
        found = {id_: _("name in roster.csv") for id_ in namesakes}
        if form is Form.CANVAS:  # lastnamefirstname, without spaces and in small letters
            found |= {id_: _("name in roster.csv") for id_ in sorted(self._by_joined["".join(name_key(label))])}
        texts = self._by_text[folded(label)]
        if form is Form.REPOSITORY:  # a login that its owner has chosen; somebody else's id is free to be chosen
            texts = {id_: why for id_, why in texts.items() if self._logs_in_as(id_, label)}
        return found | texts

    def _logs_in_as(self, student: str, login: str) -> bool:
        person = next(person for person in self._roster if person.id == student)
        return any("github" in title and folded(value) == folded(login) for title, value in person.others.items())

    def ending_in_login(self, name: str) -> dict[str, str]:
        """Whose repository a name such as `hw3-anna-k` is, by the logins in a column `github`; the longest fits."""
        names = [f"-{folded(text)}" for text in (name, without_branch(name))]
        found: dict[str, tuple[str, str]] = {}
        for person in self._roster:
            for title, value in person.others.items():
                if "github" in title and value and any(one.endswith(f"-{folded(value)}") for one in names):
                    found[person.id] = (value, _("column {title} of roster.csv").format(title=title))
        longest = max((len(login) for login, _why in found.values()), default=0)
        return {id_: why for id_, (login, why) in found.items() if len(login) == longest}

    def numbered(self, number: str, form: Form) -> tuple[dict[str, str], tuple[str, ...]]:
        """Whom a system's number means.

        Returns:
            Those whose column is named for that number, and those in whom it stands in another column: Moodle counts
            participants of each assignment anew, so a number alone may be another's.
        """
        sure, maybe = {}, []
        for person in self._roster:
            for title, value in person.others.items():
                if not number or value != number:
                    continue
                if any(word in title for word in _NUMBERS.get(form, ())):
                    sure[person.id] = _("column {title} of roster.csv").format(title=title)
                else:
                    maybe.append(person.id)
        return sure, tuple(maybe)

    def team(self, label: str) -> tuple[str, ...]:
        """The members of a team, by a column `team` or `group`."""
        return tuple(self._teams[folded(label)])

    def like(self, label: str, most: int = 3) -> tuple[str, ...]:
        """Those whose name is part of a label, the other way round, or nearly the same; in Latin letters too."""
        words = {word for word in name_key(label) if not re.search(r"\d", word)}  # a class, a number
        scores = {}
        for person in self._roster:
            known = set(name_key(person.name))
            spellings = [sorted(known), [*name_key(person.id)], [*name_key(person.email.split("@")[0])]]
            # A login of one word is like many a first name.
            fitting = [one for one in spellings if len(one) > 1 or len(words) == 1] if words else []
            is_part = any(part and (words >= {*part} or words <= {*part}) for part in fitting)
            near = max((_likeness(words, spelling) for spelling in fitting), default=0.0)
            if is_part or near >= _LIKE:
                scores[person.id] = near + is_part
        return tuple(sorted(scores, key=lambda id_: (-scores[id_], id_))[:most])


def folded(text: str) -> str:
    """A text for comparing: composed, in small letters, with single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _likeness(words: Iterable[str], others: Iterable[str]) -> float:
    """How alike the least alike words of two names are: sisters and brothers share a family name."""
    fewer, more = sorted(([_latin(word)[:40] for word in side] for side in (words, others)), key=len)
    if not fewer or len(more) > _MAX_WORDS:
        return 0.0
    return min(max(difflib.SequenceMatcher(None, word, other).ratio() for other in more) for word in fewer)


def _latin(word: str) -> str:
    return "".join(_LATIN.get(letter, letter) for letter in word).replace("y", "i").replace("j", "i")


@dataclass(frozen=True)
class Directory:
    """All that says whose a name is.

    Attributes:
        people: of the roster; None where the class has none, and any usable id is a student's.
        answers: of the teacher's, now and earlier this term.
        worksheet: Moodle's, where one was given.
        shared: labels under which this archive holds several people: a name alone tells none of them.
    """

    people: People | None
    answers: Answers
    worksheet: Worksheet | None = None
    shared: frozenset[str] = frozenset()

    def question_of(self, named: Named) -> str:
        """Under which name a teacher is asked, and may answer."""
        if named.form in (Form.GRADESCOPE, Form.REPOSITORY, Form.BLACKBOARD):
            return named.whole
        is_of_several = self.people is not None and len(self.people.named(named.label, named.form)) > 1
        if named.number and (folded(named.label) in self.shared | BLIND or is_of_several):
            return f"{named.label}_{named.number}"
        return named.label

    def owner_of(self, named: Named, plain_id: str | None) -> Owner | Unknown:
        """Whose a submission is.

        Args:
            named: its name at the top.
            plain_id: the student that the path tells where there is no roster; None: nobody.
        """
        keys = (self.question_of(named), f"{named.label}_{named.number}", named.whole)
        answered = next((found for key in keys if (found := self.answers.get(key))), ())
        if answered:
            return Owner(() if answered == (NOBODY,) else answered, _("your answer"))
        if self.worksheet is not None and named.form is Form.MOODLE:
            return self._by_worksheet(named, self.worksheet)
        return self._by_roster(named, self.people) if self.people is not None else self._by_itself(named, plain_id)

    def _by_roster(self, named: Named, people: People) -> Owner | Unknown:
        found: dict[str, str] = {}
        for label in named.labels:
            found |= people.named(label, named.form)
        if named.form is Form.REPOSITORY or (named.form is Form.FOLDER and not found):
            found |= people.ending_in_login(named.label)
        by_number, maybe = people.numbered(named.number, named.form)
        by_name = set(found)
        if by_number and set(by_number) < set(found):
            found = {}  # two of one name, and the system's number tells them apart
        found |= by_number
        team = people.team(named.label) if named.form is Form.MOODLE else ()
        if not found and team:
            return Owner(team, _("members of the team in roster.csv"))
        return self._only(found, named, maybe, by_name - set(by_number))

    def _only(
        self, found: Mapping[str, str], named: Named, candidates: Sequence[str], by_name: Iterable[str]
    ) -> Owner | Unknown:
        if len(found) == 1:
            ((student, why),) = found.items()
            return Owner((student,), why, is_by_name=student in by_name)
        likely = tuple(dict.fromkeys([*found, *candidates]))
        if found:
            return Unknown(_("the name fits several people of roster.csv"), likely)
        if folded(named.label) in BLIND:
            return Unknown(_("blind marking hides the name"), ())
        return Unknown(_("nobody in roster.csv is called so"), likely)

    def _by_worksheet(self, named: Named, worksheet: Worksheet) -> Owner | Unknown:
        line = worksheet.line(named.number)
        if line is None:
            return Unknown(_("the worksheet has no participant {number}").format(number=named.number))
        why = _("participant {number} of the worksheet").format(number=named.number)
        if self.people is None:
            label = "" if folded(named.label) in self.shared | BLIND else named.label
            name = "" if worksheet.has_namesake(line) else line.name
            usable = next((text for text in (label, name, line.identifier) if is_student_id(text)), None)
            return Unknown(_("the name cannot be a student's id")) if usable is None else Owner((usable,), why)
        texts = [line.name] if folded(named.label) in BLIND else [line.name, named.label]
        found = {id_: why for text in texts if text for id_ in self.people.named(text, Form.MOODLE)}
        by_number, maybe = self.people.numbered(named.number, Form.MOODLE)
        by_email = self.people.named(line.email, Form.MOODLE) if line.email else {}
        for sure in (by_email, by_number):  # tells namesakes apart, or contradicts the name
            found = dict.fromkeys(sure if sure and set(sure) <= set(found) else [*found, *sure], why)
        return self._only(found, named, maybe, ())

    def _by_itself(self, named: Named, plain_id: str | None) -> Owner | Unknown:
        """Without a roster: a usable id is a student's, unless the archive itself says that it is not one person's."""
        label = named.label
        if named.form is Form.GRADESCOPE or (named.form is Form.REPOSITORY and label == named.whole):
            return Unknown(_("its name tells no student"))
        if named.form is Form.BLACKBOARD and len(named.labels) > 1:
            return Unknown(_("where the login begins cannot be told"))
        if folded(label) in BLIND:
            return Unknown(_("blind marking hides the name"))
        return self._usable(named, plain_id)

    def _usable(self, named: Named, plain_id: str | None) -> Owner | Unknown:
        label = named.label
        if named.number and folded(label) in self.shared:
            return Unknown(_("several people hand in under this name"))
        student = label if named.is_of_system else plain_id
        if student is None:
            return Unknown(_("its name tells no student"))
        if not is_student_id(student):
            return Unknown(_("the name cannot be a student's id"))
        return Owner((student,), _("its name"), is_by_name=True, is_settled=named.is_of_system)
