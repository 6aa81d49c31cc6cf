"""What an exception of PyTorch or of Python means to somebody who meets it for the first time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from grader.examiner.look_alikes import letters_told
from grader.language import _
from grader.sandbox.error_reasons import reason_behind

_SIZES = re.compile(
    r"size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\) at non-singleton dimension (\d)"
)


def explain(error_text: str, input_shape: Sequence[int] = (), expected_shape: Sequence[int] | None = None) -> str:
    """A sentence about the likely cause of an exception, or an empty string.

    Args:
        error_text: the exception's text, possibly a whole traceback.
        input_shape: shape of the input on which it was raised.
        expected_shape: shape that the output should have had, where known.
    """
    sizes = _SIZES.search(error_text)
    if sizes and expected_shape is not None:
        first, second, axis = (int(number) for number in sizes.groups())
        if axis < len(expected_shape) and axis < len(input_shape):
            return _explain_addition(first, second, axis, input_shape, expected_shape)
    if sizes:
        return _explain_sizes(*(int(number) for number in sizes.groups()))
    reason = reason_behind([error_text]) or explain_letters(error_text)
    if reason:
        return reason
    for pattern, sentence in _causes():
        found = pattern.search(error_text)
        if found:
            groups = found.groupdict()
            groups["found"] = groups.get("found") or groups.get("bare")
            return sentence.format(**groups)
    return ""


# The first that is found counts.
_PATTERNS = {
    "gradient is None": r"(?s)'NoneType'.*(?<!autograd)\.grad\b(?!\()",
    "summand is None": r"unsupported operand type\(s\) for \S+ 'Tensor' and 'NoneType'|'NoneType' and 'Tensor'",
    "not called": r"unsupported operand type.*(?:'Tensor' and '[A-Z]|'[A-Z]\w*' and 'Tensor')",
    "in place": r"modified by an inplace operation",
    "leaf in place": r"leaf Variable that requires grad is being used in an in-place operation",
    "linear": r"mat1 and mat2 shapes cannot be multiplied \(\d+x(?P<found>\d+) and (?P<expected>\d+)x\d+\)",
    "channels": r"to have (?P<expected>\d+) channels, but got (?P<found>\d+) channels instead",
    "norm": r"running_mean should contain (?P<found>\d+) elements not (?P<expected>\d+)",
    "cat": (
        r"Sizes of tensors must match except in dimension (?P<axis>\d+)\. "
        r"Expected size (?P<expected>\d+) but got size (?P<found>\d+)"
    ),
    "cat of one": r"cat\(\): argument 'tensors' \(position 1\) must be tuple of Tensors, not (?P<found>\w+)",
    "too small": r"Kernel size can't be greater than actual input size|[Oo]utput size is too small",
    "view": r"shape '(?P<shape>\[[^'{}]*\])' is invalid for input of size (?P<size>\d+)",
    "one value": r"Expected more than 1 value per channel when training",
    "None": r"'NoneType' object|must be Tensor, not NoneType",
    "no super": r"before Module\.__init__\(\) call",
    "super without brackets": r"descriptor '__init__' of 'super' object needs an argument",
    "no gradient": r"does not require grad and does not have a grad_fn",
    "twice": r"Trying to backward through the graph a second time",
    "list called": r'Module \[(?P<found>ModuleList|ModuleDict)\] is missing the required "forward" function',
    "no forward": r'(?:Module \[(?P<found>\w+)\] is )?missing the required "forward" function',
    "no such argument": (
        r"\b(?P<found>Conv2d|BatchNorm2d|Linear|MaxPool2d|AvgPool2d|AdaptiveAvgPool2d|ReLU|Dropout|Dropout2d|Flatten"
        r"|Sequential|ModuleList|Identity|Tanh)\.__init__\(\) got an unexpected keyword argument"
    ),
    "no init": (
        r"(?P<found>[^\W\d]\w*)\.__init__\(\) (?:takes 1 positional argument but \d+ were given"
        r"|got an unexpected keyword argument)|(?<![\w.])[A-Z]\w*\(\) takes no arguments"
    ),
    "no self": r"\w\(\) takes (?:0 positional arguments but 1 was|1 positional argument but 2 were) given",
    "no star": r"\b(?P<found>list|tuple|generator|dict|dict_values|ModuleList) is not a Module subclass",
    "str in modules": r"\bstr is not a Module subclass",
    "class for layer": r"\btorch\.nn\.modules\.\w+\.(?P<found>\w+) is not a Module subclass",
    "no brackets": r"ModuleList\.__init__\(\) takes from 1|ModuleList\.extend should be called with an iterable",
    "float for int": (
        r"must be tuple of ints, (?:not float|but found element of type float)|must be tuple of ints,but got float"
        r"|'float' object cannot be interpreted as an integer|by non-int of type 'float'"
        r"|indices must be integers[^\n]*float"
    ),
    "shadowed module": (
        r"'Tensor' object has no attribute '(?P<found>max_pool2d|avg_pool2d|adaptive_avg_pool2d|conv2d|linear|dropout"
        r"|batch_norm|cross_entropy|pad|gelu|leaky_relu|relu6|interpolate|one_hot|unfold2d|mse_loss|nll_loss)'"
        r"|Tensor(?:Base)?\.(?:relu|sigmoid|tanh)\(\) takes no arguments"
    ),
    "module is a value": (
        r"'(?P<found>int|float|str|bool|list|tuple|dict|set|function|type)' object has no attribute '(?:relu|max_pool2d"
        r"|avg_pool2d|adaptive_avg_pool2d|conv2d|linear|dropout|batch_norm|cross_entropy|softmax|pad|Module|Sequential"
        r"|Conv2d|BatchNorm2d|Linear|Dropout|ReLU|randn|zeros|ones|cat|no_grad)'"
    ),
    "torch.Size": r"'torch\.Size' object is not callable",
    "list is called": r"'(?P<found>list|tuple)' object is not callable",
    "shadowed": r"'(?P<found>int|float|str|bool|dict|set|Tensor|Parameter)' object is not callable",
    "no nn.Module": (
        r"'(?P<found>[A-Z]\w*)' object (?:is not callable|has no attribute '(?:parameters|named_parameters|train|eval"
        r"|modules|named_modules|children|state_dict|load_state_dict|zero_grad|to|apply)')"
        r"|\b__main__\.(?P<bare>\w+) is not a Module subclass"
    ),
    "unbound": r"cannot access local variable '(?P<found>\w+)'|local variable '(?P<bare>\w+)' referenced before",
    "ambiguous": r"Boolean value of Tensor with more than one value is ambiguous",
    "dtype": (
        r"must have the same dtype|expected scalar type (?:Float|Double|Long)|[Ii]nput type .* and (?:weight|bias) type"
    ),
    "no scalar": r"grad can be implicitly created only for scalar outputs",
    "endless": r"maximum recursion depth exceeded",
    "key of dict": r"^KeyError: \d+\b",
}
_COMPILED = {name: re.compile(pattern) for name, pattern in _PATTERNS.items()}


def _causes() -> Iterator[tuple[re.Pattern[str], str]]:
    """Patterns of PyTorch's messages, and what they mean, in the reader's language."""
    sentences = {
        "not called": _(
            "A tensor was added to a layer. A layer has to be called: `self.shortcut(x)`, not `self.shortcut`."
        ),
        "in place": _(
            "An in-place operation (`inplace=True`, `+=`, a name that ends in `_`) destroyed a tensor that the "
            "backward pass still needs. Use its ordinary form."
        ),
        "linear": _(
            "A linear layer expects {expected} numbers per example and gets {found}. Print the shape before it: is "
            "`flatten(1)` there, and have all convolutions and poolings the stride and padding of the task?"
        ),
        "channels": _(
            "A convolution was built for {expected} channels and gets {found}. Follow the number of channels from "
            "layer to layer: each has to begin with what the one before it gives."
        ),
        "norm": _(
            "A BatchNorm was built for {expected} channels and gets {found}: it needs as many as the tensor before it "
            "has. After a convolution these are its output channels, after `torch.cat` the sum."
        ),
        "cat": _(
            "`torch.cat` along axis {axis} needs equal sizes on all other axes, and {expected} and {found} were given. "
            "Channels are axis 1; height and width stay equal with `padding=1` for a 3x3 convolution."
        ),
        "too small": _(
            "The picture has become smaller than the kernel: there are too many strides or poolings before this layer, "
            "or `padding` is missing."
        ),
        "view": _(
            "`view` or `reshape` to {shape} does not fit {size} numbers. `flatten(1)` keeps the batch and needs no "
            "number; a fixed one fits one picture size only."
        ),
        "one value": _(
            "BatchNorm in `train()` mode needs more than one number per channel: the picture has shrunk to 1x1, or the "
            "batch has one example."
        ),
        "None": _("Something is None here: a method without `return`, or a layer that was never made."),
        "no super": _("`super().__init__()` has to be the first line of `__init__`."),
        "no gradient": _(
            "The result does not depend on any parameter: look for `.detach()`, `.data` or `torch.no_grad()`, and for "
            "`torch.set_grad_enabled(False)` in some cell above."
        ),
        "twice": _("`backward()` was called twice on one graph: run the forward pass again before the second call."),
        "no forward": _(
            "The class has no method `forward`: look at its name and at its indentation. It stands beside `__init__`, "
            "not inside it."
        ),
        "list called": _(
            "`nn.{found}` only keeps layers and cannot be called. Call its layers one after another in a loop, or take "
            "`nn.Sequential`."
        ),
        **_of_python(),
    }
    return ((pattern, sentences[name]) for name, pattern in _COMPILED.items())


def _of_python() -> dict[str, str]:
    """Sentences on what Python itself or a constructor of PyTorch says, by name of the pattern."""
    return {
        "gradient is None": _(
            "A gradient is None: `p.grad` is filled by `loss.backward()`. Is it called before, on a loss that depends "
            "on this parameter?"
        ),
        "summand is None": _("One of the two is None: a method without `return`, or a layer that was never made."),
        "leaf in place": _(
            "An in-place operation (`+=`, `w[0] = ...`, a name that ends in `_`) changes a parameter that takes "
            "gradients. Use its ordinary form, or write the line inside `with torch.no_grad():`."
        ),
        "cat of one": _("`torch.cat` takes a list of tensors, and a {found} was given: `torch.cat([a, b], dim=1)`."),
        "super without brackets": _("Brackets are missing after `super`: write `super().__init__()`."),
        "no init": _(
            "The class takes no such arguments. Look at its constructor: is it called `__init__` (not `__int__` or "
            "`_init_`), does it stand inside the class, and does it have all arguments of the task? "
            "`super().__init__()` takes none."
        ),
        "no such argument": _("`nn.{found}` has no argument of this name: look for a slip of the pen in it."),
        "no self": _(
            "The first argument of a method is `self`: `def forward(self, x)`. Is it there? Or is one value "
            "too many given?"
        ),
        "no star": _(
            "`nn.Sequential` takes layers one by one, and a {found} was given. Put a star before it: "
            "`nn.Sequential(*layers)`."
        ),
        "str in modules": _("Names were given instead of layers. `nn.ModuleList` takes a list of layers, not a dict."),
        "class for layer": _("{found} is a class here, not a layer: brackets are missing, `nn.{found}()`."),
        "no brackets": _("`nn.ModuleList` takes one list: `nn.ModuleList([layer1, layer2])`."),
        "float for int": _(
            "A whole number is needed, and a fractional one (float) was given. `/` always gives a float: use `//`."
        ),
        "shadowed module": _(
            "A tensor stands where the module `F` is needed: has a variable been called `F`? Give it another name, "
            "restart the kernel and run all cells."
        ),
        "module is a value": _(
            "A value of type {found} stands where `F`, `nn` or `torch` is needed: has a variable been given such a "
            "name? Give it another one, restart the kernel and run all cells."
        ),
        "torch.Size": _("`shape` is no method: write `x.shape[1]` without round brackets, or `x.size(1)`."),
        "list is called": _(
            "A {found} is called like a function. Is there a comma at the end of a line that makes a layer, or a list "
            "of layers that needs `nn.Sequential(*layers)`? Has a variable been called `{found}`?"
        ),
        "shadowed": _(
            "A value of type {found} is called like a function. Has a variable been given the name of a function "
            "(`sum`, `max`, `len`, `list`)? Rename it and restart the kernel. Or a `*` is missing before a bracket."
        ),
        "no nn.Module": _(
            "An object of the class {found} does not behave like a layer. Is the class written as "
            "`class {found}(nn.Module):`?"
        ),
        "unbound": _(
            "A variable is read before it has got a value inside the function: it is set in a branch that did not run, "
            "or further down, or the names differ by a letter."
        ),
        "ambiguous": _(
            "A tensor of several numbers stands where yes or no is needed, for example `if x > 0`. Or `nn.ReLU(x)` was "
            "written instead of `nn.ReLU()(x)`."
        ),
        "dtype": _("Numbers of different types meet: convert with `.float()`; `float32` is the usual type."),
        "no scalar": _("`backward()` starts from one number: call it on a loss, or on `.sum()` or `.mean()`."),
        "endless": _("A function calls itself without end: does `forward` call `self(x)` or `self.forward(x)`?"),
        "key of dict": _("A dict is asked by a number as if it were a list. Is a list needed here?"),
    }


_NAMED = re.compile(r"name '(\w+)' is not defined|has no attribute '(\w+)'|unexpected keyword argument '(\w+)'")


def explain_letters(error_text: str) -> str:
    """Names the Cyrillic letters in a name that an exception speaks of, where they look like Latin ones."""
    for found in _NAMED.finditer(error_text):
        told = letters_told(next(filter(None, found.groups())))
        if told:
            return told
    return ""


def is_without_forward(error_text: str) -> bool:
    """Whether a NotImplementedError is PyTorch's, which says that a module has no `forward`."""
    return _COMPILED["no forward"].search(error_text) is not None


