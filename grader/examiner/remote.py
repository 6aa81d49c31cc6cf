"""Stand-ins for the student's objects: real `nn.Module`s whose forward and backward run in the sandbox.

A `RemoteModule` mirrors parameters and buffers under the student's own names. A call ships the inputs and whatever has been
changed locally; a `torch.autograd.Function` fetches the gradients on backward. So `loss.backward()`, `x.grad`,
`named_parameters()`, `load_state_dict()`, `train()`, `eval()` and BatchNorm statistics just work, and a hidden test is ordinary
PyTorch. Values arrive through `wire.Decoder`, which distrusts them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import nn

from grader.errors import StudentCodeRaised
from grader.examiner.wire import Decoder, Encoder, InvalidReply, Json

Target = dict[str, Json]
MAX_LAYOUT = 20_000


class Channel(Protocol):
    """What the examiner needs of a kernel: `grader.sandbox.kernel.Kernel` has it."""

    def request(
        self, content: dict[str, Json], buffers: Sequence[memoryview | bytes] = ()
    ) -> tuple[dict[str, Json], list[memoryview]]:
        """Ask the agent and wait for its answer."""


class Session:
    """One conversation with the agent in a student's kernel."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def ask(
        self, content: dict[str, Json], buffers: Sequence[memoryview | bytes] = ()
    ) -> tuple[dict[str, Json], Decoder]:
        """The agent's answer and a decoder for its values; objects arrive as stand-ins.

        Raises:
            StudentCodeRaised: the student's code raised; the message carries its traceback.
            InvalidReply: the answer is no answer.
            LimitExceeded, KernelGone: from the channel.
        """
        reply, raw = self._channel.request(content, buffers)
        if reply.get("status") == "error":
            raise _student_error(reply)
        if reply.get("status") != "ok":
            raise InvalidReply("The student's process gave no answer.")
        return reply, Decoder(raw, lambda reference: self._made(reference, raw))

    def names(self, wanted: Sequence[str]) -> dict[str, Any]:
        """Stand-ins or copies of those of the names that the student's notebook defines."""
        reply, decoder = self.ask({"op": "describe", "names": list(wanted)})
        found = reply.get("found")
        if not isinstance(found, dict):
            raise InvalidReply("The student's process gave no answer.")
        return {name: decoder.decode(found[name]) for name in wanted if name in found}

    def _made(self, reference: dict[str, Json], raw: list[memoryview]) -> object:
        target: Target = {"id": reference["id"], "path": []}
        kind = str(reference.get("type"))[:100]
        if reference.get("kind") == "module":
            module = RemoteModule(self, target, kind)
            module.read_layout(reference.get("layout"), Decoder(raw, _no_objects))
            return module
        return RemoteObject(self, target, kind)

    def attribute(self, target: Target, name: str) -> Any:
        """The value of an attribute of the student's object; AttributeError where there is none."""
        path = {**target, "path": [*target["path"], name]}
        try:
            reply, decoder = self.ask({"op": "getattr", "target": path})
        except StudentCodeRaised as error:
            raise AttributeError(f"the student's object has no attribute {name!r}") from error
        found = decoder.decode(reply.get("value"))
        return RemoteObject(self, path, found.remote_type) if isinstance(found, RemoteObject) else found


def _no_objects(_reference: dict[str, Json]) -> object:
    raise InvalidReply("An object came where a tensor was expected.")


def _student_error(reply: dict[str, Json]) -> StudentCodeRaised:
    lines = reply.get("traceback")
    trace = "\n".join(f"  {str(line)[:300]}" for line in lines[-30:]) if isinstance(lines, list) else ""
    text = f"{str(reply.get('ename'))[:100]}: {str(reply.get('evalue'))[:4000]}"
    return StudentCodeRaised(f"{text}\n{trace}".rstrip())


