"""Moodle's worksheet comes back with points and comments, and not a byte else is another one."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from grader.cli.app import app
from grader.course.folder import Course
from grader.course.gradebook import open_gradebook
from grader.errors import InvalidConfig
from grader.language import speaking
from grader.lms.comments import comment_of
from grader.lms.moodle_feedback import feedback_archive
from grader.lms.moodle_worksheet import Worksheet, fill
from grader.lms.notes import NoteKind
from grader.lms.results import results_of
from grader.record.database import ClassDatabase
from grader.record.database.decisions import Decisions
from grader.show.export import GradeLine

ENGLISH = (
    'Identifier,"Full name","Email address",Status,Group,Grade,"Maximum grade","Marking workflow state",'
    '"Grade can be changed","Last modified (submission)","Online text","Last modified (grade)","Feedback comments"'
)
RUSSIAN = (
    'Идентификатор,"Полное имя","Адрес электронной почты",Состояние,Группа,Оценка,"Максимальная оценка",'
    '"Состояние проверки","Оценка может быть изменена","Последнее изменение (ответ)","Ответ в виде текста",'
    '"Последнее изменение (оценка)","Отзыв в виде комментария"'
)
MIXED_ORDER = (
    '"Feedback comments",Grade,Identifier,"Maximum grade","Full name","Email address",Status,Group,'
    '"Marking workflow state","Grade can be changed","Last modified (submission)","Online text","Last modified (grade)"'
)
WORDS = {ENGLISH: ("Participant ", "Yes", "No"), RUSSIAN: ("Участник", "Да", "Нет")}
TEXT = '"<p>a ""line""\nanother, and \\ a third</p>"'


def row(number: int, name: str, *, header: str = ENGLISH, email="", grade="", most="20.00", can="", comment="") -> str:
    word, yes, _no = WORDS[header]
    return (
        f'"{word}{number}","{name}",{email},"Ответы для оценки",,{grade},{most},,{can or yes},"30 ноября, 21:54",'
        f"{TEXT},-,{comment}"
    )


def sheet(*rows: str, header: str = ENGLISH) -> bytes:
    return ("\n".join([header, *rows]) + "\n").encode()


def filled(course: Course, data: bytes, **options):
    return fill(Worksheet.read(data, "sheet.csv"), results_of(course, "resnet"), **options)


def noted(done) -> dict[NoteKind, tuple[str, ...]]:
    return {note.kind: note.names for note in done.notes}


def cells(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("header", [ENGLISH, RUSSIAN])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_points_and_comments_are_filled_in_and_every_other_byte_stays(
    graded: Course, header: str, bom: bytes, line_end: str, delimiter: str
) -> None:
    rows = [
        row(7001, "Симпсон Лиза", header=header, email="lisa@example.org"),
        row(7002, "БАРТ СИМПСОН", header=header),
        row(7009, "Нельсон", header=header),
    ]
    data = bom + sheet(*rows, header=header).decode().replace("\n", line_end).replace(",", delimiter).encode()
    done = filled(graded, data)
    assert done.count == 2
    known = results_of(graded, "resnet").results
    expected = data.decode()
    for student, points in (("lisa", "17"), ("bart", "12")):
        empty, can = f"{delimiter}{delimiter}20.00{delimiter}", WORDS[header][1]
        expected = expected.replace(empty, f"{delimiter}{points}{delimiter}20.00{delimiter}", 1)
        comment = known[student].comment
        comment = '"{}"'.format(comment.replace('"', '""'))
        expected = expected.replace(f"-{delimiter}{line_end}", f"-{delimiter}{comment}{line_end}", 1)
        assert can in expected
    assert done.data.decode() == expected


def test_columns_may_stand_in_any_order_and_be_missing(graded: Course) -> None:
    data = f'{MIXED_ORDER}\n,,"Participant 1",20,"Лиза Симпсон",,,,,Yes,,,\n'.encode()
    assert cells(filled(graded, data).data)[0]["Grade"] == "17"
    few = filled(graded, 'Identifier,"Full name",Grade\n"Participant 1","Лиза Симпсон",\n'.encode())
    assert few.data.decode().endswith('"Лиза Симпсон",17\n')


def test_a_name_that_was_answered_when_collecting_is_not_asked_for_again(graded: Course) -> None:
    (graded.root / "collected-names.csv").write_text("name,student\nЭль Барто,bart\nНельсон,-\n")
    done = filled(graded, sheet(row(2, "Барто Эль")))
    assert cells(done.data)[0]["Grade"] == "12"


def test_an_assignment_that_is_graded_on_a_scale_is_refused(graded: Course) -> None:
    with pytest.raises(InvalidConfig, match="maximum is 'Зачёт, незачёт'"):
        filled(graded, sheet(row(2, "Барт Симпсон", most='"Зачёт, незачёт"')))


def test_filling_in_twice_changes_nothing(graded: Course) -> None:
    once = filled(graded, sheet(row(1, "Лиза Симпсон"), row(2, "Барт Симпсон")))
    twice = filled(graded, once.data)
    assert (twice.data, twice.count) == (once.data, 0)
    assert noted(twice)[NoteKind.UNCHANGED] == ("Лиза Симпсон", "Барт Симпсон")


def test_what_moodle_would_skip_is_said_and_left_as_it_is(graded: Course) -> None:
    with ClassDatabase.open(graded.database_url) as database:
        Decisions(database).override("bart", "resnet", 25, "a bonus", "Krabappel")
        Decisions(database).override("ivan", "resnet", -1, "copied", "Krabappel")
    rows = [
        row(1, "Лиза Симпсон", can="No"), row(2, "Барт Симпсон"), row(3, "Иван Петров", grade="5.00"),
        row(5, "Милхаус"), row(6, "Нельсон"),
    ]  # fmt: skip
    done = filled(graded, sheet(*rows))
    assert done.data == sheet(*rows)
    assert done.has_problem
    assert noted(done) == {
        NoteKind.LOCKED: ("Лиза Симпсон (17)",),
        NoteKind.ABOVE: ("Барт Симпсон (25)",),
        NoteKind.NEGATIVE: ("Иван Петров (5 -> -1)",),
        NoteKind.STRANGER: ("Нельсон",),
        NoteKind.EMPTY: ("Милхаус",),
    }


def test_a_graded_student_without_a_row_and_a_doubtful_row_are_problems(graded: Course) -> None:
    done = filled(graded, sheet(row(1, "Лиза Симпсон"), row(2, "Симпсон Лиза"), row(3, "Иван Петров")))
    assert noted(done)[NoteKind.DOUBTFUL] == ("Лиза Симпсон", "Симпсон Лиза")
    assert noted(done)[NoteKind.NO_ROW] == ("Барт Симпсон", "Лиза Симпсон")
    assert [cell["Grade"] for cell in cells(done.data)] == ["", "", "0"]


def test_a_grade_that_is_there_is_replaced_and_said_and_somebodys_own_comment_stays(graded: Course) -> None:
    done = filled(graded, sheet(row(1, "Лиза Симпсон", grade="15.50", comment="Прекрасно!")))
    assert noted(done)[NoteKind.REPLACES] == ("Лиза Симпсон (15.5 -> 17)",)
    assert noted(done)[NoteKind.OWN_COMMENT] == ("Лиза Симпсон",)
    assert cells(done.data)[0]["Feedback comments"] == "Прекрасно!"


def test_another_maximum_is_refused_unless_points_are_to_be_converted(graded: Course) -> None:
    data = sheet(row(1, "Лиза Симпсон", most="100.00"))
    with pytest.raises(InvalidConfig, match="maximum there is 100 points, resnet has 20") as refused:
        filled(graded, data)
    assert "--scale" in refused.value.remedy
    assert cells(filled(graded, data, scale=True).data)[0]["Grade"] == "85"


def test_numbers_are_written_as_the_worksheet_writes_them(graded: Course) -> None:
    done = filled(graded, sheet(row(2, "Барт Симпсон", most='"33,00"')), scale=True)
    assert cells(done.data)[0]["Grade"] == "19,8"
    assert b'"19,8"' in done.data


def test_answers_that_wait_for_a_teacher_are_said_until_the_teacher_has_read_them(graded: Course) -> None:
    data = sheet(row(1, "Лиза Симпсон"))
    assert noted(filled(graded, data))[NoteKind.WAITS] == ("Лиза Симпсон",)
    with open_gradebook(graded) as gradebook:
        for grade in gradebook.find_submission_notebook("resnet", "resnet", "lisa").grades:
            if grade.auto_score is None:
                grade.manual_score, grade.needs_manual_grade = 1, False
        gradebook.db.commit()
    done = filled(graded, data)
    assert NoteKind.WAITS not in noted(done)
    assert cells(done.data)[0]["Grade"] == "20"


def test_a_comment_says_what_was_lost_in_the_classs_language_and_is_safe_for_moodle_and_spreadsheets(
    graded: Course,
) -> None:
    with ClassDatabase.open(graded.database_url) as database:
        Decisions(database).override("bart", "resnet", 3, '=1+1 <script> "\\" ', "Krabappel")
    with speaking("ru"):
        comment = results_of(graded, "resnet").results["bart"].comment
    assert comment.startswith('<div class="springfield-grader"><p>Баллов: 3 из 20.</p>')
    assert "task1 basic block identity" in comment
    assert "=1+1 &lt;script&gt; &quot;&#92;&quot;" in comment
    assert "\n" not in comment


def test_a_comment_says_what_being_late_has_cost_unless_a_teacher_set_the_points() -> None:
    line = GradeLine("lisa", "Лиза", "resnet", 15, 20, "", "")
    assert "Handed in late: 2.5 points were taken off." in comment_of(line, None, 2.5)
    assert "late" not in comment_of(line, None)
    assert "taken off" not in comment_of(replace(line, reason="we agreed"), None, 2.5)


def test_the_feedback_archive_has_the_worksheets_numbers_for_names(graded: Course) -> None:
    known = results_of(graded, "resnet")
    page = graded.feedback / "lisa" / "resnet" / "resnet.html"
    data = Worksheet.read(sheet(row(7001, "Лиза_Симпсон/"), row(7002, "Барт Симпсон")), "sheet.csv")
    with pytest.raises(InvalidConfig, match="no feedback page") as refused:
        feedback_archive(graded, data, known)
    assert "grader feedback resnet" in refused.value.remedy
    page.parent.mkdir(parents=True)
    page.write_text("<h1>Lisa</h1>")
    made = feedback_archive(graded, data, known)
    with zipfile.ZipFile(io.BytesIO(made.data)) as archive:
        assert archive.namelist() == ["Лиза Симпсон_7001_assignfeedback_file/feedback.html"]
        assert archive.read(archive.namelist()[0]) == b"<h1>Lisa</h1>"
    assert noted(made) == {NoteKind.NO_PAGE: ("Барт Симпсон",)}


def test_the_verb_writes_a_new_file_and_says_what_moodle_would_skip(graded: Course, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(graded.root)
    given = tmp_path / "grades.csv"
    given.write_bytes(sheet(row(1, "Лиза Симпсон", can="No"), row(2, "Барт Симпсон")))
    before = given.read_bytes()
    said = CliRunner().invoke(app, ["export", "resnet", "--moodle-worksheet", str(given)])
    assert said.exit_code == 1
    assert "Moodle would skip" in said.stdout
    assert given.read_bytes() == before
    assert cells((tmp_path / "grades-filled.csv").read_bytes())[1]["Grade"] == "12"
    for words in (["--wide"], ["--column", "3"], ["--canvas", str(given)]):
        assert CliRunner().invoke(app, ["export", "--moodle-worksheet", str(given), *words]).exit_code == 2
    assert CliRunner().invoke(app, ["export", "--moodle-feedback", "x.zip"]).exit_code == 2
    over = CliRunner().invoke(app, ["export", "resnet", "--moodle-worksheet", str(given), "--to", str(given)])
    assert over.exit_code == 2
    assert given.read_bytes() == before


def test_a_file_that_is_no_worksheet_is_refused_and_says_where_to_get_one() -> None:
    with pytest.raises(InvalidConfig, match="Student, ID; expected Moodle's: Identifier") as refused:
        Worksheet.read(b"Student,ID\nLisa,1\n", "canvas.csv")
    assert "Download grading worksheet" in refused.value.remedy
