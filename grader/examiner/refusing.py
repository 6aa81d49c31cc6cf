"""What a hidden test cannot do with a stand-in: hooks and new parts would not reach the student's module."""

from __future__ import annotations

from typing import Any, NoReturn

from grader.errors import InvalidAssignment


class RefusesParts:
    """The part of a stand-in for a module that takes neither hooks nor parts."""

    def refuse(self, what: str) -> NoReturn:
        """Say that a hidden test cannot do this.

        Raises:
            InvalidAssignment: always.
        """
        raise InvalidAssignment(
            f"A hidden test cannot {what}: that does not reach the student's module.",
            remedy="Let the student's code build it, or write a function in the visible part of the cell.",
        )

    def _no_hook(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        self.refuse("put a hook on a stand-in")

    def _no_part(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        self.refuse("add parts to a stand-in")

    register_forward_hook = register_forward_pre_hook = _no_hook
    register_backward_hook = register_full_backward_hook = register_full_backward_pre_hook = _no_hook
    register_module = add_module = register_buffer = register_parameter = _no_part
