"""Ways in: personal links with random tokens, of which only hashes are kept, and addresses that OIDC vouches for."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from grader.record.database.page_records import AccessRecord, Identity, Role
from grader.record.database.page_schema import Access
from grader.record.database.queries import Board
from grader.record.database.schema import Student
from grader.record.database.store import ClassDatabase

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
TOKEN_PARAMETER = "key"  # noqa: S105  the name of the parameter, no token


def new_token() -> str:
    """256 random bits as 43 characters that need no quoting in an address or a cookie."""
    return secrets.token_urlsafe(32)


def is_token(text: str) -> bool:
    """Whether the text could be a token at all."""
    return _TOKEN.fullmatch(text) is not None


def hashed(token: str) -> str:
    """What is kept of a token. It has 256 bits, so nothing slower than SHA-256 is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


class AccessList:
    """Who may enter the page, for the one who invites."""

    def __init__(self, database: ClassDatabase) -> None:
        self._database = database

    def invite_student(self, student_id: str, name: str, *, token_sha256: str | None, email: str | None = None) -> bool:
        """Let a student in, and draw an alias where there is none. An earlier way in of the same kind ends.

        Args:
            student_id: the roster's id.
            name: real name; empty where the roster has none.
            token_sha256: hash of the personal link's token, or None for OIDC alone.
            email: address that OIDC vouches for, or None.

        Returns:
            Whether an earlier way in was ended.
        """
        self._database.ensure_student(student_id, name or None)

        def store(session: Session) -> bool:
            ended = _end(session, _open().where(Access.student_id == student_id, _same_kind(token_sha256)))
            session.add(_access(Role.STUDENT, student_id, name or student_id, token_sha256, email))
            return ended > 0

        return self._database.transact(store)

    def invite_teacher(self, name: str, *, token_sha256: str | None, email: str | None = None) -> bool:
        """Let a teacher in; an earlier way in of the same kind under this name ends."""

        def store(session: Session) -> bool:
            same = (Access.role == Role.TEACHER, Access.label == name, _same_kind(token_sha256))
            ended = _end(session, _open().where(*same))
            session.add(_access(Role.TEACHER, None, name, token_sha256, email))
            return ended > 0

        return self._database.transact(store)

    def has_link(self, student_id: str) -> bool:
        """Whether the student has a personal link that works."""
        query = _open().where(Access.student_id == student_id, Access.token_sha256.is_not(None))
        return self._database.transact(lambda session: session.scalar(query) is not None)

    def knows(self, token_sha256: str) -> bool:
        """Whether this token was given out before."""
        query = select(Access.id).where(Access.token_sha256 == token_sha256)
        return self._database.transact(lambda session: session.scalar(query) is not None)

    def revoke(self, *, student_id: str | None = None, teacher: str | None = None) -> int:
        """End every way in of a student or of a teacher; how many there were."""
        query = _open().where(
            Access.student_id == student_id if teacher is None else (Access.role == Role.TEACHER),
            *(() if teacher is None else (Access.label == teacher,)),
        )
        return self._database.transact(lambda session: _end(session, query))

    def identity(self, access_id: int) -> Identity | None:
        """Who has this way in; None where it was revoked."""
        return self._database.transact(_finding(_open().where(Access.id == access_id)))

    def every(self) -> list[AccessRecord]:
        """Every way in there is or was, the newest last."""
        return self._database.transact(lambda session: [_record(row) for row in session.scalars(_in_order())])


def identify(board: Board, *, token: str = "", email: str = "") -> Identity | None:
    """Who comes with this token, or with this address that OIDC vouches for; None for nobody we know.

    Args:
        board: the class database.
        token: from a personal link.
        email: verified by the identity provider.
    """
    if token:
        if not is_token(token):
            return None
        query = _open().where(Access.token_sha256 == hashed(token))
    elif email:
        query = _open().where(Access.email == email.strip().lower())
    else:
        return None
    with board.connection() as connection, Session(connection) as session:
        return _finding(query)(session)


def has_way_in(board: Board, access_id: int) -> bool:
    """Whether a way in that the page has seen still holds."""
    with board.connection() as connection, Session(connection) as session:
        return session.scalar(_open().where(Access.id == access_id)) is not None


def accesses(board: Board) -> list[AccessRecord]:
    """Every way in there is or was, for the teacher's page."""
    with board.connection() as connection, Session(connection) as session:
        return [_record(row) for row in session.scalars(_in_order())]


def _access(role: Role, student_id: str | None, label: str, token_sha256: str | None, email: str | None) -> Access:
    address = email.strip().lower() if email else None
    return Access(
        token_sha256=token_sha256, email=address, role=role, student_id=student_id, label=label,
        created_at=datetime.now(UTC), revoked_at=None,
    )  # fmt: skip


def _open() -> Select[Any]:
    return select(Access).where(Access.revoked_at.is_(None))


def _in_order() -> Select[Any]:
    return select(Access).order_by(Access.role.desc(), Access.student_id, Access.id)


def _same_kind(token_sha256: str | None) -> ColumnElement[bool]:
    return Access.token_sha256.is_(None) if token_sha256 is None else Access.token_sha256.is_not(None)


def _end(session: Session, query: Select[Any]) -> int:
    rows = session.scalars(query).all()
    for row in rows:
        row.revoked_at = datetime.now(UTC)
    return len(rows)


def _finding(query: Select[Any]) -> Callable[[Session], Identity | None]:
    def find(session: Session) -> Identity | None:
        row = session.scalars(query.order_by(Access.id.desc()).limit(1)).first()
        if row is None:
            return None
        student = session.get(Student, row.student_id) if row.student_id else None
        name = (student.name if student else None) or row.label
        return Identity(row.id, row.role, row.student_id, name)

    return find


def _record(row: Access) -> AccessRecord:
    return AccessRecord(
        row.id, row.role, row.student_id, row.label, row.email, row.token_sha256 is not None, row.created_at,
        row.revoked_at,
    )  # fmt: skip


def link_to(url: str, token: str, page: str = "me") -> str:
    """The personal link that carries a token to one of the page's pages."""
    return f"{url.rstrip('/')}/{page}?{TOKEN_PARAMETER}={token}"
