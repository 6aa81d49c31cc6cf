"""What a lost test is told of the student's own cells: which one it goes back to, and which mistake stands there."""

from __future__ import annotations

from functools import partial

import pytest
from classroom import HandIn, in_this_process, source_notebook, student_notebook
from nbformat.v4 import new_code_cell

from grader.audit.answers import Answer, reference_answer
from grader.course.assignment import load_assignment
from grader.course.folder import Course
from grader.grading.own_cells import OwnCells, first_line
from grader.outcomes import TaskResult
from grader.pipeline import grade_class as grade_class_with_workers

grade_class = partial(grade_class_with_workers, workers=in_this_process)
BLOCK = "task1_basic_block"


def test_a_cell_is_called_by_the_first_line_that_says_something() -> None:
    assert first_line("# mine\n\n  exit()\nx = 1") == "`exit()`"
    assert first_line("# mine") == "`# mine`"


def test_of_two_cells_that_failed_the_one_counts_that_was_to_define_the_name() -> None:
    own = OwnCells()
    own.has_failed("class Block(nn.Module)\n    pass", "the first")
    own.has_failed("def stage(:\n    pass\nDEPTH = 3", "the second")
    assert own.trouble_behind("Не определено: stage.", "stage(Block)") == "the second"
    assert own.trouble_behind("NameError: name 'DEPTH' is not defined", "") == "the second"
    assert own.trouble_behind("NameError: name 'Block' is not defined", "stage()") == "the first"
    assert own.trouble_behind("The shapes are wrong.", "stage(3)") == "the second"
    assert own.trouble_behind("The shapes are wrong.", "other(3)") == "the first"


def test_a_name_with_cyrillic_letters_is_found_in_code_and_not_in_comments() -> None:
    own = OwnCells()
    own.add("# с — это слой\nx = 1")
    assert own.letters_behind("name 'c' is not defined", "") == ""
    own.add("def makе_stage():\n    pass")
    assert "letters are Cyrillic: е." in own.letters_behind("make_stage is not defined.", "make_stage()")


def test_only_a_line_of_the_students_own_is_an_unsolved_task() -> None:
    own = OwnCells()
    own.add("def forward(self, x):\n    # raise NotImplementedError\n    return x")
    assert not own.has_stub()
    own.add("def forward(self, x):\n    raise NotImplementedError()")
    assert own.has_stub()


def changed(before: str, after: str, cell: str = BLOCK) -> Answer:
    """The author's answer to `resnet` with one piece of text changed."""
    right = reference_answer(source_notebook("resnet")).cells
    assert before in right[cell]
    return Answer("changed", {cell: right[cell].replace(before, after)})


MISTAKES = {
    "forwad": (changed("def forward", "def forwad"), "has no method `forward`"),
    "sizes": (changed("stride=stride, bias=False),\n", "bias=False),\n"), "stride"),
    "cyrillic": (changed("class BasicBlock", "class BasicBlосk"), "letters are Cyrillic: о, с."),
    "letter": (changed("return F.relu(branch + self.shortcut(x))", "return F.relu(branсh + x)"), "Cyrillic: с."),
    "cuda": (changed("        branch = F.relu", "        x = x.cuda()\n        branch = F.relu"), "has no GPU"),
    "super": (changed("super().__init__()", "super.__init__()"), "write `super().__init__()`"),
    "float": (changed("nn.BatchNorm2d(out_channels)", "nn.BatchNorm2d(out_channels / 1)"), "use `//`"),
    "in_place": (changed("F.relu(branch + self", "branch.relu_() + branch.exp_() * 0 + F.relu(branch + self"), ""),
}


@pytest.mark.slow
def test_the_visible_part_s_errors_are_explained(course: Course, hand_in: HandIn) -> None:
    for student, (answer, _said) in MISTAKES.items():
        hand_in(student, "resnet", answer)
    for row in grade_class(course, ["resnet"]):
        said = MISTAKES[row.student][1]
        task: TaskResult = next(task for task in row.report.tasks if task.is_lost)
        assert said in task.message, (row.student, task.message)
        assert "NotImplementedError" not in task.message


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_second_of_two_syntax_errors_is_told_to_its_own_task(
    course: Course, hand_in: HandIn, language: str
) -> None:
    config = course.root / "class.toml"
    config.write_text(config.read_text().replace('language = "en"', f'language = "{language}"'))
    course = Course.open(course.root)
    right = reference_answer(source_notebook("resnet")).cells
    broken = {cell: right[cell] + "\nx = (" for cell in (BLOCK, "task2_make_stage")}
    hand_in("lisa", "resnet", Answer("broken", broken))
    (row,) = grade_class(course, ["resnet"])
    causes = {task.grade_id: task.cause for task in row.report.tasks}
    assert BLOCK in causes["task1_basic_block_shape"]
    of_the_stage = [cause for name, cause in causes.items() if name.startswith("task2_")]
    assert of_the_stage
    assert all("task2_make_stage" in cause for cause in of_the_stage)


def test_exit_in_a_cell_of_their_own_costs_nothing_and_names_the_cell(course: Course, hand_in: HandIn) -> None:
    codes = {"bart": "exit()", "lisa": "quit()", "maggie": "import sys\nsys.exit()"}
    for student, code in codes.items():
        notebook = student_notebook(course, "resnet", "reference")
        names = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]
        notebook.cells.insert(names.index(BLOCK) + 1, new_code_cell(code))
        hand_in(student, "resnet", notebook)
    full = sum(cell.points for cell in load_assignment(course.gradebook_url, "resnet").cells if cell.is_test)
    for row in grade_class(course, ["resnet"]):
        assert row.report.points == full
        told = [note for note in row.report.notes if "take it out" in note]
        assert [note.split(":")[0] for note in told] == [f"`{codes[row.student]}`"] * (row.student != "maggie")


def test_a_name_that_is_missing_since_an_import_before_it_failed_goes_back_to_that_import() -> None:
    own = OwnCells()
    own.has_failed("!pip install timm\nx = 1", "no network", is_over=False)
    own.has_failed("import albumentations\nfrom pathlib import Path", "no albumentations")
    own.has_failed("def predict():\n    pass\nPath('x')", "cell 2: NameError: name 'Path' is not defined")
    assert own.trouble_behind("predict is not defined.", "predict()") == "no albumentations"
    assert own.trouble_behind("there is no file", "contest_points()") == "no network\nno albumentations"
