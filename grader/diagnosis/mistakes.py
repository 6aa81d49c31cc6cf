"""Changes that students make and that `grader.diagnosis.edits`, made for measuring tests, does not know.

Each is an operator in the same form. What is measured by `grader audit` stays what it was; a diagnosis looks at both.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from grader.diagnosis.edits import Edit, Site, atom, edits_of, sites
from grader.diagnosis.library import ACTIVATIONS, called_name
from grader.diagnosis.text import Source, Span

_LAYERS = frozenset({"Conv2d", "Linear", "BatchNorm2d", "BatchNorm1d", "MaxPool2d", "AvgPool2d", "Dropout"})
_NUMBERS: dict[str, tuple[str, ...]] = {
    "stride": ("1", "2", "3", "4"),
    "padding": ("0", "1", "2", "3", "4", "5"),
    "kernel_size": ("1", "2", "3", "5", "7", "11"),
    "dilation": ("1", "2", "3"),
    "groups": ("1", "2"),
    "p": ("0.1", "0.2", "0.25", "0.3", "0.4", "0.6", "0.7", "0.75", "0.8", "0.9"),
    "momentum": ("0.9", "0.01"),
    "eps": ("0.001",),
}
_POOLING = (("kernel_size", ("2", "3")), ("stride", _NUMBERS["stride"]), ("padding", ("0", "1")))
_SETTINGS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "Conv2d": (
        ("stride", _NUMBERS["stride"]),
        ("padding", _NUMBERS["padding"]),
        ("kernel_size", _NUMBERS["kernel_size"]),
        ("dilation", ("2",)),
        ("bias", ("True", "False")),
        ("padding_mode", ("'reflect'", "'replicate'", "'circular'")),
        ("groups", ("2",)),
    ),
    "Linear": (("bias", ("True", "False")),),
    "BatchNorm2d": (
        ("affine", ("False",)),
        ("track_running_stats", ("False",)),
        ("momentum", _NUMBERS["momentum"]),
        ("eps", _NUMBERS["eps"]),
    ),
    "MaxPool2d": (*_POOLING, ("ceil_mode", ("True",))),
    "AvgPool2d": (*_POOLING, ("ceil_mode", ("True",))),
    "Dropout": (("p", _NUMBERS["p"]),),
    "max_pool2d": _POOLING,
    "avg_pool2d": _POOLING,
    "dropout": (("p", _NUMBERS["p"]), ("training", ("True",))),
}
_POSITIONS = {
    "Conv2d": ("in_channels", "out_channels", "kernel_size", "stride", "padding"),
    "Linear": ("in_features", "out_features", "bias"),
    "BatchNorm2d": ("num_features", "eps", "momentum", "affine"),
    "MaxPool2d": ("kernel_size", "stride", "padding"),
    "AvgPool2d": ("kernel_size", "stride", "padding"),
    "Dropout": ("p",),
    "max_pool2d": ("input", "kernel_size", "stride", "padding"),
    "avg_pool2d": ("input", "kernel_size", "stride", "padding"),
    "dropout": ("input", "p", "training"),
}
_OTHER_ACTIVATIONS = {
    "relu": ("gelu", "elu", "leaky_relu", "relu6", "tanh", "silu"),
    "ReLU": ("GELU", "ELU", "LeakyReLU", "ReLU6", "Tanh", "SiLU"),
}
_OTHER_NORMS = {"BatchNorm2d": ("InstanceNorm2d",)}


def mistakes_of(source: Source) -> Iterator[Edit]:
    """All changes that a diagnosis tries, in no particular order; some of them may not parse."""
    yield from edits_of(source)
    for site in sites(source.tree):
        for operator in OPERATORS:
            yield from operator(source, site)


def _settings(source: Source, site: Site) -> Iterator[Edit]:
    """A layer's setting with another usual value, given or not."""
    node = site.node
    if not isinstance(node, ast.Call):
        return
    layer = called_name(node)
    if any(isinstance(argument, ast.Starred) for argument in node.args):
        return
    positions = _POSITIONS.get(layer, ())
    for name, values in _SETTINGS.get(layer, ()):
        held: ast.expr | None = next((keyword.value for keyword in node.keywords if keyword.arg == name), None)
        if held is None and name in positions and positions.index(name) < len(node.args):
            held = node.args[positions.index(name)]
        before = "" if held is None else source.segment(held)
        own = (name,) if name in site.names else ()  # `stride=stride`, handed on where it does not belong
        for value in (*values, *own):
            if value == before:
                continue
            expected = before if _is_number(held) else ""
            if held is not None:
                yield Edit(source.span(held), value, "setting", "argument", name, value, expected)
            else:
                end = source.span(node).end - 1
                comma = ", " if node.args or node.keywords else ""
                yield Edit(Span(end, end), f"{comma}{name}={value}", "setting", "argument", name, value, "")


