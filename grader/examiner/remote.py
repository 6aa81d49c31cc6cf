"""Stand-ins for the student's objects: real `nn.Module`s whose forward and backward run in the sandbox.

A `RemoteModule` mirrors parameters and buffers under the student's own names. A call ships the inputs and whatever has
been changed locally; a `torch.autograd.Function` fetches the gradients on backward. So `loss.backward()`, `x.grad`,
`named_parameters()`, `load_state_dict()`, `train()`, `eval()`, `copy.deepcopy()` and BatchNorm statistics just work,
and a hidden test is ordinary PyTorch. Values arrive through `wire.Decoder`, which distrusts them.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import nn

from grader.errors import StudentCodeRaised
from grader.examiner.calls import Request, call
from grader.examiner.conversation import Channel, Conversation, RemoteHandle
from grader.examiner.layout import read_layout
from grader.examiner.mirror import (
    MODE,
    apply_layout,
    apply_tensors,
    modules_of,
    pending_modes,
    pending_state,
    tensors_of,
)
from grader.examiner.refusing import RefusesParts
from grader.examiner.uses import Uses
from grader.examiner.wire import Decoder, Encoder, InvalidReply, Json, checked_length
from grader.printable import printable

__all__ = ["Channel", "InvalidReply", "RemoteModule", "RemoteObject", "Session"]

Target = dict[str, Json]


class Session(Conversation):
    """One conversation with the agent in a student's kernel, in values and stand-ins.

    Attributes:
        live_calls: results whose graphs the sandbox has to keep.
        uses: what the current hidden test has called by name.
    """

    def __init__(self, channel: Channel) -> None:
        super().__init__(channel)
        self.uses = Uses()
        self.live_calls: weakref.WeakSet[Any] = weakref.WeakSet()
        self._modules: weakref.WeakSet[RemoteModule] = weakref.WeakSet()

    def names(self, wanted: Sequence[str]) -> dict[str, Any]:
        """Stand-ins or copies of those of the names that the student's notebook defines.

        Raises:
            StudentCodeRaised, InvalidReply, LimitExceeded, KernelGone: see `Conversation.ask`.
        """
        if not wanted:
            return {}
        reply, decoder = self.answer({"op": "describe", "names": list(wanted)}, Encoder())
        found = reply.get("found")
        if not isinstance(found, dict):
            raise InvalidReply("The student's process gave no answer.")
        values = {name: decoder.decode(found[name]) for name in wanted if name in found}
        for name, value in values.items():
            if isinstance(value, RemoteObject):
                value.remote_name = name
        return values

    def answer(self, content: dict[str, Json], encoder: Encoder) -> tuple[dict[str, Json], Decoder]:
        """The agent's answer, and a decoder for its values; objects arrive as stand-ins.

        Raises:
            StudentCodeRaised, InvalidReply, LimitExceeded, KernelGone: see `Conversation.ask`.
        """
        # The sandbox computes as this process does: then both round alike.
        computing = {"threads": torch.get_num_threads(), "onednn": bool(torch.backends.mkldnn.enabled)}
        reply, raw = self.ask({**content, **computing}, encoder.buffers, encoder.functions)
        return reply, Decoder(raw, self._stand_in, device=encoder.device, devices=tuple(encoder.devices))

    def modules(self) -> list[RemoteModule]:
        """The stand-ins of modules that are in use: a function of the student's may call any of them."""
        return sorted(self._modules, key=lambda module: int(module.remote_target["id"]))

    def mark_shared(self, values: Iterable[Any]) -> None:
        """Mark the modules among these values as shared: the student's code is given them, and may keep them."""
        numbers = set(_numbers_among(values))
        for module in self._modules if numbers else ():
            if module.remote_target["id"] in numbers:
                module.__dict__["remote_is_unshared"] = False

    def _stand_in(self, reference: dict[str, Json], decoder: Decoder) -> object:
        target: Target = {"id": reference["id"], "path": []}
        kept, kind = self.keep(reference["id"]), printable(reference.get("type"), 100)
        if reference.get("kind") != "module":
            return RemoteObject(self, target, kind, kept, is_class=reference.get("kind") == "class")
        module = RemoteModule(self, target, kind, kept)
        module.read_layout(reference.get("layout"), decoder.without_objects())
        self._modules.add(module)
        return module


