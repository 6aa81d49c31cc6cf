"""Try changed texts of the student's own cells: what each of them would compute, told in a few numbers.

It happens in a fork, which ends with the request: nothing of the notebook changes, and a text that never ends costs
nothing else. Whoever explains a lost test asks for it (`grader/diagnosis/own_text.py`), and tells in the same numbers
what the author's solution computes: so this file is used on both sides. Imports nothing of the project.
"""

import contextlib
import json
import math
import os
import select
import signal
import sys
import time
import zlib

import torch
from torch import nn

MOST_DEATHS = 8
MOST_ITEMS = 64
MAX_TEXT = 200
SEED = 20131


class Tolerance:
    """How far numbers of two outcomes may differ: rounding of sums in another order, no more."""

    RELATIVE = 2e-4
    ABSOLUTE = 1e-6


class Measure:
    """Turns what was computed into a few numbers.

    Weights are set by their shape alone, without axes of length 1, so that it does not matter in which order layers
    were made, what they are called, and whether a 1x1 convolution is written as a linear layer. Only what is called a
    bias is told by its name.
    """

    def __init__(self):
        self.drawn = {}
        self.weights = {}

    def outcome(self, make, use, *, trains):
        """What one use gives.

        Args:
            make: a class or a function.
            use: `args` and `kwargs` that it is called with, `inputs` of the module that it makes, or None, and
                whether it makes one (`is_module`).
            trains: whether a module does a training step too.

        Returns:
            Plain data.
        """
        inputs = use["inputs"]
        is_counted = use["is_module"] and inputs is None
        with torch.device("meta") if is_counted else contextlib.nullcontext():
            value = make(*map(copied, use["args"]), **{name: copied(item) for name, item in use["kwargs"].items()})
        if not isinstance(value, nn.Module):
            return self.told(value)
        if inputs is None:
            sizes = [parameter.numel() for parameter in value.parameters()]
            return {"count": sum(sizes), "weights": sum(p.numel() for p in value.parameters() if len(squeezed(p)) > 1)}
        if any(nn.parameter.is_lazy(parameter) for parameter in value.parameters()):
            with torch.no_grad():
                value.eval()(*map(copied, inputs))
        self.fill(value)
        with torch.no_grad():
            given = [*map(copied if trains else one_of, inputs)]
            output = value.eval()(*given)
            found = {"output": self.told(output), "in any order": moments(output, given)}
        if trains:
            found.update(self.step(value, [copied(tensor) for tensor in inputs]))
        return found

    def step(self, module, inputs):
        """What a training step gives: output, statistics, sizes of gradients, in no order."""
        for tensor in inputs:
            if isinstance(tensor, torch.Tensor) and tensor.is_floating_point():
                tensor.requires_grad_()
        torch.manual_seed(SEED)
        output = module.train()(*inputs)
        if not isinstance(output, torch.Tensor):
            return {"trained": self.told(output)}
        if output.requires_grad:
            (output.flatten() * self.numbers(output.numel(), 1)).sum().backward()
        leaves = [*module.parameters(), *(tensor for tensor in inputs if isinstance(tensor, torch.Tensor))]
        sizes = [[list(squeezed(leaf)), None if leaf.grad is None else rms(leaf.grad)] for leaf in leaves]
        statistics = [self.told(buffer) for buffer in module.buffers() if buffer.is_floating_point()]
        return {
            "trained": self.told(output),
            "trained in any order": moments(output, inputs),
            "gradients": sorted(sizes, key=str),
            "statistics": sorted(statistics, key=str),
        }

    def fill(self, module):
        """Set weights and statistics by their shapes; biases to 0, for one before a BatchNorm may be there or not."""
        with torch.no_grad():
            for path, part in module.named_modules():
                statistics = {squeezed(tensor) for tensor in part.buffers(recurse=False)}
                named = (*part.named_parameters(recurse=False), *part.named_buffers(recurse=False))
                for name, tensor in ((f"{path}.{name}", tensor) for name, tensor in named):
                    shape = squeezed(tensor)
                    is_constant = not shape and not isinstance(tensor, nn.Parameter)
                    if is_constant or not tensor.is_floating_point():
                        continue
                    if len(shape) < 2 and is_bias(name) and shape not in statistics:
                        tensor.zero_()
                        continue
                    if shape not in self.weights:
                        self.weights[shape] = self.weight(shape)
                    tensor.copy_(self.weights[shape].reshape(tensor.shape))

    def weight(self, shape):
        """Numbers that are the same for all maps of the input: in which order maps are put together is free."""
        maps, sides = shape[0] if len(shape) > 1 else 1, shape[2:]
        drawn = self.numbers(maps * math.prod(sides), zlib.crc32(repr(shape).encode()))
        if len(shape) < 2:
            return (1 + drawn[0] / 4).expand(shape)  # a variance has to be positive
        drawn = drawn * (3 * shape[0] / math.prod(shape)) ** 0.5
        return drawn.reshape(maps, 1, *sides).expand(shape)

    def numbers(self, count, seed):
        """Numbers between -1 and 1 that depend on nothing else than how many there are and on the seed."""
        if (count, seed) not in self.drawn:
            generator = torch.Generator().manual_seed(seed)
            self.drawn[count, seed] = torch.empty(count).uniform_(-1, 1, generator=generator)
        return self.drawn[count, seed]

    def told(self, value, depth=0):  # noqa: PLR0911  one line for each kind of value
        """A value in a few numbers."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return value if math.isfinite(value) and abs(value) < 2**53 else {"number": str(value)}
        if isinstance(value, str):
            return {"text": value[:MAX_TEXT].encode("utf-8", "replace").decode()}
        if isinstance(value, torch.Tensor):
            if value.is_meta:
                return {"shape": list(value.shape)}
            if value.dim() < 2 and value.numel() <= MOST_ITEMS:
                return self.told(value.detach().tolist(), depth)  # numbers, whether they are in a list or in a tensor
            flat = value.detach().flatten().to(torch.float32)
            sums = [float(flat @ self.numbers(flat.numel(), seed)) / max(flat.numel(), 1) ** 0.5 for seed in (2, 3)]
            return {"shape": list(value.shape), "sums": [finite(number) for number in (rms(flat), *sums)]}
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list | tuple) and len(value) <= MOST_ITEMS and depth < 8:
            return [self.told(item, depth + 1) for item in value]
        if type(value).__module__ == "numpy":
            return self.told(torch.as_tensor(value), depth)
        return {"type": type(value).__name__[:MAX_TEXT]}


def copied(value):
    """The value, a tensor as a copy: code may change it."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    return list(value) if isinstance(value, list) else value