_PAIRED = (
    {"kernel_size": "1", "padding": "0"},
    {"kernel_size": "5", "padding": "2"},
    {"kernel_size": "7", "padding": "3"},
    {"padding": "2", "dilation": "2"},
)


def _paired(source: Source, site: Site) -> Iterator[Edit]:
    """Two settings of a convolution that together keep the size of its maps."""
    node = site.node
    if not isinstance(node, ast.Call) or called_name(node) != "Conv2d" or len(node.args) > 3:
        return
    names = _POSITIONS["Conv2d"]
    given = {**dict(zip(names, node.args, strict=False)), **{str(word.arg): word.value for word in node.keywords}}
    held = {name: source.segment(value) for name, value in given.items()}
    for pair in _PAIRED:
        changed = {**held, **pair}
        text = f"{source.segment(node.func)}({', '.join(f'{name}={value}' for name, value in changed.items())})"
        name = "dilation" if "dilation" in pair else "kernel_size"
        expected = held.get(name, "") if _is_number(given.get(name)) else ""
        yield Edit(source.span(node), text, "setting", "argument", name, pair[name], expected)


def _moved(source: Source, site: Site) -> Iterator[Edit]:
    """A keyword that one layer has and should not, and another of the same type should have and has not."""
    node = site.node
    if not isinstance(node, ast.FunctionDef | ast.Call):
        return
    if isinstance(node, ast.Call) and called_name(node) != "Sequential":
        return
    calls = [part for part in ast.walk(node) if isinstance(part, ast.Call) and called_name(part) in _SETTINGS]
    for owner in calls:
        for keyword in owner.keywords:
            for other in calls:
                is_alike = other is not owner and called_name(other) == called_name(owner)
                if is_alike and keyword.arg not in {given.arg for given in other.keywords}:
                    yield _moved_to(source, owner, keyword, other)


def _moved_to(source: Source, owner: ast.Call, keyword: ast.keyword, other: ast.Call) -> Edit:
    """The text from the first of two layers to the end of the second, with the keyword in the other one."""
    given = source.span(keyword)
    start = source.text.rfind(",", 0, given.start)
    start = start if start >= source.span(owner).start else given.start
    end = source.span(other).end - 1
    gone = Span(start, given.end)
    first, last = min(gone.start, end), max(gone.end, end)
    put = f", {source.segment(keyword)}"
    text = source.text[gone.end : end] + put if gone.start < end else put + source.text[end : gone.start]
    return Edit(Span(first, last), text, "moved", "moved", str(keyword.arg))


def _is_number(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant)


def _activations(source: Source, site: Site) -> Iterator[Edit]:
    """Another activation; one more, behind a layer or on a summand."""
    node = site.node
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        span = source.span(node)
        name = Span(span.end - len(node.attr), span.end)
        for other in _OTHER_ACTIVATIONS.get(node.attr, ()):
            text = ACTIVATIONS.get(other, other)
            yield Edit(name, other, "activation", "layer_other", "", text, ACTIVATIONS.get(node.attr, node.attr))
        for other in _OTHER_NORMS.get(node.attr, ()):
            yield Edit(name, other, "norm", "layer_other", "", other, node.attr)
    if isinstance(node, ast.expr) and _is_tensor(node, site):
        span, text = source.span(node), source.segment(node)
        yield Edit(span, f"torch.relu({text})", "activation", "layer_extra", "", "ReLU")
    if isinstance(node, ast.Return) and node.value is not None:
        span, text = source.span(node.value), source.segment(node.value)
        for function, type_ in (("torch.relu", "ReLU"), ("torch.sigmoid", "Sigmoid")):
            yield Edit(span, f"{function}({text})", "activation", "layer_extra", "", type_)
        for function, type_ in (("softmax", "Softmax"), ("log_softmax", "LogSoftmax")):
            yield Edit(span, f"torch.{function}({text}, 1)", "activation", "layer_extra", "", type_)
        yield Edit(span, f"({text}).detach()", "cut", "gradient_cut")


