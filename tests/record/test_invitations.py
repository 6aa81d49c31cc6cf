"""Inviting never changes the roster in silence, and locks nobody out."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.course.config import CONFIG_NAME
from grader.course.folder import Course
from grader.course.roster import ROSTER, Person, add_people, read_people
from grader.errors import InvalidConfig
from grader.record.actions import Teacher
from grader.record.database import ClassDatabase
from grader.record.database.access import AccessList
from grader.record.database.decisions import audit_lines
from grader.record.invitations import invite_all
from grader.record.ledger import Ledger

URL = "http://board"
PART = "id,name\nlisa,Лиза Симпсон\nmilhouse,Милхаус\n"


@pytest.fixture
def teacher(tmp_path: Path) -> Iterator[Teacher]:
    """A teacher of a class in which lisa and bart were graded."""
    root = tmp_path / "class"
    (root / "board").mkdir(parents=True)
    (root / CONFIG_NAME).write_text('name = "Test class"\nlanguage = "en"\n')
    course = Course.open(root)
    for student in ("lisa", "bart"):
        Ledger(course.ledger).set_current("resnet", student, "key")
    with ClassDatabase.open(course.database_url) as database:
        yield Teacher(course, database, "tester")


def part(tmp_path: Path, text: str = PART) -> Path:
    (tmp_path / "9a.csv").write_text(text, encoding="utf-8")
    return tmp_path / "9a.csv"


def invited(teacher: Teacher) -> set[str | None]:
    return {line.student_id for line in AccessList(teacher.database).every()}


def test_without_a_roster_a_list_does_not_become_it_and_that_is_known(teacher: Teacher, tmp_path: Path) -> None:
    found = invite_all(teacher, part(tmp_path), URL, again=False)
    assert (found.added, found.has_roster) == ((), False)
    assert not (teacher.course.root / ROSTER).exists()
    assert invited(teacher) == {"lisa", "milhouse"}


def test_those_whom_the_roster_lacks_are_added_to_it_and_named(teacher: Teacher, tmp_path: Path) -> None:
    own = teacher.course.root / ROSTER
    own.write_bytes("id;name;moodle\r\nlisa;Лиза;17\r\nbart;Барт;18".encode("cp1251"))
    before = own.read_bytes()
    found = invite_all(teacher, part(tmp_path), URL, again=False)
    assert found.added == ("milhouse",)
    assert own.read_bytes() == before + "\r\nmilhouse;Милхаус;\r\n".encode("cp1251")
    assert [person.name for person in read_people(own)] == ["Лиза", "Барт", "Милхаус"]
    assert ("roster", "milhouse") in {(line.action, line.detail) for line in audit_lines(teacher.database)}


def test_a_roster_that_would_lock_out_graded_students_is_refused_and_nothing_changes(
    teacher: Teacher, tmp_path: Path
) -> None:
    own = teacher.course.root / ROSTER
    own.write_text("id,name\nlisa,Lisa\n")
    for roster in (None, part(tmp_path)):
        with pytest.raises(InvalidConfig, match="lacks 1 students who were graded: bart") as caught:
            invite_all(teacher, roster, URL, again=False)
        assert "--gone" in caught.value.remedy
    assert own.read_text() == "id,name\nlisa,Lisa\n"
    assert invited(teacher) == set()


def test_a_list_that_names_the_graded_students_brings_them_back(teacher: Teacher, tmp_path: Path) -> None:
    (teacher.course.root / ROSTER).write_text("id,name\nlisa,Lisa\n")
    assert invite_all(teacher, part(tmp_path, "id,name\nbart,Bart\n"), URL, again=False).added == ("bart",)


def test_who_has_left_the_class_may_be_missing(teacher: Teacher) -> None:
    (teacher.course.root / ROSTER).write_text("id,name\nlisa,Lisa\n")
    assert len(invite_all(teacher, None, URL, again=False, gone=["bart"]).links) == 1


def test_an_id_that_cannot_be_one_stops_before_the_first_link_is_drawn(teacher: Teacher, tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match=r"cannot be a folder's name: '\.\./x'"):
        invite_all(teacher, part(tmp_path, "id,name\nlisa,Lisa\n../x,X\n"), URL, again=False)
    assert invited(teacher) == set()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "cp866", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", [";", "\t", ","])
def test_a_roster_keeps_its_encoding_and_its_separator(tmp_path: Path, encoding: str, mark: str) -> None:
    path = tmp_path / ROSTER
    path.write_bytes(f"id{mark}name{mark}email\nlisa{mark}Лиза Симпсон{mark}\n".encode(encoding))
    before = path.read_bytes()
    add_people(path, [Person("bart", f"Барт{mark} Эль Барто", "bart@x")])
    assert path.read_bytes().startswith(before)
    assert read_people(path)[1] == Person("bart", f"Барт{mark} Эль Барто", "bart@x")


def test_a_name_that_the_roster_s_encoding_lacks_is_said(tmp_path: Path) -> None:
    path = tmp_path / ROSTER
    path.write_bytes("id;name\nlisa;Лиза Симпсон\n".encode("cp1251"))
    with pytest.raises(InvalidConfig, match="has no 'á'") as caught:
        add_people(path, [Person("sean", "Seán", "")])
    assert "CSV UTF-8" in caught.value.remedy
