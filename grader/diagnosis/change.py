"""What a small change of a reference solution means, in the words of the field: kind, place, found, expected.

The same reader serves whoever made the change: an operator of `grader.diagnosis.edits`, or one of
`grader.diagnosis.mistakes`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.diagnosis.edits import Edit
from grader.diagnosis.kinds import Change, ChangeKind, Role
from grader.diagnosis.library import (
    ACTIVATIONS,
    CONTAINERS,
    KINDS_OF_LAYER,
    called_name,
    default_of,
    is_method,
    parameter_at,
)
from grader.diagnosis.text import Source, Span


class ChangeReader:
    """Reads changes of one cell.

    Args:
        cell: its `grade_id`.
        source: its text.
    """

    def __init__(self, cell: str, source: Source) -> None:
        self._cell = cell
        self._source = source
        self._parents = {child: node for node in ast.walk(source.tree) for child in ast.iter_child_nodes(node)}
        self._by_span: dict[Span, list[ast.AST]] = {}
        for node in ast.walk(source.tree):
            if hasattr(node, "lineno"):
                self._by_span.setdefault(source.span(node), []).append(node)

    def read(self, edit: Edit) -> Change:
        """The meaning of an edit; what cannot be said closer is `OTHER`, with its place."""
        node = self._node_at(edit.span)
        scope, function = self._place(node)
        found = edit.found or _word(edit.text)
        known = {
            "cell": self._cell,
            "scope": scope,
            "function": function,
            "line": self._source.line_of(edit.span),
        }
        kind, more = self._meaning(edit, node, found)
        return Change(kind=kind, **{**known, **more})  # type: ignore[arg-type]

    def _node_at(self, span: Span) -> ast.AST:
        """The innermost node that holds the span."""
        holders = [
            (s.end - s.start, -i, nodes[-1])
            for i, (s, nodes) in enumerate(self._by_span.items())
            if s.start <= span.start and span.end <= s.end
        ]
        return min(holders, key=lambda item: item[:2])[2] if holders else self._source.tree

    def _ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        while node in self._parents:
            node = self._parents[node]
            yield node

    def _place(self, node: ast.AST) -> tuple[str, str]:
        around = [part for part in (node, *self._ancestors(node)) if isinstance(part, ast.FunctionDef | ast.ClassDef)]
        if not around:
            return "", ""
        return around[-1].name, around[0].name

    def _meaning(  # noqa: PLR0911  one line for each sort of change
        self, edit: Edit, node: ast.AST, found: str
    ) -> tuple[ChangeKind, dict[str, object]]:
        if self._is_in_condition(node):
            return ChangeKind.CONDITION, {}
        if edit.meaning:
            more = {"name": edit.name, "found": found, "expected": edit.expected}
            parent = self._parents.get(node)
            call = parent if isinstance(parent, ast.Call) and parent.func is node else node
            return ChangeKind(edit.meaning), {"role": self.role_near(node), "near": self._before(call), **more}
        layer = self._layer_around(node, edit)
        if layer is not None:
            return self._of_layer_argument(layer, edit, node, found)
        match edit.kind:
            case "call":
                return self._of_call(node)
            case "name":
                return self._of_name(edit, node)
            case "operator":
                return self._of_operator(edit, node, found)
            case "constant":
                return ChangeKind.NUMBER, {"found": found, "expected": _word(self._source.segment(node))}
            case "range":
                return ChangeKind.REPEATS, {"found": "fewer" if edit.text.endswith("- 1") else "more"}
            case "condition":
                return ChangeKind.CONDITION, {}
            case "statement":
                return self._of_statement(node)
            case "element" | "argument":
                return self._of_element(edit, node)
        return ChangeKind.OTHER, {}

    def _is_in_condition(self, node: ast.AST) -> bool:
        below = node
        for part in self._ancestors(node):
            if isinstance(part, ast.If | ast.IfExp | ast.While) and part.test is below:
                return True
            below = part
        return False

    def _layer_around(self, node: ast.AST, edit: Edit) -> ast.Call | None:
        """The call of a layer's constructor or function in whose arguments the change lies."""
        for part in (node, *self._ancestors(node)):
            if isinstance(part, ast.stmt):
                return None
            if isinstance(part, ast.Call) and _is_own_attribute(part.func):
                return None  # the layer is called here, and what it is called on is no setting
            if isinstance(part, ast.Call) and called_name(part) in KINDS_OF_LAYER:
                inside = self._source.span(part)
                head = self._source.span(part.func)
                if edit.span.start >= head.end and edit.span != inside and self._is_setting(part, edit):
                    return part
                return None
            if isinstance(part, ast.Call) and called_name(part) in CONTAINERS:
                return None
        return None

    def _is_setting(self, call: ast.Call, edit: Edit) -> bool:
        """Whether the change lies in a setting of a layer, not in the tensor that a function of `F` is called on."""
        if called_name(call)[0].isupper() or is_method(call):
            return True
        first = self._source.span(call.args[0]) if call.args else None
        return first is None or not (first.start <= edit.span.start and edit.span.end <= first.end)

    def _of_layer_argument(
        self, call: ast.Call, edit: Edit, node: ast.AST, found: str
    ) -> tuple[ChangeKind, dict[str, object]]:
        role = self.role_of(call)
        name = ""
        expected = ""
        for index, argument in enumerate(call.args):
            if _overlaps(self._source.span(argument), edit.span):
                name = name or parameter_at(called_name(call), index)
                expected = expected or _word(self._source.segment(argument))
        for keyword in call.keywords:
            if _overlaps(self._source.span(keyword), edit.span):
                name = name or str(keyword.arg)
                expected = expected or _word(self._source.segment(keyword.value))
        if edit.name:
            name = edit.name
        whole = edit.found or (found if edit.text and _is_literal(edit.text) else "")
        if not edit.text.strip() and not edit.found:
            default = default_of(called_name(call), name)
            whole = default
        expected = edit.expected or (expected if _is_literal(expected) else "")
        return ChangeKind.ARGUMENT, {"role": role, "name": name, "found": whole, "expected": expected}

    def _of_call(self, node: ast.AST) -> tuple[ChangeKind, dict[str, object]]:
        if isinstance(node, ast.Call):
            return ChangeKind.LAYER_MISSING, {"role": self.role_of(node), "near": self._before(node)}
        return ChangeKind.OTHER, {}

    def _of_name(self, edit: Edit, node: ast.AST) -> tuple[ChangeKind, dict[str, object]]:
        if isinstance(node, ast.Attribute) and _is_own_attribute(node):
            other = self._role_of_attribute(edit.text)
            return ChangeKind.LAYER_SWAPPED, {"role": self._role_of_attribute(node.attr), "near": other}
        name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
        parent = self._parents.get(node)
        if name in KINDS_OF_LAYER and isinstance(parent, ast.Call):
            role = self.role_of(parent)
            if edit.text == "Identity":
                return ChangeKind.LAYER_MISSING, {"role": role, "near": self._before(parent)}
            return ChangeKind.LAYER_OTHER, {
                "role": role,
                "near": self._before(parent),
                "found": edit.text,
                "expected": name,
            }
        return ChangeKind.NAME, {"found": edit.text, "expected": name}

    def _of_operator(self, edit: Edit, node: ast.AST, found: str) -> tuple[ChangeKind, dict[str, object]]:
        if isinstance(node, ast.BinOp) and edit.span == self._source.span(node):
            left = edit.text.strip("()") == self._source.segment(node.left).strip("()")
            gone = node.right if left else node.left
            name = self._source.segment(gone)
            role = self._role_of_expression(gone)
            kinds = {ast.Add: ChangeKind.SUMMAND_MISSING, ast.Mult: ChangeKind.FACTOR_MISSING}
            return kinds.get(type(node.op), ChangeKind.PART_MISSING), {"role": role, "name": name}
        if isinstance(node, ast.UnaryOp):
            return ChangeKind.OPERATOR, {"expected": "-" if isinstance(node.op, ast.USub) else "not"}
        before = self._source.text[edit.span.start : edit.span.end]
        return ChangeKind.OPERATOR, {"found": edit.text, "expected": before}

    def _of_statement(self, node: ast.AST) -> tuple[ChangeKind, dict[str, object]]:
        if isinstance(node, ast.Return):
            return ChangeKind.STEP_MISSING, {"name": "return"}
        calls = [part for part in ast.walk(node) if isinstance(part, ast.Call)]
        role = next((role for role in map(self.role_of, calls) if role is not None), None)
        target = getattr(node, "target", None) or next(iter(getattr(node, "targets", [])), None)
        name = self._source.segment(target) if target is not None else ""
        return ChangeKind.STEP_MISSING, {"role": role, "name": name}

    def _of_element(self, edit: Edit, node: ast.AST) -> tuple[ChangeKind, dict[str, object]]:
        items = self._items(node)
        touched = [item for item in items if _overlaps(self._source.span(item), edit.span)]
        if edit.text.strip() and len(touched) >= 2:
            roles = [self._role_of_expression(item) for item in touched]
            return ChangeKind.ORDER, {"role": roles[0], "near": roles[1], "name": self._source.segment(touched[0])}
        gone = touched[0] if touched else node
        role = self._role_of_expression(gone)
        if role is not None:
            return ChangeKind.LAYER_MISSING, {"role": role, "near": self._before(gone)}
        name = gone.arg or "" if isinstance(gone, ast.keyword) else self._source.segment(gone)
        if isinstance(node, ast.Call) and called_name(node) not in CONTAINERS:
            return ChangeKind.ARGUMENTS_OF_CALL, {"name": name, "expected": called_name(node)}
        return ChangeKind.PART_MISSING, {"name": name}

    def _items(self, node: ast.AST) -> list[ast.AST]:
        for part in (node, *self._ancestors(node)):
            if isinstance(part, ast.Call):
                return [*part.args, *part.keywords]
            if isinstance(part, ast.List | ast.Tuple):
                return list(part.elts)
            if isinstance(part, ast.stmt):
                break
        return []

    def _role_of_expression(self, node: ast.AST) -> Role | None:
        calls = (part for part in ast.walk(node) if isinstance(part, ast.Call))
        return next((role for role in map(self.role_of, calls) if role is not None), None)

    def role_near(self, node: ast.AST) -> Role | None:
        """The role of the nearest layer around or in a node."""
        for part in (node, *self._ancestors(node)):
            if isinstance(part, ast.Call):
                role = self.role_of(part)
                if role is not None:
                    return role
            if isinstance(part, ast.stmt):
                return None
        return self._role_of_expression(node)

    def role_of(self, call: ast.Call) -> Role | None:
        """What layer a call makes or applies."""
        name = called_name(call)
        if _is_own_attribute(call.func):
            return self._role_of_attribute(name)
        if name not in KINDS_OF_LAYER:
            return None
        kind = KINDS_OF_LAYER[name]
        alike = self._alike(call, kind)
        number = alike.index(call) + 1 if len(alike) > 1 and call in alike else 0
        return Role(kind, ACTIVATIONS.get(name, name), number, self._holder(call))

    def _alike(self, call: ast.Call, kind: str) -> list[ast.Call]:
        """The calls of one kind of layer in the same class or function, in the order of the text."""
        around = [part for part in self._ancestors(call) if isinstance(part, ast.FunctionDef | ast.ClassDef)]
        scope = around[-1] if around else self._source.tree
        calls = [
            part
            for part in ast.walk(scope)
            if isinstance(part, ast.Call)
            and KINDS_OF_LAYER.get(called_name(part)) == kind
            and called_name(part)[0].isupper() == called_name(call)[0].isupper()
            and self._holder(part) == self._holder(call)
        ]
        return sorted(calls, key=lambda part: (part.end_lineno or 0, part.end_col_offset or 0))

    def _holder(self, call: ast.Call) -> str:
        """The attribute whose container holds the layer."""
        is_held = False
        for part in self._ancestors(call):
            if isinstance(part, ast.Call) and called_name(part) in CONTAINERS:
                is_held = True
            if isinstance(part, ast.Assign):
                target = part.targets[0]
                return target.attr if is_held and isinstance(target, ast.Attribute) else ""
        return ""

    def _role_of_attribute(self, name: str) -> Role | None:
        for node in ast.walk(self._source.tree):
            if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
                continue
            target = node.targets[0]
            if isinstance(target, ast.Attribute) and target.attr == name:
                return self.role_of(node.value) or Role("layer", name)
        return None

    def _before(self, node: ast.AST) -> Role | None:
        """The layer whose output a layer gets: inside its brackets, or the one before it in a sequence."""
        if isinstance(node, ast.Call):
            for argument in node.args:
                if isinstance(argument, ast.BinOp) and isinstance(argument.op, ast.Add):
                    return Role("addition", "+")
                for part in (argument, *ast.walk(argument)):
                    if isinstance(part, ast.Call) and part is not node:
                        role = self.role_of(part)
                        if role is not None:
                            return role
        parent = self._parents.get(node)
        items: list[ast.AST] = []
        if isinstance(parent, ast.Call) and called_name(parent) in CONTAINERS:
            items = [*parent.args]
        elif isinstance(parent, ast.List | ast.Tuple):
            items = [*parent.elts]
        if node in items and items.index(node):
            return self._role_of_expression(items[items.index(node) - 1])
        return None


def _is_own_attribute(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"


def _overlaps(one: Span, other: Span) -> bool:
    return (one.start < other.end and other.start < one.end) or one == other


def _is_literal(text: str) -> bool:
    try:
        ast.literal_eval(text.strip())
    except (ValueError, SyntaxError):
        return False
    return True


def _word(text: str) -> str:
    """A text that can be quoted: a literal or a short name."""
    text = text.strip()
    return text if _is_literal(text) or text.isidentifier() else ""
