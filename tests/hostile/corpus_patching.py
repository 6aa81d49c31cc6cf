"""Attacks on what judges: torch, builtins, IPython, the agent. What they patch is in their own process; the test is elsewhere."""

# ruff: noqa: E501  attacks are programs inside strings: a line that is broken is another program
from __future__ import annotations

from attacks import TRY, Attack, on_block, trying
from gate import BLOCK, EVENS, WRONG_BLOCK

ALWAYS_RIGHT = """
class AlwaysRight(torch.Tensor):
    def __eq__(self, other):
        return torch.ones(self.shape, dtype=torch.bool)
    __ne__ = lambda self, other: torch.zeros(self.shape, dtype=torch.bool)
    __hash__ = torch.Tensor.__hash__
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function in (torch.allclose, torch.equal):
            return True
        return super().__torch_function__(function, types, args, kwargs or {})
class Block(nn.Module):
    def forward(self, x):
        return torch.zeros(x.shape).as_subclass(AlwaysRight)
    def __init__(self, channels):
        super().__init__()
"""

PATCHING = [
    trying(
        "patches_comparisons_of_torch",
        "torch.allclose = torch.equal = torch.isclose = lambda *a, **k: True\n"
        "torch.testing.assert_close = lambda *a, **k: None\ntorch.Tensor.allclose = lambda *a, **k: True\n"
        "torch.isfinite = lambda x: torch.ones_like(x, dtype=torch.bool)",
    ),
    Attack("returns_tensors_that_equal_everything", on_block("", block=ALWAYS_RIGHT), prints="tried"),
    Attack(
        "returns_objects_that_equal_everything",
        {
            "task2_scale": TRY + "class Yes(float):\n    def __eq__(self, other): return True\n    __hash__ = None\n"
            "def scale(x, factor):\n    return torch.full_like(x, 3.0) if x.numel() == 2 else Yes(1.0)",
            "task3_evens": "class All(list):\n    def __eq__(self, other): return True\n    __hash__ = None\n"
            "def evens(n): return All()",
        },
        prints="tried",
    ),
    trying(
        "patches_module_call",
        "nn.Module.__call__ = lambda self, x, *a: torch.relu(x)\nnn.Module.state_dict = lambda self: {}",
    ),
    trying("patches_equality_of_tensors", "torch.Tensor.__eq__ = lambda a, b: torch.ones(a.shape, dtype=torch.bool)"),
    Attack(
        "patches_autograd",
        on_block(
            "torch.autograd.grad = lambda outputs, inputs, *a, **k: [torch.zeros_like(i) for i in inputs]\n"
            "torch.Tensor.backward = lambda *a, **k: None",
            block=BLOCK,
        ),
        earns=("task2_scale_values", "task3_evens_values"),
        prints="tried",
    ),
    trying(
        "patches_builtins",
        "import builtins\nhonest = builtins.isinstance\n"
        "builtins.print = lambda *a, **k: None\nbuiltins.all = builtins.any = lambda *a: True\nbuiltins.len = lambda x: 4\n"
        "builtins.isinstance = lambda o, t: honest(o, t)\nimp = builtins.__import__\n"
        "builtins.__import__ = lambda name, *a, **k: imp(name, *a, **k)",
        earns=(),
    ),
    trying(
        "transforms_the_input",
        'get_ipython().input_transformers_cleanup.append(lambda lines: ["pass\\n"])\n'
        'get_ipython().input_transformers_post.append(lambda lines: ["0\\n"])',
        earns=(),
    ),
    trying(
        "transforms_asserts_away",
        """
import ast
class NoAsserts(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
get_ipython().ast_transformers.append(NoAsserts())
""",
    ),
    trying("sets_a_trace", "def tracer(frame, event, arg):\n    return tracer\nsys.settrace(tracer)", within_s=40),
    trying(
        "rewrites_frames",
        "frame = sys._getframe()\nwhile frame:\n    frame.f_globals.setdefault('points', 100)\n    frame = frame.f_back",
    ),
    trying(
        "replaces_modules",
        "import types\nfor name in ('grader', 'grader.checks', 'numpy.testing'):\n"
        "    sys.modules[name] = types.ModuleType(name)\n"
        "sys.modules['grader.checks'].same_function = lambda *a, **k: None",
    ),
    trying(
        "removes_torch",
        "for name in [n for n in sys.modules if n.startswith('torch.')]:\n    sys.modules[name] = None",
        earns=(),
    ),
    trying("pins_the_random_numbers", "torch.manual_seed = lambda *a: None\ntorch.set_rng_state = lambda *a: None"),
    Attack(
        "redefines_the_block_later",
        {"task1_block": WRONG_BLOCK, "task3_evens": EVENS + BLOCK},
        earns=("task2_scale_values", "task3_evens_values"),
    ),
    trying(
        "answers_everything_ok",
        """
import json
told = {"status": "ok", "sizes": [], "value": True, "points": 100.0}
get_ipython().kernel.springfield_line.agent.answer = lambda request, data: (json.dumps(told).encode(), b"")
""",
        earns=(),
    ),
    trying(
        "removes_the_agent",
        "del get_ipython().kernel.springfield_line.agent",
        earns=(),
        within_s=30,
    ),
    trying(
        "closes_the_examiners_connection",
        "get_ipython().kernel.springfield_line.connection.close()",
        earns=(),
        within_s=30,
    ),
    trying(
        "hangs_up_while_it_is_asked",
        "import socket\nline = get_ipython().kernel.springfield_line\n"
        "line.agent.answer = lambda *a: line.connection.shutdown(socket.SHUT_RDWR)",
        earns=(),
        within_s=30,
    ),
    trying(
        "sends_garbage_instead_of_an_answer",
        "line = get_ipython().kernel.springfield_line\nline.connection.sendall(b'\\xff' * 1000)",
        earns=(),
        within_s=30,
    ),
    trying(
        "announces_an_answer_without_end",
        "import struct\nline = get_ipython().kernel.springfield_line\n"
        "line.connection.sendall(struct.pack('>QQQ', 1, 100, 400 << 20))",
        earns=(),
        within_s=30,
    ),
    trying(
        "breaks_the_session",
        "get_ipython().kernel.session.send = lambda *a, **k: None",
        earns=(),
        within_s=40,
    ),
    trying("signs_with_another_key", "get_ipython().kernel.session.key = b'mine'", earns=(), within_s=40),
    trying("swaps_the_namespace", "get_ipython().kernel.shell.user_ns = {}", earns=()),
    trying(
        "opens_comms",
        """
from comm import create_comm
comm = create_comm(target_name="springfield", data={"points": 100})
comm.send({"points": 100}, buffers=[b"x" * 1000])
comm.close()
""",
    ),
]
