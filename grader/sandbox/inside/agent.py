"""The agent inside the sandbox: calls the student's objects on behalf of the examiner.

It lives in the student's process, so nothing it answers is trusted; the examiner checks every reply. It answers
`springfield_request` messages on the shell channel with `springfield_reply`. Values cross as JSON with raw tensor bytes
beside it, in the encoding that `grader/examiner/wire.py` describes. Imports nothing else of the project.
"""

import itertools
import math
import traceback

MAX_TRACEBACK_LINES = 30
MAX_TEXT = 4000
MAX_CALLS = 64


class Encoder:
    """Turns values into JSON and a list of buffers; objects that cannot cross become references."""

    def __init__(self, store, buffers=None):
        self.store = store
        self.buffers = [] if buffers is None else buffers
        self.tensors = []

    def encode(self, value, depth=0):
        import numpy
        import torch

        if depth > 20:
            raise ValueError("value is nested too deeply")
        if value is None or isinstance(value, (bool, str)):
            return value
        if type(value) is int:
            return value if abs(value) < 2**53 else {"t": "int", "v": str(value)}
        if type(value) is float:
            return value if math.isfinite(value) else {"t": "float", "v": repr(value)}
        if isinstance(value, torch.Tensor):
            return self.tensor(value)
        if isinstance(value, numpy.ndarray):
            return {"t": "array", "v": self.tensor(torch.from_numpy(numpy.ascontiguousarray(value)))}
        if isinstance(value, numpy.generic):
            return self.encode(value.item(), depth + 1)
        if isinstance(value, torch.dtype):
            return {"t": "dtype", "v": str(value).removeprefix("torch.")}
        if isinstance(value, list):
            return {"t": "list", "v": [self.encode(item, depth + 1) for item in value]}
        if isinstance(value, tuple):
            return {"t": "tuple", "v": [self.encode(item, depth + 1) for item in value]}
        if isinstance(value, dict):
            return {
                "t": "dict",
                "v": [[self.encode(k, depth + 1), self.encode(v, depth + 1)] for k, v in value.items()],
            }
        return self.reference(value)

    def tensor(self, value):
        import torch

        plain = value.detach().to("cpu").contiguous()
        index = len(self.buffers)
        self.buffers.append(plain.reshape(-1).view(torch.uint8).numpy().data if plain.numel() else b"")
        self.tensors.append(value)
        return {
            "t": "tensor",
            "buffer": index,
            "dtype": str(value.dtype).removeprefix("torch."),
            "shape": list(value.shape),
            "grad": bool(value.requires_grad),
        }

    def reference(self, value):
        import torch

        identifier = self.store.keep(value)
        described = {"t": "ref", "id": identifier, "type": type(value).__name__[:100]}
        if isinstance(value, torch.nn.Module):
            described["kind"] = "module"
            described["layout"] = layout(value, Encoder(self.store, self.buffers))
        else:
            described["kind"] = "callable" if callable(value) else "object"
        return described


def decode(value, buffers, store, tensors=None):
    """The value that the examiner sent. Tensors it sent are collected in `tensors`, in order of their buffers."""
    import torch

    if not isinstance(value, dict):
        return value
    kind = value["t"]
    if kind == "tensor":
        made = (
            torch.frombuffer(bytearray(buffers[value["buffer"]]), dtype=getattr(torch, value["dtype"]))
            if math.prod(value["shape"])
            else torch.empty(0, dtype=getattr(torch, value["dtype"]))
        )
        made = made.reshape(value["shape"])
        if value["grad"]:
            made.requires_grad_()
        leaf = made
        if value["grad"] and not value["leaf"]:
            made = made.clone()  # an in-place operation is allowed on it, as on the caller's own tensor
        if tensors is not None:
            tensors.append((leaf, made))
        return made
    if kind == "array":
        return decode(value["v"], buffers, store).numpy()
    if kind == "list":
        return [decode(item, buffers, store, tensors) for item in value["v"]]
    if kind == "tuple":
        return tuple(decode(item, buffers, store, tensors) for item in value["v"])
    if kind == "dict":
        return {decode(k, buffers, store): decode(v, buffers, store, tensors) for k, v in value["v"]}
    if kind == "ref":
        return store.find(value)
    if kind == "dtype":
        return getattr(torch, value["v"])
    if kind == "int":
        return int(value["v"])
    if kind == "float":
        return float(value["v"])
    raise ValueError(f"unknown kind {kind!r}")


