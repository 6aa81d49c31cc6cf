import math
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch.backends import cudnn
from torchvision.models import resnet18
from typer.testing import CliRunner

from grader.cli.app import app
from grader.datasets.layout import Layout, load_answer_key
from grader.datasets.reference.fine_tuning import FineTunedNet, weights_path
from grader.datasets.reference.pictures import read_pictures
from grader.datasets.reference.prediction import write_submission
from grader.datasets.reference.solve import Reporter, solve
from grader.datasets.reference.training import Recipe
from grader.datasets.reference.validation import hold_out, likest, score
from grader.datasets.synthesize import synthesize
from grader.errors import EnvironmentFault
from grader.scoring.f1 import f1
from grader.scoring.submission_csv import parse_submission

CPU = torch.device("cpu")
QUICK = Recipe(size=32, steps=5, batch_size=32)


def predictions(root: Path, file: Path) -> dict[str, str]:
    key = load_answer_key(root)
    return dict(parse_submission(file.read_bytes(), key.ids, key.classes))


@pytest.mark.slow
def test_a_town_becomes_a_file_that_the_scorer_accepts_and_the_same_seed_the_same_file(hamlet, tmp_path):
    files = [tmp_path / "one.csv", tmp_path / "two.csv"]
    solutions = [
        solve(Layout(hamlet).student, file, QUICK, device=CPU, weights=file.with_suffix(".pt")) for file in files
    ]

    assert len(predictions(hamlet, files[0])) == 80
    assert files[0].read_bytes() == files[1].read_bytes()
    states = [torch.load(file.with_suffix(".pt"), weights_only=True) for file in files]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert (solutions[0].train_images, solutions[0].test_images) == (150, 80)
    assert (solutions[0].epochs, solutions[0].planned_epochs) == (1, None)
    assert solutions[0].score is None


@pytest.mark.slow
def test_validation_scores_pictures_that_were_held_out_and_draws_the_plots(hamlet, tmp_path):
    solution = solve(
        Layout(hamlet).student, tmp_path / "s.csv", QUICK, device=CPU, validate=True,
        plots=tmp_path / "plots",
    )  # fmt: skip

    assert solution.score is not None
    assert solution.train_images + solution.score.pictures == 150
    assert 0 <= solution.score.f1 <= 1
    assert len(predictions(hamlet, tmp_path / "s.csv")) == 80
    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == ["errors.png", "f1.png", "loss.png"]
    for plot in (tmp_path / "plots").iterdir():
        with Image.open(plot) as image:
            assert min(image.size) > 300


@pytest.mark.slow
def test_no_time_for_training_is_said_and_nothing_is_written(hamlet, tmp_path):
    with pytest.raises(EnvironmentFault, match=r"nothing of the 0\.0001 minutes is left") as caught:
        solve(Layout(hamlet).student, tmp_path / "s.csv", Recipe(), device=CPU, minutes=0.0001)
    assert "--minutes" in caught.value.remedy
    assert not (tmp_path / "s.csv").exists()


@pytest.mark.slow
def test_the_whole_run_keeps_to_its_time(hamlet, tmp_path):
    solution = solve(Layout(hamlet).student, tmp_path / "s.csv", Recipe(), device=CPU, minutes=0.4, epochs=100_000)

    assert solution.planned_epochs is not None
    assert 0 < solution.epochs <= solution.planned_epochs < 100_000
    assert solution.wall_s < 0.6 * 60  # 0.4 minutes; room for measuring and for one step on a busy machine
    assert len(predictions(hamlet, tmp_path / "s.csv")) == 80


@pytest.mark.slow
def test_the_command_writes_the_file_and_says_how_it_went(hamlet, tmp_path):
    arguments = ["dataset", "solve", str(Layout(hamlet).student), "--to", str(tmp_path / "s.csv")]
    result = CliRunner().invoke(app, [*arguments, "--steps", "5", "--size", "32", "--device", "cpu", "--validate"])

    assert result.exit_code == 0, result.output
    assert "micro F1 on" in result.output
    assert "picture side: 32" in result.output
    assert "planned epochs: None" in result.output  # steps were counted
    assert len(predictions(hamlet, tmp_path / "s.csv")) == 80


