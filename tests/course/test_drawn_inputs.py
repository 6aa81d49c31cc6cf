"""No hidden test can be learned by heart: what it asks is drawn afresh, or its messages do not say what it expects."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from course_answers import SLUGS, grading, notebook
from torch import nn

from grader.checks import drawing
from grader.errors import CheckFailed
from grader.examiner.hidden_test import STANDARD, free_names

HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS\n(.*?)### END HIDDEN TESTS", re.S)
COURSE = [slug for slug in SLUGS if slug != "springfield"]
Call = tuple[str, str]


def hidden_tests() -> list[Any]:
    tests = []
    for slug in COURSE:
        for cell in notebook(slug).cells:
            if HIDDEN.search(cell.source):
                tests.append(pytest.param(slug, grading(cell)["grade_id"], id=f"{slug}-{grading(cell)['grade_id']}"))
    return tests


_spaces: dict[str, dict[str, Any]] = {}


def answered(slug: str) -> dict[str, Any]:
    """What the reference solution's cells and the visible tests define."""
    if slug not in _spaces:
        space = dict(STANDARD)
        for cell in notebook(slug).cells:
            if cell.cell_type == "code" and (grading(cell) or re.match(r"(import|from) ", cell.source)):
                exec(HIDDEN.sub("", cell.source), space)
        _spaces[slug] = space
    return _spaces[slug]


def plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(map(plain, value))
    return value is None or isinstance(value, bool | int | float | str)


def off_by_one(value: Any) -> Any:
    return type(value)(map(off_by_one, value)) if isinstance(value, list | tuple) else value + 1


def numbers_in(value: Any) -> Iterator[int | float]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from numbers_in(item)
    else:
        yield value


class Answers:
    """A run of one hidden test: what its formulas were asked, and what they would have had to answer."""

    def __init__(self, spoilt: set[Call]) -> None:
        self.spoilt = spoilt
        self.asked: set[Call] = set()
        self.right: list[int | float] = []

    def of(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def answer(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            if not plain(result) or result is None or not plain(list(args)):
                return result
            call = name, repr((args, kwargs))
            self.asked.add(call)
            if call not in self.spoilt:
                return result
            self.right += numbers_in(result)
            return off_by_one(result)

        return answer

    def run(self, slug: str, grade_id: str) -> str:
        """The message of the hidden test, or nothing if it has passed."""
        (cell,) = (cell for cell in notebook(slug).cells if grading(cell).get("grade_id") == grade_id)
        code, space = HIDDEN.search(cell.source), dict(answered(slug))
        assert code is not None
        exec(HIDDEN.sub("", cell.source), space)
        for name in free_names(code[1]):
            if callable(space[name]) and not isinstance(space[name], type | nn.Module):
                space[name] = self.of(name, space[name])
        try:
            exec(code[1], space)
        except CheckFailed as failure:
            return f"{failure.message} {failure.remedy}"
        return ""


def calls_in(code: str, names: set[str]) -> set[str]:
    """Calls of these names whose positional arguments are written out, as text."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            with suppress(ValueError):
                found.add(f"{node.func.id}{tuple(ast.literal_eval(argument) for argument in node.args)}")
    return found


# Nothing else can be asked of them.
NO_OTHER_ARGUMENTS = {
    "AlexNet()", "densenet121()", "vgg_config(11,)", "vgg_config(13,)", "vgg_config(16,)", "vgg_config(19,)",
}  # fmt: skip


@pytest.mark.parametrize(("slug", "grade_id"), hidden_tests())
def test_a_hidden_test_builds_nothing_that_a_visible_one_has_built(slug: str, grade_id: str) -> None:
    names = {name for name, value in answered(slug).items() if callable(value)}
    sources = [cell.source for cell in notebook(slug).cells if cell.cell_type == "code" and grading(cell).get("grade")]
    shown = set().union(*(calls_in(HIDDEN.sub("", source), names) for source in sources))
    (cell,) = (cell for cell in notebook(slug).cells if grading(cell).get("grade_id") == grade_id)
    code = HIDDEN.search(cell.source)
    assert code is not None
    assert not (calls_in(code[1], names) & shown) - NO_OTHER_ARGUMENTS


# What stands in the notebook: numbers of the papers, and what a visible test shows.
ASKED_AGAIN = {
    "task1_alexnet_sizes_values",
    "task3_vgg_config_values",
    "task4_alexnet_shape",
    "task5_alexnet_parameters_values",
    "task5_make_resnet_basic",
    "task5_make_resnet_bottleneck",
    "task5_same_padding_values",
    "task5_vgg_parameters",
}


def asked_in_a_run(slug: str, grade_id: str) -> set[Call]:
    answers = Answers(set())
    assert answers.run(slug, grade_id) == ""
    return answers.asked


@pytest.mark.parametrize(("slug", "grade_id"), hidden_tests())
def test_what_a_hidden_test_asks_again_it_does_not_tell(slug: str, grade_id: str) -> None:
    fixed = asked_in_a_run(slug, grade_id)
    for _run in range(4):  # two draws may have one call in common
        fixed = fixed and fixed & asked_in_a_run(slug, grade_id)
    assert bool(fixed) == (grade_id in ASKED_AGAIN), sorted(fixed)
    by_heart = Answers(fixed)
    said = by_heart.run(slug, grade_id)
    told = {re.sub(r"\D", "", number) for number in re.findall(r"\d+(?:[ ,]\d{3})*", said)}
    assert not [number for number in by_heart.right if number >= 10 and str(number) in told], said


def test_drawn_depths_tell_one_block_for_all_from_each_its_own() -> None:
    drawn = [drawing.depths_of_network(4, most=3) for _time in range(400)]
    assert all(len(set(depths)) > 1 and max(depths) == 3 and min(depths) > 0 for depths in drawn)
    assert all(drawing.depths_of_network(1)[0] >= 3 for _time in range(50))
