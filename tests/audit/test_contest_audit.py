"""The audit of the contest: networks that train, whose points must not depend on how busy the machine is."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.audit.auditing import Wanted, audit
from grader.audit.cases import Kind
from grader.audit.running import Runner
from grader.audit.subjects import find_subjects


@pytest.mark.slow
def test_every_answer_to_the_contest_gets_what_it_should(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (subject,) = find_subjects(Path(), ["springfield"])
    with Runner(2) as runner:
        found = audit(subject, Wanted(2, mutants=None, limit=0), runner)
    assert [case.findings for case in found.cases if case.findings] == []
    assert [case.points for case in found.cases if case.kind is Kind.REFERENCE] == [15.0]
    assert found.mutation is None
