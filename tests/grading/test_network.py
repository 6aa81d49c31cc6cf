"""The contest by the network itself: notebook and weights are handed in, nothing trains, the network predicts."""

import json
from pathlib import Path

import pytest
import torch
from classroom import source_notebook
from network_class import CLASSES, SLUG, graded, hand_in, network_class, reference_network, saved

from grader.audit.answers import reference_answer
from grader.collect.weights import MAX_WEIGHTS_BYTES
from grader.course.folder import Course
from grader.datasets.layout import load_answer_key
from grader.grading.conditions import conditions_of
from grader.outcomes import Outcome
from grader.record.ledger import Ledger
from grader.record.planning import GradingStatus, Row
from grader.show.integrity.report import integrity_report

LOADS = """
network = SpringfieldNet(len(classes)).to(device)
network.load_state_dict(torch.load("network.pth", map_location=device, weights_only=True))
names = predict(network, test_paths)
pd.DataFrame({"Id": [path.name for path in test_paths], "Expected": names}).to_csv("submission.csv", index=False)
"""


@pytest.fixture(scope="module")
def weights() -> bytes:
    return saved(reference_network().state_dict())


@pytest.fixture
def networks(town: Course) -> Course:
    """A class that takes networks, with a town of few pictures."""
    return network_class(town)


def predictions_of(course: Course, student: str = "lisa") -> bytes:
    ledger = Ledger(course.ledger)
    return ledger.find(ledger.current(SLUG, student)).predictions


def outcome_of(row: Row) -> Outcome:
    return row.report.tasks[0].outcome


def test_the_same_network_predicts_the_same_as_a_rerun_and_with_its_weights(town: Course, weights: bytes) -> None:
    hand_in(town, weights, task1_submission=LOADS)
    row, message = graded(town)
    assert row.score is not None, message
    by_rerun = predictions_of(town)
    course = network_class(town)
    row, message = graded(course)
    assert row.status is GradingStatus.GRADED
    assert row.score is not None, message
    said = predictions_of(course)
    assert sorted(said.decode().splitlines()) == sorted(by_rerun.decode().splitlines())
    assert len({line.split(",")[1] for line in said.decode().splitlines()}) > 5


def test_cells_that_train_are_left_out_even_where_an_editor_has_dropped_their_tags(
    networks: Course, weights: bytes
) -> None:
    folder = hand_in(networks, weights, task1_submission="while True: pass")
    notebook = folder / f"{SLUG}.ipynb"
    plain = json.loads(notebook.read_text())
    for cell in plain["cells"]:
        cell["metadata"].pop("tags", None)
    notebook.write_text(json.dumps(plain))
    row, message = graded(networks)
    assert row.score is not None, message
    said = (networks.autograded / "lisa" / SLUG / f"{SLUG}.ipynb").read_text()
    assert said.count("Left out: the weights were handed in") == 7


def test_the_same_weights_cost_nothing_and_others_are_graded_anew(networks: Course, weights: bytes) -> None:
    folder = hand_in(networks, weights)
    assert graded(networks)[0].status is GradingStatus.GRADED
    assert graded(networks)[0].status is GradingStatus.UNCHANGED
    (folder / "network.pth").write_bytes(saved(reference_network(1).state_dict()))
    assert graded(networks)[0].status is GradingStatus.GRADED


def test_a_class_that_reruns_keeps_its_limits_and_one_that_takes_networks_has_short_ones(town: Course) -> None:
    before = conditions_of(town, SLUG, slots=1)
    assert (before.limits.cell_s, before.training_cells) == (1200, ())
    conditions = conditions_of(network_class(town), SLUG, slots=1)
    assert (conditions.limits.cell_s, conditions.limits.wall_s) == (120, 300)
    assert "task1_submission" in conditions.training_cells
    assert "task1_network" not in conditions.training_cells


def test_weights_that_do_not_fit_are_told_by_layer_and_shape_without_a_traceback(
    networks: Course, weights: bytes
) -> None:
    state = reference_network().state_dict()
    state["classifier.weight"] = torch.zeros(7, 256)
    state["head.bias"] = state.pop("classifier.bias")
    hand_in(networks, saved(state))
    row, message = graded(networks)
    assert outcome_of(row) is Outcome.FAILED
    assert "Missing in the file (1): classifier.bias." in message
    assert "Unexpected in the file (1): head.bias." in message
    assert "classifier.weight: shape (7, 256) in the file, where the network expects (42, 256)." in message
    assert "Traceback" not in message


def test_the_same_is_said_in_russian(networks: Course) -> None:
    config = networks.root / "class.toml"
    config.write_text(config.read_text().replace('language = "en"', 'language = "ru"'))
    state = reference_network().state_dict() | {"classifier.weight": torch.zeros(7, 256)}
    hand_in(networks, saved(state))
    _row, message = graded(Course.open(networks.root))
    assert "classifier.weight: в файле форма (7, 256), а сеть ждёт (42, 256)." in message


