"""Notebooks as students write them for the contest, run behind the sandbox: by a rerun and as networks with weights.

`notebooks/` has one script for each kind, in the form that jupytext reads; each is written here. What a title names is
a cell of the assignment's. What breaks without a fault of the student's has to run, what is a fault gets a sentence.
"""

import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import jupytext
import nbformat
import pytest
import torch
from network_class import network_class

from grader.course.assignment import load_assignment
from grader.course.folder import Course
from grader.grading.conditions import conditions_of
from grader.grading.job import Graded, Job
from grader.grading.run_notebook import grade
from grader.language import Language
from grader.outcomes import Outcome

NOTEBOOKS = Path(__file__).parent / "notebooks"
SLUG = "springfield"
CLASSES = 42
# What a network's class needs of the cells before it; a GPU is not here, where the weights are made.
BEFORE = """
import torch
from functools import partial
from torch import nn
import torch.nn.functional as F
_models = {}
register_model = lambda made: _models.setdefault(made.__name__, made)
create_model = lambda name, **settings: _models[name](**settings)
"""
RUN = (
    "colab", "compiled", "cyrillic", "hard_coded_cuda", "imagefolder", "lightning_like", "loaders", "mixed_precision",
    "timm_like",
)  # fmt: skip


def notebook(name: str, changes: Mapping[str, str] | None = None) -> nbformat.NotebookNode:
    """A student's notebook, with some of its text replaced."""
    text = (NOTEBOOKS / f"{name}.py").read_text(encoding="utf-8")
    for before, after in (changes or {}).items():
        assert before in text
        text = text.replace(before, after)
    made = jupytext.reads(text, fmt="py:percent")
    for cell in made.cells:
        cell.id = cell.metadata.pop("title", cell.id)
    return made


def weights(made: nbformat.NotebookNode) -> bytes:
    """Weights that fit the notebook's network; nobody has trained them."""
    source = next(cell.source for cell in made.cells if cell.id == "task1_network")
    names: dict[str, object] = {}
    exec(BEFORE + source.replace(".cuda()", "").replace(', device="cuda"', ""), names)
    torch.manual_seed(0)
    file = io.BytesIO()
    torch.save(names["SpringfieldNet"](CLASSES).state_dict(), file)
    return file.getvalue()


def graded(
    course: Course, made: nbformat.NotebookNode, files: Mapping[str, bytes] | None = None, language: Language = "en"
) -> Graded:
    """The notebook graded on a machine without a GPU."""
    conditions = replace(conditions_of(course, SLUG, slots=1), gpu=False, language=language)
    assignment = load_assignment(course.gradebook_url, SLUG)
    return grade(Job("student", nbformat.writes(made).encode(), tuple((files or {}).items()), assignment, conditions))


def texts_of(result: Graded) -> str:
    """All that the run notebook prints."""
    cells = nbformat.reads(result.notebook.decode(), as_version=4).cells
    return "\n".join(output.text for cell in cells for output in cell.get("outputs", []) if output.get("name"))


def message_of(result: Graded) -> str:
    return result.report.tasks[0].message


@pytest.mark.slow
@pytest.mark.parametrize("name", RUN)
def test_a_rerun_gives_a_score_to_each_kind_of_notebook(town: Course, name: str) -> None:
    result = graded(town, notebook(name))
    assert result.score is not None, message_of(result)


@pytest.mark.slow
@pytest.mark.parametrize("name", RUN)
def test_so_does_its_network_with_weights(town: Course, name: str) -> None:
    made = notebook(name)
    result = graded(network_class(town), made, {"сеть.pth": weights(made)})
    assert result.score is not None, message_of(result)


@pytest.mark.parametrize("name", ["albumentations_", "pytorch_lightning_"])
def test_a_library_that_is_not_here_is_named_with_those_that_are(town: Course, name: str) -> None:
    for language, words in (
        ("en", "There is no {} while grading. This class has: torch "),
        ("ru", "При проверке нет {}. В"),
    ):
        result = graded(town, notebook(name), language=language)
        assert result.score is None
        assert words.format(name.strip("_")) in message_of(result)
        assert "tqdm" in message_of(result)


def test_imagefolder_on_the_outer_folder_is_told_which_folder_it_needs(town: Course) -> None:
    result = graded(town, notebook("imagefolder", {'ROOT = "train/simpsons_dataset"': 'ROOT = "train"'}))
    assert result.report.tasks[0].outcome is Outcome.FAILED
    assert "give it train/simpsons_dataset" in message_of(result)


def test_data_in_a_folder_of_the_students_own_is_told_where_it_lies(town: Course) -> None:
    made = notebook("cyrillic", {'Path.cwd() / "train" / "simpsons_dataset"': 'Path("/home/ivan/simpsons")'})
    result = graded(town, made)
    assert "contest's data lie beside the notebook: train/simpsons_dataset" in message_of(result)


def test_weights_of_a_compiled_network_get_the_advice_that_helps(town: Course) -> None:
    made = notebook("compiled")
    state = torch.load(io.BytesIO(weights(made)), weights_only=True)
    file = io.BytesIO()
    torch.save({f"_orig_mod.{name}": tensor for name, tensor in state.items()}, file)
    result = graded(network_class(town), made, {"network.pth": file.getvalue()})
    assert "torch.compile(network): save network.state_dict()" in message_of(result)


ASKS = """
try:
    import google.colab
    here = "Colab"
except ImportError:
    here = "elsewhere"
"""
PLACES = """
import os
for path in ("simpsons/train/simpsons_dataset", "/content/drive/My Drive/testset", "My/Data/train", "https://a/testset"):
    print(path.ljust(40), os.path.isdir(path))
os.makedirs("runs/train")
print("here:", here, sorted(os.listdir(".")))
"""


def test_only_places_that_a_cell_names_lead_to_the_data_and_who_asks_is_not_in_colab(town: Course) -> None:
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in (ASKS, PLACES)])
    made.cells[0].id = "task1_network"
    said = texts_of(graded(town, made))
    assert "here: elsewhere ['drive', 'runs', 'sample_submission.csv', 'simpsons', 'testset', 'train']" in said
    assert [line.split()[-1] for line in said.splitlines() if line.endswith(("True", "False"))] == [
        "True", "True", "False", "False",
    ]  # fmt: skip
