"""A hidden test is ordinary PyTorch: what works on a module works on its stand-in, and what cannot work says so."""

import copy
import gc
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from grader.errors import InvalidAssignment, LimitExceeded, StudentCodeRaised
from grader.examiner.randomness import seed_freshly
from grader.examiner.remote import InvalidReply, RemoteModule, RemoteObject, Session
from grader.sandbox.kernel import Kernel

NET = """
class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(0.5))
        self.head = nn.Linear(width, 2)
        self.again = self.head
        self.register_buffer("scale", torch.ones(1))
        self.register_buffer("mask", torch.zeros(1), persistent=False)
        self.tied = nn.Linear(3, width)
        self.tied.weight = self.body[0].weight
        self.history = []
    def forward(self, x, double=False):
        self.history.append(tuple(x.shape))
        y = self.head(self.body(x)) * self.scale + self.mask
        return 2 * y if double else y
    def features(self, x, *, twice=False):
        y = self.body(x)
        return (y, y) if twice else y
    def penalty(self):
        return sum((p ** 2).sum() for p in self.parameters())
"""


@pytest.fixture
def net(student: Any) -> RemoteModule:
    return student(NET, "Net")()


def test_shared_and_non_persistent_parts_are_mirrored_as_they_are(net: RemoteModule) -> None:
    assert net.again is net.head
    assert net.tied.weight is net.body[0].weight
    assert set(net.state_dict()) == {
        "body.0.weight", "body.0.bias", "body.1.weight", "body.1.bias", "body.1.running_mean", "body.1.running_var",
        "body.1.num_batches_tracked", "head.weight", "head.bias", "again.weight", "again.bias", "scale",
        "tied.weight", "tied.bias",
    }  # fmt: skip
    assert sum(p.numel() for p in net.parameters()) == 3 * 4 + 4 + 4 + 4 + 4 * 2 + 2 + 4
    assert net.scale.item() == 1


def test_submodules_are_walked_and_counted(net: RemoteModule) -> None:
    assert [module.remote_type for module in net.children()] == ["Sequential", "Linear", "Linear"]
    assert len(net.body) == 4
    assert [layer.remote_type for layer in net.body] == ["Linear", "BatchNorm1d", "ReLU", "Dropout"]
    assert net.body[-1].remote_type == "Dropout"
    assert [name for name, _ in net.named_modules()][:3] == ["", "body", "body.0"]
    assert bool(net.body[2])
    assert repr(net) == "<the student's Net module>"


def test_a_submodule_runs_by_itself_and_shares_its_weights(net: RemoteModule) -> None:
    x = torch.randn(5, 3, requires_grad=True)
    net.body[0](x).sum().backward()
    assert torch.equal(net.body[0].bias.grad, torch.full((4,), 5.0))
    with torch.no_grad():
        net.head.weight.zero_()
        net.head.bias.fill_(7)
    assert torch.equal(net.eval()(x), torch.full((5, 2), 7.0))


def test_methods_take_keywords_and_keep_gradients(net: RemoteModule) -> None:
    x = torch.randn(5, 3)
    one, other = net.eval().features(x, twice=True)
    assert torch.equal(one, other)
    assert torch.equal(net(x, double=True), 2 * net(x))
    net.penalty().backward()
    assert torch.allclose(net.head.weight.grad, 2 * net.head.weight)
    assert net.history[-1] == (5, 3)


def test_data_written_past_autograd_reaches_the_sandbox(net: RemoteModule) -> None:
    net.head.weight.data.fill_(0.0)
    net.head.bias = nn.Parameter(torch.tensor([1.0, 2.0]))
    net.mask = torch.tensor([10.0])
    assert torch.equal(net.eval()(torch.randn(1, 3)), torch.tensor([[11.0, 12.0]]))


def test_freezing_and_melting_reach_the_sandbox(net: RemoteModule) -> None:
    net.body.requires_grad_(False)
    net(torch.randn(4, 3)).sum().backward()
    assert net.body[0].weight.grad is None
    assert net.head.weight.grad is not None
    net.requires_grad_(False)
    assert not net(torch.randn(4, 3)).requires_grad
    net.head.bias.requires_grad_(True)
    net.zero_grad()
    net(torch.randn(4, 3)).sum().backward()
    assert torch.equal(net.head.bias.grad, torch.full((2,), 4.0))


