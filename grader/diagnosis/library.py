"""What the library's layers are called, and which settings they take by which name and place."""

from __future__ import annotations

import ast
import inspect
from functools import lru_cache

from torch import nn

ACTIVATIONS = {
    "relu": "ReLU",
    "gelu": "GELU",
    "elu": "ELU",
    "leaky_relu": "LeakyReLU",
    "relu6": "ReLU6",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "softmax": "Softmax",
    "log_softmax": "LogSoftmax",
}
KINDS_OF_LAYER = {
    "Conv2d": "convolution",
    "Linear": "linear",
    "BatchNorm2d": "norm",
    "BatchNorm1d": "norm",
    "MaxPool2d": "pooling",
    "AvgPool2d": "pooling",
    "AdaptiveAvgPool2d": "pooling",
    "AdaptiveMaxPool2d": "pooling",
    "max_pool2d": "pooling",
    "avg_pool2d": "pooling",
    "adaptive_avg_pool2d": "pooling",
    "adaptive_max_pool2d": "pooling",
    "Dropout": "dropout",
    "Dropout2d": "dropout",
    "dropout": "dropout",
    "Flatten": "flatten",
    "flatten": "flatten",
    "cat": "concatenation",
    "pad": "padding",
    **dict.fromkeys((*ACTIVATIONS, *ACTIVATIONS.values()), "activation"),
}
CONTAINERS = frozenset({"Sequential", "ModuleList"})


def called_name(call: ast.Call) -> str:
    """The last part of the name that is called; a blank where there is none."""
    match call.func:
        case ast.Name(id=name):
            return name
        case ast.Attribute(attr=name):
            return name
    return " "


def is_method(call: ast.Call) -> bool:
    """Whether a tensor's own method is called, as in `x.flatten(1)`."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    return owner is not None and not (isinstance(owner, ast.Name) and owner.id in ("F", "torch", "nn"))


@lru_cache(maxsize=256)
def _parameters(layer: str) -> dict[str, inspect.Parameter]:
    made = getattr(nn, layer, None) or getattr(nn.functional, layer, None)
    made = nn.Flatten if layer == "flatten" else made
    try:
        parameters = dict(inspect.signature(made).parameters)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return {}
    return parameters


def parameter_at(layer: str, index: int) -> str:
    """The name of a layer's setting by its place; empty where there is none."""
    names = list(_parameters(layer))
    return names[index] if index < len(names) else ""


def default_of(layer: str, name: str) -> str:
    """What a setting is where it is not given; empty where it has to be."""
    if layer == "flatten" and name == "start_dim":
        return "0"  # of a tensor's method; the layer's own is 1
    known = _parameters(layer).get(name)
    return "" if known is None or known.default is inspect.Parameter.empty else repr(known.default)
