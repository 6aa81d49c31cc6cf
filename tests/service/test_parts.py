"""Files that come in parts, on the disk: what is kept, what is refused, and what makes room."""

import os
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from grader.collect import parts as module
from grader.collect.inbox import FILE, Inbox
from grader.collect.parts import FOLDER, KEPT_S, PART_BYTES, DayLimit, DayUsedUp, Parts
from grader.collect.uploads import PageRules, require_network, unpack
from grader.collect.weights import MAX_WEIGHTS_BYTES
from grader.errors import EnvironmentFault, InvalidSubmission

KEY, OTHER = "0123456789abcdef", "fedcba9876543210"
NOTEBOOK = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    return Parts(tmp_path, 7)


def test_parts_come_one_behind_another_and_a_part_that_comes_twice_is_kept_once(parts: Parts) -> None:
    assert parts.held(KEY) == 0
    assert parts.append(KEY, 0, b"ab") == 2
    assert parts.append(KEY, 0, b"ab") == 2
    assert parts.append(KEY, 5, b"x") == 2
    assert parts.append(KEY, 2, b"c") == 3
    assert parts.path(KEY).read_bytes() == b"abc"
    assert Parts(parts.inbox, 8).held(KEY) == 0
    parts.remove(KEY)
    assert parts.held(KEY) == 0


@pytest.mark.parametrize("key", ["", "../../../etc/x", "0123456789ABCDEF", KEY + "0", "\n" + KEY[1:]])
def test_what_is_no_key_names_no_file(parts: Parts, key: str) -> None:
    with pytest.raises(InvalidSubmission):
        parts.append(key, 0, b"x")


def test_a_file_beyond_the_limit_is_refused_and_a_large_part_is_not_kept(parts: Parts) -> None:
    assert parts.append(KEY, 0, bytes(PART_BYTES + 1)) == 0
    parts.append(KEY, 0, b"x")
    os.truncate(parts.path(KEY), MAX_WEIGHTS_BYTES)
    with pytest.raises(InvalidSubmission, match="more than 200 MiB"):
        parts.append(KEY, MAX_WEIGHTS_BYTES, b"x")


def test_a_link_in_the_folder_is_not_followed(parts: Parts, tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    parts.path(KEY).symlink_to(tmp_path / "elsewhere")
    assert parts.held(KEY) == 0
    with pytest.raises(EnvironmentFault):
        parts.append(KEY, 0, b"x")
    assert not (tmp_path / "elsewhere").exists()


def test_the_oldest_file_of_a_person_makes_room_and_so_does_what_is_a_day_old(parts: Parts) -> None:
    others = [f"{number:016x}" for number in range(3)]
    for age, key in enumerate(others):
        parts.append(key, 0, b"x")
        os.truncate(parts.path(key), MAX_WEIGHTS_BYTES - 1)
        os.utime(parts.path(key), (time.time() - 100 * (age + 1),) * 2)
    parts.append(KEY, 0, b"x")
    assert [parts.held(key) > 0 for key in others] == [True, True, False]
    stranger = Parts(parts.inbox, 9)
    stranger.append(OTHER, 0, b"x")
    os.utime(stranger.path(OTHER), (time.time() - KEPT_S - 1,) * 2)
    parts.append(KEY, 1, b"x")
    assert stranger.held(OTHER) == 0


def test_no_more_waits_than_the_disk_is_meant_to_hold(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_TOTAL_BYTES", 10)
    Parts(parts.inbox, 9).append(OTHER, 0, b"12345678")
    with pytest.raises(EnvironmentFault, match="Too many files wait"):
        parts.append(KEY, 0, b"123")


def test_a_day_has_so_many_bytes_for_each_person_and_says_what_is_left_and_when_there_are_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = Parts(tmp_path, 7, DayLimit(2, ZoneInfo("Europe/Moscow")))
    mib = bytes(1 << 20)
    parts.append(KEY, 0, mib)
    parts.append(KEY, 0, mib)  # comes twice and is kept once: it costs nothing
    assert "1 of 2 MiB are left for today; the next day begins at 00:00 (Europe/Moscow)" in parts.told()
    parts.remove(KEY)  # handed in: what was sent stays sent
    parts.append(OTHER, 0, mib)
    with pytest.raises(DayUsedUp, match="0 of 2 MiB are left"):
        parts.append(OTHER, 1 << 20, b"x")
    assert parts.held(OTHER) == 1 << 20
    assert Parts(tmp_path, 8, parts.day).append(KEY, 0, b"x") == 1
    assert Parts(tmp_path, 7).append(OTHER, 1 << 20, b"x") == (1 << 20) + 1

    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(days=1)

    monkeypatch.setattr(module, "datetime", Tomorrow)
    assert parts.append(OTHER, (1 << 20) + 1, b"x") == (1 << 20) + 2


def test_the_same_files_make_the_same_archive_and_it_is_unpacked_again(parts: Parts) -> None:
    parts.append(KEY, 0, b"weights")
    inbox = Inbox(parts.inbox)
    rules = PageRules(source="network")
    made = [
        inbox.put_archive(7, "town", {"town.ipynb": NOTEBOOK, "network.pth": parts.path(KEY)}) for _time in range(2)
    ]
    assert made[0].file_sha256 == made[1].file_sha256
    data = inbox.data(made[0], rules.max_bytes)
    assert data == (parts.inbox / made[1].id / FILE).read_bytes()
    assert unpack(made[0].filename, data, "town", rules) == {"town.ipynb": NOTEBOOK, "network.pth": b"weights"}


def test_an_archive_without_weights_or_with_several_is_refused_by_what_it_holds(parts: Parts) -> None:
    inbox = Inbox(parts.inbox)
    rules = PageRules(source="network")
    for files, words in (({}, "No weights"), ({"a.pth": b"1", "b.pt": b"2"}, "Several files")):
        item = inbox.put_archive(7, "town", {"town.ipynb": NOTEBOOK, **files})
        with pytest.raises(InvalidSubmission, match=words):
            unpack(item.filename, inbox.data(item) or b"", "town", rules)
    with pytest.raises(InvalidSubmission, match="No weights lie beside"):
        require_network(NOTEBOOK, "network.exe", 3, "town", rules)


def test_an_inbox_that_is_full_by_bytes_takes_no_more(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.collect.inbox.MAX_WAITING_BYTES", 100)
    inbox = Inbox(parts.inbox)
    inbox.put_upload(7, "town", "town.ipynb", bytes(101))
    with pytest.raises(EnvironmentFault, match="wait in the inbox"):
        inbox.put_archive(7, "town", {"town.ipynb": NOTEBOOK})
