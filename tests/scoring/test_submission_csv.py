import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import InvalidSubmission
from grader.language import speaking
from grader.scoring.submission_csv import parse_submission

IDS = tuple(f"img{n}.jpg" for n in range(20))
CLASSES = ("bart_simpson", "homer_simpson", "lisa_simpson", "marge_simpson", "ned_flanders")
ANSWERS = {image: CLASSES[n % len(CLASSES)] for n, image in enumerate(IDS)}
ROWS = [f"{image},{label}" for image, label in ANSWERS.items()]


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


def csv_of(rows: list[str], header: str = "Id,Expected", end: str = "\n") -> bytes:
    return (end.join([header, *rows]) + end).encode()


def problems(data: bytes) -> list[str]:
    with pytest.raises(InvalidSubmission) as caught:
        parse_submission(data, IDS, CLASSES)
    return str(caught.value).splitlines()


def replaced(line: int, row: str) -> list[str]:
    """The rows with one exchanged, by its line number in the file."""
    rows = list(ROWS)
    rows[line - 2] = row
    return rows


@pytest.mark.parametrize(
    "data",
    [
        csv_of(ROWS),
        csv_of(ROWS, end="\r\n"),
        csv_of(ROWS, end="\r"),
        csv_of(ROWS).rstrip(b"\n"),
        csv_of(ROWS) + b"\n\n\r\n",
        b"\n" + csv_of(ROWS),
        b"\xef\xbb\xbf" + csv_of(ROWS),
        csv_of([",".join(reversed(row.split(","))) for row in ROWS], header="Expected,Id"),
        csv_of(['"' + row.replace(",", '","') + '"' for row in ROWS], header='"Id","Expected"'),
    ],
    ids=["plain", "crlf", "cr", "no last newline", "blank end", "blank start", "bom", "columns swapped", "quoted"],
)
def test_a_good_file_is_read_however_it_was_saved(data):
    assert parse_submission(data, IDS, CLASSES) == ANSWERS


