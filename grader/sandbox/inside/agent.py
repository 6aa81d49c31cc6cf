"""The agent inside the sandbox: calls the student's objects on behalf of the examiner.

It lives in the student's process, so nothing it answers is trusted; the examiner checks every reply. It answers on a
Unix socket of its own (`agent_server.py`). Values cross as JSON with raw tensor bytes beside it (`agent_wire.py`).
Imports nothing else of the project; `ipython_kernel.load_agent` loads these files.
"""

import contextlib
import copy
import itertools
import json
import os
import sys
import traceback

import torch
from agent_modules import OwnerModule, bitwise_equal, layout
from agent_variants import try_variants
from agent_wire import Decoder, Encoder, follow, split, type_name, writable
from torch.backends import mkldnn

MAX_ANSWER_BYTES = 500 * 1024 * 1024
MAX_TRACEBACK_LINES = 30
MAX_TEXT = 4000


class ObjectStore:
    """Keeps the objects that the examiner may refer to, by number.

    Attributes:
        server: the `agent_server.AgentServer`, by which functions of the examiner's are called.
        kept: the objects.
        misses_device: whether the examiner has sent tensors of a device that is not here.
    """

    server = None
    layout = staticmethod(layout)  # for the encoder, which describes a module that it refers to

    def __init__(self):
        self.kept = {}
        self.numbers = itertools.count(1)
        self.misses_device = False

    def keep(self, value):
        """Keep an object.

        Returns:
            The number that it is kept under.
        """
        number = next(self.numbers)
        self.kept[number] = value
        return number

    def remote_function(self, index):
        """Make a function that asks the examiner for its values, as long as the present call is under way.

        Args:
            index: of the function among those of the request.
        """
        server, number = self.server, self.server.under_way

        def asked_function(*args):
            return server.ask(number, index, args)

        return asked_function

    def find(self, target):
        """The object that a reference names: by its number, and a path of attributes from there."""
        return follow(self.kept[target["id"]], target["path"])


