"""Who may send files to the page, and how many bytes of them lie in its memory until they are handed in."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass

from grader.service.page_settings import FILE_MIB

MIB = 1 << 20
PERSON_MIB = 3 * FILE_MIB  # all tabs of one student together: the file, the one before it, and one on its way
TOTAL_MIB = 256


@dataclass(frozen=True, slots=True)
class _File:
    """A file that is in memory, or on its way there.

    Attributes:
        person: whose it is, as the class database numbers ways in.
        session: the tab that it was sent from.
        id: the address that it was sent to, which names it within the session.
        size: bytes.
        is_here: whether all of it has come.
    """

    person: int
    session: str
    id: str
    size: int
    is_here: bool = False


class Uploads:
    """Files of the tabs that a form was shown in; all other tabs have no business to send any.

    Args:
        is_held: whether a session's file of this name is in memory.
        person_bytes: cap on what one person's tabs hold.
        total_bytes: cap on what all tabs hold.
    """

    def __init__(
        self,
        is_held: Callable[[str, str], bool],
        *,
        person_bytes: int = PERSON_MIB * MIB,
        total_bytes: int = TOTAL_MIB * MIB,
    ) -> None:
        self._is_held = is_held
        self._person_bytes = person_bytes
        self._total_bytes = total_bytes
        self._people: dict[str, int] = {}
        self._files: dict[int, _File] = {}
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def expect(self, session: str, person: int) -> None:
        """A form was shown to this person in this tab."""
        with self._lock:
            self._people[session] = person

    def person_of(self, session: str) -> int | None:
        """Who may send files from this tab; None for nobody."""
        return self._people.get(session)

    def forget(self, session: str) -> None:
        """Nothing is expected from this tab any more."""
        with self._lock:
            self._people.pop(session, None)

    def begin(self, session: str, id: str, size: int) -> int | None:
        """Reserve memory for a file before any of it is read.

        Returns:
            A number for `end`; None where it would be too much, or the tab may send nothing.
        """
        with self._lock:
            person = self._people.get(session)
            if person is None:
                return None
            self._drop_what_is_gone()
            own = sum(file.size for file in self._files.values() if file.person == person)
            total = sum(file.size for file in self._files.values())
            if own + size > self._person_bytes or total + size > self._total_bytes:
                return None
            number = next(self._numbers)
            self._files[number] = _File(person, session, id, size)
            return number

    def end(self, number: int) -> None:
        """The request is over, whether or not the file was kept."""
        with self._lock:
            file = self._files[number]
            self._files[number] = _File(file.person, file.session, file.id, file.size, is_here=True)

    def _drop_what_is_gone(self) -> None:
        gone = [n for n, file in self._files.items() if file.is_here and not self._is_held(file.session, file.id)]
        for number in gone:
            del self._files[number]
