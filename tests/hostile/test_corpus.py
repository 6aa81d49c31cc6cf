"""Every attack of the corpus: it earns, learns and changes nothing and ends in time; its neighbours are unhurt."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from attacks import Attack
from batches import NEIGHBOURS, Batch, GradedBatch, outputs_without_time
from corpus_cheats import CHEATS
from corpus_contest import CONTEST
from corpus_folders import FOLDERS
from corpus_network import NETWORKS
from corpus_notebooks import NOTEBOOKS
from corpus_outputs import OUTPUTS
from corpus_patching import PATCHING
from corpus_processes import PROCESSES
from corpus_reading import READING
from corpus_replies import REPLIES
from corpus_resources import RESOURCES
from corpus_walls import WALLS
from gate import POINTS, SECRET_MARK, SLUG_TASKS, TESTS, secret

from grader.outcomes import Outcome, Report

THEMES = {
    "reading": READING,
    "patching": PATCHING,
    "replies": REPLIES,
    "outputs": OUTPUTS,
    "processes": PROCESSES,
    "resources": RESOURCES,
    "notebooks": NOTEBOOKS,
    "cheats": CHEATS,
    "contest": CONTEST,
    "network": NETWORKS,
    "folders": FOLDERS,
    "walls": WALLS,
}
ALL = [(theme, attack) for theme, attacks in THEMES.items() for attack in attacks]
REPORT_BYTES = 256 * 1024  # of one submission: thirty tests with four thousand letters each


def batch_name(theme: str, attack: Attack) -> str:
    """Attacks are graded together, as in a class, unless they are slow or might end the whole grading."""
    return f"{theme}:{attack.name}" if attack.alone else "slow" if attack.slow else "together"


def parameter(theme: str, attack: Attack) -> object:
    marks = [pytest.mark.slow] if attack.slow else []
    return pytest.param(batch_name(theme, attack), attack, id=f"{theme}-{attack.name}", marks=marks)


@pytest.fixture
def batch(request: pytest.FixtureRequest, graded: GradedBatch, name: str) -> Batch:
    """The graded batch, made of the attacks of its name that this run of pytest has selected."""
    wanted = {
        item.callspec.params["attack"].name: item.callspec.params["attack"]
        for item in request.session.items
        if hasattr(item, "callspec") and item.callspec.params.get("name") == name and "attack" in item.callspec.params
    }
    return graded(name, list(wanted.values()))


def test_no_two_attacks_share_a_name() -> None:
    """A name is a student's folder: of two attacks in one only the later would be handed in."""
    counted = Counter(attack.student_id for _theme, attack in ALL)
    assert [name for name, count in counted.items() if count > 1] == []


@pytest.mark.parametrize(("name", "attack"), [parameter(theme, attack) for theme, attack in ALL])
def test_the_attack_gains_nothing(batch: Batch, name: str, attack: Attack) -> None:
    assert batch.crash is None, f"the whole grading ended: {batch.crash!r}"
    row = batch.rows[attack.student_id]
    text = batch.texts(attack.student_id)
    executed = batch.executed(attack.student_id, attack.slug)

    assert (row.report is not None) == attack.is_graded, row.problem
    said = row.problem
    if row.report is not None:
        said += "\n".join([*(task.message for task in row.report.tasks), *row.report.notes])
        _earns_what_is_honest(row.report, attack)
        assert batch.points[attack.student_id] == row.report.points
        assert row.report.wall_s <= attack.within_s, row.report.wall_s
        assert len(row.report.to_json()) <= REPORT_BYTES
    else:
        assert attack.student_id not in batch.points
    assert re.search(attack.says, said), said[-2000:]
    assert SECRET_MARK.encode() not in text, sorted(set(re.findall(rb"sgcanary-[a-z-]+", text)))
    assert attack.prints in executed
    for lie in attack.never:
        assert lie not in "".join(outputs_text(executed)), outputs_text(executed)
    assert not Path("/tmp/sg-owned").exists()
    assert not Path("/tmp/sg-hostile-unpickled").exists()


def _earns_what_is_honest(report: Report, attack: Attack) -> None:
    tests = [test for task in SLUG_TASKS[attack.slug] for test in TESTS[task]]
    found = {task.grade_id: task for task in report.tasks}
    assert set(found) == {*tests, "why"}
    outcomes = {test: (found[test].outcome.value, found[test].message[:300]) for test in tests}
    passed = {test for test in tests if found[test].points}
    assert passed <= set(attack.honest_tests) | set(attack.earned_tests), outcomes
    assert passed >= set(attack.earned_tests), outcomes
    for test in tests:
        assert found[test].points in (0, POINTS[test])
        assert found[test].max_points == POINTS[test]
        assert found[test].outcome is not Outcome.NOT_GRADED, outcomes
    for test, outcome in attack.outcomes.items():
        assert found[test].outcome is outcome, outcomes


def outputs_text(executed: str) -> list[str]:
    """What the cells put out, without their sources."""
    import json

    cells = json.loads(executed)["cells"] if executed else []
    return [json.dumps(cell.get("outputs", [])) for cell in cells]


BATCHES = sorted({(batch_name(theme, attack), attack.slow) for theme, attack in ALL})


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] if slow else []) for n, slow in BATCHES])
class TestWhatABatchLeaves:
    """After all attacks of a batch were graded side by side."""

    def test_neighbours_are_unhurt(self, batch: Batch, name: str) -> None:
        assert batch.crash is None
        alone = None
        for student in (*NEIGHBOURS, "bystander"):
            row = batch.rows[student]
            full = sum(POINTS[test] for task in SLUG_TASKS["gate"] for test in TESTS[task])
            assert row.report is not None, (student, row.problem)
            assert row.report.points == batch.points[student] == full, (student, row.report)
            assert row.report.notes == ()
            folder = batch.course.autograded / student / "gate"
            assert [p.name for p in folder.iterdir()] == ["gate.ipynb"]
            said = [
                tuple(part.replace(student, "x") for part in c) for c in outputs_without_time(folder / "gate.ipynb")
            ]
            assert alone in (None, said)
            alone = said
            assert secret(f"notebook-of-{student}") in str(said) or "x" in str(said)

    def test_networks_beside_the_attacked_ones_are_scored(self, batch: Batch, name: str) -> None:
        for student in NEIGHBOURS if batch.networks else ():
            row = batch.networks[student]
            assert row.score is not None, (student, row.problem, row.report)
            assert (row.report.notes, row.score.public_total > 0) == ((), True)

    def test_nothing_in_the_class_folder_has_changed(self, batch: Batch, name: str) -> None:
        assert batch.changed == []

    def test_no_process_mount_or_folder_is_left(self, batch: Batch, name: str) -> None:
        assert batch.left == []

    def test_everyone_has_one_row(self, batch: Batch, name: str) -> None:
        assert set(batch.rows) == batch.handed_in
