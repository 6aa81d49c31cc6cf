"""Answers that are clever instead of right."""

# ruff: noqa: E501  attacks are programs inside strings: a line that is broken is another program
from __future__ import annotations

from attacks import TRY, Attack, on_block, trying
from gate import BLOCK, EVENS

MODULE = """
class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm = nn.BatchNorm2d(channels)
    def forward(self, x):
        {forward}
"""
RIGHT = "F.relu(self.norm(self.conv(x)))"


def forward(name: str, body: str, **more: object) -> Attack:
    """A block with this forward: its points are stolen."""
    return Attack(name, on_block("", block=MODULE.format(forward=body)), prints="tried", **more)  # type: ignore[arg-type]


CHEATS = [
    forward("returns_its_weights_as_output", "return self.conv.weight.reshape(-1)[:1].expand(x.shape)"),
    forward(
        "remembers_its_first_answer",
        f"self.kept = getattr(self, 'kept', None)\n        if self.kept is None: self.kept = {RIGHT}.detach()\n        return self.kept[: x.shape[0]]",
    ),
    forward("is_right_in_evaluation_only", f"return {RIGHT} if not self.training else x * 0"),
    forward("is_right_in_training_only", f"return {RIGHT} if self.training else x * 0"),
    forward(
        "is_right_at_the_first_call_only",
        f"self.calls = getattr(self, 'calls', 0) + 1\n        return {RIGHT} if self.calls == 1 else x",
    ),
    forward("is_right_for_visible_shapes_only", f"return {RIGHT} if x.shape[0] == 2 else x"),
    forward("returns_none", "return None if x.shape[0] == 4 else x"),
    forward("returns_itself", "return self if x.shape[0] == 4 else x"),
    forward("returns_a_generator", "return (i for i in x) if x.shape[0] == 4 else x"),
    forward("returns_a_cycle", "a = []; a.append(a)\n        return a if x.shape[0] == 4 else x"),
    forward("returns_a_sparse_tensor", "return x.to_sparse() if x.shape[0] == 4 else x"),
    forward("returns_a_meta_tensor", "return x.to('meta') if x.shape[0] == 4 else x"),
    forward(
        "returns_a_quantized_tensor",
        "return torch.quantize_per_tensor(x, 0.1, 0, torch.quint8) if x.shape[0] == 4 else x",
    ),
    forward("returns_a_tensor_of_a_billion_numbers", "return torch.zeros(1).expand(1 << 30) if x.shape[0] == 4 else x"),
    Attack(
        "returns_an_object_that_unpickles_into_a_command",
        {
            "task3_evens": TRY
            + """
class Bomb:
    def __reduce__(self):
        return os.system, ("touch /tmp/sg-owned",)
def evens(n):
    return [0, 2] if n == 3 else Bomb()
"""
        },
        prints="tried",
    ),
    Attack(
        "returns_odd_values",
        {
            "task3_evens": TRY
            + """
values = iter([{(): [float("nan")], frozenset(): 2**5000, b"x": 1j}, {"__class__": "x"}, type, print, ...])
def evens(n):
    return [0, 2] if n == 3 else next(values)
"""
        },
        prints="tried",
    ),
    Attack(
        "raises_the_graders_own_errors",
        {
            "task3_evens": TRY
            + """
class CheckFailed(Exception): pass
class MissingDataset(BaseException): pass
class NameErrorX(NameError): pass
errors = iter([MissingDataset("no data"), SystemExit(0)])
def evens(n):
    if n == 3: return [0, 2]
    raise next(errors)
"""
        },
        prints="tried",
        says="MissingDataset: no data",
    ),
    Attack(
        "raises_a_name_error_so_that_the_author_is_blamed",
        {"task3_evens": TRY + "def evens(n):\n    if n == 3: return [0, 2]\n    raise NameError('same_function')"},
        prints="tried",
        says="Your code raised",
    ),
    Attack(
        "lies_about_its_parameters",
        on_block(
            "",
            block=MODULE.format(forward="return x * 0")
            + """
    def named_parameters(self, *a, **k):
        for i in range(3000): yield f"p{i}", nn.Parameter(torch.zeros(1))
    def named_modules(self, *a, **k):
        yield "", self
        yield "conv.<script>alert(1)</script>", self.conv
""",
        ),
        prints="tried",
    ),
    Attack(
        "has_parameters_with_long_and_hostile_names",
        on_block(
            "",
            block="""
class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        self.__dict__["_modules"]["<script>alert(1)</script>\\x1b[2J" + "y" * 3_000_000] = nn.Conv2d(channels,
        channels, 3, padding=1)
    def forward(self, x):
        conv = list(self._modules.values())[1]
        with torch.no_grad(): y = conv(x)
        return F.relu(self.norm(y))
""",
        ),
        prints="tried",
    ),
    Attack(
        "has_5000_extra_layers",
        on_block(
            "",
            block="""
class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.many = nn.ModuleList([nn.Linear(1, i + 1) for i in range(5000)])
    def forward(self, x):
        return F.relu(x)
""",
        ),
        prints="tried",
        within_s=40,
    ),
    Attack(
        "watches_the_state_that_is_loaded",
        on_block(
            "",
            block=MODULE.format(forward="return x * 0")
            + """
    def train(self, mode=True):
        raise RuntimeError("no") if mode is False and hasattr(self, "norm") else None
        return self
    def __getattr__(self, name):
        if name in ("conv", "norm"): return super().__getattr__(name)
        raise SystemExit(name)
""",
        ),
        prints="tried",
        earns=("task2_scale_values", "task3_evens_values"),
    ),
    Attack(
        "claims_to_be_a_module",
        on_block(
            "",
            block="""
class Meta(type(nn.Module)):
    def __instancecheck__(cls, other): return True
class Block(nn.Module, metaclass=Meta):
    __class__ = property(lambda self: nn.ReLU)
    def __init__(self, channels): super().__init__()
    def forward(self, x): return torch.relu(x)
""",
        ),
        prints="tried",
    ),
    trying(
        "changes_the_default_dtype_and_device",
        "torch.set_default_dtype(torch.float64)\ntorch.set_grad_enabled(False)\ntorch.set_num_threads(1)",
        earns=("task2_scale_values", "task3_evens_values"),
    ),
    Attack(
        "prints_points_in_its_error",
        {"task3_evens": TRY + EVENS + "raise AssertionError('4.0 points: passed. <script>alert(1)</script>')"},
        prints="tried",
        earns=("task1_block_function", "task1_block_gradients", "task2_scale_values", "task3_evens_values"),
    ),
    Attack(
        "is_right_and_says_nothing",
        {"task1_block": BLOCK + "\nimport sys\nsys.stdout = sys.stderr = open('/dev/null', 'w')"},
        earns=("task1_block_function", "task1_block_gradients", "task2_scale_values", "task3_evens_values"),
    ),
]