class RemoteObject:
    """Stands for a class, a function or another object of the student's: call it, or read its attributes."""

    def __init__(self, session: Session, target: Target, kind: str) -> None:
        self.remote_target = target
        self.remote_type = kind
        self._session = session

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it in the sandbox; tensors keep their gradients across the boundary."""
        return _call(self._session, self.remote_target, None, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._session.attribute(self.remote_target, name)

    def __repr__(self) -> str:
        return f"<the student's {self.remote_type}>"


class RemoteModule(nn.Module):
    """Stands for a module of the student's, with mirrored parameters and buffers.

    Submodules are `RemoteModule`s too: `block.conv1(x)` runs the student's submodule. Their types are the student's word.
    """

    def __init__(self, session: Session, target: Target, kind: str) -> None:
        super().__init__()
        self.remote_target = target
        self.remote_type = kind
        self._session = session
        self._sent: dict[str, tuple[int, int]] = {}

    def read_layout(self, layout: Json, decoder: Decoder) -> None:
        """Mirror names, values and submodules as the agent tells them.

        Raises:
            InvalidReply: the layout is malformed.
        """
        try:
            if sum(len(layout[part]) for part in ("modules", "parameters", "buffers")) > MAX_LAYOUT:
                raise InvalidReply("The module has too many parts.")
            for name, kind in layout["modules"]:
                self._place(str(name), str(kind))
            shared = {str(name): str(first) for name, first in layout["shared"]}
            for name, value in layout["parameters"]:
                self._mirror_parameter(str(name), value, shared, decoder)
            for name, value in layout["buffers"]:
                self._holder(str(name))._buffers[_last(str(name))] = decoder.tensor(value)
            self.train(layout["training"] is True)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidReply("The student's process described a module that cannot be.") from error
        self._remember()

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run the student's module in the sandbox.

        Raises:
            StudentCodeRaised: the student's code raised, with its own traceback.
            LimitExceeded: the call took too long.
        """
        return _call(self._session, self.remote_target, self, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            if name.startswith("_") or "_session" not in self.__dict__:
                raise
            return self._session.attribute(self.remote_target, name)

    def __repr__(self) -> str:
        return f"<the student's {self.remote_type} module>"

    def changed_state(self) -> list[tuple[str, torch.Tensor]]:
        """Parameters and buffers that were changed here since the sandbox last saw them."""
        return [(name, tensor) for name, tensor in self._state() if self._sent.get(name) != _stamp(tensor)]

    def take_buffers(self, named: Json, decoder: Decoder) -> None:
        """Copy the buffers that the call has changed (BatchNorm statistics) into the mirror."""
        mine = dict(self.named_buffers(remove_duplicate=False))
        for name, value in named if isinstance(named, list) else []:
            found = decoder.tensor(value)
            held = mine.get(name)
            if held is None:
                self._holder(str(name))._buffers[_last(str(name))] = found
            elif held.shape != found.shape or held.dtype != found.dtype:
                raise InvalidReply(f"The buffer {str(name)[:100]!r} has changed its shape or dtype.")
            else:
                with torch.no_grad():
                    held.copy_(found)
        self._remember()

    def _state(self) -> list[tuple[str, torch.Tensor]]:
        parameters = list(self.named_parameters(remove_duplicate=False))
        return [*parameters, *self.named_buffers(remove_duplicate=False)]

    def _remember(self) -> None:
        self._sent = {name: _stamp(tensor) for name, tensor in self._state()}

    # The mirror is written into the tables themselves: `register_*` would look every name up in the sandbox first, and a
    # name such as "forward" must not hide a method of the stand-in.
    def _place(self, name: str, kind: str) -> None:
        holder, last = self._holder(name), _last(name)
        if last not in holder._modules:
            path = [*self.remote_target["path"], *name.split(".")]
            holder._modules[last] = RemoteModule(self._session, {**self.remote_target, "path": path}, kind)

    def _holder(self, name: str) -> nn.Module:
        holder: nn.Module = self
        for part in name.split(".")[:-1]:
            found = holder._modules[part]
            if found is None:
                raise KeyError(part)
            holder = found
        return holder

    def _mirror_parameter(self, name: str, value: Json, shared: dict[str, str], decoder: Decoder) -> None:
        holder, last = self._holder(name), _last(name)
        tensor = decoder.tensor(value)
        if name in shared:
            first = shared[name]
            holder._parameters[last] = self._holder(first)._parameters[_last(first)]
        elif last not in holder._parameters:
            holder._parameters[last] = nn.Parameter(tensor, requires_grad=value.get("grad") is True)


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _stamp(tensor: torch.Tensor) -> tuple[int, int]:
    """Changes when the tensor is written to or replaced."""
    return id(tensor), tensor._version


class _RemoteCall(torch.autograd.Function):
    """Carries gradients across the boundary: forward has run already, backward asks the sandbox."""

    @staticmethod
    def forward(ctx: Any, result: _Result, *_leaves: torch.Tensor) -> tuple[torch.Tensor, ...]:
        ctx.result = result
        outputs = tuple(result.outputs)
        ctx.mark_non_differentiable(*[o for o, grad in zip(outputs, result.has_grad, strict=True) if not grad])
        ctx.set_materialize_grads(False)
        return outputs

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: torch.Tensor | None) -> tuple[torch.Tensor | None, ...]:
        return None, *ctx.result.backward(gradients)