def test_weights_of_dataparallel_get_the_advice_that_helps(networks: Course) -> None:
    state = {f"module.{name}": tensor for name, tensor in reference_network().state_dict().items()}
    hand_in(networks, saved(state))
    assert "save network.module.state_dict()" in graded(networks)[1]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"task1_network": "raise NotImplementedError"}, "SpringfieldNet is not defined"),
        ({"task1_predict": "def predict(network, paths):\n    return 1 / 0"}, "ZeroDivisionError: division by zero"),
        ({"task1_predict": "def predict(network, paths):\n    return ['moe']"}, "returned 1; expected: a list of"),
        ({"task1_predict": "def predict(network, paths):\n    return None"}, "returned NoneType; expected: a list of"),
        (
            {"task1_predict": "def predict(network, paths):\n    return [classes[len(path.read_bytes()) % 42] "
             "for path in paths]"},
            "without your weights",
        ),
        (
            {"task1_predict": "def predict(network, paths):\n    network.train()\n    network(read_images(paths[:8]))\n"
             "    return ['homer_simpson' for _ in paths]"},
            "`predict` changed the network",
        ),
    ],
)  # fmt: skip
def test_a_notebook_that_does_not_predict_is_told_why(
    networks: Course, weights: bytes, cells: dict[str, str], words: str
) -> None:
    hand_in(networks, weights, **cells)
    row, message = graded(networks)
    assert outcome_of(row) is not Outcome.PASSED
    assert words in message
    assert "<grader>" not in message
    assert row.report.points == 0


def test_a_list_of_names_by_position_is_worth_nothing(town: Course, networks: Course, weights: bytes) -> None:
    key = load_answer_key(town.dataset)
    table = f"def predict(network, paths):\n    return {list(key.expected.values())!r}[:len(paths)]"
    hand_in(networks, weights, task1_predict=table)
    row, _message = graded(networks)
    assert row.report.points == 0
    assert row.score.public_correct < row.score.public_total / 4


def test_a_table_of_names_by_file_is_found_by_a_network_that_has_learned_nothing(
    town: Course, networks: Course, weights: bytes
) -> None:
    table = dict(load_answer_key(town.dataset).expected)
    hand_in(networks, weights, task1_predict=f"def predict(_, paths):\n    return [{table!r}[p.name] for p in paths]")
    row, message = graded(networks)
    assert (row.report.points, row.score) == (0, None)
    assert "`predict` says the same without your weights: 64 of 64 names" in message


def test_a_notebook_without_weights_is_not_graded_and_what_lies_there_is_named(networks: Course) -> None:
    folder = hand_in(networks, None)
    (folder / "notes.txt").write_text("mine")
    row, message = graded(networks)
    assert row.status is GradingStatus.NOT_GRADED
    assert "No weights lie beside the notebook (found: notes.txt, springfield.ipynb)." in message


def test_of_several_weights_the_one_that_is_called_network_is_taken(networks: Course, weights: bytes) -> None:
    folder = hand_in(networks, weights)
    (folder / "older.pt").write_bytes(b"no weights")
    assert graded(networks)[0].score is not None
    (folder / "network.pth").rename(folder / "newer.pt")
    assert "Several files could be the weights: newer.pt, older.pt." in graded(networks)[1]


def test_weights_beyond_the_limit_are_refused_by_their_size(networks: Course) -> None:
    folder = hand_in(networks, b"")
    with (folder / "network.pth").open("wb") as file:
        file.truncate(MAX_WEIGHTS_BYTES + (1 << 20))
    assert "have 201 MiB; at most 200 MiB are taken" in graded(networks)[1]


def test_the_weights_of_another_student_stand_in_the_integrity_report(networks: Course, weights: bytes) -> None:
    for student in ("lisa", "bart"):
        hand_in(networks, weights, student=student)
        graded(networks, student)
    report = integrity_report(networks, SLUG)
    (same,) = report.files
    assert (same.students, same.names) == (("bart", "lisa"), ("network.pth", "network.pth"))
    assert [(pair.first, pair.second, pair.is_identical) for pair in report.pairs] == [("bart", "lisa", True)]


def test_the_released_notebook_saves_weights_that_load_again(tmp_path: Path) -> None:
    cells = {cell.id: cell for cell in source_notebook(SLUG).cells}
    saving = cells["the-network-with-its-weights-code"]
    assert saving.metadata.tags == ["training"]
    names: dict[str, object] = {}
    network = reference_network()
    exec("import torch\nfrom torch import nn\nfrom pathlib import Path\ndevice, test_paths = 'cpu', []", names)
    exec("classes = list(range(42))\ndef predict(network, paths): return []", names)
    exec(reference_answer(source_notebook(SLUG)).cells["task1_network"], names | {"F": torch.nn.functional})
    names |= {"network": network, "SpringfieldNet": type(network)}
    exec(saving.source.replace('"network.pth"', repr(str(tmp_path / "network.pth"))), names)
    found = torch.load(tmp_path / "network.pth", weights_only=True)
    assert found.keys() == network.state_dict().keys()
    assert len(names["classes"]) == CLASSES  # type: ignore[arg-type]