def named_rightly(error_text: str) -> str:
    """The text of an error without a kind that misleads: a class without `forward` is no unsolved task."""
    return error_text.replace("NotImplementedError: Module [", "Module [")


def _explain_sizes(first: int, second: int, axis: int) -> str:
    """What to do where two tensors do not fit, and nobody knows what was expected."""
    if axis == 1:
        return _(
            "Two tensors meet in one operation, for example an addition, and have {first} and {second} numbers along "
            "axis 1; in pictures these are the channels. A convolution in one of the two ways has to give as many "
            "channels as the other has."
        ).format(first=first, second=second)
    if axis in (2, 3):
        return _(
            "Two tensors meet in one operation, for example an addition, and are {first} and {second} long along axis "
            "{axis}: height or width of the pictures. Both ways need the same stride, and a 3x3 convolution needs "
            "`padding=1`."
        ).format(first=first, second=second, axis=axis)
    return _(
        "Two tensors meet in one operation and are {first} and {second} long along axis {axis}. Print the shapes "
        "of both."
    ).format(first=first, second=second, axis=axis)


def _explain_addition(first: int, second: int, axis: int, given: Sequence[int], expected: Sequence[int]) -> str:
    if axis == 1:
        return _(
            "The two summands have {first} and {second} channels, and {expected} are expected. Where the number of "
            "channels changes, the shortcut needs a 1x1 convolution that changes it too."
        ).format(first=first, second=second, expected=expected[1])
    wanted = expected[axis]
    wrong = first if second == wanted else second
    numbers = {"first": first, "second": second, "expected": wanted, "stride": round(given[axis] / max(wanted, 1))}
    if wrong == given[axis] != wanted:
        return _(
            "The two summands are {first} and {second} pixels wide, and {expected} are expected: one of them ignores "
            "the stride. With stride={stride} both the branch (its first convolution) and the shortcut have to make "
            "the picture smaller, even if the number of channels stays."
        ).format(**numbers)
    if wrong == -(-wanted // numbers["stride"]) != wanted:
        return _(
            "The two summands are {first} and {second} pixels wide, and {expected} are expected: the branch applies "
            "the stride twice. Only its first convolution has the stride, the second has stride=1."
        ).format(**numbers)
    if numbers["stride"] == 1 and wrong <= wanted * 2 / 3:
        return _(
            "The two summands are {first} and {second} pixels wide, and {expected} are expected: one of them becomes "
            "smaller although the stride is 1 here. Look in both ways for a stride that is a fixed number, and for "
            "steps in brackets, `x[:, :, ::2, ::2]`."
        ).format(**numbers)
    if wrong < wanted and (numbers["stride"] > 1 or (wanted - wrong) % 2 == 0):
        return _(
            "The two summands are {first} and {second} pixels wide, and {expected} are expected. A 3x3 convolution "
            "without `padding=1` loses a pixel at every edge."
        ).format(**numbers)
    return _(
        "The two summands are {first} and {second} pixels wide, and {expected} are expected. Check stride and padding."
    ).format(**numbers)