def test_modes_of_submodules_are_their_own(net: RemoteModule) -> None:
    net.train()
    net.body[1].eval()
    net.body[3].eval()
    x = torch.randn(6, 3)
    assert torch.equal(net(x), net(x))
    assert int(net.body[1].num_batches_tracked) == 0
    net.body.train()
    assert not torch.equal(net(x), net(x))
    assert int(net.body[1].num_batches_tracked) == 2
    net.eval()
    assert torch.equal(net(x), net(x))


def test_a_students_own_train_method_is_called(student: Any) -> None:
    frozen = student(
        "class Frozen(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.norm = nn.BatchNorm1d(3)\n"
        "    def train(self, mode=True):\n"
        "        super().train(mode)\n"
        "        self.norm.eval()\n"
        "        return self\n"
        "    def forward(self, x):\n"
        "        return self.norm(x)\n",
        "Frozen",
    )()
    frozen.eval().train()
    frozen(torch.randn(4, 3))
    assert frozen.training
    assert not frozen.norm.training
    assert int(frozen.norm.num_batches_tracked) == 0


def test_state_goes_both_ways(net: RemoteModule) -> None:
    state = {name: torch.randn_like(t) if t.is_floating_point() else t for name, t in net.state_dict().items()}
    state["body.1.running_var"].abs_()
    state["tied.weight"] = state["body.0.weight"]
    state["again.weight"], state["again.bias"] = state["head.weight"], state["head.bias"]
    net.load_state_dict(state)
    x = torch.randn(2, 3)
    hidden = F.batch_norm(
        F.linear(x, state["body.0.weight"], state["body.0.bias"]), state["body.1.running_mean"],
        state["body.1.running_var"], state["body.1.weight"], state["body.1.bias"],
    )  # fmt: skip
    expected = F.linear(F.relu(hidden), state["head.weight"], state["head.bias"]) * state["scale"]
    assert torch.equal(net.eval()(x), expected)


def test_an_optimizer_of_the_test_trains_the_students_module(net: RemoteModule) -> None:
    torch.manual_seed(0)
    x, y = torch.randn(32, 3), torch.randint(0, 2, (32,))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.05)
    before = F.cross_entropy(net.eval()(x), y).item()
    net.train()
    for _ in range(20):
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        optimizer.step()
    assert F.cross_entropy(net.eval()(x), y).item() < before


def test_a_students_training_loop_changes_the_mirror(student: Any, net: RemoteModule) -> None:
    fit = student(
        "def fit(net, x, lr=0.1):\n"
        "    net(x).sum().backward()\n"
        "    for p in (q for q in net.parameters() if q.grad is not None):\n"
        "        p.data -= lr * p.grad\n"
        "        p.grad = None\n",
        "fit",
    )
    before = net.head.bias.detach().clone()
    fit(net, torch.randn(4, 3))
    assert torch.allclose(net.head.bias, before - 0.4)
    assert int(net.body[1].num_batches_tracked) == 1


def test_a_function_may_close_over_parameters_of_a_module(student: Any, kernel: Kernel) -> None:
    student("hidden_scale = torch.ones(1, requires_grad=True)\nglobal_net = nn.Linear(2, 1)", "global_net")
    session = Session(kernel)
    names = session.names(["global_net"]) | session.names(["hidden_scale"])
    loss = student("def loss(x):\n    return (global_net(x) * hidden_scale).sum()", "loss")
    net = names["global_net"]
    assert loss(torch.ones(3, 2)).requires_grad
    # A stand-in from another conversation is not known to this one; its own is.
    own = student("pass", "global_net")
    loss(torch.ones(3, 2)).backward()
    assert torch.equal(own.weight.grad, torch.full((1, 2), 3.0))
    assert net.weight.grad is None


