"""Canvas's gradebook comes back with one column filled in."""

import csv
import io

import pytest

from grader.course.folder import Course
from grader.errors import InvalidConfig
from grader.lms.canvas import CanvasGradebook, fill
from grader.lms.notes import NoteKind
from grader.lms.results import results_of

GRADEBOOK = """\
Student,ID,SIS User ID,SIS Login ID,Section,VGG (31),ResNet (32),Current Score\r
,,,,,Manual Posting,Manual Posting,(read only)\r
"    Points Possible",,,,,10.00,20.00,(read only)\r
"Симпсон, Лиза",101,s-1,lisa@example.org,"CNN, autumn",7.00,,70.00\r
"Симпсон, Барт",102,,bart,"CNN, autumn",,12.00,\r
"Student, Test",199,,,"CNN, autumn",,,\r
"""


def gradebook(text: str = GRADEBOOK, bom: bytes = b"\xef\xbb\xbf") -> CanvasGradebook:
    return CanvasGradebook.read(bom + text.encode(), "canvas.csv")


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_one_column_is_filled_in_and_every_other_byte_stays(graded: Course, bom: bytes) -> None:
    known = results_of(graded, "resnet")
    table = gradebook(bom=bom)
    done = fill(table, table.column_of(known), known)
    assert done.data == bom + GRADEBOOK.replace("7.00,,70.00", "7.00,17,70.00").encode()
    kinds = {note.kind: note.names for note in done.notes}
    assert kinds[NoteKind.NO_ROW] == ("Иван Петров",)
    assert kinds[NoteKind.UNCHANGED] == ("Симпсон, Барт",)
    assert kinds[NoteKind.STRANGER] == ("Student, Test",)


@pytest.mark.parametrize("asked", ["32", "resnet", "ResNet (32)", ""])
def test_a_column_is_named_by_title_or_number(graded: Course, asked: str) -> None:
    assert gradebook().column_of(results_of(graded, "resnet"), asked) == 6


def test_a_column_that_is_not_there_or_there_twice_is_refused_with_those_there_are(graded: Course) -> None:
    known = results_of(graded, "resnet")
    with pytest.raises(InvalidConfig, match=r"0 columns .*: VGG \(31\), ResNet \(32\)"):
        gradebook().column_of(known, "AlexNet")
    with pytest.raises(InvalidConfig, match="2 columns") as refused:
        gradebook(GRADEBOOK.replace("VGG (31)", "ResNet (31)")).column_of(known)
    assert "--column" in refused.value.remedy


def test_points_are_converted_to_canvass_maximum_where_that_is_asked_for(graded: Course) -> None:
    known = results_of(graded, "resnet")
    table = gradebook(GRADEBOOK.replace("20.00", "100.00"))
    with pytest.raises(InvalidConfig, match="maximum there is 100"):
        fill(table, 6, known)
    rows = list(csv.reader(io.StringIO(fill(table, 6, known, scale=True).data.decode("utf-8-sig"))))
    assert [row[6] for row in rows] == ["ResNet (32)", "Manual Posting", "100.00", "85", "60", ""]
