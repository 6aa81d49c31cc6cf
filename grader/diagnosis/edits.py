"""Small changes of a piece of Python, each at one place: what a mistaken student could have written instead.

General ones (operators, constants, arguments, statements) and those of this field: another activation, another pooling,
a layer left out, one block more.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from grader.diagnosis.text import Source, Span


@dataclass(frozen=True)
class Edit:
    """A change at one place.

    Attributes:
        span: what is replaced.
        text: by what.
        kind: what sort of change it is, such as `constant`.
        meaning: what it means, where its maker knows more than its form says; see `ChangeKind`.
        name: the argument that it concerns, where its maker knows.
        found: what stands there afterwards, in a word.
        expected: what stood there before, in a word.
    """

    span: Span
    text: str
    kind: str
    meaning: str = ""
    name: str = ""
    found: str = ""
    expected: str = ""


@dataclass(frozen=True)
class Site:
    """A node with what surrounds it.

    Attributes:
        node: the node.
        parent: the node that it belongs to.
        names: local names of the function around it, in the order in which they appear.
        attributes: names that the class around it stores on `self`, in that order.
    """

    node: ast.AST
    parent: ast.AST
    names: tuple[str, ...] = ()
    attributes: tuple[str, ...] = field(default=())


def edits_of(source: Source) -> Iterator[Edit]:
    """All changes of a text, in no particular order; some of them may not parse."""
    for site in sites(source.tree):
        for operator in OPERATORS:
            yield from operator(source, site)


def sites(tree: ast.AST) -> Iterator[Site]:
    """Nodes that may be changed: no docstrings, annotations, f-strings, decorators, messages of errors, printing."""
    yield from _sites_below(tree, (), ())


def _sites_below(node: ast.AST, names: tuple[str, ...], attributes: tuple[str, ...]) -> Iterator[Site]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        names = _local_names(node)
    elif isinstance(node, ast.ClassDef):
        attributes = _stored_attributes(node)
    for child in _children(node):
        if _is_docstring(child, node) or _is_printing(child):
            continue
        yield Site(child, node, names, attributes)
        yield from _sites_below(child, names, attributes)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.JoinedStr | ast.Raise | ast.Assert):
        return
    skipped = {"annotation", "returns", "decorator_list", "type_params"}
    for name, value in ast.iter_fields(node):
        if name not in skipped:
            yield from (item for item in (value if isinstance(value, list) else [value]) if isinstance(item, ast.AST))


def _is_docstring(node: ast.AST, parent: ast.AST) -> bool:
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_text and bool(getattr(parent, "body", None)) and isinstance(node.value.value, str)  # type: ignore[attr-defined]


def _is_printing(node: ast.AST) -> bool:
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print"


def _local_names(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> tuple[str, ...]:
    spec = function.args
    named = [*spec.posonlyargs, *spec.args, *([spec.vararg] if spec.vararg else []), *spec.kwonlyargs]
    found = [argument.arg for argument in named if argument.arg not in ("self", "cls")]
    stored = (n for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    found += [node.id for node in sorted(stored, key=lambda node: (node.lineno, node.col_offset))]
    return tuple(dict.fromkeys(name for name in found if name != "_"))


def _stored_attributes(owner: ast.ClassDef) -> tuple[str, ...]:
    stored = (n for n in ast.walk(owner) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store))
    ours = (node for node in stored if isinstance(node.value, ast.Name) and node.value.id == "self")
    return tuple(dict.fromkeys(n.attr for n in sorted(ours, key=lambda node: (node.lineno, node.col_offset))))


ARITHMETIC: dict[type[ast.operator], tuple[str, tuple[str, ...]]] = {
    ast.Add: ("+", ("-",)),
    ast.Sub: ("-", ("+",)),
    ast.Mult: ("*", ("+",)),
    ast.Div: ("/", ("*",)),
    ast.FloorDiv: ("//", ("*",)),
    ast.Mod: ("%", ("*",)),
    ast.Pow: ("**", ("*",)),
    ast.MatMult: ("@", ("*",)),
    ast.LShift: ("<<", (">>",)),
    ast.RShift: (">>", ("<<",)),
    ast.BitAnd: ("&", ("|",)),
    ast.BitOr: ("|", ("&",)),
    ast.BitXor: ("^", ("&",)),
}
COMPARISONS: dict[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {
    ast.Eq: ("==", ("!=",)),
    ast.NotEq: ("!=", ("==",)),
    ast.Lt: ("<", ("<=", ">=")),
    ast.LtE: ("<=", ("<", ">")),
    ast.Gt: (">", (">=", "<=")),
    ast.GtE: (">=", (">", "<")),
    ast.Is: ("is", ("is not",)),
    ast.IsNot: ("is not", ("is",)),
    ast.In: ("in", ("not in",)),
    ast.NotIn: ("not in", ("in",)),
}
SIBLINGS: dict[str, tuple[str, ...]] = {
    "relu": ("sigmoid",),
    "ReLU": ("Sigmoid", "Identity"),
    "LeakyReLU": ("Identity",),
    "Sigmoid": ("ReLU",),
    "Tanh": ("ReLU",),
    "MaxPool2d": ("AvgPool2d",),
    "AvgPool2d": ("MaxPool2d",),
    "max_pool2d": ("avg_pool2d",),
    "avg_pool2d": ("max_pool2d",),
    "AdaptiveAvgPool2d": ("AdaptiveMaxPool2d",),
    "AdaptiveMaxPool2d": ("AdaptiveAvgPool2d",),
    "adaptive_avg_pool2d": ("adaptive_max_pool2d",),
    "BatchNorm2d": ("Identity",),
    "Dropout": ("Identity",),
    "cat": ("stack",),
    "stack": ("cat",),
    "zeros": ("ones",),
    "ones": ("zeros",),
    "zeros_like": ("ones_like",),
    "ones_like": ("zeros_like",),
    "sum": ("mean",),
    "mean": ("sum",),
    "max": ("min",),
    "min": ("max",),
    "argmax": ("argmin",),
    "argmin": ("argmax",),
    "ceil": ("floor",),
    "floor": ("ceil",),
    "train": ("eval",),
    "eval": ("train",),
    "append": ("extend",),
    "extend": ("append",),
}
DELETABLE = (
    ast.Expr,
    ast.Assign,
    ast.AugAssign,
    ast.AnnAssign,
    ast.Return,
    ast.For,
    ast.While,
    ast.If,
    ast.With,
    ast.Try,
    ast.Raise,
    ast.Assert,
    ast.Delete,
)
ATOMS = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant, ast.List, ast.Dict, ast.ListComp)


def _operators(source: Source, site: Site) -> Iterator[Edit]:
    """`a + b` to `a - b`, `a` and `b`; `a += b` to `a -= b` and `a = b`; `and` to `or`; `-a` and `not a` to `a`."""
    node = site.node
    if isinstance(node, ast.BinOp):
        token, others = ARITHMETIC[type(node.op)]
        yield from _in_gap(source, node.left, node.right, token, others)
        for operand in (node.left, node.right):
            yield Edit(source.span(node), atom(source, operand), "operator")
    elif isinstance(node, ast.AugAssign):
        token, others = ARITHMETIC[type(node.op)]
        yield from _in_gap(source, node.target, node.value, f"{token}=", (*[f"{other}=" for other in others], "="))
    elif isinstance(node, ast.BoolOp):
        token, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            yield from _in_gap(source, left, right, token, (other,))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub | ast.Invert):
        yield Edit(source.span(node), atom(source, node.operand), "operator")


def _comparisons(source: Source, site: Site) -> Iterator[Edit]:
    """`a < b` to `a <= b` and to `a >= b`."""
    node = site.node
    if isinstance(node, ast.Compare):
        for left, operator, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
            token, others = COMPARISONS[type(operator)]
            yield from _in_gap(source, left, right, token, others)


def _conditions(source: Source, site: Site) -> Iterator[Edit]:
    """A condition turned round; one half of `a or b`; one branch of `a if c else b`."""
    node = site.node
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        if not isinstance(node.test, ast.Compare):
            yield Edit(source.span(node.test), f"not ({source.segment(node.test)})", "condition")
        if not isinstance(node, ast.IfExp):
            yield Edit(source.span(node.test), "True" if isinstance(node, ast.If) else "False", "condition")
    if isinstance(node, ast.IfExp):
        for branch in (node.body, node.orelse):
            yield Edit(source.span(node), atom(source, branch), "condition")
    if isinstance(node, ast.BoolOp):
        for value in node.values:
            rest = [atom(source, other) for other in node.values if other is not value]
            text = (" and " if isinstance(node.op, ast.And) else " or ").join(rest)
            yield Edit(source.span(node), text if len(rest) == 1 else f"({text})", "condition")


def _constants(source: Source, site: Site) -> Iterator[Edit]:
    """A whole number one more and one less, another twice as large; the other truth value; another word."""
    node = site.node
    if not isinstance(node, ast.Constant):
        return
    match node.value:
        case bool(value):
            others = [repr(not value)]
        case int(value):
            others = [repr(value + 1), *([repr(value - 1)] if value > 0 else [])]
        case float(value):
            others = [repr(value * 2 if value else 1.0)]
        case str(value):
            others = [repr(f"{value}_")]
        case _:
            others = []
    for other in others:
        yield Edit(source.span(node), other, "constant")


def _arguments(source: Source, site: Site) -> Iterator[Edit]:
    """One argument of a call left out; two neighbours swapped."""
    node = site.node
    if isinstance(node, ast.Call):
        yield from _left_out(source, [*node.args, *node.keywords], "argument")
        yield from _swapped(source, node.args, "argument")


def _elements(source: Source, site: Site) -> Iterator[Edit]:
    """One element of a list, a tuple or a dictionary left out; two neighbours swapped."""
    node = site.node
    if isinstance(node, ast.List | ast.Tuple) and isinstance(node.ctx, ast.Load):
        yield from _left_out(source, node.elts, "element")
        yield from _swapped(source, node.elts, "element")
    elif isinstance(node, ast.Slice):
        for bound in (node.lower, node.upper):
            if bound is not None:
                yield Edit(source.span(bound), "", "element")


def _statements(source: Source, site: Site) -> Iterator[Edit]:
    """A statement deleted; `break` for `continue`."""
    node = site.node
    if isinstance(node, DELETABLE):
        yield Edit(source.span(node), "pass", "statement")
    elif isinstance(node, ast.Break | ast.Continue):
        yield Edit(source.span(node), "continue" if isinstance(node, ast.Break) else "break", "statement")


def _names(source: Source, site: Site) -> Iterator[Edit]:
    """A local name for another one of the same function, `self.a` for `self.b`; a library's name for its sibling."""
    node = site.node
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        others = _neighbours(site.names, node.id) if node.id in site.names else SIBLINGS.get(node.id, ())
        for other in others:
            yield Edit(source.span(node), other, "name")
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        is_own = isinstance(node.value, ast.Name) and node.value.id == "self" and node.attr in site.attributes
        span = source.span(node)
        name = Span(span.end - len(node.attr), span.end)
        for other in _neighbours(site.attributes, node.attr) if is_own else SIBLINGS.get(node.attr, ()):
            yield Edit(name, other, "name")