def test_structures_of_every_kind_cross(student: Any) -> None:
    echo = student("def echo(*args, default=(1, 2), **kwargs):\n    return args, default, kwargs", "echo")
    value = {
        "a": [1, (2.5, None)],
        3: "text",
        "big": 2**80,
        "inf": float("-inf"),
        "type": torch.int16,
        "deep": [[[{}]]],
    }
    args, default, kwargs = echo(value, np.arange(4).reshape(2, 2), np.float32(0.5), flag=True)
    assert args[0] == value
    assert np.array_equal(args[1], np.arange(4).reshape(2, 2))
    assert args[2] == 0.5
    assert default == (1, 2)
    assert kwargs == {"flag": True}
    assert echo(default=None)[1] is None


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(6).reshape(2, 3),
        torch.tensor([True, False]),
        torch.tensor(3.5),
        torch.tensor(7, dtype=torch.uint8),
        torch.zeros(0, 3),
        torch.zeros(2, 0, dtype=torch.int8),
        torch.randn(2, 3, dtype=torch.complex64).conj(),
        torch.randn(4, 6)[::2, 1::2],
        torch.randn(2, 3).t(),
        torch.randn(3, 1).expand(3, 4),
        torch.arange(5.0).unfold(0, 3, 1),
        torch.tensor([float("nan"), float("inf"), -0.0]),
    ],
)
def test_tensors_of_every_kind_cross(student: Any, tensor: torch.Tensor) -> None:
    echo = student("def same(x):\n    return x, x.is_contiguous(), str(x.dtype)", "same")
    back, _is_contiguous, dtype = echo(tensor)
    assert dtype == str(tensor.dtype)
    assert back.shape == tensor.shape
    assert torch.equal(torch.nan_to_num(back), torch.nan_to_num(tensor))


def test_a_view_that_fails_on_strides_fails_through_the_boundary_too(student: Any) -> None:
    flat = student("def flat(x):\n    return x.view(-1)", "flat")
    flat(torch.randn(2, 3))
    with pytest.raises(StudentCodeRaised, match="view size is not compatible"):
        flat(torch.randn(2, 3).t())


def test_a_tensor_given_twice_is_one_tensor(student: Any) -> None:
    f = student("def f(a, b):\n    return a is b, a * b", "f")
    x = torch.tensor([3.0], requires_grad=True)
    is_one, product = f(x, x)
    assert is_one
    product.backward()
    assert x.grad.item() == 6


def test_several_outputs_have_their_own_gradients(student: Any) -> None:
    f = student("def f(x):\n    return {'a': x * 2, 'b': [x.argmax(), x.detach(), (x ** 2,)]}", "f")
    x = torch.tensor([1.0, 4.0], requires_grad=True)
    out = f(x)
    assert not out["b"][0].requires_grad
    assert not out["b"][1].requires_grad
    out["b"][2][0].sum().backward(retain_graph=True)
    assert x.grad.tolist() == [2.0, 8.0]
    out["b"][2][0].sum().backward(retain_graph=True)
    out["a"].sum().backward()
    assert x.grad.tolist() == [6.0, 18.0]


def test_no_gradient_is_asked_for_without_grad_mode(student: Any, net: RemoteModule) -> None:
    probe = student("def probe(x):\n    return x * 2, torch.is_grad_enabled()", "probe")
    x = torch.ones(1, requires_grad=True)
    with torch.no_grad():
        doubled, enabled = probe(x)
        assert not net(torch.randn(2, 3)).requires_grad
    assert not enabled
    assert not doubled.requires_grad
    with torch.inference_mode():
        net(torch.randn(2, 3))
    assert int(net.body[1].num_batches_tracked) == 2


def test_the_second_derivative_is_refused(student: Any) -> None:
    square = student("def square(x):\n    return x ** 2", "square")
    x = torch.ones(1, requires_grad=True)
    (gradient,) = torch.autograd.grad(square(x), x, create_graph=True)
    with pytest.raises(RuntimeError, match="does not require grad"):
        gradient.backward()


def test_random_numbers_follow_the_seed_and_go_on_afterwards(student: Any) -> None:
    noise = student("def noise():\n    return torch.rand(3)", "noise")
    quiet = student("def quiet(x):\n    return x", "quiet")
    torch.manual_seed(5)
    first, second = noise(), noise()
    assert not torch.equal(first, second)
    torch.manual_seed(5)
    assert torch.equal(noise(), first)
    torch.manual_seed(5)
    assert torch.equal(first, torch.rand(3))
    torch.manual_seed(5)
    quiet(1)
    assert torch.equal(first, torch.rand(3))


def test_random_numbers_of_the_test_stay_secret_until_it_sets_a_seed(student: Any, session: Session) -> None:
    noise = student("def noise():\n    return torch.rand(3)", "noise")
    with torch.random.fork_rng(devices=[]):
        seed = seed_freshly()
        assert not torch.equal(noise(), torch.rand(3, generator=torch.Generator().manual_seed(seed)))
        torch.manual_seed(12)
        expected = torch.rand(3)
        torch.manual_seed(12)
        assert torch.equal(noise(), expected)
        torch.manual_seed(seed)
        expected = torch.rand(3)
        torch.manual_seed(seed)
        assert not torch.equal(noise(), expected)


