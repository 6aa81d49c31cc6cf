"""A teacher's own assignment: the README's eight steps pass the audit, and planted faults are found."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import grader
from own_assignment import README, SLUG, audited, write_assignment

from grader.audit.cases import Kind
from grader.audit.results import AssignmentAudit
from grader.course.folder import Course

HIDDEN_LOOP = "for slope in (0.01, 0.3):"


def answer(course: Course, name: str, text: str) -> Path:
    path = course.root / "solutions" / SLUG / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    return path


def findings(result: AssignmentAudit) -> dict[str, tuple[str, ...]]:
    return {case.name: case.findings for case in result.cases if case.findings}


def test_the_readme_has_eight_steps() -> None:
    text = README.read_text(encoding="utf-8").split("\n## ")[1]
    assert re.findall(r"^\*\*(\d)\. ", text, re.MULTILINE) == [str(number) for number in range(1, 9)]


def test_an_assignment_made_by_the_eight_steps_passes_the_audit(eight_steps: tuple[Course, AssignmentAudit]) -> None:
    course, result = eight_steps
    assert result.is_good(100), result
    assert [(case.name, case.points) for case in result.cases] == [
        ("reference", 3),
        ("release", 0),
        ("right/by_clamping", 3),
        ("wrong/slope_is_a_constant", 1),
    ]
    assert result.mutation is not None
    assert result.mutation.survivors == ()
    assert result.mutation.equivalent == 1
    assert result.mutation.tried >= 10
    # no gradebook, no ledger, no class database: nothing but the audit's own memory
    made = {path.name for path in course.root.iterdir()}
    nbgrader = {"source", "release", "submitted", "autograded", "feedback"}
    assert made == {*nbgrader, "class.toml", "nbgrader_config.py", "solutions", ".audit"}
    assert not [path for name in nbgrader - {"source"} for path in (course.root / name).iterdir()]


def test_a_weak_hidden_test_lets_a_mutant_survive(own_class: Course) -> None:
    write_assignment(own_class.root, old="x = torch.randn(4, 25)", new="x = torch.rand(4, 25)")
    result = audited(own_class)
    assert findings(result) == {
        "wrong/slope_is_a_constant": ("task1_leaky_relu_values даёт 2 из 2 баллов, а должна не давать ничего",)
    }
    assert result.mutation is not None
    changed = [survivor.mutant.diff for survivor in result.mutation.survivors]
    assert "@@ task1_leaky_relu @@" in changed[0]
    assert any("+    return torch.where(x > 0, x, x)" in diff for diff in changed), changed
    assert not result.is_good(95)


def test_a_typo_in_a_hidden_tests_name_is_the_authors_fault(own_class: Course) -> None:
    write_assignment(own_class.root, old="same_value(leaky_relu(x, slope)", new="same_value(leeky_relu(x, slope)")
    result = audited(own_class)
    (finding,) = result.findings
    assert finding.startswith("task1_leaky_relu_values: скрытая проверка обращается к leeky_relu")
    assert finding.endswith("Может быть, leaky_relu?")
    assert "reference" in findings(result)
    assert result.mutation is None
    assert "эталонное" in result.remark


def test_a_typo_in_an_import_is_the_tests_fault_and_not_a_lost_point(own_class: Course) -> None:
    write_assignment(own_class.root, old="import same_value", new="import same_valeu as same_value")
    result = audited(own_class, mutants=False)
    assert "виновата проверка" in findings(result)["reference"][0]


def test_a_right_answer_that_loses_points_is_found_with_the_message(own_class: Course) -> None:
    text = '"""Not right."""\n\n# %% task1_leaky_relu\ndef leaky_relu(x, slope):\n    return x\n'
    answer(own_class, "right/not_really", text)
    (finding,) = findings(audited(own_class, mutants=False))["right/not_really"]
    assert finding.startswith("теряет баллы: task1_leaky_relu_values 0/2: ")
    assert "numbers differ" in finding


@pytest.mark.parametrize(
    ("header", "finding"),
    [
        ("# message: numbers differ", "# loses:"),
        ("# loses: task1_leaky_relu_values", "# message:"),
        ("# loses: task1_leaky_relu_valeus\n# message: numbers", "task1_leaky_relu_valeus"),
        ("# loses: task1_leaky_relu_shape\n# message: numbers", "task1_leaky_relu_shape даёт 1 из 1"),
        ("# loses: task1_leaky_relu_values\n# message: something else", "something else"),
    ],
    ids=["no loses", "no message", "unknown cell", "keeps points", "other message"],
)
def test_a_wrong_answers_header_is_held_to_its_word(own_class: Course, header: str, finding: str) -> None:
    text = f'"""Twice."""\n{header}\n\n# %% task1_leaky_relu\ndef leaky_relu(x, slope):\n    return 2 * x.relu()\n'
    answer(own_class, "wrong/twice", text.replace("2 * x.relu()", "torch.where(x > 0, x, 0 * x)"))
    assert any(finding in line for line in findings(audited(own_class, mutants=False))["wrong/twice"])


def test_the_message_may_be_in_the_classs_language(own_class: Course) -> None:
    path = own_class.root / "solutions" / SLUG / "wrong" / "slope_is_a_constant.py"
    path.write_text(path.read_text(encoding="utf-8").replace("numbers differ", "на месте"), encoding="utf-8")
    result = audited(own_class, mutants=False)
    assert findings(result) == {}, findings(result)


def test_an_answer_that_names_no_cell_is_reported_with_its_name(own_class: Course) -> None:
    answer(own_class, "right/elsewhere", '"""Elsewhere."""\n\n# %% task7\nx = 1\n')
    result = audited(own_class, mutants=False)
    assert "elsewhere" in result.findings[0]
    assert "task7" in result.findings[0]


def test_a_second_audit_runs_nothing(
    eight_steps: tuple[Course, AssignmentAudit], own_class: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.audit.running._report", None)  # whoever calls it fails
    result = audited(own_class)
    assert result.is_good(100)
    assert result.mutation == eight_steps[1].mutation
    assert result.cases == eight_steps[1].cases


def test_a_broken_memory_is_made_again(own_class: Course) -> None:
    first = audited(own_class, mutants=False)
    for path in (own_class.root / ".audit").rglob("*.json"):
        path.write_text('{"half')
    second = audited(own_class, mutants=False)
    assert [(case.name, case.points) for case in second.cases] == [(case.name, case.points) for case in first.cases]


@pytest.mark.slow
def test_a_killed_audit_goes_on_where_it_stopped(own_class: Course) -> None:
    known = own_class.root / ".audit"
    shutil.rmtree(known)
    command = [sys.executable, "-m", "grader", "audit", SLUG, "--class", str(own_class.root), "--workers", "1"]
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 90
    while len(list(known.glob("*/*.json"))) < 4 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    before = {path: path.read_bytes() for path in known.glob("*/*.json")}
    assert len(before) >= 4

    # On a busy machine the reference may take so long that mutants are left out unless they are asked for.
    done = grader("audit", "--mutants", "--json", "--least", "100", "--workers", "1", cwd=own_class.root)
    assert done.returncode == 0, done.stdout + done.stderr
    (result,) = json.loads(done.stdout)["assignments"]
    assert result["assignment"] == SLUG
    assert result["mutation"]["percent"] == 100
    assert {case["kind"] for case in result["cases"]} == set(Kind)
    assert {path: path.read_bytes() for path in before} == before

    shown = grader("audit", SLUG, "--least", "100", cwd=own_class.root)
    assert shown.returncode == 0
    assert "мутанты: убито" in shown.stdout
    assert len(shown.stdout.splitlines()) == 6, shown.stdout


@pytest.mark.slow
def test_the_command_says_what_is_wrong(own_class: Course) -> None:
    write_assignment(own_class.root, old=HIDDEN_LOOP, new="for slope in (0.01,):")
    failed = grader("audit", SLUG, "-n", "4", "--workers", "1", cwd=own_class.root)
    assert failed.returncode == 1, failed.stdout + failed.stderr
    assert "wrong/slope_is_a_constant" in failed.stdout
    assert "пропущено" in failed.stdout
    unknown = grader("audit", "leaky_rely", cwd=own_class.root)
    assert unknown.returncode == 2
    assert "leaky_relu" in unknown.stderr
    assert grader("audit", "--class", own_class.root / "nowhere").returncode == 2
