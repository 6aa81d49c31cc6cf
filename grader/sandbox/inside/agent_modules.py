"""What a module of the student's is made of, and what a call has changed of it.

Imports nothing else of the project.
"""

import torch
from agent_wire import type_name
from torch.nn.parameter import Parameter, is_lazy

MAX_COMPARED = 4_000_000  # numbers in parameters that are compared by value around a call
READY = (Parameter, torch.Tensor)  # types of tensors that have their shape: the usual ones, looked at quickly


def is_ready(tensor):
    """Whether a parameter of a lazy module has its shape yet."""
    return type(tensor) in READY or not is_lazy(tensor)


def walk(module):
    """List every place in the tree of modules, depth first; a module that is there twice is not entered again.

    Returns:
        For each place its parent's number in the list, its name, its full name, its module, and the number of the
        module's first place where this is another one.
    """
    places = [(-1, "", "", module, None)]
    walk_below(0, "", module, places, {id(module): 0})
    return places


def walk_below(number, prefix, parent, places, first):
    """Append the places below a parent.

    Args:
        number: of the parent's place.
        prefix: of full names, with its dot.
        parent: the module.
        places: the list, as `walk` returns it.
        first: numbers of modules' first places, by the modules' `id`.
    """
    # No closure of `walk`: one that calls itself would keep the student's modules until the next garbage collection.
    for name, child in parent._modules.items():
        if child is None:
            continue
        full = f"{prefix}{name}"
        places.append((number, name, full, child, first.get(id(child))))
        if id(child) not in first:
            own = first[id(child)] = len(places) - 1
            walk_below(own, f"{full}.", child, places, first)


def buffers_of(module):
    """A module's buffers by name, and statistics that it keeps in plain attributes as if they were buffers.

    A BatchNorm of somebody's own may be written so: two parameters and two vectors of the same length, none of which
    takes gradients. Other plain tensors are the student's own affair.
    """
    lengths = [tensor.numel() for tensor in module._parameters.values() if type(tensor) is Parameter]
    if len(lengths) < 2:
        return module._buffers
    kept = {
        name: value
        for name, value in vars(module).items()
        if type(value) is torch.Tensor
        and value.is_floating_point()
        and not value.requires_grad
        and value.numel() > 1
        and lengths.count(value.numel()) > 1
    }
    return {**module._buffers, **kept} if len(kept) > 1 else module._buffers


def layout(module, encoder, places=None):
    """Describe what the module is made of, in the form of `grader/examiner/layout.py`.

    Args:
        module: the module.
        encoder: takes the tensors.
        places: as `walk` returns them, where that has been done already.
    """
    modules, parameters, buffers = [], [], []
    known, lazy = {}, False
    for number, (parent, name, _, child, same_as) in enumerate(places or walk(module)):
        modules.append([parent, name, type_name(child), bool(child.training), same_as])
        if same_as is not None:
            continue
        for own, tensor in child._parameters.items():
            if tensor is None:
                continue
            if not is_ready(tensor):
                lazy = True
            elif id(tensor) in known:
                parameters.append([number, own, known[id(tensor)]])
            else:
                known[id(tensor)] = len(parameters)
                parameters.append([number, own, encoder.tensor(tensor)])
        for own, tensor in buffers_of(child).items():
            if tensor is None:
                continue
            if not is_ready(tensor):
                lazy = True
            else:
                is_saved = own in child._buffers and own not in child._non_persistent_buffers_set
                buffers.append([number, own, encoder.tensor(tensor), is_saved])
    return {"modules": modules, "parameters": parameters, "buffers": buffers, "lazy": lazy}


def own_parameter_count(place):
    """Number of elements of the parameters that a place of `walk` has itself, without submodules."""
    *_, child, same_as = place
    held = () if same_as is not None else child._parameters.values()
    return sum(tensor.numel() for tensor in held if tensor is not None and is_ready(tensor))


