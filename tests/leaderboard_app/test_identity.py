"""Links and cookies of many readers behind one address: wrong ones of some lock out nobody else."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from grader.record.database import ClassDatabase
from grader.record.database.access import AccessList, hashed, new_token
from grader.service.page_settings import BoardSettings
from leaderboard_app import identity
from leaderboard_app.rate_limits import RateLimit

ALLOWED = 10


class Address:
    """All browsers behind one proxy."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
        self._monkeypatch = monkeypatch
        self._url = url

    def visit(self, *, link: str = "", cookie: str = "", url: str = "") -> tuple[bool, str, bool]:
        """A new session: whether it is somebody's, what it is told of its link, whether its cookie is cleared."""
        written: list[str] = []
        fake = SimpleNamespace(
            query_params={"key": link} if link else {},
            session_state={},
            context=SimpleNamespace(cookies={identity.COOKIE: cookie} if cookie else {}, ip_address="10.0.0.1"),
            html=lambda text, **_options: written.append(text),
            secrets={},
        )
        self._monkeypatch.setattr(identity, "st", fake)
        identity.sign_in(BoardSettings(url or self._url, "10А", "Europe/Moscow"))
        is_named, told = identity.is_named(), identity.refused()
        return is_named, told, any("max-age=0" in text for text in written)


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch, full_class: str) -> Address:
    monkeypatch.setattr(identity, "_wrong", RateLimit(ALLOWED, per_s=60))
    return Address(monkeypatch, full_class)


@pytest.fixture
def lisas(full_class: str) -> str:
    token = new_token()
    with ClassDatabase.open(full_class) as database:
        AccessList(database).invite_student("lisa", "Lisa", token_sha256=hashed(token))
    return token


def test_after_many_wrong_links_right_ones_and_cookies_still_work(address: Address, lisas: str) -> None:
    told = [address.visit(link=f"wrong{number}")[1] for number in range(ALLOWED + 2)]
    assert told == ["wrong"] * ALLOWED + ["often"] * 2
    assert address.visit(cookie=lisas) == (True, "", False)
    assert address.visit(link=lisas) == (True, "", False)
    assert address.visit(cookie=new_token()) == (False, "often", True)


def test_right_links_are_not_counted(address: Address, lisas: str) -> None:
    for _number in range(ALLOWED + 2):
        assert address.visit(link=lisas) == (True, "", False)
    assert address.visit(link="wrong") == (False, "wrong", False)


def test_a_cookie_stays_while_the_database_cannot_be_asked(address: Address, lisas: str, tmp_path: Path) -> None:
    assert address.visit(cookie=lisas, url=f"sqlite:///{tmp_path}/nowhere/class.db") == (False, "", False)
    assert address.visit(cookie=lisas) == (True, "", False)
