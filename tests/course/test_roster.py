"""One reader of `roster.csv`, whoever asks: grading, which wants names by id, and inviting, which wants everybody."""

from pathlib import Path

from grader.course import new_class
from grader.course.roster import ROSTER, read_people, read_roster


def test_a_line_whose_id_is_blank_is_nobodys_for_either_reader(tmp_path: Path) -> None:
    course = new_class.init(tmp_path / "class")
    path = course.root / ROSTER
    path.write_text("id,name,email\n   ,Nobody,\n lisa ,Lisa Simpson,lisa@example.org\n,,\n", encoding="utf-8")
    assert [(person.id, person.name) for person in read_people(path)] == [("lisa", "Lisa Simpson")]
    assert read_roster(course) == {"lisa": "Lisa Simpson"}
