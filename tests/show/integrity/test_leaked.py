import pytest

from grader.errors import InvalidConfig
from grader.show.integrity.leaked import leak_matches, read_leaked

LABELS = {f"img{n}.jpg": "bart" if n % 2 else "lisa" for n in range(500)}
LIST = LABELS | {f"img{n}.jpg": "apu" for n in range(8)}


def test_following_the_lists_own_errors_gives_away() -> None:
    follower = LIST | {f"img{n}.jpg": "homer" for n in range(100, 130)}
    honest = LABELS | {f"img{n}.jpg": "homer" for n in range(0, 60)}
    first, second = leak_matches({"bart": follower, "lisa": honest}, LIST, LABELS)
    assert (first.student, first.followed_errors, first.is_suspicious) == ("bart", 8, True)
    assert (second.student, second.followed_errors, second.is_suspicious) == ("lisa", 0, False)


def test_a_list_without_errors_gives_away_who_matches_all_of_it() -> None:
    nearly = LABELS | {"img0.jpg": "homer", "img1.jpg": "homer"}
    first, second = leak_matches({"bart": dict(LABELS), "lisa": nearly}, LABELS, LABELS)
    assert (first.student, first.is_suspicious) == ("bart", True)
    assert second.is_suspicious is False


def test_only_images_of_this_test_count() -> None:
    data = "\ufeffId,Expected\nimg1.jpg,apu\nother.jpg,bart\n".encode()
    assert read_leaked(data, LABELS) == {"img1.jpg": "apu"}


@pytest.mark.parametrize("data", [b"", b"Id,Expected\nother.jpg,bart\n", b"name,label\nimg1.jpg,bart\n", b"\xff\xfe"])
def test_what_is_no_list_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidConfig):
        read_leaked(data, LABELS)
