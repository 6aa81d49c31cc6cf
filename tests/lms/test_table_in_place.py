"""A table whose cells are filled in keeps every other byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import InvalidConfig
from grader.lms.table_in_place import read_in_place

ROWS = 'A,"B ""b""",C\r\n1,"x,\r\ny",\r\n\r\n2,"",z'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_nothing_but_the_named_cell_changes(encoding: str, line_end: str, delimiter: str) -> None:
    lines = ["Имя|Оценка|Ответ", '"Ли""за"||"<p>1|\n2</p>"', "Барт|3|"]
    text = line_end.join(lines).replace("|", delimiter)
    table = read_in_place(text.encode(encoding), "file")
    assert table.titles == ("Имя", "Оценка", "Ответ")
    assert table.with_values({}) == text.encode(encoding)
    filled = line_end.join([lines[0], lines[1].replace("||", "|17|"), lines[2]]).replace("|", delimiter)
    assert table.with_values({(0, 1): "17"}) == filled.encode(encoding)


def test_values_are_read_and_quoted_as_csv_does() -> None:
    table = read_in_place(ROWS.encode(), "file")
    assert table.titles == ("A", 'B "b"', "C")
    assert [table.value(row, 1) for row in (0, 1)] == ["x,\r\ny", ""]
    filled = table.with_values({(0, 2): 'a "quoted", one', (1, 1): "w", (1, 2): "v"})
    assert filled.decode() == 'A,"B ""b""",C\r\n1,"x,\r\ny","a ""quoted"", one"\r\n\r\n2,"w",v'


def test_a_quote_behind_a_backslash_is_read_as_php_writes_it() -> None:
    data = b'Id,Text,Grade\n1,"a \\"b, ""c""",\n'
    table = read_in_place(data, "file")
    assert table.with_values({(0, 2): "5"}) == b'Id,Text,Grade\n1,"a \\"b, ""c""",5\n'


def test_a_character_that_the_files_encoding_lacks_becomes_htmls_reference_to_it() -> None:
    table = read_in_place("Имя,Отзыв\nЛиза,\n".encode("cp1251"), "file")
    assert table.with_values({(0, 1): "<p>≥ 5</p>"}).decode("cp1251") == "Имя,Отзыв\nЛиза,<p>&#8805; 5</p>\n"


@pytest.mark.parametrize(
    "data",
    [b"", b"  \n", b"\xef\xbb\xbf", b"one\ntwo\n", b'a,b\n1,"2\n', b"a,b\n1,2,3\n", b"PK\x03\x04,\0", b'a,b\n1,"2"x\n'],
)
def test_what_is_no_table_is_refused_with_a_remedy(data: bytes) -> None:
    with pytest.raises(InvalidConfig, match=r"grades\.csv") as refused:
        read_in_place(data, "grades.csv")
    assert refused.value.remedy


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), min_size=1, max_size=5))
def test_whatever_a_table_holds_it_comes_back(pairs: list[tuple[str, str]]) -> None:
    cells = [
        ['"{}"'.format(text.replace('"', '""').replace("\0", "").replace("\\", "/")) for text in pair] for pair in pairs
    ]
    try:
        data = ("a,b\n" + "\n".join(map(",".join, cells))).encode()
    except UnicodeEncodeError:
        return  # a lone surrogate is no text of a file
    table = read_in_place(data, "file")
    assert len(table.rows) == len(pairs)
    assert table.with_values({(row, 0): cell[0].value for row, cell in enumerate(table.rows)}) == data