class Snapshot:
    """What a module is made of at one moment, to find out what a call has changed.

    Args:
        module: the module.
        with_values: whether to copy the values that are to be compared.

    Attributes:
        places: as `walk` returns them.
        modes: whether the module of each place is in training mode.
        tensors: (tensor, its version, copy of its values or None) by full name.
        structure: everything else that the examiner's mirror has to know of: another one needs a new layout.
    """

    def __init__(self, module, with_values):
        self.places = walk(module)
        self.modes = [bool(child.training) for *_, child, _ in self.places]
        self.tensors, self.structure = {}, []
        small = with_values and sum(map(own_parameter_count, self.places)) <= MAX_COMPARED
        with torch.no_grad():
            for parent, name, full, child, same_as in self.places:
                self.structure.append((parent, name, id(child)))
                if same_as is None:
                    prefix = f"{full}." if full else ""
                    self.add_tensors(prefix, child._parameters, small)
                    # By value and not by version: BatchNorm writes its statistics without a new version.
                    self.add_tensors(prefix, buffers_of(child), with_values)

    def add_tensors(self, prefix, table, with_values):
        for own, tensor in table.items():
            if tensor is None or not is_ready(tensor):
                continue
            name = prefix + own
            self.structure.append((name, tensor.shape, tensor.dtype, tensor.requires_grad))
            self.tensors[name] = (tensor, tensor._version, tensor.clone() if with_values else None)

    def changed(self, after):
        """Names and tensors of a later snapshot that are not what they were."""
        for name, (tensor, version, _) in after.tensors.items():
            was, was_version, values = self.tensors[name]
            if (
                tensor is not was
                or version != was_version
                or (values is not None and not bitwise_equal(tensor, values))
            ):
                yield name, tensor


class OwnerModule:
    """A module of the student's whose state takes part in a call.

    Made before the call, it applies what the examiner has changed; after the call, `changes` says what the call has.

    Args:
        module: the module.
        request: its part of the request: modes and state that have changed, and names of parameters whose gradients
            are wanted.
        decoder: of the request.

    Attributes:
        wanted: the parameters whose gradients are wanted; None for those that it has not.
    """

    def __init__(self, module, request, decoder):
        self.module = module
        for name, mode in request["modes"]:
            submodule(module, name).train(mode)
        with torch.no_grad():
            for name, value, grad in request["state"]:
                self.write(name, value, grad, decoder)
        self.reports_modes = bool(request["modes"])
        self.before = Snapshot(module, with_values=True)
        self.wanted = [
            self.before.tensors[name][0] if name in self.before.tensors else None for name in request["grad"]
        ]

    def write(self, name, value, grad, decoder):
        """Write a value, `requires_grad` or both of them, where the examiner has changed them.

        In place where that is possible: the student's own code may hold the tensor.
        """
        path, _, own = name.rpartition(".")
        home = submodule(self.module, path)
        table = next(held for held in (home._parameters, home._buffers, vars(home)) if own in held)
        held = table[own]
        if value is not None:
            new = decoder.tensor(value)
            alike = held.shape == new.shape and held.dtype == new.dtype and held.stride() == new.stride()
            if alike and held.device == new.device:
                held.copy_(new)
            elif held.device == new.device:
                held.data = new
            else:
                table[own] = torch.nn.Parameter(new, held.requires_grad) if table is home._parameters else new
        if grad is not None:
            table[own].requires_grad_(grad)

    def changes(self, encoder):
        """What the call has changed: a new layout, or values and modes, in the form that `RemoteModule.take` reads."""
        after = Snapshot(self.module, with_values=False)
        if after.structure != self.before.structure:
            return {"layout": layout(self.module, encoder, after.places)}
        changed = {"tensors": [[name, encoder.tensor(tensor)] for name, tensor in self.before.changed(after)]}
        if self.reports_modes or after.modes != self.before.modes:
            changed["modes"] = after.modes
        return changed


def submodule(module, name):
    """The submodule of this full name, the module itself for none."""
    for part in name.split(".") if name else ():
        module = module._modules[part]
    return module


def bitwise_equal(left, right):
    """Whether two tensors are equal bit for bit, NaN included."""
    if left.shape != right.shape or left.dtype != right.dtype:
        return False
    if torch.equal(left, right):
        return True
    return bool(left.numel()) and torch.equal(
        left.detach().reshape(-1).contiguous().view(torch.uint8), right.reshape(-1).contiguous().view(torch.uint8)
    )
