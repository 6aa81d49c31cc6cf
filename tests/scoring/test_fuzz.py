"""Files that nobody would write by hand: none crashes the scorer, and none gets points for a wrong count."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import InvalidSubmission
from grader.scoring.contest import AnswerKey, score_submission
from grader.scoring.points import DEFAULT_TABLE

CLASSES = ("bart_simpson", "homer_simpson", "lisa_simpson")
LABELS = {f"img{n}.jpg": CLASSES[n % 3] for n in range(12)}
KEY = AnswerKey(labels=LABELS, public_ids=frozenset(list(LABELS)[:10]), classes=CLASSES)

IDS = st.sampled_from([*LABELS, "img12.jpg", "img1", "", " img1.jpg", "IMG1.JPG"])
NAMES = st.one_of(st.sampled_from([*CLASSES, "Bart_Simpson", "", "0", "bart_simpson "]), st.text(max_size=12))
HEADERS = st.sampled_from(["Id,Expected", "Expected,Id", "id,expected", "Id", ",Id,Expected", "Id;Expected", ""])
ENDS = st.sampled_from(["\n", "\r\n", "\r", "\n\n"])


def honest(predictions: dict[str, str]) -> tuple[int, int]:
    """The count in the public part, made in the plainest way."""
    return sum(predictions[image] == LABELS[image] for image in KEY.public_ids), len(KEY.public_ids)


@settings(max_examples=400, deadline=None)
@given(HEADERS, st.lists(st.tuples(IDS, NAMES), max_size=24), ENDS, st.booleans())
def test_rows_of_all_kinds_are_refused_or_counted_right(header, rows, end, has_mark):
    text = end.join([header, *(f"{image},{label}" for image, label in rows), ""])
    data = ("\ufeff" * has_mark + text).encode("utf-8", "surrogatepass")
    try:
        score = score_submission(data, KEY, DEFAULT_TABLE)
    except InvalidSubmission:
        return
    said = dict(rows) if header != "Expected,Id" else {label: image for image, label in rows}
    assert len(rows) == len(LABELS) == len(said)
    assert (score.public_correct, score.public_total) == honest(said)


OTHER_KEY = AnswerKey(
    labels=dict(zip(LABELS, reversed(LABELS.values()), strict=True)),
    public_ids=frozenset(list(LABELS)[2:]),
    classes=CLASSES,
)


@settings(max_examples=300, deadline=None)
@given(HEADERS, st.lists(st.tuples(IDS, NAMES), max_size=24))
def test_what_is_said_of_a_bad_file_does_not_depend_on_the_answers(header, rows):
    data = "\n".join([header, *(f"{image},{label}" for image, label in rows)]).encode("utf-8", "surrogatepass")
    said = []
    for key in (KEY, OTHER_KEY):
        try:
            score_submission(data, key, DEFAULT_TABLE)
            said.append("valid")
        except InvalidSubmission as refused:
            said.append(str(refused))
    assert said[0] == said[1]


@settings(max_examples=200, deadline=None)
@given(st.permutations(list(LABELS)), st.lists(st.sampled_from(CLASSES), min_size=12, max_size=12), ENDS)
def test_every_valid_file_gets_the_points_of_its_exact_count(order, labels, end):
    predictions = dict(zip(order, labels, strict=True))
    data = end.join(["Id,Expected", *(f"{image},{label}" for image, label in predictions.items())]).encode()
    score = score_submission(data, KEY, DEFAULT_TABLE)
    correct, total = honest(predictions)
    assert (score.public_correct, score.public_total) == (correct, total)
    assert score.points == DEFAULT_TABLE.points_for(Fraction(correct, total))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=2000))
def test_bytes_of_all_kinds_are_refused_in_words(data):
    with pytest.raises(InvalidSubmission):
        score_submission(data, KEY, DEFAULT_TABLE)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_right_file_never_gets_more_than_it_had(data):
    right = "\n".join(["Id,Expected", *(f"{image},{label}" for image, label in LABELS.items())]).encode()
    at = data.draw(st.integers(0, len(right)))
    cut = data.draw(st.integers(0, 30))
    damage = data.draw(st.binary(max_size=30))
    try:
        score = score_submission(right[:at] + damage + right[at + cut :], KEY, DEFAULT_TABLE)
    except InvalidSubmission:
        return
    assert score.public_total == len(KEY.public_ids)
    assert score.public_correct + score.private_correct <= len(LABELS)
