"""Changes of a student's own text that may put it right, each with what it means: the mistake that it takes back.

A mistake was one small change of a right text, so its repair is the change back. Many operators of `edits` and
`mistakes` are each other's way back; those here are the ways back that are missing there.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from grader.diagnosis.change import ChangeReader
from grader.diagnosis.edits import Edit, Site, atom, sites
from grader.diagnosis.kinds import Change
from grader.diagnosis.library import ACTIVATIONS, KINDS_OF_LAYER, called_name, default_of, parameter_at
from grader.diagnosis.mistakes import mistakes_of
from grader.diagnosis.text import Source, Span

MOST_NAMES = 10  # of a function, that are tried as one argument more
FEW_NAMES = 8
MOST_ITEMS = 6
USUAL_NUMBERS = ("1", "2", "3", "0")
_NEVER = frozenset({"cut", "statement"})  # no mistake is put right by leaving out more
# No task of a course asks for these in one place only.
_NEVER_ASKED = frozenset(
    {"GELU", "ELU", "LeakyReLU", "ReLU6", "Tanh", "SiLU", "tanh", "silu", "InstanceNorm2d", "Softmax", "LogSoftmax",
     "Sigmoid", "log_softmax", "upside down", "reversed", "ceil", "round", "/ 2"}
)  # fmt: skip


@dataclass(frozen=True)
class Repair:
    """A change of the student's text.

    Attributes:
        edit: from the text as it is to the repaired one.
        mistake: from the repaired text back: what the student did.
    """

    edit: Edit
    mistake: Edit

    @property
    def distance(self) -> int:
        """How many lines further away a line has to be for its commoner repairs to be tried after this one."""
        return _DISTANCES.get(self.edit.kind, 3)

    def change(self, cell: str, source: Source) -> Change:
        """The mistake in the words of the field.

        Args:
            cell: the cell's `grade_id`.
            source: the text as it is.

        Raises:
            SyntaxError: the repaired text does not parse.
        """
        return ChangeReader(cell, Source(source.replaced(self.edit.span, self.edit.text))).read(self.mistake)


def repairs_of(source: Source) -> list[Repair]:
    """Repairs of a text, each repaired text once; likely ones first."""
    found: dict[str, Repair] = {}
    for edit in (*mistakes_of(source), *_ways_back(source)):
        text = source.replaced(edit.span, edit.text)
        is_likely = edit.kind not in _NEVER and edit.found not in _NEVER_ASKED
        if is_likely and text not in found and text != source.text:
            found[text] = Repair(edit, _mistake(source, edit))
    return sorted(found.values(), key=_rank)


# The sorts of which there are few come first: all of them are tried before time ends.
_ORDER = """
    return, element, argument, range, setting put in, brackets, order, moved, call, condition, operator, activation,
    constant, name, setting, argument put in, element put in, factor, sequence, norm, term