@settings(deadline=None)
@given(st.randoms(use_true_random=False))
def test_rows_may_come_in_any_order(shuffler: random.Random):
    rows = list(ROWS)
    shuffler.shuffle(rows)

    assert list(parse_submission(csv_of(rows), IDS, CLASSES).items()) == list(ANSWERS.items())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "ERROR: The file is empty. The first line must be: Id,Expected"),
        (b"\n\n", "ERROR: The file is empty. The first line must be: Id,Expected"),
        (b"\xef\xbb\xbf", "ERROR: The file is empty. The first line must be: Id,Expected"),
        (
            csv_of(ROWS, header="Id,Predictions of mine"),
            "ERROR: Required column 'Expected' could not be found. Found: Id, Predictions of mine",
        ),
        (csv_of(ROWS, header="ImageId,Expected"), "ERROR: Column 'ImageId' must be called 'Id' (Line 1, Column 1)"),
        (csv_of(ROWS, header="Img_id,Expected"), "ERROR: Column 'Img_id' must be called 'Id' (Line 1, Column 1)"),
        (csv_of(ROWS, header="image_id,Expected"), "ERROR: Column 'image_id' must be called 'Id' (Line 1, Column 1)"),
        (csv_of(ROWS, header="Id, Expected"), "ERROR: Column ' Expected' must be called 'Expected' (Line 1, Column 2)"),
        (csv_of(ROWS, header="Id,Label"), "ERROR: Column 'Label' must be called 'Expected' (Line 1, Column 2)"),
        (
            csv_of([f"{n},{row}" for n, row in enumerate(ROWS)], header=",Id,Expected"),
            "ERROR: Unexpected Column: 'Unnamed: 0' (Line 1, Column 1). Save with index=False",
        ),
        (
            csv_of([f"{row},0.9" for row in ROWS], header="Id,Expected,Probability"),
            "ERROR: Unexpected Column: 'Probability' (Line 1, Column 3). Keep only Id,Expected",
        ),
        (
            csv_of([f"{row},x" for row in ROWS], header="Id,Expected,Id"),
            "ERROR: Column 'Id' appears twice (Line 1, Columns 1 and 3)",
        ),
        (
            csv_of([row.replace(",", ";") for row in ROWS], header="Id;Expected"),
            "ERROR: Values are separated by ';' (Line 1). Separate them by commas: Id,Expected",
        ),
        (
            csv_of([row.replace(",", "\t") for row in ROWS], header="Id\tExpected"),
            "ERROR: Values are separated by TAB (Line 1). Separate them by commas: Id,Expected",
        ),
        (
            csv_of(ROWS[:17] + ROWS[18:]),
            "ERROR: Submission has 19 rows but 20 were expected. Missing Ids: img17.jpg",
        ),
        (csv_of([*ROWS, ROWS[3]]).replace(b"\n\n", b"\n"), "ERROR: Submission has 21 rows but 20 were expected"),
        (csv_of(replaced(5, "img4.jpg,bart_simpson")), "ERROR: Duplicate Id 'img4.jpg' (Lines 5, 6)"),
        (csv_of(replaced(5, "img4.jpg,bart_simpson")), "ERROR: Missing Ids: img3.jpg"),
        (
            csv_of(replaced(12, "img10.jpg,homer simpson")),
            "ERROR: Unknown label 'homer simpson' (Line 12). Did you mean 'homer_simpson'?",
        ),
        (
            csv_of(replaced(12, "img10.jpg,Homer")),
            "ERROR: Unknown label 'Homer' (Line 12). A label is the name of a class folder",
        ),
        (csv_of(replaced(14, "img12.jpg,")), "ERROR: Empty value in column 'Expected' (Line 14)"),
        (csv_of(replaced(14, "img12.jpg")), "ERROR: Empty value in column 'Expected' (Line 14)"),
        (csv_of(replaced(14, ",bart_simpson")), "ERROR: Empty value in column 'Id' (Line 14)"),
        (
            csv_of(replaced(14, "img12.jpg, lisa_simpson")),
            "ERROR: Spaces around ' lisa_simpson' (Line 14). Expected 'lisa_simpson'",
        ),
        (
            csv_of(replaced(14, "img12.jpg ,lisa_simpson")),
            "ERROR: Spaces around 'img12.jpg ' (Line 14). Expected 'img12.jpg'",
        ),
        (csv_of(replaced(2, "img0,bart_simpson")), "ERROR: Unknown Id 'img0' (Line 2). Did you mean 'img0.jpg'?"),
        (csv_of(replaced(2, "0,bart_simpson")), "ERROR: Unknown Id '0' (Line 2). Did you mean 'img0.jpg'?"),
        (
            csv_of(replaced(2, "../input/testset/img0.jpg,bart_simpson")),
            "ERROR: Unknown Id '../input/testset/img0.jpg' (Line 2). Did you mean 'img0.jpg'?",
        ),
        (
            csv_of(replaced(2, "img77.jpg,bart_simpson")),
            "ERROR: Unknown Id 'img77.jpg' (Line 2). An Id is a file name of the test set, such as 'img0.jpg'",
        ),
        (csv_of(replaced(9, f"{ROWS[7]},extra")), "ERROR: 3 values where the header has 2 (Line 9)"),
        (
            csv_of(ROWS[1:], header=ROWS[0]),
            "ERROR: No header found (Line 1: 'img0.jpg,bart_simpson'). The first line must be: Id,Expected",
        ),
        (csv_of(ROWS).decode().encode("utf-16"), "ERROR: The file is UTF-16 text. Save it as UTF-8"),
        (
            csv_of(replaced(3, "img1.jpg,гомер")).decode().encode("cp1251"),
            "ERROR: The file is not UTF-8 text: byte 0xe3 (Line 3). Save it as UTF-8",
        ),
        (
            csv_of(replaced(3, "img1.jpg,bart\0")),
            "ERROR: The file holds a zero byte (Line 3). Save it as plain UTF-8 text",
        ),
        (b"Id,Expected\n" + b"x" * (2 << 20), "ERROR: The file has 2097164 bytes; at most 1048576 are accepted"),
        (
            b"Id,Expected\n" + b"x" * 200_000,
            "ERROR: The file is not CSV (Line 2): field larger than field limit (131072)",
        ),
    ],
)
def test_a_bad_file_is_told_what_was_found_and_what_was_expected(data, message):
    assert message in problems(data)


def test_class_indices_get_one_message_of_their_own():
    rows = [f"{image},{n % 5}" for n, image in enumerate(IDS)]

    assert problems(csv_of(rows)) == [
        "ERROR: Column 'Expected' holds class indices, not names: '0' (Line 2), 20 rows in all. "
        "Turn them back into names: encoder.inverse_transform(indices)"
    ]


def test_float_class_indices_are_class_indices_too():
    rows = [f"{image},{n % 5}.0" for n, image in enumerate(IDS)]

    assert problems(csv_of(rows))[0].startswith("ERROR: Column 'Expected' holds class indices, not names: '0.0'")