class Agent:
    """Answers one request at a time.

    Each `do_...` answers the requests whose `op` it is named for, by JSON and a list of buffers.

    Args:
        kernel: IPython's kernel, for the notebook's namespace.
    """

    def __init__(self, kernel):
        self.kernel = kernel
        self.store = ObjectStore()
        self.calls = {}

    def answer(self, request, data):
        """Answer a request; it never raises, for an error is an answer too.

        Args:
            request: its JSON, parsed.
            data: its bytes.

        Returns:
            JSON and data of the answer, as bytes.
        """
        try:
            for number in request["release"]:
                self.store.kept.pop(number, None)
                self.calls.pop(number, None)
            buffers = split(request["sizes"], memoryview(data))
            with computing_like_the_examiner(request), torch.enable_grad():  # a cell may have switched it off for good
                content, buffers = getattr(self, "do_" + request["op"])(request, buffers)
            content.update(status="ok", sizes=[memoryview(buffer).nbytes for buffer in buffers])
            if sum(content["sizes"]) > MAX_ANSWER_BYTES:
                raise ValueError("what the code returned is too large")
            return json.dumps(content).encode(), b"".join(buffers)
        except BaseException as error:
            return json.dumps(self.describe_error(error)).encode(), b""

    def describe_error(self, error):
        try:
            text = writable(str(error)[:MAX_TEXT])
        except BaseException:
            text = ""
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if is_students(frame.filename)]
        lines = [
            f"{self.place_of(frame.filename)}, line {frame.lineno}, {frame.name}: {frame.line}" for frame in frames
        ]
        return {
            "status": "error",
            "ename": type_name(error),
            "evalue": text,
            "traceback": [writable(line) for line in lines[-MAX_TRACEBACK_LINES:]],
        }

    def place_of(self, filename):
        """Name a cell as Jupyter numbers it, or a file by its name."""
        number = getattr(self.kernel.shell.compile, "_filename_map", {}).get(filename)
        return os.path.basename(filename) if number is None else f"In [{number}]"

    def do_describe(self, request, buffers):
        """The values of names in the notebook's namespace."""
        encoder = Encoder(self.store)
        names = self.kernel.shell.user_ns
        return {
            "found": {name: encoder.encode(names[name]) for name in request["names"] if name in names}
        }, encoder.buffers

    def do_getattr(self, request, buffers):
        """The value of an attribute."""
        decoder, encoder = Decoder(self.store, buffers), Encoder(self.store)
        owners = self.owners(request, decoder)
        value = encoder.encode(getattr(self.store.find(request["target"]), request["name"]))
        return self.with_changes(value, owners, encoder), encoder.buffers

    def do_setattr(self, request, buffers):
        """Set an attribute."""
        decoder = Decoder(self.store, buffers)
        setattr(self.store.find(request["target"]), request["name"], decoder.decode(request["value"]))
        return {}, []

    def do_copy(self, request, buffers):
        """A deep copy of an object."""
        decoder, encoder = Decoder(self.store, buffers), Encoder(self.store)
        owners = self.owners(request, decoder)
        value = encoder.encode(copy.deepcopy(self.store.find(request["target"])))
        return self.with_changes(value, owners, encoder), encoder.buffers

    def do_call(self, request, buffers):
        """Call an object; the graph is kept for a later backward pass, which may be done at once."""
        decoder, encoder = Decoder(self.store, buffers), Encoder(self.store)
        owners = self.owners(request, decoder)
        args, kwargs = decoder.decode(request["args"]), decoder.decode(request["kwargs"])
        target = self.store.find(request["target"])
        if "seed" in request:
            torch.default_generator.manual_seed(request["seed"])
        else:
            numbers = buffers[request["random_numbers"]]
            torch.default_generator.set_state(torch.frombuffer(bytearray(numbers), dtype=torch.uint8))
        generator = torch.default_generator.get_state()
        # Not on the inputs themselves: `.clone()` of a leaf would belong to the graph.
        before = [given.detach().clone() for _, given in decoder.inputs]
        with torch.set_grad_enabled(request["grad"]), floats_of_a_test(target, decoder.inputs):
            value = target(*args, **kwargs)
        if isinstance(value, torch.nn.Module) and torch.get_default_dtype() != torch.float32:
            value.float()
        drew = not torch.equal(torch.default_generator.get_state(), generator)
        encoded = encoder.encode(value)
        outputs = list(encoder.tensors)
        content = self.with_changes(encoded, owners, encoder)
        content["drew"] = drew
        content["inputs"] = [
            encoder.tensor(given.detach()) if request["inputs_back"] or not bitwise_equal(given.detach(), old) else None
            for (_, given), old in zip(decoder.inputs, before, strict=True)
        ]
        if any(output.requires_grad for output in outputs):
            wanted = [leaf for leaf, _ in decoder.inputs if leaf.requires_grad]
            content["call"] = next(self.store.numbers)
            self.calls[content["call"]] = (outputs, wanted + [tensor for owner in owners for tensor in owner.wanted])
            if "gradient" in request and [list(output.shape) for output in outputs] == [request["gradient"]["shape"]]:
                # Copies: a backward pass that computes the forward pass anew writes into buffers that are to be sent.
                encoder.buffers[:] = map(bytes, encoder.buffers)
                with contextlib.suppress(Exception):  # asked for again, it says what was wrong
                    gradients = self.gradients(content["call"], [decoder.tensor(request["gradient"])])
                    sizes = [len(buffer) for buffer in encoder.buffers] + [g.nbytes for g in gradients if g is not None]
                    if sum(sizes) <= MAX_ANSWER_BYTES:
                        content["gradients"] = [None if g is None else encoder.tensor(g) for g in gradients]
        return content, encoder.buffers

    def do_variants(self, request, buffers):
        """What changed texts of the student's own would give: see `agent_variants.py`."""
        decoder = Decoder(self.store, buffers)
        uses = [
            {
                **use,
                "args": [decoder.decode(value) for value in use["args"]],
                "kwargs": {name: decoder.decode(value) for name, value in use["kwargs"].items()},
                "inputs": decoder.decode(use["inputs"]),
            }
            for use in request["uses"]
        ]
        return {"found": try_variants(self.kernel.shell.user_ns, request, uses)}, []

    def owners(self, request, decoder):
        """The modules that take part, with the examiner's changes applied."""
        return [OwnerModule(self.store.find(part["target"]), part, decoder) for part in request["owners"]]

    def with_changes(self, value, owners, encoder):
        """An answer's content: a value, and what the owners have changed meanwhile."""
        return {"value": value, "owners": [owner.changes(encoder) for owner in owners]}

    def do_backward(self, request, buffers):
        """The backward pass of an earlier call."""
        decoder, encoder = Decoder(self.store, buffers), Encoder(self.store)
        given = [None if value is None else decoder.tensor(value) for value in request["gradients"]]
        found = self.gradients(request["call"], given)
        return {"gradients": [None if g is None else encoder.tensor(g) for g in found]}, encoder.buffers

    def gradients(self, call, gradients):
        """Do the backward pass of a call.

        Args:
            call: its number.
            gradients: of its outputs; None where there is none.

        Returns:
            Gradients of its inputs and of the parameters that were wanted; None where it does not depend on one.
        """
        outputs, wanted = self.calls[call]
        pairs = [(o, g) for o, g in zip(outputs, gradients, strict=True) if g is not None and o.requires_grad]
        live = [tensor for tensor in wanted if tensor is not None and tensor.requires_grad]
        found = torch.autograd.grad(
            [o for o, _ in pairs], live, [g for _, g in pairs], allow_unused=True, retain_graph=True
        )
        by_id = {id(tensor): gradient for tensor, gradient in zip(live, found, strict=True)}
        return [by_id.get(id(tensor)) for tensor in wanted]


@contextlib.contextmanager
def computing_like_the_examiner(request):
    """Compute with as many threads as the examiner, and with or without oneDNN as it does: both then round alike."""
    before = torch.get_num_threads(), mkldnn.enabled
    torch.set_num_threads(request["threads"])
    mkldnn.enabled = request["onednn"]
    try:
        yield
    finally:
        mkldnn.enabled = before[1]
        torch.set_num_threads(before[0])


@contextlib.contextmanager
def floats_of_a_test(target, inputs):
    """Where a call is about modules or tensors, new tensors are float32 as the test's are.

    A student may have chosen another default for numbers; theirs it stays where numbers alone come and go.
    """
    chosen = torch.get_default_dtype()
    if inputs or isinstance(target, type | torch.nn.Module):
        torch.set_default_dtype(torch.float32)
    try:
        yield
    finally:
        torch.set_default_dtype(chosen)


def is_students(filename):
    """Whether a line of a traceback is the student's, in a cell or a file that was handed in.

    Not the agent's, Python's or a library's.
    """
    if filename.startswith("<"):
        return filename.startswith("<ipython")
    return not filename.startswith((sys.prefix, sys.base_prefix)) and "site-packages" not in filename