def _calls(source: Source, site: Site) -> Iterator[Edit]:
    """`F.relu(x)` and `self.conv(x)` to `x`, `x.flatten(1)` to `x`; `range(n)` one shorter and one longer."""
    node = site.node
    if not isinstance(node, ast.Call):
        return
    span = source.span(node)
    if _name(node.func) == "range" and node.args and not any(isinstance(n, ast.Constant) for n in ast.walk(node)):
        for step in ("- 1", "+ 1"):  # where there is a number, `_constants` changes that
            yield Edit(source.span(node.args[-1]), f"{atom(source, node.args[-1])} {step}", "range")
    if not isinstance(node.func, ast.Attribute) or isinstance(site.parent, ast.Expr) or node.func.attr[0].isupper():
        return
    owner = node.func.value
    is_module = isinstance(owner, ast.Name) and owner.id in ("F", "torch", "nn", "np", "math", "self")
    if is_module and node.args and not isinstance(node.args[0], ast.Starred):
        yield Edit(span, atom(source, node.args[0]), "call")
    elif not is_module and not (isinstance(owner, ast.Call) and _name(owner.func) == "super"):
        yield Edit(span, atom(source, owner), "call")


Operator = Callable[[Source, Site], Iterator[Edit]]
OPERATORS: tuple[Operator, ...] = (
    _operators,
    _comparisons,
    _conditions,
    _constants,
    _arguments,
    _elements,
    _statements,
    _names,
    _calls,
)


