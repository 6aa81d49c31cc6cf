"""One reader of `roster.csv`, whoever asks: grading, which wants names by id, and inviting, which wants everybody."""

from pathlib import Path

from grader.course import new_class
from grader.course.roster import ROSTER, name_key, read_people, read_roster


def test_a_line_whose_id_is_blank_is_nobodys_for_either_reader(tmp_path: Path) -> None:
    course = new_class.init(tmp_path / "class")
    path = course.root / ROSTER
    path.write_text("id,name,email\n   ,Nobody,\n lisa ,Lisa Simpson,lisa@example.org\n,,\n", encoding="utf-8")
    assert [(person.id, person.name) for person in read_people(path)] == [("lisa", "Lisa Simpson")]
    assert read_roster(course) == {"lisa": "Lisa Simpson"}


def test_further_columns_are_what_other_systems_call_the_student(tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_text("id,name,Moodle,email\nlisa,Lisa Simpson, 12345 ,lisa@example.org\n", encoding="utf-8")
    assert [dict(person.others) for person in read_people(path)] == [{"moodle": "12345"}]


def test_spellings_of_one_name_have_one_key() -> None:
    spellings = ["Пётр Ильич Котёнкин", "котенкин  пётр ИЛЬИЧ", "Котёнкин, Пётр Ильич", "Пётр_Ильич_Котёнкин"]
    assert len({name_key(name) for name in spellings}) == 1
    assert name_key("Андре\u0438\u0306 Иванов") == name_key("Иванов Андрей")
    assert name_key("Пётр Котёнкин") != name_key("Павел Котёнкин")
