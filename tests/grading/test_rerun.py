"""Rerun mode on the real sandbox: what a notebook made for Kaggle expects, and what it reads where that fails."""

from functools import partial

import nbformat
import pytest
import torch
from classroom import HandIn, in_this_process

from grader.audit.answers import Answer
from grader.collect.submissions import MAX_TOTAL_BYTES
from grader.course.config import CONFIG_NAME
from grader.course.folder import Course
from grader.errors import InvalidConfig
from grader.pipeline import grade_class as grade_class_with_workers
from grader.record.database import ClassDatabase
from grader.record.planning import Row
from grader.sandbox.bubblewrap import View
from grader.sandbox.kernel import Kernel

grade_class = partial(grade_class_with_workers, workers=in_this_process)


def writes(code: str, before: str = "train = None") -> Answer:
    """An answer that trains nothing and runs this code last."""
    return Answer(
        "writes", {"task1_network": "SpringfieldNet = None", "task1_training": before, "task1_submission": code}
    )


def graded(town: Course) -> tuple[Row, str]:
    (row,) = grade_class(town, ["springfield"])
    task = next(task for task in row.report.tasks if task.grade_id == "task1_contest_score")
    return row, task.message


def with_line(course: Course, before: str, after: str) -> Course:
    path = course.root / CONFIG_NAME
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    return Course.open(course.root)


SAMPLE = "import pandas as pd\nsample = pd.read_csv('sample_submission.csv')\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "path"),
    [
        ("sample.to_csv('my_answer.csv', index=False)", "my_answer.csv"),
        ("sample.to_csv('/content/Submission (2).CSV', index=False)", "Submission (2).CSV"),
        ("import os; os.makedirs('out/best'); sample.to_csv('out/best/submission.csv', index=False)", "out/best"),
        ("sample.to_csv('/kaggle/working/sub.csv', index=False); open('log.csv', 'w').write('epoch,loss')", "sub.csv"),
    ],
)
def test_predictions_are_scored_under_whatever_name_they_were_written(
    town: Course, hand_in: HandIn, code: str, path: str
) -> None:
    hand_in("lisa", "springfield", writes(SAMPLE + code))
    row, message = graded(town)
    assert row.score is not None, message
    assert path in message
    assert "is taken: there is no submission.csv." in message


def test_the_file_of_the_asked_name_counts_beside_others(town: Course, hand_in: HandIn) -> None:
    code = "sample.to_csv('submission.csv', index=False); sample.to_csv('newer.csv', index=False)"
    hand_in("lisa", "springfield", writes(SAMPLE + code))
    row, message = graded(town)
    assert row.score is not None
    assert "is taken" not in message


def test_a_single_file_of_another_name_is_told_what_is_wrong_with_it(town: Course, hand_in: HandIn) -> None:
    hand_in("lisa", "springfield", writes("open('mine.csv', 'w').write('ImageId,label')"))
    _row, message = graded(town)
    assert "mine.csv is taken: there is no submission.csv." in message
    assert "'ImageId'" in message


@pytest.mark.parametrize(
    "code",
    [
        "import os; os.symlink('/kaggle/input', 'deep'); open('x', 'w')",
        "import os; os.makedirs('a/b'); os.symlink('/etc/hostname', 'a/b/submission.csv')",
    ],
)
@pytest.mark.slow
def test_links_are_not_followed_to_a_csv(town: Course, hand_in: HandIn, code: str) -> None:
    hand_in("nelson", "springfield", writes(code))
    row, message = graded(town)
    assert row.score is None
    assert "left no file submission.csv" in message


@pytest.mark.parametrize("limits", ["wall_s = 1200, cell_s = 12", "wall_s = 20, cell_s = 1200"])
@pytest.mark.slow
def test_a_notebook_that_runs_out_of_time_is_scored_on_what_it_wrote(
    town: Course, hand_in: HandIn, limits: str
) -> None:
    town = with_line(town, "wall_s = 1200, cell_s = 1200", limits)
    code = "sample.to_csv('submission.csv', index=False)\nimport time\nwhile True: time.sleep(1)"
    hand_in("ralph", "springfield", writes(SAMPLE + code))
    row, message = graded(town)
    assert row.score is not None, message
    assert any("time" in note for note in row.report.notes)