class RemoteObject:
    """Stands for a class, a function or another object of the student's: call it, or read its attributes.

    Attributes:
        remote_target: its number in the sandbox.
        remote_type: name of its type: the student's word.
        remote_is_class: whether it is a class: the student's word.
        remote_name: the notebook's name for it; empty where the test did not ask for it by name.
    """

    remote_name = ""

    def __init__(
        self,
        session: Session,
        target: Target,
        kind: str,
        kept: RemoteHandle,
        owner: RemoteModule | None = None,
        *,
        is_class: bool = False,
    ) -> None:
        self.remote_target = target
        self.remote_type = kind
        self.remote_is_class = is_class
        self._session = session
        self._kept = kept
        self._owner = owner

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it in the sandbox; tensors keep their gradients across the boundary."""
        self._session.mark_shared([*args, *kwargs.values()])
        if self._owner is not None:
            owners = [self._owner]
        elif self.remote_is_class:
            owners = [module for module in self._session.modules() if not module.remote_is_unshared]
        else:
            owners = self._session.modules()
        use = self._session.uses.add(self.remote_name, args, kwargs)
        value = call(self._session, self.remote_target, owners, args, kwargs)
        if isinstance(value, RemoteModule):
            value.__dict__.update({"remote_is_unshared": self.remote_is_class, "remote_use": use})
        use.gave(value)
        return value

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _attribute(self._session, self.remote_target, self._owner, name)

    def __len__(self) -> int:
        return checked_length(self._method("__len__")())

    def __getitem__(self, key: Any) -> Any:
        return self._method("__getitem__")(key)

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))

    def __bool__(self) -> bool:
        return True

    def __deepcopy__(self, _memo: dict[int, Any]) -> Any:
        reply, decoder = Request(self._session, "copy", self.remote_target, ()).ask()
        return decoder.decode(reply.get("value"))

    def __repr__(self) -> str:
        return f"<the student's {self.remote_type}>"

    def _method(self, name: str) -> RemoteObject:
        target = {**self.remote_target, "path": [*self.remote_target["path"], name]}
        return RemoteObject(self._session, target, name, self._kept, self._owner)


class RemoteModule(RefusesParts, nn.Module):
    """Stands for a module of the student's, with mirrored parameters and buffers.

    Submodules are `RemoteModule`s too: `block.conv1(x)` runs the student's submodule.

    Attributes:
        remote_target: its number in the sandbox, and the path to it from there.
        remote_type: name of its type: the student's word.
        remote_is_lazy: some parameters have no shape before the first call.
        remote_is_unshared: a class has built it for the test, which has given it to nothing else: a request to
            another class need not carry its changes.
        wanted_parameters: the parameters whose gradients the latest request asked for.
    """

    def __init__(self, session: Session, target: Target, kind: str, kept: RemoteHandle) -> None:
        super().__init__()
        own = {
            "remote_target": target,
            "remote_type": kind,
            "remote_is_lazy": False,
            "remote_is_unshared": False,
            "wanted_parameters": [],
            "_session": session,
            "_kept": kept,
            MODE: True,
        }
        self.__dict__.update(own)

    remote_target: Target
    remote_type: str
    remote_is_lazy: bool
    remote_is_unshared: bool
    wanted_parameters: list[nn.Parameter]
    _session: Session
    _kept: RemoteHandle

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run the student's module in the sandbox.

        Raises:
            StudentCodeRaised: the student's code raised, with its own traceback.
            InvalidReply, LimitExceeded, KernelGone: see `Conversation.ask`.
        """
        self._session.mark_shared([*args, *kwargs.values()])
        if "remote_use" in self.__dict__ and not kwargs:
            self.__dict__["remote_use"].was_called_on(args)
        others = [value for value in (*args, *kwargs.values()) if isinstance(value, RemoteModule) and value is not self]
        return call(self._session, self.remote_target, [self, *others], args, kwargs)

    def train(self, mode: bool = True) -> RemoteModule:
        """Set the mode, here and with the next call in the sandbox too."""
        if not isinstance(mode, bool):
            raise ValueError(f"The mode of a module is a bool, not {mode!r}.")
        for _name, place in modules_of(self):
            place.__dict__.update({"training": mode, MODE: None})
        return self

    def pending_changes(self, encoder: Encoder) -> dict[str, Json]:
        """What a request says of this module: what was changed here, and whose gradients are wanted.

        What was changed counts as sent afterwards.

        Args:
            encoder: takes the tensors.
        """
        names = []
        self.wanted_parameters = []
        if torch.is_grad_enabled():
            for name, tensor in tensors_of(self):
                if isinstance(tensor, nn.Parameter) and tensor.requires_grad:
                    names.append(name)
                    self.wanted_parameters.append(tensor)
        modes, state = pending_modes(self), pending_state(self, encoder)
        return {"target": self.remote_target, "modes": modes, "state": state, "grad": names}

    def apply_changes(self, changes: Json, decoder: Decoder) -> None:
        """Bring the mirror to what a call has left in the sandbox.

        Raises:
            InvalidReply: the changes are malformed.
        """
        if not isinstance(changes, dict):
            raise InvalidReply("The student's process said nothing about its module.")
        if changes.get("layout") is not None:
            self.read_layout(changes["layout"], decoder)
            return
        apply_tensors(self, changes.get("tensors"), decoder)
        if changes.get("modes") is not None:
            self._apply_modes(changes["modes"])

    def read_layout(self, description: Json, decoder: Decoder) -> None:
        """Mirror names, values and submodules as the agent describes them.

        Raises:
            InvalidReply: the layout is malformed.
        """
        layout = read_layout(description, decoder)
        places: list[RemoteModule] = []
        children: list[dict[str, nn.Module | None]] = []
        for part in layout.modules:
            if not places:
                place = self
                self.__dict__["remote_type"] = part.kind
            elif part.same_as is not None:
                place = places[part.same_as]
            else:
                place = places[part.parent]._child(part.name, part.kind)
            if places:
                children[part.parent][part.name] = place
            places.append(place)
            children.append({})
            place._set_mode(part.training)
        for place, part, below in zip(places, layout.modules, children, strict=True):
            if part.same_as is None:
                place._modules.clear()
                place._modules.update(below)
        apply_layout(list(places), layout)
        self.__dict__["remote_is_lazy"] = layout.is_lazy

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            if name.startswith("_") or "_session" not in self.__dict__:
                raise
            return _attribute(self._session, self.remote_target, self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.__dict__:
            self.__dict__[name] = value
        elif name in self._parameters and (value is None or isinstance(value, nn.Parameter)):
            self._parameters[name] = value
        elif name in self._buffers and isinstance(value, torch.Tensor):
            self._buffers[name] = value
        elif isinstance(value, nn.Module | torch.Tensor):
            self.refuse(f"set its attribute {name!r} to a new {type(value).__name__}")
        else:
            encoder = Encoder()
            content = {"op": "setattr", "target": self.remote_target, "name": name, "value": encoder.encode(value)}
            self._session.answer(content, encoder)

    def __len__(self) -> int:
        return len(self._modules) if self._is_sequence() else checked_length(self._method("__len__")())

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, int) and self._is_sequence():
            return list(self._modules.values())[key]
        if isinstance(key, str) and key in self._modules:
            return self._modules[key]
        return self._method("__getitem__")(key)

    def __iter__(self) -> Iterator[Any]:
        return iter([self[index] for index in range(len(self))])

    def __bool__(self) -> bool:
        return True

    def __deepcopy__(self, _memo: dict[int, Any]) -> Any:
        reply, decoder = Request(self._session, "copy", self.remote_target, [self]).ask()
        return decoder.decode(reply.get("value"))

    def __repr__(self) -> str:
        return f"<the student's {self.remote_type} module>"

    def _is_sequence(self) -> bool:
        """Whether its submodules are numbered, as in `nn.Sequential` and `nn.ModuleList`."""
        return bool(self._modules) and list(self._modules) == [str(index) for index in range(len(self._modules))]

    def _method(self, name: str) -> RemoteObject:
        target = {**self.remote_target, "path": [*self.remote_target["path"], name]}
        return RemoteObject(self._session, target, name, self._kept, self)

    def _child(self, name: str, kind: str) -> RemoteModule:
        held = self._modules.get(name)
        if isinstance(held, RemoteModule) and held.remote_type == kind:
            return held
        target = {**self.remote_target, "path": [*self.remote_target["path"], "_modules", name]}
        return RemoteModule(self._session, target, kind, self._kept)

    def _set_mode(self, mode: bool) -> None:
        self.__dict__["training"] = self.__dict__[MODE] = mode

    def _apply_modes(self, modes: Json) -> None:
        places = [place for _name, place in modules_of(self)]
        if not isinstance(modes, list) or len(modes) != len(places) or any(type(mode) is not bool for mode in modes):
            raise InvalidReply("The student's process told no modes of its modules.")
        for place, mode in zip(places, modes, strict=True):
            if isinstance(place, RemoteModule):
                place._set_mode(mode)


def _numbers_among(values: Iterable[Any]) -> Iterator[int]:
    """The numbers of the student's objects behind the stand-ins among values, in lists, tuples and dicts too."""
    for value in values:
        if isinstance(value, RemoteModule | RemoteObject):
            yield value.remote_target["id"]
        elif isinstance(value, list | tuple | dict):
            yield from _numbers_among(value.values() if isinstance(value, dict) else value)


def _attribute(session: Session, target: Target, owner: RemoteModule | None, name: str) -> Any:
    """The value of an attribute of the student's object.

    Raises:
        AttributeError: there is none.
        StudentCodeRaised, InvalidReply, LimitExceeded, KernelGone: see `Conversation.ask`.
    """
    request = Request(session, "getattr", target, [] if owner is None else [owner])
    request.content["name"] = name
    try:
        reply, decoder = request.ask()
    except StudentCodeRaised as error:
        if error.message.startswith("AttributeError:"):
            raise AttributeError(f"the student's object has no attribute {name[:100]!r}") from error
        raise
    found = decoder.decode(reply.get("value"))
    if isinstance(found, RemoteObject):
        found._owner = owner
    return found
