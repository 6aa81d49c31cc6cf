"""Checks for hidden tests: they compare what a student's module does, never how it is written.

A hidden test is ordinary PyTorch text that calls these functions. `student` may be the real module (authoring, pytest)
or a stand-in whose forward and backward run in the sandbox (grading): a check uses the public `nn.Module` API and
tensors, and never looks at the type of a layer. It returns `None` or raises `CheckFailed`; the
message is for the student.
"""

from grader.checks import earlier_names
from grader.checks.alternatives import one_of
from grader.checks.by_hand import derived_by_hand
from grader.checks.cases import Case, in_each, same_function_in_cases
from grader.checks.contest import contest_points
from grader.checks.counting import layer_count, parameter_count, same_parameter_count
from grader.checks.dropout import dropout_rates
from grader.checks.equivalence import gradients_match, same_function
from grader.checks.functions import FunctionModule, same_results
from grader.checks.gradients import gradients_reach_every_parameter
from grader.checks.in_place import does_not_change_its_input
from grader.checks.judged_by_itself import judged_by_itself
from grader.checks.known_mistakes import Suspect, WrongFormula
from grader.checks.randomness import drops_out_only_in_training, repeats_itself_in_evaluation
from grader.checks.shapes import has_shape, output_has_shape
from grader.checks.training import trains
from grader.checks.values import derivative_matches, same_value
from grader.examiner.examination import inputs_may_change

__all__ = [
    "Case",
    "FunctionModule",
    "Suspect",
    "WrongFormula",
    "contest_points",
    "derivative_matches",
    "derived_by_hand",
    "does_not_change_its_input",
    "dropout_rates",
    "drops_out_only_in_training",
    "gradients_match",
    "gradients_reach_every_parameter",
    "has_shape",
    "in_each",
    "inputs_may_change",
    "judged_by_itself",
    "layer_count",
    "one_of",
    "output_has_shape",
    "parameter_count",
    "repeats_itself_in_evaluation",
    "same_function",
    "same_function_in_cases",
    "same_parameter_count",
    "same_results",
    "same_value",
    "trains",
]

earlier_names.install()
