"""Lets a notebook that says `cuda` everywhere run on a machine without a GPU: there, `cuda` means the processor.

Installed in a contest's kernel without a GPU, before the student's code. `torch.cuda.is_available()` stays False, so a
notebook that asks does what it would do anyway. Imports nothing else of the project.
"""

import contextlib
import functools
import time

FACTORIES = (
    "arange", "as_tensor", "asarray", "empty", "empty_like", "eye", "full", "full_like", "linspace", "logspace", "ones",
    "ones_like", "rand", "rand_like", "randint", "randint_like", "randn", "randn_like", "randperm", "tensor", "zeros",
    "zeros_like",
)  # fmt: skip
METHODS = ("to", "new_empty", "new_full", "new_ones", "new_tensor", "new_zeros")
QUIET = ("synchronize", "empty_cache", "reset_peak_memory_stats", "set_device", "ipc_collect")
TENSORS = ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool")


def install(torch):
    """Replace what takes a device by functions that read `cuda` as `cpu`."""

    def here(value):
        is_device = isinstance(value, (str, torch.device)) and str(value).split(":")[0] == "cuda"
        return "cpu" if is_device else value

    def mapped(function):
        @functools.wraps(function)
        def call(*args, **kwargs):
            return function(*map(here, args), **{name: here(value) for name, value in kwargs.items()})

        return call

    def stays(self, *_args, **_kwargs):
        return self

    def nothing(*_args, **_kwargs):
        return None

    for name in FACTORIES:
        setattr(torch, name, mapped(getattr(torch, name)))
    for name in METHODS:
        setattr(torch.Tensor, name, mapped(getattr(torch.Tensor, name)))
    torch.set_default_device = mapped(torch.set_default_device)
    torch.nn.Module.to = mapped(torch.nn.Module.to)
    torch.Tensor.cuda = torch.nn.Module.cuda = torch.Tensor.pin_memory = stays
    for name in QUIET:
        setattr(torch.cuda, name, nothing)
    torch.cuda.device = contextlib.nullcontext
    torch.cuda.Event = Event
    for name in TENSORS:
        setattr(torch.cuda, f"{name}Tensor", getattr(torch, f"{name}Tensor"))
    torch.Generator = generator_class(torch.Generator, here)
    torch.compile = functools.partial(pass_over_compiling, told=[])
    load = mapped(torch.load)

    @functools.wraps(torch.load)
    def load_here(f, map_location=None, *args, **kwargs):
        return load(f, "cpu" if map_location is None else map_location, *args, **kwargs)

    torch.load = load_here


def generator_class(known, here):
    """A class that makes generators of the known one, on the device that is here."""

    class Maker(type):
        def __instancecheck__(cls, value):
            return isinstance(value, known)

        def __call__(cls, device="cpu"):
            return known(device=here(device))

    return Maker("Generator", (), {"__doc__": known.__doc__})


def pass_over_compiling(model=None, *, told, **settings):
    """Stand for `torch.compile`, which gives back what it got: a network computes the same without it.

    To compile takes a C++ compiler, which a school's machine need not have, and on a processor more time than it saves
    in the few minutes of a notebook.

    Args:
        model: a module or function; None where it decorates with settings.
        told: holds something once the notebook has been told.
        settings: of `torch.compile`.
    """
    if not told:
        told.append(True)
        print(
            "torch.compile пропущен: видеокарты нет, сеть считает то же самое без него / torch.compile is passed over: "
            "there is no GPU, and the network computes the same without it"
        )
    return model if model is not None else functools.partial(pass_over_compiling, told=told, **settings)


class Event:
    """Stands for `torch.cuda.Event`: a moment of the processor's clock."""

    def __init__(self, *_args, **_kwargs):
        self._at_s = 0.0

    def record(self, *_args):
        """Remember this moment."""
        self._at_s = time.perf_counter()

    def elapsed_time(self, end):
        """Milliseconds until the other moment."""
        return 1000 * (end._at_s - self._at_s)

    def synchronize(self):
        """There is nothing to wait for."""

    wait = synchronize

    def query(self):
        """All is done."""
        return True
