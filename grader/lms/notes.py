"""What there is to say about a file before it goes back to the other system, or about what was sent there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from grader.language import _


class NoteKind(StrEnum):
    """What holds of some students or lines, in the order in which it is said."""

    REFUSED = "refused"
    NOT_FETCHED = "not_fetched"
    DOUBTFUL = "doubtful"
    NOT_ON_ROSTER = "not_on_roster"
    NO_ROW = "no_row"
    LOCKED = "locked"
    ABOVE = "above"
    NEGATIVE = "negative"
    SOMEONE_ELSES = "someone_elses"
    TOO_LARGE = "too_large"
    NO_NOTEBOOK = "no_notebook"
    GROUP = "group"
    NO_PAGE = "no_page"
    STRANGER = "stranger"
    REPLACES = "replaces"
    OWN_COMMENT = "own_comment"
    WAITS = "waits"
    DRAFT = "draft"
    NEWER_HERE = "newer_here"
    UNCHANGED_HERE = "unchanged_here"
    UNCHANGED = "unchanged"
    EMPTY = "empty"

    @property
    def is_problem(self) -> bool:
        """Whether points do not arrive that should: somebody has to act."""
        return self in _PROBLEMS

    @property
    def sentence(self) -> str:
        """In the current language; `{names}` stands for whom it is about."""
        return {
            self.REFUSED: _("Not sent: {names}"),
            self.NOT_FETCHED: _("Not fetched: {names}"),
            self.NOT_ON_ROSTER: _("Handed in there, but not on roster.csv, so left there: {names}"),
            self.SOMEONE_ELSES: _("A person has graded these there, and that stays (--overwrite replaces it): {names}"),
            self.TOO_LARGE: _("Too large to be graded, so left there: {names}"),
            self.NO_NOTEBOOK: _("No notebook among what was handed in: {names}"),
            self.GROUP: _("Handed in by groups, which are not known here: {names}"),
            self.DRAFT: _("Still a draft, so left there: {names}"),
            self.NEWER_HERE: _("The class has something newer, so left there: {names}"),
            self.UNCHANGED_HERE: _("Already here: {names}"),
            self.DOUBTFUL: _("More than one student may be meant, so these are left out: {names}"),
            self.NO_ROW: _("Graded here, but not found there: {names}"),
            self.LOCKED: _('"Grade can be changed" says no, so Moodle would skip them; left as they are: {names}'),
            self.ABOVE: _("More points than the maximum there, so Moodle would skip them; left as they are: {names}"),
            self.NEGATIVE: _("Fewer than 0 points, so Moodle would skip them; left as they are: {names}"),
            self.NO_PAGE: _("No feedback page was made (run `grader feedback`): {names}"),
            self.STRANGER: _("Listed there, but not known in this class: {names}"),
            self.REPLACES: _("Another grade is there now and will be replaced: {names}"),
            self.OWN_COMMENT: _("A comment that somebody wrote there stays: {names}"),
            self.WAITS: _("Some answers wait for a teacher; the points so far go out: {names}"),
            self.UNCHANGED: _("The same grade is there already: {names}"),
            self.EMPTY: _("Nothing graded, so these stay as they are: {names}"),
        }[self]


_PROBLEMS = frozenset(
    {
        NoteKind.REFUSED, NoteKind.NOT_FETCHED, NoteKind.DOUBTFUL, NoteKind.NOT_ON_ROSTER, NoteKind.NO_ROW,
        NoteKind.LOCKED, NoteKind.ABOVE, NoteKind.NEGATIVE, NoteKind.SOMEONE_ELSES, NoteKind.TOO_LARGE,
        NoteKind.NO_NOTEBOOK, NoteKind.GROUP,
    }
)  # fmt: skip


@dataclass(frozen=True)
class Note:
    """One kind, with the names that it is about."""

    kind: NoteKind
    names: tuple[str, ...]


class Notes:
    """Collects notes while a file is filled in."""

    def __init__(self) -> None:
        self._names: dict[NoteKind, list[str]] = {}

    def add(self, kind: NoteKind, name: str) -> None:
        """Note that this holds of somebody."""
        self._names.setdefault(kind, []).append(name)

    def all(self) -> tuple[Note, ...]:
        """What was noted, problems first."""
        return tuple(Note(kind, tuple(self._names[kind])) for kind in NoteKind if kind in self._names)


def said(notes: Sequence[Note], most: int = 20) -> Iterator[str]:
    """A sentence for each note in the current language; of many names the first ones.

    Args:
        notes: what to say.
        most: names that are shown.
    """
    for note in notes:
        more = f" ... ({len(note.names)})" if len(note.names) > most else ""
        yield note.kind.sentence.format(names=", ".join(note.names[:most])) + more
