"""Who is who is known or said not to be; it is never guessed."""

from grader.course.roster import Person
from grader.lms.matching import Listed, matching

LISA = Person("lisa", "Лиза Симпсон", "lisa@example.org", {"participant": "Participant 7001"})
BART = Person("bart", "Барт Симпсон", "")
IVANS = [Person("ivan1", "Иван Петров", ""), Person("ivan2", "Петров Иван", "ivan2@example.org")]
CLASS = [LISA, BART, *IVANS]


def found(*listed: Listed) -> tuple[dict[int, str], tuple[int, ...], tuple[int, ...]]:
    done = matching(listed, CLASS, ["participant"])
    return done.student_of, done.doubtful, done.strangers


def test_a_name_is_the_same_in_any_order_case_and_with_either_yo() -> None:
    people = [Person("petr", "Пётр Ёлкин", "")]
    assert matching([Listed("ЕЛКИН  Петр")], people, []).student_of == {0: "petr"}


def test_an_identifier_is_its_number_whatever_word_stands_before_it() -> None:
    for identifier in ("Participant 7001", "Участник7001", "7001"):
        assert found(Listed("Lisa S.", identifier)) == ({0: "lisa"}, (), ())
    assert found(Listed("Lisa S.", "Participant 70010")) == ({}, (), (0,))


def test_two_of_one_name_are_told_apart_by_their_address_or_not_at_all() -> None:
    assert found(Listed("Иван Петров", email="IVAN2@example.org")) == ({0: "ivan2"}, (), ())
    assert found(Listed("Иван Петров")) == ({}, (0,), ())


def test_an_address_and_a_name_of_two_students_are_left_out() -> None:
    assert found(Listed("Барт Симпсон", email="lisa@example.org")) == ({}, (0,), ())


def test_two_lines_for_one_student_are_left_out_unless_one_says_more() -> None:
    assert found(Listed("Барт Симпсон"), Listed("Симпсон Барт")) == ({}, (0, 1), ())
    assert found(Listed("Лиза Симпсон"), Listed("Симпсон Лиза", "Participant 7001")) == ({1: "lisa"}, (), (0,))


def test_a_student_without_a_name_is_found_by_the_name_that_is_their_id() -> None:
    assert matching([Listed("Мария Иванова")], [Person("Иванова Мария", "", "")], []).student_of == {0: "Иванова Мария"}


def test_a_name_that_a_teacher_has_answered_before_is_known() -> None:
    people = [LISA, BART]
    answers = {"bart": ("Bartholomew J.",), "-": ("Nobody",)}
    found_ = matching([Listed("J. Bartholomew"), Listed("Nobody")], people, [], answers)
    assert (found_.student_of, found_.strangers) == ({0: "bart"}, (1,))


def test_a_login_is_a_students_id() -> None:
    assert found(Listed("B. S.", logins=("", "BART"))) == ({0: "bart"}, (), ())
