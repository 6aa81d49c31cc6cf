"""Points as plain CSV, for programs and for Excel."""

import io

import pytest

from grader.show.export import GradeLine
from grader.show.grade_csv import Style, russian_excel, write_grades

LINES = [
    GradeLine("=lisa", "Лиза", "resnet", 17.5, 20, "", "2026-11-30T21:54:38+00:00"),
    GradeLine("bart", "-Барт", "springfield", -1, 15, "0.94792", "", "+1 late"),
    GradeLine("=lisa", "", "springfield", 7, 15, "0.90000", ""),
]


def written(style: Style, *, wide: bool) -> list[str]:
    file = io.StringIO(newline="")
    write_grades(file, LINES, style, wide=wide)
    return file.getvalue().split("\r\n")[:-1]


def test_columns_are_only_ever_added_behind_those_that_were() -> None:
    assert written(Style(), wide=False) == [
        "student,name,assignment,points,max_points,f1,received,reason,late_penalty,days_late",
        "'=lisa,Лиза,resnet,17.5,20,,2026-11-30T21:54:38+00:00,,0,0",
        "bart,'-Барт,springfield,'-1,15,0.94792,,'+1 late,0,0",
        "'=lisa,,springfield,7,15,0.90000,,,0,0",
    ]


def test_a_russian_excel_gets_semicolons_commas_a_byte_order_mark_and_the_classs_time() -> None:
    assert written(russian_excel("Europe/Moscow"), wide=False) == [
        "\ufeffstudent;name;assignment;points;max_points;f1;received;reason;late_penalty;days_late",
        "'=lisa;Лиза;resnet;17,5;20;;01.12.2026 00:54;;0;0",
        "bart;'-Барт;springfield;-1;15;0,94792;;'+1 late;0;0",
        "'=lisa;;springfield;7;15;0,90000;;;0;0",
    ]


@pytest.mark.parametrize(("style", "sum_"), [(Style(), "24.5"), (russian_excel("Europe/Moscow"), "24,5")])
def test_a_wide_table_has_a_line_for_each_student_and_no_zero_for_what_is_missing(style: Style, sum_: str) -> None:
    mark = style.delimiter
    rows = [line.lstrip("\ufeff").split(mark) for line in written(style, wide=True)]
    assert rows == [
        ["student", "name", "resnet", "springfield", "total"],
        ["'=lisa", "Лиза", style.number("17.5"), "7", sum_],
        ["bart", "'-Барт", "", "-1", "-1"],
    ]