def test_every_problem_is_told_at_once():
    rows = [row.replace(",", ";") for row in replaced(4, "img1.jpg,homer simpson")[:-1]]

    assert problems(csv_of(rows, header="ImageId;Expected")) == [
        "ERROR: Values are separated by ';' (Line 1). Separate them by commas: Id,Expected",
        "ERROR: Column 'ImageId' must be called 'Id' (Line 1, Column 1)",
        "ERROR: Submission has 19 rows but 20 were expected. Missing Ids: img2.jpg, img19.jpg",
        "ERROR: Duplicate Id 'img1.jpg' (Lines 3, 4)",
        "ERROR: Unknown label 'homer simpson' (Line 4). Did you mean 'homer_simpson'?",
    ]


def test_at_most_ten_problems_are_listed_and_the_others_counted():
    rows = [f"{image},wrong {n}" for n, image in enumerate(IDS)]
    lines = problems(csv_of(rows))

    assert len(lines) == 11
    assert lines[-1] == "... and 10 more"


def test_the_same_mistake_on_many_lines_is_one_problem():
    rows = [f"{image},Bart" for image in IDS]

    assert problems(csv_of(rows)) == [
        "ERROR: Unknown label 'Bart' (Lines 2, 3, 4, 5, 6 and 15 more). A label is the name of a class folder"
    ]


def test_line_numbers_are_those_of_the_file_after_blank_lines_and_quoted_line_breaks():
    data = b'Id,Expected\n\nimg0.jpg,"two\nlines"\nimg1.jpg,nobody at all\n'

    assert "ERROR: Unknown label 'two\\nlines' (Line 3). A label is the name of a class folder" in problems(data)
    assert any("'nobody at all' (Line 5)" in line for line in problems(data))


def test_a_value_cannot_break_the_message():
    lines = problems(csv_of(replaced(2, "img0.jpg,{0}\x1b[31m\u202e" + "y" * 500)))

    assert len(lines) == 1
    assert "'{0}\\x1b[31m\\u202e" in lines[0]
    assert len(lines[0]) < 160


def test_messages_come_in_russian_too():
    with speaking("ru"):
        lines = problems(csv_of(replaced(12, "img10.jpg,homer simpson")))

    assert lines == ["ОШИБКА: неизвестный класс 'homer simpson' (строка 12). Возможно, имелось в виду 'homer_simpson'?"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (csv_of([f"img{n}.jpg,nonsense_{n}" for n in range(30_000)]), "Submission has 30000 rows but 20 were expected"),
        (b"," * (1 << 20), "1048577 columns found (Line 1). The first line must be: Id,Expected"),
        (b"Id,Expected" + b",x" * 90 + b"\n" + b",\n" * 400_000, "Submission has 400000 rows but 20 were expected"),
        (b"\n" * (1 << 20), "The file is empty. The first line must be: Id,Expected"),
    ],
)
def test_a_file_made_to_be_slow_is_refused_at_once(data, message):
    started = time.process_time()

    assert f"ERROR: {message}" in problems(data)
    assert time.process_time() - started < 5


def test_as_many_wrong_labels_as_fit_are_checked_in_seconds():
    ids = [f"img{n}.jpg" for n in range(991)]
    rows = [f"{image},{'bart_simpson' * 5}_{n}" for n, image in enumerate(ids * 2)]
    started = time.process_time()

    with pytest.raises(InvalidSubmission):
        parse_submission(csv_of(rows), ids, CLASSES * 10)
    assert time.process_time() - started < 5


NEAR_CSV = st.text(alphabet=st.sampled_from('Id,Expected;\t\r\n" img0123.jpbart_simpson\ufeff\0'), max_size=400)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=400), NEAR_CSV.map(str.encode), NEAR_CSV.map(lambda t: csv_of(ROWS) + t.encode())))
def test_no_bytes_raise_anything_else_or_give_a_mapping_of_the_wrong_size(data):
    try:
        labels = parse_submission(data, IDS, CLASSES)
    except InvalidSubmission:
        assert 1 <= len(problems(data)) <= 11
    else:
        assert tuple(labels) == IDS
        assert set(labels.values()) <= set(CLASSES)


@settings(deadline=None)
@given(st.integers(0, 600), st.binary(min_size=1, max_size=3))
def test_a_damaged_file_is_either_accepted_in_full_or_refused(position, damage):
    data = csv_of(ROWS)
    position %= len(data)
    try:
        labels = parse_submission(data[:position] + damage + data[position + len(damage) :], IDS, CLASSES)
    except InvalidSubmission:
        return
    assert tuple(labels) == IDS
