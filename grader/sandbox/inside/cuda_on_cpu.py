"""Lets a notebook that says `cuda` everywhere run on a machine without a GPU: there, `cuda` means the processor.

Installed in a contest's kernel without a GPU, before the student's code. `torch.cuda.is_available()` stays False, so a
notebook that asks does what it would do anyway. Imports nothing else of the project.
"""

import functools

FACTORIES = (
    "arange", "as_tensor", "empty", "empty_like", "eye", "full", "full_like", "linspace", "ones", "ones_like", "rand",
    "rand_like", "randint", "randint_like", "randn", "randn_like", "randperm", "tensor", "zeros", "zeros_like",
)  # fmt: skip
QUIET = ("synchronize", "empty_cache", "reset_peak_memory_stats", "set_device")


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
    torch.set_default_device = mapped(torch.set_default_device)
    torch.Tensor.to = mapped(torch.Tensor.to)
    torch.nn.Module.to = mapped(torch.nn.Module.to)
    torch.Tensor.cuda = torch.nn.Module.cuda = stays
    for name in QUIET:
        setattr(torch.cuda, name, nothing)
    load = mapped(torch.load)

    @functools.wraps(torch.load)
    def load_here(f, map_location=None, *args, **kwargs):
        return load(f, "cpu" if map_location is None else map_location, *args, **kwargs)

    torch.load = load_here
