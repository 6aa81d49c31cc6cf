"""Call a student's object, and wire its result into the local autograd graph."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from grader.errors import InvalidAssignment
from grader.examiner.examination import note_changed_inputs
from grader.examiner.randomness import is_fresh
from grader.examiner.wire import Decoder, Encoder, InvalidReply, Json, raw_bytes

if TYPE_CHECKING:
    from grader.examiner.remote import RemoteModule, Session

MAX_LIVE_CALLS = 4096


class Request:
    """A request about one of the student's objects.

    It carries what has changed here in the modules that its answer may depend on.

    Args:
        session: the conversation.
        op: what is wanted, such as `call`.
        target: the object.
        owners: stand-ins of those modules.

    Attributes:
        content: the request's JSON.
        encoder: takes the values that go with it.
        wanted_parameters: the parameters whose gradients it has asked for.
    """

    def __init__(self, session: Session, op: str, target: dict[str, Json], owners: Sequence[RemoteModule]) -> None:
        self.session = session
        self.encoder = Encoder()
        self.owners = owners
        self.wanted_parameters: list[nn.Parameter] = []
        self.content: dict[str, Json] = {"op": op, "target": target}

    def ask(self) -> tuple[dict[str, Json], Decoder]:
        """Send it, with what was changed here, and mirror what was changed in the sandbox.

        Returns:
            The answer's JSON, and a decoder for the values in it.

        Raises:
            StudentCodeRaised, InvalidReply, LimitExceeded, KernelGone: see `Conversation.ask`.
        """
        self.content["owners"] = [owner.pending_changes(self.encoder) for owner in self.owners]
        self.wanted_parameters = [parameter for owner in self.owners for parameter in owner.wanted_parameters]
        reply, decoder = self.session.answer(self.content, self.encoder)
        changed = reply.get("owners")
        if not isinstance(changed, list) or len(changed) != len(self.owners):
            raise InvalidReply("The student's process said nothing about its modules.")
        for owner, changes in zip(self.owners, changed, strict=True):
            owner.apply_changes(changes, decoder.without_objects())
        return reply, decoder


def call(
    session: Session,
    target: dict[str, Json],
    owners: Sequence[RemoteModule],
    args: Sequence[Any],
    kwargs: dict[str, Any],
) -> Any:
    """Call the student's object.

    Args:
        session: the conversation.
        target: the object.
        owners: stand-ins of the modules whose state and gradients take part.
        args: for the student's object.
        kwargs: for the student's object.

    Returns:
        What it returns; tensors in it that depend on inputs or parameters carry gradients.

    Raises:
        StudentCodeRaised: the student's code raised, with its own traceback.
        InvalidReply: the answer is no value.
        LimitExceeded, KernelGone: from the channel.
    """
    request = Request(session, "call", target, owners)
    encoder, content = request.encoder, request.content
    content["args"], content["kwargs"] = encoder.encode(tuple(args)), encoder.encode(dict(kwargs))
    content["grad"] = torch.is_grad_enabled()
    content["inputs_back"] = _all_inputs_come_back.get()
    if is_fresh():
        content["seed"] = secrets.randbits(63)  # what the test draws next is no business of the student's process
    else:
        content["random_numbers"] = len(encoder.buffers)
        encoder.buffers.append(raw_bytes(torch.get_rng_state()))
    inputs = list(encoder.inputs)
    gradient = _fused_gradient.get()
    if gradient is not None and content["grad"]:
        content["gradient"] = encoder.tensor(gradient)
    reply, decoder = request.ask()
    if reply.get("drew") is True:
        torch.empty(1).uniform_()  # the next call draws other numbers, as it would with a local module
    value = decoder.decode(reply.get("value"))
    outputs, has_grad = list(decoder.tensors), list(decoder.has_grad)
    _apply_input_changes(reply.get("inputs"), decoder.without_objects(), inputs)
    if not content["grad"] or not any(has_grad):
        return value
    leaves = [tensor for tensor in inputs if tensor.requires_grad]
    leaves += request.wanted_parameters
    result = _Result(session, reply.get("call"), outputs, has_grad, leaves)
    if "gradients" in reply and gradient is not None:
        result.fused = gradient, reply["gradients"], decoder.without_objects()
    return _with_gradients(value, result, leaves)


_fused_gradient: ContextVar[torch.Tensor | None] = ContextVar("fused_gradient", default=None)


@contextmanager
def fused_backward(gradient: torch.Tensor | None) -> Iterator[None]:
    """Inside the block the student's process does the backward pass right after the call: one request instead of two.

    None of the student's code runs between both then. A backward pass with another gradient still works: it takes a
    request of its own.

    Args:
        gradient: of the one output that is expected, in its shape; None if there will be no backward pass.
    """
    token = _fused_gradient.set(gradient)
    try:
        yield
    finally:
        _fused_gradient.reset(token)


_all_inputs_come_back: ContextVar[bool] = ContextVar("all_inputs_come_back", default=False)


@contextmanager
def inputs_come_back() -> Iterator[None]:
    """Inside the block every call sends back all its inputs, and they are compared here.

    Elsewhere the student's process says which inputs its code has changed, and sends those: half the bytes, and its
    word. Here silence is no answer, and a call counts as one that changed nothing only if the very bytes come back
    that were sent. Who forges that has to keep a copy of the input before the call, which is what a right function
    does that has to work in place: `x = x.clone()`.
    """
    token = _all_inputs_come_back.set(True)
    try:
        yield
    finally:
        _all_inputs_come_back.reset(token)


def _apply_input_changes(changed: Json, decoder: Decoder, inputs: list[torch.Tensor]) -> None:
    """Write into the caller's own tensors what the student's code changed in place, as it would locally.

    Args:
        changed: what the agent says of the inputs: for each its values, or None where it has not changed.
        decoder: for the values.
        inputs: the tensors that the call was given.

    Raises:
        InvalidReply: it says nothing of some input, or has changed its shape or dtype.
    """
    if not isinstance(changed, list) or len(changed) != len(inputs):
        raise InvalidReply("The student's process said nothing about its inputs.")
    for given, value in zip(inputs, changed, strict=True):
        if value is None and not _all_inputs_come_back.get():
            continue
        found = decoder.tensor(value)
        if found.shape != given.shape or found.dtype != given.dtype:
            raise InvalidReply("The student's process changed the shape of an input.")
        if bytes(raw_bytes(found)) == bytes(raw_bytes(given)):
            continue
        with torch.no_grad():
            given.copy_(found)
        note_changed_inputs()


class _Result:
    """The tensors that one call gave, and the way to their gradients; the sandbox keeps the graph while this lives.

    Attributes:
        fused: a gradient of the output, and what the backward pass gave for it that was done with the call, see
            `fused_backward`.
    """

    def __init__(
        self,
        session: Session,
        number: Json,
        outputs: list[torch.Tensor],
        has_grad: list[bool],
        leaves: Sequence[torch.Tensor],
    ) -> None:
        if type(number) is not int or not 0 < number < 2**53:
            raise InvalidReply("The student's process keeps no graph of its call.")
        self.session = session
        self.outputs = outputs
        self.has_grad = has_grad
        self.leaves = [(leaf.shape, leaf.dtype, leaf.device) for leaf in leaves]
        self.fused: tuple[torch.Tensor, Json, Decoder] | None = None
        self._kept = session.keep(number)
        session.live_calls.add(self)
        if len(session.live_calls) > MAX_LIVE_CALLS:
            raise InvalidAssignment(f"The hidden test keeps the graphs of more than {MAX_LIVE_CALLS} calls.")

    def backward(self, gradients: Sequence[torch.Tensor | None]) -> list[torch.Tensor | None]:
        """Gradients of the leaves, for those of the outputs; None where there is none.

        Raises:
            StudentCodeRaised, InvalidReply, LimitExceeded, KernelGone: see `Conversation.ask`.
        """
        found, decoder = self._fused_gradients(gradients) or self._requested_gradients(gradients)
        if not isinstance(found, list) or len(found) != len(self.leaves):
            raise InvalidReply("The student's process gave no gradients.")
        return [_gradient(value, decoder, *leaf) for value, leaf in zip(found, self.leaves, strict=True)]

    def _fused_gradients(self, gradients: Sequence[torch.Tensor | None]) -> tuple[Json, Decoder] | None:
        if self.fused is None or len(gradients) != 1 or gradients[0] is None:
            return None
        gradient, found, decoder = self.fused
        is_alike = (gradient.dtype, gradient.device) == (gradients[0].dtype, gradients[0].device)
        return (found, decoder) if is_alike and torch.equal(gradient, gradients[0]) else None

    def _requested_gradients(self, gradients: Sequence[torch.Tensor | None]) -> tuple[Json, Decoder]:
        encoder = Encoder()
        encoded = [None if gradient is None else encoder.tensor(gradient.detach()) for gradient in gradients]
        content = {"op": "backward", "call": self._kept.number, "gradients": encoded}
        reply, decoder = self.session.answer(content, encoder)
        return reply.get("gradients"), decoder


def _gradient(
    value: Json, decoder: Decoder, shape: torch.Size, dtype: torch.dtype, device: torch.device
) -> torch.Tensor | None:
    if value is None:
        return None
    found = decoder.tensor(value)
    if found.shape != shape or found.dtype != dtype:
        raise InvalidReply("The student's process gave a gradient of another shape or dtype.")
    return found.to(device)


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
        found = ctx.result.backward(gradients)
        return None, *found, *[None] * (len(ctx.needs_input_grad) - 1 - len(found))


def _with_gradients(value: Any, result: _Result, leaves: list[nn.Parameter | torch.Tensor]) -> Any:
    """The value with every tensor in it replaced by the output of the autograd function.

    A function may use parameters that nobody here knows of: then its output takes gradients all the same.
    """
    linked = _RemoteCall.apply(result, *(leaves or [torch.zeros((), requires_grad=True)]))
    replaced = {id(old): new for old, new in zip(result.outputs, linked, strict=True)}
    result.outputs = []
    return _replace(value, lambda tensor: replaced.get(id(tensor), tensor))


def _replace(value: Any, new: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    if isinstance(value, torch.Tensor):
        return new(value)
    if isinstance(value, list | tuple):
        return type(value)(_replace(item, new) for item in value)
    if isinstance(value, dict):
        return {key: _replace(item, new) for key, item in value.items()}
    return value
