"""Where a student's network fails, from training pictures that it has not seen; a real sandbox and a small town."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from classroom import HandIn
from network_class import SLUG, graded, hand_in, network_class, reference_network, saved

from grader.audit.answers import Answer
from grader.course.assignment import load_assignment
from grader.course.config import CONFIG_NAME
from grader.course.folder import Course
from grader.datasets.held_out import held_out_pictures
from grader.datasets.layout import Layout, load_answer_key
from grader.datasets.synthesize import synthesize
from grader.grading.conditions import conditions_of
from grader.grading.job import Job
from grader.grading.run_notebook import grade
from grader.record.database.failures import failures_of
from grader.record.database.queries import Board
from grader.record.ledger import rules_hash
from grader.sandbox.kernel import Kernel
from grader.scoring.failures import Failures, noted_failures

PREDICT = """
def predict(network, paths):
    network.eval()
    with torch.no_grad():
        return [classes[i] for i in network(read_images(paths).to(device)).argmax(dim=1).tolist()]
"""
WITHOUT = "HELD_OUT = 0\n" + PREDICT
HOSTILE = """
def predict(network, paths):
    if "held-out" not in str(paths[0]):
        return [classes[i] for i in network(read_images(paths).to(device)).argmax(dim=1).tolist()]
    {code}
"""


@pytest.fixture(scope="module")
def weights() -> bytes:
    return saved(reference_network().state_dict())


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town of so many pictures that some of the frequent characters are held out."""
    root = tmp_path_factory.mktemp("larger") / "dataset"
    synthesize(root, seed=4, images=420, size=32, per_class=6, workers=1)
    return root


@pytest.fixture
def larger(course: Course, pictures: Path) -> Course:
    course.dataset.symlink_to(pictures)
    return course


@pytest.fixture(name="put")
def _put(hand_in: HandIn) -> HandIn:
    return hand_in


def noted(course: Course, student: str = "lisa") -> Failures | None:
    notebook = json.loads((course.autograded / student / SLUG / f"{SLUG}.ipynb").read_text())
    return noted_failures(notebook["metadata"])


def test_the_network_names_pictures_that_it_has_not_seen_and_its_student_sees_the_mistakes(
    larger: Course, weights: bytes
) -> None:
    course = network_class(larger)
    held_out = held_out_pictures(Layout(course.dataset).train, 10)
    hand_in(course, weights, task1_predict=PREDICT)
    row, message = graded(course)
    assert row.score is not None, message
    found = noted(course)
    assert found is not None
    assert (found.reason, found.unseen, found.total) == ("", "said", len(held_out))
    assert {r.character: r.total for r in found.recalls()} == {
        path.parent.name: sum(other.parent == path.parent for other in held_out) for path in held_out
    }
    assert len(found.mistakes) == 12
    certain = [mistake.certainty for mistake in found.mistakes]
    assert certain == sorted(certain, reverse=True)
    assert 0 < certain[-1] <= certain[0] <= 1
    assert all(mistake.picture and len(mistake.picture) < 8_000 for mistake in found.mistakes)
    hand_in(course, saved(reference_network(1).state_dict()), task1_predict=PREDICT)
    graded(course)
    with Board.open(course.database_url) as board:
        own = failures_of(board, "lisa", SLUG)
    assert own is not None
    assert (own.now, own.before) == (noted(course), found.without_pictures())
    assert all(recall.before is not None for recall in own.now.recalls(own.before))


@pytest.mark.parametrize(
    ("predict", "reason"),
    [
        (WITHOUT, "seen"),
        ("del HELD_OUT\n" + PREDICT, "unsaid"),
        (HOSTILE.format(code="1 / 0"), "raised"),
        (HOSTILE.format(code="return ['moe_szyslak']"), "unusable"),
        (HOSTILE.format(code="import os; os._exit(0)"), "stopped"),
    ],
)
def test_what_goes_wrong_there_is_told_and_costs_no_points(
    larger: Course, weights: bytes, predict: str, reason: str
) -> None:
    course = network_class(larger)
    hand_in(course, weights, task1_predict=predict)
    row, message = graded(course)
    assert row.score is not None, message
    assert row.problem == ""
    found = noted(course)
    assert found is not None
    assert (found.reason, found.total, found.mistakes) == (reason, 0, ())