def test_held_out_pictures_have_the_contests_shape_and_are_not_trained_on(hamlet):
    pictures = read_pictures(Layout(hamlet).student, 24)
    parts = hold_out(pictures, seed=0, test_classes=5, per_class=2)

    assert sorted([*parts.train.tolist(), *parts.held_out.tolist()]) == list(range(150))
    counts = pictures.labels[parts.held_out].bincount()
    assert sorted(counts[counts > 0].tolist()) == [2] * 5
    assert torch.equal(hold_out(pictures, seed=0, test_classes=5, per_class=2).held_out, parts.held_out)


def test_a_frame_of_the_same_scene_is_recognised():
    scene = torch.nn.functional.interpolate(torch.rand(2, 3, 5, 5), size=(40, 40), mode="bilinear") * 255
    brighter = (scene[:1] * 0.8 + 40).to(torch.uint8)
    other = scene[1:].to(torch.uint8)

    assert likest(scene[:1].to(torch.uint8), torch.cat([other, brighter])).item() > 0.98
    assert likest(scene[:1].to(torch.uint8), other).item() < 0.8


def test_the_score_counts_new_scenes_apart():
    result = score(["a", "b", "b", "a"], ["a", "b", "a", "b"], torch.tensor([True, False, True, False]))

    assert (result.pictures, result.f1) == (4, 0.5)
    assert (result.new_scene_pictures, result.new_scene_f1) == (2, 0.5)
    assert math.isnan(score(["a"], ["a"], torch.tensor([False])).new_scene_f1)


def test_rows_are_in_the_order_of_the_numbers(tmp_path):
    write_submission(tmp_path / "new/s.csv", ["img10.jpg", "img9.jpg", "img0.jpg"], ["x", "y", "z"])

    assert (tmp_path / "new/s.csv").read_text() == "Id,Expected\nimg0.jpg,z\nimg9.jpg,y\nimg10.jpg,x\n"


def test_missing_imagenet_weights_are_named_with_the_place_they_belong_to(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    with pytest.raises(EnvironmentFault, match=r"no ImageNet weights at .*hub/checkpoints/resnet18-\w+\.pth") as caught:
        FineTunedNet(42)
    assert "TORCH_HOME" in caught.value.remedy


@pytest.mark.slow
def test_weights_that_a_teacher_has_are_fine_tuned(hamlet, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    weights_path().parent.mkdir(parents=True)
    torch.save(resnet18().state_dict(), weights_path())

    solve(Layout(hamlet).student, tmp_path / "s.csv", QUICK, device=CPU, pretrained=True)
    assert len(predictions(hamlet, tmp_path / "s.csv")) == 80
    weights_path().write_bytes(weights_path().read_bytes()[:1000])
    with pytest.raises(EnvironmentFault, match="cannot be read"):
        FineTunedNet(42)


@pytest.mark.slow
def test_a_drawn_town_is_solved_for_all_points(tmp_path):
    synthesize(tmp_path / "town", images=4000, size=64)
    solve(Layout(tmp_path / "town").student, tmp_path / "s.csv", Recipe(size=64, steps=800, batch_size=32), device=CPU)

    named = predictions(tmp_path / "town", tmp_path / "s.csv")
    key = load_answer_key(tmp_path / "town")
    assert key.labels.keys() | key.decoys.keys() == named.keys()
    assert f1(list(key.labels.values()), [named[name] for name in key.labels], "micro") >= 0.97


def test_training_leaves_cudnn_on_and_makes_it_repeat_itself(hamlet, tmp_path):
    found = []
    reporter = Reporter(step=lambda _progress, _loss: found.append(cudnn.enabled and cudnn.deterministic))
    solve(Layout(hamlet).student, tmp_path / "s.csv", QUICK, device=CPU, reporter=reporter)

    assert found
    assert all(found)