def _is_tensor(node: ast.expr, site: Site) -> bool:
    """Whether an expression of a forward pass is likely a tensor: a layer's output, or a part of a sum."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        owner = node.func.value
        return isinstance(owner, ast.Name) and owner.id == "self"
    return isinstance(site.parent, ast.BinOp) and isinstance(site.parent.op, ast.Add) and isinstance(node, ast.Name)


def _cuts(source: Source, site: Site) -> Iterator[Edit]:
    """`.detach()` behind what a layer gives, or behind a summand."""
    node = site.node
    if isinstance(node, ast.expr) and _is_tensor(node, site):
        yield Edit(source.span(node), f"{atom(source, node)}.detach()", "cut", "gradient_cut")


def _sequences(source: Source, site: Site) -> Iterator[Edit]:
    """In a sequence: an activation or a BatchNorm more, a layer twice, all elements in another order."""
    node = site.node
    elements: list[ast.expr] = []
    if isinstance(node, ast.Call) and called_name(node) == "Sequential":
        elements = node.args
    elif isinstance(node, ast.List):
        elements = node.elts
    layers = [e for e in elements if isinstance(e, ast.Call) and called_name(e)[0].isupper()]
    for element in layers:
        text, span = source.segment(element), source.span(element)
        yield Edit(Span(span.end, span.end), ", nn.ReLU()", "sequence", "layer_extra", "", "ReLU")
        yield Edit(Span(span.end, span.end), f", {text}", "sequence", "layer_extra", "", called_name(element))
        if called_name(element) == "Linear":
            yield Edit(Span(span.end, span.end), ", nn.Dropout()", "sequence", "layer_extra", "", "Dropout")
    if layers and layers[-1] is elements[-1]:
        end = source.span(elements[-1]).end
        for name in ("Softmax(1)", "Sigmoid()", "LogSoftmax(1)"):
            yield Edit(Span(end, end), f", nn.{name}", "sequence", "layer_extra", "", name.split("(")[0])
    for first in range(len(elements)):
        for second in range(first + 2, len(elements)):
            one, two = source.span(elements[first]), source.span(elements[second])
            between = source.text[one.end : two.start]
            text = source.text[two.start : two.end] + between + source.text[one.start : one.end]
            yield Edit(Span(one.start, two.end), text, "element", "order")


def _nested(source: Source, site: Site) -> Iterator[Edit]:
    """`f(g(x))` to `g(f(x))`; `f(a + b)` to `f(a) + b` and `a + f(b)`."""
    node = site.node
    if not isinstance(node, ast.Call) or len(node.args) != 1 or node.keywords:
        return
    inner = node.args[0]
    outer_text = source.segment(node.func)
    if isinstance(inner, ast.Call) and len(inner.args) == 1 and not inner.keywords and called_name(node) != " ":
        argument = source.segment(inner.args[0])
        text = f"{source.segment(inner.func)}({outer_text}({argument}))"
        yield Edit(source.span(node), text, "order", "order")
    if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Add):
        left, right = source.segment(inner.left), source.segment(inner.right)
        yield Edit(source.span(node), f"({outer_text}({left}) + {right})", "order", "order")
        yield Edit(source.span(node), f"({left} + {outer_text}({right}))", "order", "order")
        yield Edit(source.span(node), f"({outer_text}({left}) + {outer_text}({right}))", "order", "order")


def _sums(source: Source, site: Site) -> Iterator[Edit]:
    """A sum halved, doubled on one side; other operators than the audit tries."""
    node = site.node
    if not isinstance(node, ast.BinOp):
        return
    left, right = source.segment(node.left), source.segment(node.right)
    one, two = atom(source, node.left), atom(source, node.right)
    span = source.span(node)
    if isinstance(node.op, ast.Add):
        yield Edit(span, f"(({left} + {right}) / 2)", "operator", "number", "", "/ 2")
        yield Edit(span, f"({one} * {two})", "operator", "operator", "", "*", "+")
        yield Edit(span, f"({left} + {left})", "operator", "name", "", left, right)
        yield Edit(span, f"({right} + {right})", "operator", "name", "", right, left)
    elif isinstance(node.op, ast.FloorDiv):
        yield Edit(span, f"({one} / {two})", "operator", "operator", "", "/", "//")
        yield Edit(span, f"(-(-{one} // {two}))", "operator", "operator", "", "ceil", "//")
        yield Edit(span, f"round({one} / {two})", "operator", "operator", "", "round", "//")
    elif isinstance(node.op, ast.Div):
        yield Edit(span, f"({one} // {two})", "operator", "operator", "", "//", "/")
        yield Edit(span, f"({two} / {one})", "operator", "operator", "", "upside down", "/")
    elif isinstance(node.op, ast.Sub):
        yield Edit(span, f"({two} - {one})", "operator", "operator", "", "reversed", "-")
    elif isinstance(node.op, ast.Pow):
        yield Edit(span, f"({one} * {two})", "operator", "operator", "", "*", "**")
    elif isinstance(node.op, ast.Mult):
        yield Edit(span, f"({one} + {two})", "operator", "operator", "", "+", "*")
        yield Edit(span, f"({one} / {two})", "operator", "operator", "", "/", "*")


def _brackets(source: Source, site: Site) -> Iterator[Edit]:
    """Brackets left out or set otherwise: `(a + b) * c` to `a + b * c`, `a / (b * c)` to `a / b * c`."""
    node = site.node
    if not isinstance(node, ast.BinOp):
        return
    for operand in (node.left, node.right):
        if isinstance(operand, ast.BinOp):
            span = source.span(operand)
            around = source.with_parentheses(span)
            if around != span:
                yield Edit(around, source.segment(operand), "brackets", "brackets")
    if isinstance(node.left, ast.BinOp):
        first, second = source.segment(node.left.left), source.segment(node.left.right)
        third = source.segment(node.right)
        inner = source.text[source.span(node.left.left).end : source.span(node.left.right).start]
        outer = source.text[source.span(node.left).end : source.span(node).end][: -len(third)]
        if "(" not in inner + outer and ")" not in inner + outer:
            yield Edit(source.span(node), f"({first}{inner}({second}{outer}{third}))", "brackets", "brackets")


def _terms(source: Source, site: Site) -> Iterator[Edit]:
    """A number more or less beside an expression; every name in the place of another; a number of another size."""
    node = site.node
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and node.attr in site.attributes:
        span = source.span(node)
        for other in site.attributes:
            if other != node.attr:
                yield Edit(Span(span.end - len(node.attr), span.end), other, "name")
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in site.names:
        for other in site.names:
            if other != node.id:
                yield Edit(source.span(node), other, "name")
        yield Edit(source.span(node), f"({node.id} + 1)", "term", "part_extra", node.id, "+ 1")
        yield Edit(source.span(node), f"({node.id} - 1)", "term", "part_extra", node.id, "- 1")
        yield Edit(source.span(node), "1", "term", "part_missing", node.id)
    if isinstance(node, ast.Return) and node.value is not None:
        span, text = source.span(node.value), source.segment(node.value)
        if not isinstance(node.value, ast.Call | ast.Tuple):
            for term in ("+ 1", "- 1"):
                yield Edit(span, f"({text}) {term}", "term", "part_extra", "", term)
            for name in site.names:
                yield Edit(span, f"({text}) * {name}", "term", "factor_missing", name, "superfluous")
    if isinstance(node, ast.Constant) and type(node.value) is int and abs(node.value) < 1000:
        for value in {0, 1, 2, 3, 4, node.value * 2, node.value // 2} - {node.value}:
            yield Edit(source.span(node), repr(value), "constant")


OPERATORS: tuple[Callable[[Source, Site], Iterator[Edit]], ...] = (
    _settings,
    _paired,
    _moved,
    _activations,
    _cuts,
    _sequences,
    _nested,
    _sums,
    _brackets,
    _terms,
)
