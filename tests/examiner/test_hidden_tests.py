"""One hidden test: as the examiner runs it, as a plain kernel would, and what its outcome is."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest
import torch
from torch import nn

from grader.audit.answers import reference_answer
from grader.course import new_class
from grader.course.assignment import split_hidden
from grader.examiner.examination import Examination
from grader.examiner.hidden_test import examine, free_names
from grader.examiner.remote import Session
from grader.outcomes import Outcome, TaskResult
from grader.sandbox.bubblewrap import View
from grader.sandbox.kernel import Kernel
from grader.sandbox.limits import Limits

NAMES = frozenset({"Net", "net", "double"})


@pytest.fixture
def run(kernel: Kernel, session: Session, student: Any) -> Any:
    """Run a hidden test on what a cell of the student's defines."""

    def run(cell: str, code: str, points: float = 2.0) -> TaskResult:
        student("for _name in ('Net', 'net', 'double'):\n    globals().pop(_name, None)\n" + cell, "_name")
        return examine(code, "task1", points, session, Examination(kernel), NAMES)

    return run


def test_free_names_are_those_that_only_the_student_can_define() -> None:
    code = (
        "import os.path as p\nfrom a import b\nfor i in range(3):\n    try:\n        f(i, torch.zeros(1), nn, b, p)\n"
        "    except ValueError as e:\n        g(lambda z: z + h, e)\ndef own(u):\n    return u\nown(1)"
    )
    assert free_names(code) == ("f", "g", "h")


@pytest.mark.parametrize(
    ("code", "outcome", "points"),
    [
        ("assert double(2) == 4", Outcome.PASSED, 2.0),
        ("assert double(2) == 5", Outcome.FAILED, 0.0),
        ("assert double(2) == 4\n0.5", Outcome.PARTIAL, 0.5),
        ("7", Outcome.PASSED, 2.0),
        ("-1.0", Outcome.FAILED, 0.0),
        ("float('nan')", Outcome.FAILED, 0.0),
        ("True", Outcome.PASSED, 2.0),
        ("double()", Outcome.RAISED, 0.0),
        ("double({1, 2})", Outcome.NOT_GRADED, 0.0),
        ("def broken(:", Outcome.NOT_GRADED, 0.0),
        ("import no_such_module_of_the_author", Outcome.NOT_GRADED, 0.0),
        ("nobody_defines_this(1)", Outcome.FAILED, 0.0),
        ("[1][double(3)]", Outcome.FAILED, 0.0),
    ],
)
def test_every_ending_of_a_test_has_its_outcome(run: Any, code: str, outcome: Outcome, points: float) -> None:
    result = run("def double(x):\n    return 2 * x", code)
    assert (result.outcome, result.points) == (outcome, points)
    assert bool(result.message) == (outcome not in (Outcome.PASSED, Outcome.PARTIAL)) or code == "-1.0"


def test_a_name_that_is_missing_is_named(run: Any) -> None:
    assert "double is not defined" in run("pass", "double(2)").message


def test_a_name_that_the_visible_part_defines_is_found(run: Any) -> None:
    assert run(
        "class Net(nn.Linear):\n    pass\nnet = Net(2, 3)", "assert net(torch.ones(1, 2)).shape == (1, 3)"
    ).points


def test_an_error_of_shape_is_explained_to_the_student(run: Any) -> None:
    result = run("def Net():\n    return nn.Linear(5, 2)", "Net()(torch.ones(1, 3))")
    assert "mat1 and mat2 shapes cannot be multiplied" in result.message
    assert "expects 5 numbers per example and gets 3" in result.message


OVERWRITES = "def double(x):\n    x.zero_()\n    return x"


def test_a_test_that_believes_its_own_tensor_afterwards_is_not_fooled(run: Any) -> None:
    code = "x = torch.randn(3)\nassert torch.equal(double(x), 2 * x)"
    assert run("def double(x):\n    return 2 * x", code).points == 2
    result = run(OVERWRITES, code)
    assert result.points == 0
    assert "changed a tensor that it was given" in result.message


def test_a_test_may_allow_what_it_means_to_happen(run: Any) -> None:
    code = (
        "from grader.checks import inputs_may_change\nx = torch.randn(3)\nwith inputs_may_change():\n    double(x)\n"
        "assert not x.any()"
    )
    assert run(OVERWRITES, code).points == 2