def one_of(value):
    """A copy of the first example: one tells as much as two where no statistics are taken."""
    is_batch = isinstance(value, torch.Tensor) and value.dim() > 1
    return copied(value[:1] if is_batch else value)


def moments(output, inputs):
    """What does not depend on the order of the maps, nor on whether the input is one of the things put together."""
    if not isinstance(output, torch.Tensor) or not output.is_floating_point():
        return None
    own = without(output, inputs[0]).detach().float()
    if not own.numel():
        return None
    powers = [finite(float(moment)) for moment in (own.square().mean().sqrt(), own.mean(), own.abs().mean())]
    return {"shape": list(own.shape), "sums": powers}


def without(output, part):
    """The output without a tensor that is its first or its last maps."""
    if not isinstance(part, torch.Tensor) or part.dim() != output.dim() or part.dim() < 2:
        return output
    count, others = part.shape[1], (part.shape[0], *part.shape[2:])
    if output.shape[1] <= count or others != (output.shape[0], *output.shape[2:]):
        return output
    if torch.equal(output[:, :count], part):
        return output[:, count:]
    return output[:, :-count] if torch.equal(output[:, -count:], part) else output


def is_bias(name):
    """Whether a parameter of one axis is added: `bias`, `b1`, `beta`, `biases.0`."""
    words = [part for part in name.split(".") if not part.isdigit()]
    return bool(words) and words[-1].startswith("b")


def squeezed(tensor):
    """The shape without axes of length 1."""
    return tuple(size for size in tensor.shape if size != 1)


def rms(tensor):
    """Root of the mean square."""
    return finite(float(tensor.detach().float().square().mean().sqrt())) if tensor.numel() else 0.0


def finite(number):
    """The number, or its name where JSON has none."""
    return number if math.isfinite(number) else str(number)


def is_alike(one, other):
    """Whether two outcomes are the same but for rounding."""
    if isinstance(one, dict) and isinstance(other, dict):
        if one.keys() != other.keys():
            return False
        if "sums" in one:
            return one["shape"] == other["shape"] and are_alike_sums(one["sums"], other["sums"])
        return all(is_alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_alike, one, other))
    if is_number(one) and is_number(other):
        return abs(one - other) <= Tolerance.RELATIVE * max(abs(one), abs(other)) + Tolerance.ABSOLUTE**2
    return type(one) is type(other) and one == other


