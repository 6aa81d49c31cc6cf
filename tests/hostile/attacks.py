"""The vocabulary of the corpus: an attack, what it may earn, and what has to be said about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gate import SLUG_TASKS, SOLUTIONS, TESTS, WRONG_BLOCK
from nbformat import NotebookNode

from grader.outcomes import Outcome

Mutation = Callable[[NotebookNode], NotebookNode | bytes]

# What attacks print with: WON is looked for in the outputs; it is not written out, since tracebacks quote sources.
# Secrets are recognized by their form, which is never written out either.
TRY = """\
import os, sys, re, ctypes
MARK = "".join(["sg", "can"] + ["ary-"])
WON = "".join(["GAI", "NED"])
FORM = re.compile(MARK.encode() + rb"[a-z-]+-[0-9a-f]{8}")
def attempt(what, action):
    try:
        result = action()
    except BaseException as error:
        print("refused", what, type(error).__name__)
    else:
        print(WON if result is not None else "refused", what, repr(result)[:300])
def seek(what, data):
    found = sorted({m.group().decode() for m in FORM.finditer(data)})
    if found:
        print(WON, what, found)
print("tried")
"""


@dataclass(frozen=True)
class Attack:
    """One submission that does harm, or tries to.

    Attributes:
        name: unique; the student's folder is named after it.
        cells: source by `grade_id`; the other solution cells are right.
        earns: tests that have to pass all the same; None: those whose solution cell is honest.
        outcomes: outcome of single tests.
        says: expression that has to be found in the messages, the notes or the problem.
        prints: text that proves that the attack has run.
        never: texts that must not be in the executed notebook.
        is_graded: whether the class's table has points for it.
        notebook: changes the submitted notebook, or makes bytes of it.
        files: handed in beside the notebook.
        folder: changes the submitted folder.
        student: the folder's name where the name itself is the attack.
        slug: the assignment.
        within_s: seconds for the submission.
        slow: only with `-m slow`.
        alone: graded in a batch of its own.
    """

    name: str
    cells: Mapping[str, str] = field(default_factory=dict)
    earns: tuple[str, ...] | None = None
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    says: str = ""
    prints: str = ""
    never: tuple[str, ...] = ("GAINED",)
    is_graded: bool = True
    notebook: Mutation | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    folder: Callable[[Path], None] | None = None
    student: str = ""
    slug: str = "gate"
    within_s: float = 40
    slow: bool = False
    alone: bool = False

    @property
    def student_id(self) -> str:
        """The submitted folder's name."""
        return self.student or f"mallory-{self.name}"

    @property
    def honest_tests(self) -> tuple[str, ...]:
        """Tests whose solution cell is right: the most that the submission may earn."""
        return tuple(
            test
            for task in SLUG_TASKS[self.slug]
            if task not in self.cells or self.cells[task] == SOLUTIONS[task]
            for test in TESTS[task]
        )

    @property
    def earned_tests(self) -> tuple[str, ...]:
        """Tests that have to pass."""
        return self.honest_tests if self.earns is None else self.earns


def on_block(code: str, *, block: str = WRONG_BLOCK, after: str = "") -> dict[str, str]:
    """An attack in place of task 1, with a block that is wrong: whatever task 1 earns is stolen."""
    return {"task1_block": f"{TRY}\n{code}\n{block}\n{after}"}


def trying(name: str, code: str, **more: object) -> Attack:
    """An attack of attempts, each of which has to be refused."""
    return Attack(name, on_block(code), **{"prints": "tried", **more})  # type: ignore[arg-type]