@pytest.mark.slow
def test_a_notebook_that_cannot_be_interrupted_is_scored_on_what_it_wrote(town: Course, hand_in: HandIn) -> None:
    town = with_line(town, "wall_s = 1200, cell_s = 1200", "wall_s = 20, cell_s = 1200")
    deaf = "while True:\n    try:\n        while True: pass\n    except KeyboardInterrupt: pass"
    code = f"sample.to_csv('submission.csv', index=False)\n{deaf}"
    hand_in("ralph", "springfield", writes(SAMPLE + code))
    row, message = graded(town)
    assert row.score is not None, message


DOWNLOADS = {
    "urllib": "import urllib.request; urllib.request.urlopen('https://example.org/weights.pth')",
    "requests": "import requests; requests.get('https://example.org/weights.pth')",
    "torchvision": "import torchvision; torchvision.models.resnet18(weights='DEFAULT')",
    "torch.hub": "import torch; torch.hub.load('pytorch/vision', 'resnet18', pretrained=True)",
    "pip": "!pip install timm",
    "curl": "!curl -O https://example.org/weights.pth",
}


@pytest.mark.parametrize("way", DOWNLOADS)
def test_the_first_attempt_to_download_is_answered_in_words(town: Course, hand_in: HandIn, way: str) -> None:
    hand_in("martin", "springfield", writes("pass", before=DOWNLOADS[way]))
    row, message = graded(town)
    assert "There is no network during grading, so nothing can be downloaded." in message
    assert "task1_training" in message
    assert row.report.wall_s < 60


HARD_CODED = """
import torch
from torch import nn
device = torch.device('cuda:0')
network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).cuda().to(device, non_blocking=True)
optimizer = torch.optim.AdamW(network.parameters())
x, y = torch.randn(8, 3, device='cuda'), torch.zeros(8, dtype=torch.long).to('cuda')
with torch.autocast('cpu', dtype=torch.bfloat16):
    loss = nn.functional.cross_entropy(network(x.to(device=device)), y.cuda(non_blocking=True))
loss.backward()
optimizer.step()
torch.cuda.synchronize()
torch.save(network.state_dict(), 'best.pth')
network.load_state_dict(torch.load('best.pth', map_location='cuda'))
weights = torch.load('best.pth')
layer = nn.Linear(2, 2, device='cuda')
print('there is a GPU:', torch.cuda.is_available(), 'trained on', loss.device, layer.weight.device)
sample.to_csv('submission.csv', index=False)
"""


def test_a_notebook_that_says_cuda_everywhere_runs_where_there_is_no_gpu(town: Course, hand_in: HandIn) -> None:
    town = with_line(town, 'gpu = "auto" ', 'gpu = "off" ')
    hand_in("martin", "springfield", writes(SAMPLE + HARD_CODED))
    row, message = graded(town)
    assert row.score is not None, message
    said = (town.autograded / "martin" / "springfield" / "springfield.ipynb").read_text()
    assert "there is a GPU: False trained on cpu cpu" in said


def test_what_only_a_gpu_can_do_is_answered_in_words(town: Course, hand_in: HandIn) -> None:
    town = with_line(town, 'gpu = "auto" ', 'gpu = "off" ')
    hand_in("martin", "springfield", writes("pass", before="import torch; torch.cuda.get_device_name(0)"))
    _row, message = graded(town)
    assert "This machine has no GPU." in message


@pytest.mark.slow
def test_outside_the_contest_cuda_stays_what_it_is() -> None:
    with Kernel(View()) as kernel:
        run = kernel.run("import torch; torch.zeros(1, device='cuda')")
    assert run.error is not None