def is_alike_loosely(one, other):
    """Whether two outcomes are the same but for what is a matter of style.

    That is: the order in which maps are put together, the input among them or not, biases, and what the parameters are
    called and shaped.
    """
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_alike_loosely, one, other))
    if not isinstance(one, dict) or not isinstance(other, dict):
        return is_alike(one, other)
    for keys in (("weights",), ("in any order", "trained in any order")):
        if one.get(keys[0]) is not None and other.get(keys[0]) is not None:
            return all(is_alike(one.get(key), other.get(key)) for key in keys)
    return is_alike(one, other)


def are_alike_sums(one, other):
    """Whether a root of the mean square and sums agree; sums of large numbers may be small."""
    if not all(map(is_number, (*one, *other))):
        return one == other
    near = Tolerance.RELATIVE * max(abs(one[0]), abs(other[0])) + Tolerance.ABSOLUTE
    return all(abs(left - right) <= near for left, right in zip(one, other, strict=True))


def is_number(value):
    """Whether it is a number and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool)


class TooSlow(BaseException):
    """A variant has taken too long."""


def try_variants(names, request, uses):
    """What changed texts give.

    Args:
        names: the notebook's.
        request: `text`, the definitions of one cell; `variants`, changes of it as start, end and new text, in
            characters; `later`, the definitions of cells below; `trains`; `limit_s` for all, and `variant_s` after
            which one is passed over.
        uses: what is called: see `Measure.outcome`, and the `name`.

    Returns:
        For each variant that was tried, in order, the outcome of each use; `{"error": ...}` where it raised.
    """
    deadline = time.monotonic() + request["limit_s"]
    found, deaths = [], 0
    while len(found) < len(request["variants"]) and deaths < MOST_DEATHS and time.monotonic() < deadline:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            tell_all(names, request, uses, len(found), writer)
        os.close(writer)
        is_over = read_lines(reader, found, deadline, request["variant_s"])
        os.close(reader)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        if not is_over and time.monotonic() < deadline:
            found.append([{"error": "it did not end"}])
            deaths += 1
    return found[: len(request["variants"])]


def read_lines(reader, found, deadline, variant_s):
    """Read outcomes until all are told; False where the child has ended or stood still before."""
    rest = b""
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([reader], [], [], min(left, 2 * variant_s))[0]:
            return False
        part = os.read(reader, 1 << 16)
        if not part:
            return False
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            if line == b"end":
                return True
            found.append(json.loads(line))
    return True


def tell_all(names, request, uses, begin, writer):
    """Tell the outcomes of the variants from one on, in the fork, which ends here."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGALRM, raise_too_slow)
        sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115  IPython's streams belong to the parent
        torch.set_num_threads(1)  # the threads of a pool do not survive a fork
        for layer in (nn.modules.conv._ConvNd, nn.Linear):
            layer.reset_parameters = leave_empty  # weights are set anyway, and drawing them is half of the cost
        later = [compile(text, "<variant>", "exec") for text in request["later"]]
        measure = Measure()
        for start, end, text in request["variants"][begin:]:
            changed = request["text"][:start] + text + request["text"][end:]
            found = outcomes(names, changed, later, uses, measure, request)
            os.write(writer, json.dumps(found).encode() + b"\n")
        os.write(writer, b"end\n")
    finally:
        os._exit(0)


def outcomes(names, text, later, uses, measure, request):
    """The outcome of each use with one text."""
    found = []
    try:
        signal.setitimer(signal.ITIMER_REAL, request["variant_s"])
        own = dict(names)
        exec(compile(text, "<variant>", "exec"), own)  # noqa: S102  the student's, in their own process
        for code in later:
            exec(code, own)  # noqa: S102  as above
        for use in uses:
            arguments = [renewed(value, names, own) for value in use["args"]]
            found.append(measure.outcome(own[use["name"]], {**use, "args": arguments}, trains=request["trains"]))
    except BaseException as error:
        found.append({"error": type(error).__name__[:MAX_TEXT]})
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return found


def renewed(value, names, own):
    """What the changed text defines in the place of a class or a function of the notebook's."""
    name = getattr(value, "__name__", None)
    return own[name] if isinstance(name, str) and name in own and names.get(name) is value else value


def leave_empty(layer):
    """Leave a new layer's weights as they lie in memory."""


def raise_too_slow(number, frame):
    """End a variant that takes too long."""
    raise TooSlow
