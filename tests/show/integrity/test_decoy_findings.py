"""Who fails on altered copies is told to the teacher; an honest network, good or bad, practically never is."""

import random

import pytest

from grader.language import speaking
from grader.scoring.contest import AnswerKey
from grader.show.integrity.agreement import agreements
from grader.show.integrity.code import CodeComparison
from grader.show.integrity.decoys import DecoyLoss, decoy_losses
from grader.show.integrity.findings import findings
from grader.show.integrity.report import IntegrityReport

CLASSES = tuple(f"class{n}" for n in range(20))
LABELS = {f"img{n}.jpg": CLASSES[n % 20] for n in range(1000)}
KEY = AnswerKey(LABELS, frozenset(LABELS), CLASSES, {f"img{1000 + n}.jpg": f"img{16 * n}.jpg" for n in range(60)})


def predicted(chance: random.Random, right: float, right_on_decoys: float) -> dict[str, str]:
    """Predictions of somebody who is right so often on test pictures and on decoys."""
    truth = KEY.expected
    return {
        name: truth[name]
        if chance.random() < (right_on_decoys if name in KEY.decoys else right)
        else chance.choice(CLASSES)
        for name in KEY.ids
    }


def loss_of(own: dict[str, str], students: int = 1) -> DecoyLoss:
    others = {f"honest{n}": KEY.expected for n in range(students - 1)}
    return next(loss for loss in decoy_losses({"lisa": own, **others}, KEY) if loss.student == "lisa")


def test_a_table_that_knows_the_pictures_and_not_their_copies_stands_out_in_a_class_of_thirty() -> None:
    chance = random.Random(1)
    losses = [loss_of(predicted(chance, right, copies), 30) for right in (0.7, 0.98) for copies in (0.05, 0.25)]

    assert all(loss.is_suspicious for loss in losses), losses


@pytest.mark.parametrize(
    ("right", "on_decoys"), [(1.0, 1.0), (0.98, 0.95), (0.83, 0.69), (0.52, 0.40), (0.33, 0.24), (0.05, 0.05)]
)
def test_honest_models_do_not_stand_out(right: float, on_decoys: float) -> None:
    """The accuracies are those measured of networks trained with and without augmentation on the real archive."""
    chance = random.Random(2)
    flagged = sum(loss_of(predicted(chance, right, on_decoys)).is_suspicious for _ in range(400))

    assert flagged <= 1


def test_a_data_set_without_decoys_has_no_findings_of_them() -> None:
    key = AnswerKey(LABELS, frozenset(LABELS), CLASSES)

    assert decoy_losses({"lisa": LABELS}, key) == []


def test_few_decoys_accuse_nobody() -> None:
    key = AnswerKey(LABELS, frozenset(LABELS), CLASSES, {f"x{n}.jpg": f"img{n}.jpg" for n in range(8)})
    own = {**LABELS, **dict.fromkeys(key.decoys, "nobody")}
    (loss,) = decoy_losses({"lisa": own}, key)

    assert (loss.originals_right, loss.decoys_right) == (8, 0)
    assert not loss.is_suspicious


def test_the_finding_is_said_in_words_in_both_languages_and_names_no_image() -> None:
    own = {**LABELS, **dict.fromkeys(KEY.decoys, CLASSES[7])}
    report = IntegrityReport(
        "springfield", 1, 1, (), (), CodeComparison((), ()), (), tuple(decoy_losses({"m": own}, KEY))
    )

    for language, what in (("en", "fails on altered copies"), ("ru", "ошибается на изменённых копиях")):
        with speaking(language):
            (finding,) = findings(report)
        assert (finding.what, finding.students) == (what, ("m",))
        assert "60" in finding.details
        assert "img" not in finding.details


def test_agreement_is_counted_on_scored_pictures_alone() -> None:
    alike = {**LABELS, **dict.fromkeys(KEY.decoys, CLASSES[0])}
    other = {**LABELS, **dict.fromkeys(KEY.decoys, CLASSES[1])}
    (pair,) = agreements({"a": alike, "b": other}, KEY.labels)

    assert (pair.total, pair.equal) == (1000, 1000)