class _Result:
    """The tensors that one call gave, and the way to their gradients."""

    def __init__(self, session: Session, call: int, decoder: Decoder, leaves: Sequence[torch.Tensor]) -> None:
        self.session = session
        self.call = call
        self.outputs = list(decoder.tensors)
        self.has_grad = list(decoder.has_grad)
        self.leaves = [(leaf.shape, leaf.dtype) for leaf in leaves]

    def backward(self, gradients: Sequence[torch.Tensor | None]) -> list[torch.Tensor | None]:
        encoder = Encoder()
        encoded = [encoder.encode(None if g is None else g.detach()) for g in gradients]
        reply, decoder = self.session.ask({"op": "backward", "call": self.call, "gradients": encoded}, encoder.buffers)
        found = reply.get("gradients")
        if not isinstance(found, list) or len(found) != len(self.leaves):
            raise InvalidReply("The student's process gave no gradients.")
        return [
            _gradient(decoder.decode(g), shape, dtype) for g, (shape, dtype) in zip(found, self.leaves, strict=True)
        ]


def _gradient(found: object, shape: torch.Size, dtype: torch.dtype) -> torch.Tensor | None:
    if found is None:
        return None
    if not isinstance(found, torch.Tensor) or found.shape != shape or found.dtype != dtype:
        raise InvalidReply("The student's process gave a gradient of another shape or dtype.")
    return found


def _call(session: Session, target: Target, module: RemoteModule | None, args: Any, kwargs: Any) -> Any:
    """Call the student's object and wire the result into the local autograd graph."""
    encoder = Encoder()
    content: dict[str, Json] = {"op": "call", "target": target}
    content["args"], content["kwargs"] = encoder.encode(tuple(args)), encoder.encode(dict(kwargs))
    inputs = list(encoder.tensors)
    parameters: dict[str, nn.Parameter] = {}
    if module is not None:
        parameters = {n: p for n, p in module.named_parameters() if p.requires_grad}
        content["training"] = module.training
        content["state"] = [[name, encoder.tensor(tensor.detach())] for name, tensor in module.changed_state()]
    leaves = [tensor for tensor in [*inputs, *parameters.values()] if tensor.requires_grad]
    content["grad"] = torch.is_grad_enabled() and (bool(leaves) or module is None)
    content["parameters"] = list(parameters)
    content["rng"] = len(encoder.buffers)
    encoder.buffers.append(torch.get_rng_state().numpy().data)
    torch.empty(1).uniform_()  # the next call draws other numbers, as it would with a local module
    reply, decoder = session.ask(content, encoder.buffers)
    value = decoder.decode(reply.get("value"))
    result = _Result(session, reply.get("call") or 0, decoder, leaves)
    _take_inputs_back(reply, decoder, inputs)
    if module is not None:
        _take_module_state(module, reply, decoder)
    if content["grad"] and leaves and any(result.has_grad):
        return _with_gradients(value, result, leaves)
    return value


def _take_inputs_back(reply: dict[str, Json], decoder: Decoder, inputs: list[torch.Tensor]) -> None:
    """What the student's code changed in place shows in the caller's own tensor, as it would locally."""
    for index, value in reply.get("changed_inputs") or []:
        if type(index) is not int or not 0 <= index < len(inputs):
            raise InvalidReply("The student's process changed an input that it was not given.")
        found = decoder.tensor(value)
        if found.shape != inputs[index].shape or found.dtype != inputs[index].dtype:
            raise InvalidReply("The student's process changed the shape of an input.")
        with torch.no_grad():
            inputs[index].copy_(found)


def _take_module_state(module: RemoteModule, reply: dict[str, Json], decoder: Decoder) -> None:
    if isinstance(reply.get("layout"), dict):
        module.read_layout(reply["layout"], decoder)
    module.take_buffers(reply.get("buffers"), decoder)


def _with_gradients(value: Any, result: _Result, leaves: list[torch.Tensor]) -> Any:
    """The value with every tensor in it replaced by the output of the autograd function."""
    linked = _RemoteCall.apply(result, *leaves)
    replaced = {id(old): new for old, new in zip(result.outputs, linked, strict=True)}
    return _replace(value, lambda tensor: replaced.get(id(tensor), tensor))


def _replace(value: Any, new: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    if isinstance(value, torch.Tensor):
        return new(value)
    if isinstance(value, list | tuple):
        return type(value)(_replace(item, new) for item in value)
    if isinstance(value, dict):
        return {key: _replace(item, new) for key, item in value.items()}
    return value