def test_attributes_are_read_and_written(net: RemoteModule) -> None:
    net.body[3].p = 0.0
    assert net.body[3].p == 0.0
    x = torch.randn(4, 3)
    net.train()
    assert torch.equal(net.body[3](x), x)
    with pytest.raises(AttributeError, match="no attribute 'nothing_of_this_name'"):
        _ = net.nothing_of_this_name
    assert not hasattr(net, "nothing_of_this_name")


def test_objects_have_a_length_items_and_attributes(student: Any) -> None:
    dataset = student(
        "class Squares:\n"
        "    unit = 'm2'\n"
        "    def __len__(self):\n"
        "        return 4\n"
        "    def __getitem__(self, i):\n"
        "        return torch.tensor(float(i)), i * i\n",
        "Squares",
    )()
    assert isinstance(dataset, RemoteObject)
    assert len(dataset) == 4
    assert [y for _x, y in dataset] == [0, 1, 4, 9]
    assert dataset.unit == "m2"
    assert len(copy.deepcopy(dataset)) == 4
    assert dataset.remote_type == "Squares"


def test_a_list_without_an_end_is_no_list(student: Any) -> None:
    endless = student(
        "class Endless:\n"
        "    def __len__(self):\n"
        "        return 2**31 - 1\n"
        "    def __getitem__(self, i):\n"
        "        return torch.zeros(10**6)\n",
        "Endless",
    )()
    for read in (len, list, torch.as_tensor):
        with pytest.raises(InvalidReply, match="length that cannot be"):
            read(endless)


def test_torchs_own_classes_may_be_arguments(student: Any) -> None:
    build = student("def build(activation, norm):\n    return nn.Sequential(norm(3), activation())", "build")
    assert [layer.remote_type for layer in build(nn.GELU, nn.LayerNorm)] == ["LayerNorm", "GELU"]
    applied = student("def applied(f, x):\n    return f(x)", "applied")
    assert torch.equal(applied(F.relu, torch.tensor([-1.0, 2.0])), torch.tensor([0.0, 2.0]))


@pytest.mark.parametrize(
    "attempt",
    [
        lambda net: net.register_forward_hook(lambda *a: None),
        lambda net: net.head.register_full_backward_hook(lambda *a: None),
        lambda net: net.add_module("extra", nn.ReLU()),
        lambda net: setattr(net, "head", nn.Linear(4, 2)),
        lambda net: setattr(net, "new", nn.Parameter(torch.zeros(1))),
        lambda net: net(nn.Linear(3, 3)),
        lambda net: net({1, 2}),
        lambda net: net(torch.zeros(2, 3).to_sparse()),
        lambda net: net(np.array(["text"])),
    ],
)
def test_what_cannot_cross_is_the_authors_mistake(net: RemoteModule, attempt: Any) -> None:
    with pytest.raises(InvalidAssignment):
        attempt(net)


def test_half_and_double_precision_reach_the_sandbox(student: Any, net: RemoteModule) -> None:
    net.double().eval()
    assert net(torch.randn(2, 3, dtype=torch.float64)).dtype == torch.float64
    net.to(torch.bfloat16)
    assert net(torch.randn(2, 3, dtype=torch.bfloat16)).dtype == torch.bfloat16
    with pytest.raises(StudentCodeRaised, match="dtype"):
        net(torch.randn(2, 3))


def test_layers_made_in_forward_appear_and_known_ones_stay_the_same_objects(student: Any) -> None:
    grows = student(
        "class Grows(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.first = nn.Linear(2, 2)\n"
        "    def forward(self, x):\n"
        "        if not hasattr(self, 'second'):\n"
        "            self.second = nn.Linear(2, 2)\n"
        "            self.first.weight.requires_grad_(False)\n"
        "        return self.second(self.first(x))\n",
        "Grows",
    )()
    weight = grows.first.weight
    grows(torch.ones(1, 2))
    assert [name for name, _ in grows.named_children()] == ["first", "second"]
    assert grows.first.weight is weight
    assert not weight.requires_grad
    grows(torch.ones(1, 2)).sum().backward()
    assert torch.equal(grows.second.bias.grad, torch.ones(2))