def _in_gap(source: Source, left: ast.AST, right: ast.AST, token: str, others: tuple[str, ...]) -> Iterator[Edit]:
    """Replace a token that stands between two operands."""
    gap = Span(source.span(left).end, source.span(right).start)
    at = source.text.find(token, gap.start, gap.end)
    if at >= 0:
        for other in others:
            yield Edit(Span(at, at + len(token)), other, "operator")


def _left_out(source: Source, items: Sequence[ast.expr | ast.keyword], kind: str) -> Iterator[Edit]:
    """Leave out one of several items, with the comma that belongs to it."""
    spans = _item_spans(source, items)
    for index, span in enumerate(spans):
        if len(spans) == 1:
            yield Edit(span, "", kind)
        elif index + 1 < len(spans):
            yield Edit(Span(span.start, spans[index + 1].start), "", kind)
        else:
            yield Edit(Span(spans[index - 1].end, span.end), "", kind)


def _swapped(source: Source, items: list[ast.expr], kind: str) -> Iterator[Edit]:
    """Swap two neighbours; a starred one stays where it is."""
    spans = _item_spans(source, items)
    for index in range(len(items) - 1):
        if not any(isinstance(item, ast.Starred) for item in items[index : index + 2]):
            left, right = spans[index], spans[index + 1]
            between = source.text[left.end : right.start]
            text = source.text[right.start : right.end] + between + source.text[left.start : left.end]
            yield Edit(Span(left.start, right.end), text, kind)


def _item_spans(source: Source, items: Sequence[ast.expr | ast.keyword]) -> list[Span]:
    """Where items stand, parentheses included; those around an only one belong to the call."""
    spans = [source.span(item) for item in items]
    return spans if len(spans) == 1 else [source.with_parentheses(span) for span in spans]


def atom(source: Source, node: ast.expr) -> str:
    """The text of an expression, in parentheses where it needs them among others."""
    text = source.segment(node)
    return text if isinstance(node, ATOMS) else f"({text})"


def _neighbours(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    """The names before and after this one, in a circle."""
    index = names.index(name)
    around = (names[index - 1], names[(index + 1) % len(names)])
    return tuple(dict.fromkeys(other for other in around if other != name))


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""