def is_ready(tensor):
    """Whether a parameter of a lazy module has its shape yet."""
    from torch.nn.parameter import is_lazy

    return not is_lazy(tensor)


def parameter_names(module):
    """Names of the parameters that have their shape."""
    return (name for name, parameter in module.named_parameters(remove_duplicate=False) if is_ready(parameter))


def layout(module, encoder):
    """Names, values and kinds of a module's parameters and buffers, and the names of its submodules."""
    return {
        "modules": [[name, type(child).__name__[:100]] for name, child in module.named_modules() if name],
        "parameters": [
            [name, encoder.encode(p)] for name, p in module.named_parameters(remove_duplicate=False) if is_ready(p)
        ],
        "shared": shared_names(module),
        "buffers": [
            [name, encoder.encode(b)] for name, b in module.named_buffers(remove_duplicate=False) if is_ready(b)
        ],
        "training": bool(module.training),
    }


def shared_names(module):
    """Pairs (name, first name) of parameters that are one tensor under several names."""
    first = {}
    pairs = []
    for name, parameter in module.named_parameters(remove_duplicate=False):
        if id(parameter) in first:
            pairs.append([name, first[id(parameter)]])
        else:
            first[id(parameter)] = name
    return pairs


class Store:
    """Objects that the examiner may name: the student's own names, and results kept by number."""

    def __init__(self, namespace):
        self.namespace = namespace
        self.kept = {}
        self.numbers = itertools.count(1)

    def keep(self, value):
        number = next(self.numbers)
        self.kept[number] = value
        return number

    def find(self, target):
        value = self.kept[target["id"]] if target.get("id") is not None else self.namespace[target["name"]]
        for part in target.get("path", ()):
            value = getattr(value, part)
        return value


