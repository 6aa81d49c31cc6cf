import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import pytest

from grader.errors import InvalidConfig, InvalidSubmission
from grader.scoring.contest import AnswerKey, correct_ids, score_submission
from grader.scoring.ladder import Judge
from grader.scoring.points import DEFAULT_TABLE

CLASSES = ("apu", "bart", "edna")


@pytest.fixture
def key() -> AnswerKey:
    labels = {f"img{n}.jpg": CLASSES[n % 3] for n in range(991)}
    return AnswerKey(labels=labels, public_ids=frozenset(f"img{n}.jpg" for n in range(941)), classes=CLASSES)


def submission(key: AnswerKey, wrong: set[int]) -> bytes:
    other = {"apu": "bart", "bart": "edna", "edna": "apu"}
    rows = [f"{image},{other[label] if n in wrong else label}" for n, (image, label) in enumerate(key.labels.items())]
    return "\n".join(["Id,Expected", *rows, ""]).encode()


def other_than(key: AnswerKey, image: str) -> str:
    return next(name for name in CLASSES if name != key.labels[image])


def test_a_perfect_submission_is_worth_every_point(key):
    score = score_submission(submission(key, set()), key, DEFAULT_TABLE)

    assert (score.public_correct, score.public_total) == (941, 941)
    assert (score.private_correct, score.private_total) == (50, 50)
    assert (score.points, score.shown_f1) == (15, "1.00000")


@pytest.mark.parametrize(("wrong", "points", "shown"), [(28, 15, "0.97024"), (29, 14, "0.96918"), (49, 12, "0.94792")])
def test_points_come_from_the_public_part(key, wrong, points, shown):
    score = score_submission(submission(key, set(range(wrong))), key, DEFAULT_TABLE)

    assert (score.public_correct, score.points, score.shown_f1) == (941 - wrong, points, shown)
    assert score.private_f1 == 1


def test_points_may_come_from_the_private_part_while_students_see_the_public_score(key):
    score = score_submission(submission(key, {941, 942, 943}), key, DEFAULT_TABLE, grade_on="private")

    assert (score.private_f1, score.points, score.shown_f1) == (Fraction(47, 50), 12, "1.00000")


def test_macro_is_a_setting(key):
    data = submission(key, set(range(0, 300, 3)))
    micro, macro = (score_submission(data, key, DEFAULT_TABLE, average=kind) for kind in ("micro", "macro"))

    assert micro.public_f1 == Fraction(841, 941)
    assert macro.public_f1 != micro.public_f1
    assert macro.public_correct == micro.public_correct


def test_a_test_without_a_private_part_is_scored_on_what_it_has():
    key = AnswerKey(labels={"img0.jpg": "bart"}, public_ids=frozenset({"img0.jpg"}), classes=CLASSES)
    data = b"Id,Expected\nimg0.jpg,bart\n"

    assert score_submission(data, key, DEFAULT_TABLE).private_f1 is None
    with pytest.raises(InvalidConfig, match=r"private|закрытой"):
        score_submission(data, key, DEFAULT_TABLE, grade_on="private")


def test_an_invalid_file_gets_no_score(key):
    with pytest.raises(InvalidSubmission):
        score_submission(b"Id,Expected\n", key, DEFAULT_TABLE)


def test_the_answers_never_show_in_repr_or_in_a_score(key):
    score = score_submission(submission(key, {3}), key, DEFAULT_TABLE)

    assert "img" not in repr(key)
    assert "img" not in repr(score)


def test_which_images_are_right_is_known_to_the_scoring_side(key):
    predictions = dict(key.labels) | {"img3.jpg": "bart"}

    assert set(key.labels) - correct_ids(predictions, key) == {"img3.jpg"}


def test_decoys_are_predicted_and_count_nowhere(key):
    with_decoys = replace(key, decoys={"img991.jpg": "img0.jpg", "img992.jpg": "img950.jpg"})
    plain, right = submission(key, {3}), b"img991.jpg,apu\nimg992.jpg,edna\n"
    wrong = b"img991.jpg,bart\nimg992.jpg,apu\n"

    assert with_decoys.ids == tuple(f"img{n}.jpg" for n in range(993))
    assert (with_decoys.ids_of("public"), with_decoys.ids_of("private")) == (
        key.ids_of("public"),
        key.ids_of("private"),
    )
    with pytest.raises(InvalidSubmission, match=r"991 .*993"):
        score_submission(plain, with_decoys, DEFAULT_TABLE)
    scores = [score_submission(plain + rows, with_decoys, DEFAULT_TABLE) for rows in (right, wrong)]
    assert scores == [score_submission(plain, key, DEFAULT_TABLE)] * 2
    macro = [score_submission(plain + rows, with_decoys, DEFAULT_TABLE, average="macro") for rows in (right, wrong)]
    assert macro == [score_submission(plain, key, DEFAULT_TABLE, average="macro")] * 2


def test_the_ladder_does_not_see_decoys(key):
    with_decoys = replace(key, decoys={f"img{n}.jpg": f"img{n - 991}.jpg" for n in range(991, 1021)})
    plain = submission(key, {3})
    none_right = plain + "".join(f"{name},{other_than(key, of)}\n" for name, of in with_decoys.decoys.items()).encode()
    all_right = plain + "".join(f"{name},{key.labels[of]}\n" for name, of in with_decoys.decoys.items()).encode()

    assert not Judge(with_decoys, DEFAULT_TABLE).score(all_right, [none_right]).accepted


def test_a_message_on_missing_rows_does_not_tell_which_are_decoys(key):
    with_decoys = replace(key, decoys={"img2000.jpg": "img0.jpg", "x5.jpg": "img1.jpg"})
    with pytest.raises(InvalidSubmission, match=r"Missing Ids: x5\.jpg, img0\.jpg, img1\.jpg"):
        score_submission(b"Id,Expected\n", with_decoys, DEFAULT_TABLE)


@pytest.mark.parametrize("decoys", [{"img991.jpg": "img5000.jpg"}, {"img1.jpg": "img0.jpg"}])
def test_a_decoy_has_to_be_a_copy_of_a_test_image(key, decoys):
    with pytest.raises(ValueError, match="not the copy of a test image"):
        replace(key, decoys=decoys)


@pytest.mark.parametrize(
    ("labels", "public"),
    [({"img0.jpg": "bart"}, set()), ({"img0.jpg": "bart"}, {"img1.jpg"}), ({"img0.jpg": "nobody"}, {"img0.jpg"})],
)
def test_a_key_that_contradicts_itself_is_refused_without_naming_a_label(labels, public):
    with pytest.raises(ValueError, match=r"public part|label of the test") as caught:
        AnswerKey(labels=labels, public_ids=frozenset(public), classes=CLASSES)
    assert "nobody" not in str(caught.value)


def test_scoring_imports_no_torch_and_nothing_else_that_is_slow():
    code = "import sys, grader.scoring.contest; sys.exit(bool({'torch', 'sklearn', 'scipy'} & sys.modules.keys()))"

    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == 0