"""
_RANKS = {kind.strip(): rank for rank, kind in enumerate(_ORDER.split(","))}
_DISTANCES = {kind: (rank > _RANKS["activation"]) + 2 * (rank > _RANKS["setting"]) for kind, rank in _RANKS.items()}


def _rank(repair: Repair) -> int:
    """Leaving out an argument comes with other settings: it may be one more way to say the usual value."""
    is_left_out = repair.edit.kind == "argument" and not repair.edit.text.strip(" ,")
    return _RANKS.get("setting" if is_left_out else repair.edit.kind, len(_RANKS))


def _mistake(source: Source, edit: Edit) -> Edit:  # noqa: PLR0911  one line for each sort of repair
    """The way back: what stood in the text in the place of the repair."""
    before = source.text[edit.span.start : edit.span.end]
    span = Span(edit.span.start, edit.span.start + len(edit.text))
    back = replace(edit, span=span, text=before, found=edit.expected, expected=edit.found)
    if edit.kind == "return":
        begin = span.start + edit.text.index("return")
        return Edit(Span(begin, span.end), "pass", "statement")
    if edit.kind.endswith(" put in"):
        return Edit(span, before, edit.kind.removesuffix(" put in").replace("setting", "argument"))
    if edit.kind == "factor":  # the parentheses stay
        return Edit(Span(span.start + 1, span.end - 1), before, "operator")
    match edit.meaning:
        case "layer_extra":  # a layer put in: it was missing
            is_wrapped = bool(before) and before in edit.text
            return Edit(span, before, "call" if is_wrapped else "element")
        case "part_extra" | "factor_missing" | "number":
            return Edit(span, before, "operator")
        case "part_missing":
            return Edit(span, before, "constant")
    if edit.kind == "argument" and not edit.text.strip(" ,"):  # an argument taken away: it was superfluous
        return _superfluous(source, edit, span)
    if edit.kind == "call":  # a call taken away: it was superfluous
        name = _called_in(before)
        if name in KINDS_OF_LAYER:
            return Edit(span, before, "call", "layer_extra", "", ACTIVATIONS.get(name, name))
        if name in ("detach", "item", "numpy"):
            return Edit(span, before, "cut", "gradient_cut")
        if name and not _is_own(before):
            return Edit(span, before, "call", "part_extra", "", f"{name}()")
    return back


def _superfluous(source: Source, edit: Edit, span: Span) -> Edit:
    """An argument that should not be there; of a layer with the name of its setting."""
    before = source.text[edit.span.start : edit.span.end]
    for call in (node for node in ast.walk(source.tree) if isinstance(node, ast.Call)):
        layer = called_name(call)
        for index, argument in enumerate([*call.args, *call.keywords]):
            inside = source.span(argument)
            if layer in KINDS_OF_LAYER and edit.span.start <= inside.start and inside.end <= edit.span.end:
                name = str(argument.arg) if isinstance(argument, ast.keyword) else parameter_at(layer, index)
                value = argument.value if isinstance(argument, ast.keyword) else argument
                return Edit(span, before, "argument", "argument", name, source.segment(value), default_of(layer, name))
    return Edit(span, before, "argument")


def _is_own(text: str) -> bool:
    return text.lstrip("( ").startswith("self.") and text.count("(") == 1


def _called_in(text: str) -> str:
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError:
        return ""
    return called_name(tree.body) if isinstance(tree.body, ast.Call) else ""


def _ways_back(source: Source) -> Iterator[Edit]:
    for site in sites(source.tree):
        yield from _factors(source, site)
        yield from _other_operators(source, site)
        yield from _settings(source, site)
        yield from _insertions(source, site)
        yield from _slices(source, site)
        yield from _times(source, site)
        yield from _returns(source, site)
        yield from _brackets_put_in(source, site)
        yield from _layers(source, site)


def _factors(source: Source, site: Site) -> Iterator[Edit]:
    """`n` to `n * m`, `n + m`, `n // 2` and the like: a factor or a summand was left out."""
    node = site.node
    if not isinstance(node, ast.Name | ast.Attribute | ast.BinOp | ast.Subscript) or not _is_number_like(node, site):
        return
    span = source.span(node)
    text = atom(source, node)
    others = [name for name in site.names[:FEW_NAMES] if name != text]
    for other in ("2", "1", *others):
        for token in ("*", "+", "-", "//") if other == "2" or node in _values_of(site.parent) else ("*",):
            yield Edit(span, f"({text} {token} {other})", "factor", "part_extra")


def _is_number_like(node: ast.expr, site: Site) -> bool:
    """Whether an expression may be a number that is handed on: no name of a library, nothing that is called."""
    if isinstance(getattr(node, "ctx", None), ast.Store | ast.Del):
        return False
    if isinstance(node, ast.Name) and node.id not in site.names:
        return False
    parent = site.parent
    is_owner = isinstance(parent, ast.Attribute) or (isinstance(parent, ast.Call) and parent.func is node)
    return not is_owner and not isinstance(parent, ast.Subscript | ast.For | ast.comprehension)


def _values_of(parent: ast.AST) -> list[ast.AST]:
    match parent:
        case ast.Assign() | ast.AugAssign() | ast.Return() | ast.keyword():
            return [parent.value] if parent.value is not None else []
        case ast.Call():
            return list(parent.args)
    return []


_OTHER_TOKENS = {ast.Mult: ("**", "//"), ast.Add: ("*",), ast.Sub: ("*",), ast.Pow: ("*",), ast.Div: ("//",)}


def _other_operators(source: Source, site: Site) -> Iterator[Edit]:
    node = site.node
    if not isinstance(node, ast.BinOp) or type(node.op) not in _OTHER_TOKENS:
        return
    gap = Span(source.span(node.left).end, source.span(node.right).start)
    token = {ast.Mult: "*", ast.Add: "+", ast.Sub: "-", ast.Pow: "**", ast.Div: "/"}[type(node.op)]
    at = source.text.find(token, gap.start, gap.end)
    if at >= 0:
        for other in _OTHER_TOKENS[type(node.op)]:
            yield Edit(Span(at, at + len(token)), other, "operator")


def _settings(source: Source, site: Site) -> Iterator[Edit]:
    """One setting more of a convolution or a pooling."""
    node = site.node
    if not isinstance(node, ast.Call) or called_name(node) not in HAVE_SETTINGS or len(node.args) < 3:
        return
    named = [name for name in SETTINGS if name in site.names]
    last = source.span(node.args[-1]).end
    for value in (*named, *USUAL_NUMBERS):
        yield Edit(Span(last, last), f", {value}", "setting put in")
    for item in node.args[3:]:
        at = source.span(item).start
        for value in named:
            yield Edit(Span(at, at), f"{value}, ", "setting put in")


def _insertions(source: Source, site: Site) -> Iterator[Edit]:
    """One argument or element more: a name of the function or a usual number."""
    node = site.node
    if isinstance(node, ast.Call):
        items, kind = node.args, "argument"
        if called_name(node) in _TAKE_NO_MORE or _is_applied(node):
            return
    elif isinstance(node, ast.Tuple | ast.List) and isinstance(node.ctx, ast.Load):
        items, kind = node.elts, "element"
    else:
        return
    if len(items) > MOST_ITEMS or any(isinstance(item, ast.Starred | ast.Call) for item in items):
        return
    values: Iterable[str] = (*site.names[:MOST_NAMES], *USUAL_NUMBERS)
    if kind == "element":  # a table that is typed out repeats what stands in it
        values = dict.fromkeys((*map(source.segment, items), *values))
    for item in items:
        at = source.span(item).start
        for value in values:
            yield Edit(Span(at, at), f"{value}, ", f"{kind} put in")
    if items or not getattr(node, "keywords", ()):
        last = source.span(items[-1]).end if items else source.span(node).end - 1
        for value in values:
            yield Edit(Span(last, last), f", {value}" if items else value, f"{kind} put in")


HAVE_SETTINGS = frozenset({"Conv2d", "LazyConv2d", "conv2d", "MaxPool2d", "max_pool2d", "AvgPool2d", "avg_pool2d"})
SETTINGS = ("stride", "padding", "dilation", "groups")
_TAKE_NO_MORE = frozenset({"Sequential", "ModuleList", "super", "range", "len", "append", "extend", "list", "tuple"})


def _is_applied(call: ast.Call) -> bool:
    """Whether a layer or an activation is applied to a tensor: it takes nothing more."""
    is_own = (
        isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) and call.func.value.id == "self"
    )
    return (is_own and len(call.args) == 1) or called_name(call) in ACTIVATIONS


def _slices(source: Source, site: Site) -> Iterator[Edit]:
    """`[:]` to `[1:]` and `[:-1]`."""
    node = site.node
    if isinstance(node, ast.Slice) and node.lower is None and node.upper is None and node.step is None:
        span = source.span(node)
        for text in ("1:", ":-1", "2:", "::-1"):
            yield Edit(span, text, "element")


def _returns(source: Source, site: Site) -> Iterator[Edit]:
    """A function that gives nothing back, and was to give back what it was given or has made."""
    node = site.node
    if not isinstance(node, ast.FunctionDef) or node.name == "__init__":
        return
    gives = any(isinstance(part, ast.Return | ast.Yield) for part in ast.walk(node))
    last = node.body[-1]
    if gives or not isinstance(last, ast.Pass | ast.Assign | ast.Expr | ast.For | ast.AugAssign):
        return
    made = [part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)]
    span, indent = source.span(last), " " * last.col_offset
    for name in dict.fromkeys([*reversed(made), *(argument.arg for argument in node.args.args)]):
        if isinstance(last, ast.Pass):
            yield Edit(span, f"return {name}", "return")
        else:
            yield Edit(Span(span.end, span.end), f"\n{indent}return {name}", "return")


def _times(source: Source, site: Site) -> Iterator[Edit]:
    """`[item]` to `[item] * 3`: it was to be repeated."""
    node = site.node
    if isinstance(node, ast.List) and len(node.elts) == 1 and isinstance(node.ctx, ast.Load):
        end = source.span(node).end
        if not isinstance(site.parent, ast.BinOp | ast.Subscript):
            for count in ("2", "3", "4", *site.names[:FEW_NAMES]):
                yield Edit(Span(end, end), f" * {count}", "term", "part_extra")


def _brackets_put_in(source: Source, site: Site) -> Iterator[Edit]:
    """`(a + b) / 2 * h` to `(a + b) / (2 * h)`: the parentheses that stand there stay."""
    node = site.node
    if not isinstance(node, ast.BinOp) or not isinstance(node.left, ast.BinOp):
        return
    parts = (node.left.left, node.left.right, node.right)
    first, second, third = (source.with_parentheses(source.span(part)) for part in parts)
    if source.with_parentheses(source.span(node.left)) == source.span(node.left):
        inner = source.text[first.end : second.start] + "(" + source.text[second.start : third.end] + ")"
        yield Edit(Span(first.end, third.end), inner, "brackets", "brackets")


def _layers(source: Source, site: Site) -> Iterator[Edit]:
    """`Identity` to what it may stand for; ReLU around a call of a layer."""
    node = site.node
    if isinstance(node, ast.Attribute) and node.attr == "Identity":
        end = source.span(node).end
        for other in ("ReLU", "BatchNorm2d", "Dropout"):
            yield Edit(Span(end - len("Identity"), end), other, "name")
    is_applied = isinstance(node, ast.Call) and (
        called_name(node) in ("conv2d", "linear", "batch_norm", "max_pool2d") or isinstance(node.func, ast.Subscript)
    )
    if is_applied and isinstance(node, ast.Call):
        yield Edit(source.span(node), f"torch.relu({source.segment(node)})", "activation", "layer_extra", "", "ReLU")
    if isinstance(node, ast.Return) and node.value is not None:
        yield Edit(
            source.span(node.value), f"{atom(source, node.value)}.flatten(1)", "call", "layer_extra", "", "flatten"
        )
