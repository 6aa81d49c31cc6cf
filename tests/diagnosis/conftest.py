"""Answers that differ from the author's solution in a known way, graded in a real sandbox."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from unittest.mock import patch

import pytest

from grader.audit.answers import reference_answer
from grader.audit.cache import Cache
from grader.audit.cases import handed_in
from grader.audit.preparing import Prepared, prepare, source_notebook
from grader.audit.settings import conditions_for
from grader.audit.subjects import find_subjects
from grader.diagnosis.reference import Reference, read_reference
from grader.diagnosis.told import Hints
from grader.grading import explained
from grader.grading.job import Conditions, Job
from grader.grading.run_notebook import grade
from grader.language import Language
from grader.outcomes import Report

Grade = Callable[..., Report]


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Grade:
    """Grades the author's solution with changes of its text: `graded(slug, {cell: [(old, new)]})`, or a whole text."""
    folder = tmp_path_factory.mktemp("cache")

    @cache
    def prepared(slug: str) -> tuple[Prepared, Reference, dict[str, str], Conditions]:
        (subject,) = find_subjects(Path(), [slug])
        source = source_notebook(subject)
        conditions = conditions_for(subject, 1, folder)
        return prepare(subject, Cache(folder)), read_reference(source), reference_answer(source).cells, conditions

    def run(
        slug: str, changes: dict[str, list[tuple[str, str]] | str], language: Language = "en", hints: Hints = "full"
    ) -> Report:
        released, reference, cells, conditions = prepared(slug)
        changed = dict(cells)
        for cell, replacements in changes.items():
            if isinstance(replacements, str):
                changed[cell] = replacements
                continue
            for old, new in replacements:
                assert old in changed[cell], f"{old!r} is not in {cell}"
                changed[cell] = changed[cell].replace(old, new, 1)
        job = Job(
            key="test",
            notebook=handed_in(released, changed),
            files=released.files,
            assignment=released.assignment,
            conditions=replace(conditions, language=language, hints=hints),
            reference=reference,
        )
        # A busy machine must not decide what is found: the limit is what a benchmark tries.
        with patch.object(explained, "LIMIT_S", 12.0):
            return grade(job).report

    return run