class Agent:
    """Answers one request at a time."""

    def __init__(self, kernel):
        self.kernel = kernel
        self.store = Store(kernel.shell.user_ns)
        self.calls = {}
        self.names = {}

    def answer(self, stream, ident, parent):
        request = parent["content"]
        try:
            content, buffers = getattr(self, "do_" + request["op"])(request, parent["buffers"])
            content["status"] = "ok"
        except BaseException as error:
            content, buffers = self.describe_error(error), []
        self.kernel.session.send(stream, "springfield_reply", content, parent, ident=ident, buffers=buffers)

    def describe_error(self, error):
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if "ipykernel_" in frame.filename or frame.filename.startswith("<ipython")]
        lines = []
        for frame in own:
            lines.append(f"{frame.name}, line {frame.lineno}: {frame.line}")
        try:
            text = str(error)[:MAX_TEXT]
        except BaseException:
            text = ""
        return {
            "status": "error",
            "ename": type(error).__name__[:100],
            "evalue": text,
            "traceback": lines[-MAX_TRACEBACK_LINES:],
        }

    def do_describe(self, request, buffers):
        encoder = Encoder(self.store)
        found = {}
        for name in request["names"]:
            if name in self.store.namespace:
                value = self.store.namespace[name]
                # The same object keeps its number, so that a stand-in stays the same across cells.
                known = self.names.get(name)
                if known is not None and known[0] is value:
                    self.store.kept.pop(known[1], None)
                encoded = encoder.encode(value)
                if isinstance(encoded, dict) and encoded["t"] == "ref":
                    self.names[name] = (value, encoded["id"])
                found[name] = encoded
        return {"found": found}, encoder.buffers

    def do_getattr(self, request, buffers):
        encoder = Encoder(self.store)
        return {"value": encoder.encode(self.store.find(request["target"]))}, encoder.buffers

    def do_call(self, request, buffers):
        import torch

        target = self.store.find(request["target"])
        tensors = []
        args = decode(request["args"], buffers, self.store, tensors)
        kwargs = decode(request["kwargs"], buffers, self.store, tensors)
        is_module = isinstance(target, torch.nn.Module)
        if is_module:
            self.update(target, request["state"], buffers)
            if target.training != request["training"]:
                target.train(request["training"])
        if request.get("rng") is not None:
            torch.set_rng_state(torch.frombuffer(bytearray(buffers[request["rng"]]), dtype=torch.uint8))
        before = [made.detach().clone() for _, made in tensors]
        names, state = [], {}
        if is_module:
            names = list(parameter_names(target))
            # Values and not versions: BatchNorm writes its statistics without a new version.
            state = {
                name: buffer.clone()
                for name, buffer in target.named_buffers(remove_duplicate=False)
                if is_ready(buffer)
            }
        with torch.set_grad_enabled(request["grad"]):
            value = target(*args, **kwargs)
        encoder = Encoder(self.store)
        encoded = encoder.encode(value)
        outputs = list(encoder.tensors)
        content = {"value": encoded, "call": None}
        content["changed_inputs"] = [
            [index, encoder.encode(made.detach())]
            for index, ((_, made), old) in enumerate(zip(tensors, before))
            if not same(made.detach(), old)
        ]
        if is_module:
            # A layout where parameters came or went (lazy modules), else only the buffers that changed.
            if list(parameter_names(target)) != names:
                content["layout"] = layout(target, encoder)
            content["buffers"] = [
                [name, encoder.encode(buffer)]
                for name, buffer in target.named_buffers(remove_duplicate=False)
                if is_ready(buffer) and not (name in state and same(buffer, state[name]))
            ]
        if request["grad"]:
            parameters = dict(target.named_parameters(remove_duplicate=False)) if is_module else {}
            wanted = [leaf for leaf, _ in tensors if leaf.requires_grad]
            wanted += [parameters[name] for name in request["parameters"] if name in parameters]
            content["call"] = self.keep_call(outputs, wanted)
        return content, encoder.buffers

    def keep_call(self, outputs, wanted):
        """Remember a call's graph for its backward; only the latest ones, since a graph holds memory."""
        number = next(self.store.numbers)
        self.calls[number] = (outputs, wanted)
        while len(self.calls) > MAX_CALLS:
            del self.calls[next(iter(self.calls))]
        return number

    def update(self, module, state, buffers):
        import torch

        if not state:
            return
        known = dict(module.named_parameters(remove_duplicate=False))
        known.update(module.named_buffers(remove_duplicate=False))
        with torch.no_grad():
            for name, value in state:
                known[name].copy_(decode(value, buffers, self.store))

    def do_backward(self, request, buffers):
        import torch

        outputs, wanted = self.calls[request["call"]]
        gradients = [decode(value, buffers, self.store) for value in request["gradients"]]
        pairs = [(o, g) for o, g in zip(outputs, gradients) if g is not None and o.requires_grad]
        live = [tensor for tensor in wanted if tensor.requires_grad]
        found = torch.autograd.grad(
            [o for o, _ in pairs], live, [g for _, g in pairs], allow_unused=True, retain_graph=True
        )
        by_id = {id(tensor): gradient for tensor, gradient in zip(live, found)}
        encoder = Encoder(self.store)
        return {"gradients": [encoder.encode(by_id.get(id(tensor))) for tensor in wanted]}, encoder.buffers

    def do_release(self, request, buffers):
        for number in request["ids"]:
            self.store.kept.pop(number, None)
        return {}, []


def same(left, right):
    """Equal bit for bit, NaN included."""
    import torch

    if left.shape != right.shape or left.dtype != right.dtype:
        return False
    if not left.numel():
        return True
    return torch.equal(
        left.reshape(-1).contiguous().view(torch.uint8), right.reshape(-1).contiguous().view(torch.uint8)
    )


def install(kernel):
    """Answer the examiner's requests in this kernel."""
    agent = Agent(kernel)
    kernel.shell_handlers["springfield_request"] = agent.answer