def test_checks_give_copies_and_do_not_mind(run: Any) -> None:
    cell = "class Net(nn.Linear):\n    def forward(self, x):\n        return super().forward(x.relu_())"
    code = (
        "from grader.checks import same_function\n"
        "same_function(Net(2, 3), nn.Sequential(nn.ReLU(), nn.Linear(2, 3)), torch.randn(4, 2))"
    )
    # Under gradients a leaf cannot be written to, and the copy can.
    assert run(cell, code).outcome is Outcome.PASSED
    result = run(
        cell,
        "from grader.checks import does_not_change_its_input\ndoes_not_change_its_input(Net(2, 3), -torch.ones(1, 2))",
    )
    assert "changed its own input: 2 of 2" in result.message


def test_inputs_are_fresh_in_every_test_and_leave_no_trace(run: Any, session: Session) -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    seen = set()
    for _ in range(3):
        assert run(
            "seen = []\ndef double(x):\n    seen.append(float(x))\n    return 2 * x", "double(torch.rand(()))"
        ).points
        seen |= set(session.names(["seen"])["seen"])
    assert len(seen) == 3
    assert torch.equal(torch.rand(2), expected)


PATCHES = {
    "torch's functions": (
        "torch.allclose = torch.equal = lambda *a, **k: True\ntorch.autograd.grad = lambda *a, **k: (None,)"
    ),
    "calls of modules": "nn.Module.__call__ = lambda self, x: x * 0",
    "the class": "class Net(nn.Linear):\n    __class__ = property(lambda self: 1 / 0)",
    "names of parameters": "Net.named_parameters = lambda self, **k: 1 / 0\nNet.parameters = lambda self, **k: 1 / 0",
    "the type's name": "Net.__name__ = '\\x1b[31mNet'",
    "a method that never ends well": "Net.forward = lambda self, x: self.forward(x)",
    "an exception that cannot be shown": (
        "class Bad(Exception):\n    def __str__(self):\n        raise RuntimeError\n"
        "def boom(self, x):\n    raise Bad\nNet.forward = boom"
    ),
    "an exit": "Net.forward = lambda self, x: exit()",
    "an object without end": "loop = []\nloop.append(loop)\nNet.forward = lambda self, x: loop",
    "an output of every kind": "Net.forward = lambda self, x: {object(): [x, {x}, lambda: 1, nn.ReLU()]}",
    "a module in itself": (
        "net_init = Net.__init__\ndef init(self, *a):\n    net_init(self, *a)\n    self.me = self\nNet.__init__ = init"
    ),
    "a sparse output": "Net.forward = lambda self, x: x.to_sparse()",
    "an output on no device": "Net.forward = lambda self, x: x.to('meta')",
    "the answers": (
        "get_ipython().kernel.springfield_line.agent.answer = (\n"
        '    lambda *a: (b\'{"status": "ok", "sizes": [], "value": true, "owners": 7}\', b\'\'))'
    ),
    "the agent": (
        "import gc\nfor o in gc.get_objects():\n    if type(o).__name__ == 'Agent':\n"
        "        type(o).do_call = lambda self, r, b: ({'value': {'t': 'list', 'v': 5}}, [b'x'])"
    ),
    "the line": "get_ipython().kernel.springfield_line.agent = None",
}


@pytest.mark.parametrize("what", PATCHES)
def test_nothing_that_a_student_replaces_earns_a_point(what: str) -> None:
    """Each in a kernel of its own: they do not heal."""
    code = (
        "from grader.checks import same_function\n"
        "same_function(Net(4, 4), nn.Sequential(nn.Linear(4, 4), nn.ReLU()), torch.randn(3, 4))"
    )
    with Kernel(View(limits=Limits(cell_s=10, call_s=1))) as kernel:
        assert kernel.run("import torch\nfrom torch import nn\nclass Net(nn.Linear):\n    pass").error is None
        kernel.run(PATCHES[what])
        result = examine(code, "task1", 2.0, Session(kernel), Examination(kernel), NAMES)
    assert result.points == 0
    assert result.outcome in (Outcome.FAILED, Outcome.RAISED, Outcome.TIMED_OUT)
    assert result.message == "".join(c for c in result.message if c.isprintable() or c in "\n\t")


def test_the_same_cells_pass_without_an_examiner() -> None:
    """Hidden tests are ordinary text: in a plain kernel or under pytest they run on the real objects."""
    notebook = nbformat.read(new_class.course_source() / "source" / "resnet" / "resnet.ipynb", as_version=4)
    solutions = reference_answer(notebook).cells
    namespace: dict[str, Any] = {"__name__": "plain"}
    for cell in notebook.cells:
        if cell.cell_type == "code" and "plt" not in cell.source:
            source = solutions.get(cell.metadata.get("nbgrader", {}).get("grade_id", ""), cell.source)
            exec("import torch\nimport torch.nn.functional as F\nfrom torch import nn", namespace)
            exec("\n".join(split_hidden(source)), namespace)
    assert issubclass(namespace["BasicBlock"], nn.Module)