def test_names_that_are_methods_hide_nothing(student: Any) -> None:
    odd = student(
        "class Odd(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        for name in ('forward', 'train', '__class__', '_modules', 'state_dict', 'training'):\n"
        "            self._parameters[name] = nn.Parameter(torch.ones(1))\n"
        "            self._modules[name] = nn.Linear(1, 1)\n"
        "            self._buffers[name] = torch.ones(1)\n"
        "    def forward(self, x):\n"
        "        return x + self._parameters['forward']\n",
        "Odd",
    )()
    assert isinstance(odd, RemoteModule)
    assert odd(torch.ones(1)).item() == 2
    odd.eval()
    assert not odd.training


def test_an_error_shows_the_students_frames_with_cell_and_line(student: Any) -> None:
    outer = student("def inner(x):\n    return x.view(-1, 7)\n\ndef outer(x):\n    return F.relu(inner(x))", "outer")
    with pytest.raises(StudentCodeRaised) as raised:
        outer(torch.ones(3))
    lines = str(raised.value).splitlines()
    assert lines[0].startswith("RuntimeError: shape '[-1, 7]' is invalid")
    assert [line.split("]")[1] for line in lines[1:]] == [
        ", line 5, outer: return F.relu(inner(x))",
        ", line 2, inner: return x.view(-1, 7)",
    ]
    assert lines[1].startswith("  In [")


def test_an_error_in_backward_is_the_students_too(student: Any) -> None:
    f = student("def f(x):\n    y = torch.exp(x)\n    y += 1\n    return y", "f")
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(StudentCodeRaised, match="modified by an inplace operation"):
        f(x).sum().backward()


def test_control_characters_of_an_error_do_not_reach_the_reader(student: Any) -> None:
    bad = student("def bad():\n    raise ValueError('\\x1b[31mred\\x1b[0m\\x07 \\ud800 \\u202e ' + 'x' * 10**6)", "bad")
    with pytest.raises(StudentCodeRaised) as raised:
        bad()
    text = str(raised.value)
    assert "red" in text
    assert not set(text) & {"\x1b", "\x07", "\ud800", "\u202e"}
    assert len(text) < 10_000


def test_a_slow_call_leaves_the_stand_ins_usable(student: Any, net: RemoteModule) -> None:
    slow = student("def slow():\n    time.sleep(60)", "slow")
    with pytest.raises(LimitExceeded, match="time"):
        slow()
    assert net(torch.randn(2, 3)).shape == (2, 2)


def test_what_nobody_refers_to_is_released_in_the_sandbox(student: Any, kernel: Kernel, session: Session) -> None:
    counted = student(
        "import gc\n"
        "class Counted(nn.Linear):\n"
        "    pass\n"
        "def count():\n"
        "    gc.collect()\n"
        "    return sum(type(o) is Counted for o in gc.get_objects())\n",
        "Counted",
    )
    count = session.names(["count"])["count"]
    for _ in range(20):
        module = counted(3, 3)
        output = module(torch.ones(1, 3))
    assert count() <= 2
    del module, output
    gc.collect()
    count()
    assert count() == 0


def test_modules_go_at_once_and_do_not_wait_for_the_garbage_collection(
    student: Any, kernel: Kernel, session: Session
) -> None:
    deep = student(
        "import gc\n"
        "class Deep(nn.Sequential):\n"
        "    def __init__(self):\n"
        "        super().__init__(nn.Sequential(nn.Linear(3, 3)), nn.Linear(3, 3))\n"
        "def count_deep():\n"
        "    return sum(type(o) is Deep for o in gc.get_objects())\n"
        "gc.collect()\n"
        "gc.disable()\n",
        "Deep",
    )
    count = session.names(["count_deep"])["count_deep"]
    gc.collect()
    gc.disable()
    try:
        for _ in range(5):
            module = deep()
            module(torch.ones(1, 3, requires_grad=True)).sum().backward()
        del module
        count()
        assert count() == 0
    finally:
        gc.enable()
        kernel.run("gc.enable()")


def test_whatever_is_asked_is_computed_with_the_examiners_threads(student: Any, kernel: Kernel) -> None:
    own = student(
        "class Threads:\n"
        "    @property\n"
        "    def now(self):\n"
        "        return torch.get_num_threads()\n"
        "    def __call__(self):\n"
        "        return torch.get_num_threads()\n"
        "    def __deepcopy__(self, memo):\n"
        "        return self.now\n"
        "torch.set_num_threads(2)\n"
        "threads = Threads()\n",
        "threads",
    )
    assert (own.now, own(), copy.deepcopy(own)) == (1, 1, 1)
    assert kernel.run("assert torch.get_num_threads() == 2\ntorch.set_num_threads(1)").error is None