@pytest.mark.slow
def test_weights_handed_in_beside_the_notebook_are_found_by_it(town: Course, hand_in: HandIn) -> None:
    code = (
        "import torch\nstate = torch.load('models/mine.pth', weights_only=True)\nprint('sum', state['w'].sum().item())"
    )
    path = hand_in("lisa", "springfield", writes(code))
    (path.parent / "models").mkdir()
    torch.save({"w": torch.arange(10.0)}, path.parent / "models" / "mine.pth")
    graded(town)
    assert "sum 45.0" in (town.autograded / "lisa" / "springfield" / "springfield.ipynb").read_text()


def test_too_large_files_beside_the_notebook_are_refused_in_words(town: Course, hand_in: HandIn) -> None:
    path = hand_in("lisa", "springfield", writes("pass"))
    with path.with_name("huge.pth").open("wb") as file:
        file.truncate(MAX_TOTAL_BYTES + 1)
    (row,) = grade_class(town, ["springfield"])
    assert row.report is None
    assert "at most 200 files and 512 MiB are taken" in row.problem


@pytest.mark.slow
@pytest.mark.parametrize("place", ["", "hub/checkpoints"])
def test_weights_of_the_teachers_folder_are_found_as_if_downloaded(town: Course, hand_in: HandIn, place: str) -> None:
    town = with_line(town, '# weights = "weights" ', 'weights = "weights" ')
    (town.root / "weights" / place).mkdir(parents=True)
    weight = torch.arange(6.0)
    torch.save({"w": weight}, town.root / "weights" / place / "tiny-1234.pth")
    code = """
import torch
state = torch.hub.load_state_dict_from_url('https://example.org/models/tiny-1234.pth', weights_only=True)
print('sum', state['w'].sum().item())
try:
    open(torch.hub.get_dir() + '/checkpoints/mine.pth', 'w')
except OSError as error:
    print('read-only:', error.strerror)
"""
    hand_in("lisa", "springfield", writes(code))
    graded(town)
    said = (town.autograded / "lisa" / "springfield" / "springfield.ipynb").read_text()
    assert "sum 15.0" in said
    assert "read-only: Read-only file system" in said


def test_a_missing_folder_of_weights_is_the_teachers_mistake(town: Course, hand_in: HandIn) -> None:
    town = with_line(town, '# weights = "weights" ', 'weights = "weights" ')
    hand_in("lisa", "springfield", writes("pass"))
    with pytest.raises(InvalidConfig, match="names the folder 'weights'"):
        grade_class(town, ["springfield"])


@pytest.mark.slow
def test_gpu_memory_is_named_where_it_was_not_enough(town: Course, hand_in: HandIn) -> None:
    full = "import torch\nraise torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 20.00 GiB.')"
    hand_in("lisa", "springfield", writes("pass", before=full))
    _row, message = graded(town)
    assert "GPU memory: the GPU has no room" in message


def test_a_much_better_f1_that_the_notebook_prints_is_the_teachers_to_see(town: Course, hand_in: HandIn) -> None:
    hand_in(
        "bart", "springfield", writes(SAMPLE + "sample.to_csv('submission.csv', index=False); print('val F1: 0.991')")
    )
    row, message = graded(town)
    remark = f"The notebook prints F1 0.99100; measured on the hidden test: {row.score.shown_f1}."
    assert any(note.startswith(remark) for note in row.report.notes)
    assert "0.991" not in message
    with ClassDatabase.open(town.database_url) as database:
        (report,) = database.reports()
    assert any(text.startswith(remark) for text in report.record.remarks)
    assert report.record.points == row.score.points


def test_the_executed_notebook_of_a_contest_is_a_notebook(town: Course, hand_in: HandIn) -> None:
    hand_in("lisa", "springfield", writes(SAMPLE + "sample.to_csv('submission.csv', index=False)"))
    graded(town)
    nbformat.validate(nbformat.read(town.autograded / "lisa" / "springfield" / "springfield.ipynb", as_version=4))
