"""Checks for hidden tests: they compare what a student's module does, never how it is written.

A hidden test is ordinary PyTorch text that calls these functions. `student` may be the real module (authoring, pytest)
or a stand-in whose forward and backward run in the sandbox (grading): a check uses the public `nn.Module` API and
tensors, and never looks at the type of a layer. It returns `None` or raises `CheckFailed`; the
message is for the student.
"""

from grader.checks.contest import contest_points
from grader.checks.counting import parameter_count
from grader.checks.equivalence import gradients_match, same_function
from grader.checks.gradients import gradients_reach_every_parameter
from grader.checks.mutation import does_not_change_its_input
from grader.checks.shapes import has_shape, output_has_shape
from grader.checks.suspects import Suspect

__all__ = [
    "Suspect",
    "contest_points",
    "does_not_change_its_input",
    "gradients_match",
    "gradients_reach_every_parameter",
    "has_shape",
    "output_has_shape",
    "parameter_count",
    "same_function",
]