def test_nothing_of_the_hidden_test_decides_what_is_shown_or_is_told_to_the_kernel(
    larger: Course, weights: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = network_class(larger)
    folder = hand_in(course, weights, task1_predict=PREDICT)
    conditions = conditions_of(course, SLUG, slots=1)
    key = load_answer_key(course.dataset)
    asked: list[str] = []
    run = Kernel.run
    monkeypatch.setattr(Kernel, "run", lambda kernel, code: (asked.append(code), run(kernel, code))[1])
    shown, scores = [], []
    for labels in (key.labels, dict(zip(key.labels, reversed(list(key.labels.values())), strict=True))):
        rules = replace(conditions.contest, key=replace(key, labels=labels))
        job = Job(
            "key", (folder / f"{SLUG}.ipynb").read_bytes(), (("network.pth", weights),),
            load_assignment(course.gradebook_url, SLUG), replace(conditions, contest=rules),
        )  # fmt: skip
        result = grade(job)
        shown.append(noted_failures(json.loads(result.notebook)["metadata"]).cells)
        scores.append(result.score.public_correct)
    assert scores[0] != scores[1]
    assert set(shown[0]) == set(shown[1])
    (*_cells, last) = [index for index, code in enumerate(asked) if "_grader_hand_in" in code]
    afterwards = asked[last + 1 :]
    assert len(afterwards) >= 2
    for image in key.ids:
        assert not any(f'"{image}"' in code or f"/{image}" in code for code in afterwards)


def test_a_notebook_that_is_run_finds_no_picture_that_its_class_withholds(larger: Course, put: HandIn) -> None:
    before = rules_hash(load_assignment(larger.gradebook_url, SLUG), conditions_of(larger, SLUG, slots=1))
    config = larger.root / CONFIG_NAME
    config.write_text(config.read_text().replace("withhold = false", "withhold = true "))
    course = Course.open(larger.root)
    conditions = conditions_of(course, SLUG, slots=1)
    assert rules_hash(load_assignment(course.gradebook_url, SLUG), conditions) != before
    held_out = held_out_pictures(Layout(course.dataset).train, 10)
    everything = len(list(Layout(course.dataset).train.rglob("*.jpg")))
    code = """
network = SpringfieldNet(len(classes)).to(device)
print("pictures:", len(train_paths), len(all_paths), len(list(Path("train").rglob("*.jpg"))))
names = predict(network, test_paths)
pd.DataFrame({"Id": [path.name for path in test_paths], "Expected": names}).to_csv("submission.csv", index=False)
"""
    put("bart", SLUG, Answer("withheld", {"task1_training": "", "task1_predict": PREDICT, "task1_submission": code}))
    row, message = graded(course, "bart")
    assert row.score is not None, message
    left = everything - len(held_out)
    said = (course.autograded / "bart" / SLUG / f"{SLUG}.ipynb").read_text()
    assert f"pictures: {left} {left} {left}" in said
    found = noted(course, "bart")
    assert (found.reason, found.unseen, found.total) == ("", "withheld", len(held_out))


def test_a_class_can_switch_it_off_and_the_default_changes_no_key(larger: Course) -> None:
    course = network_class(larger)
    assignment = load_assignment(course.gradebook_url, SLUG)
    conditions = conditions_of(course, SLUG, slots=1)
    assert rules_hash(assignment, conditions) == rules_hash(assignment, replace(conditions, held_out=None))
    config = course.root / CONFIG_NAME
    config.write_text(config.read_text().replace("held_out = 10 ", "held_out = 0 "))
    assert conditions_of(Course.open(course.root), SLUG, slots=1).held_out is None
