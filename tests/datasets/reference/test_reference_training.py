import math

import pytest
import torch
import torch.nn.functional as F

from grader.datasets.reference.augmentation import augmented
from grader.datasets.reference.network import ReferenceNet
from grader.datasets.reference.prediction import class_chances, for_other_frequencies
from grader.datasets.reference.training import (
    Compute,
    History,
    ProgressListener,
    Recipe,
    class_shares,
    epoch_order,
    epoch_pictures,
    one_cycle,
    train,
)

CPU = torch.device("cpu")
RECIPE = Recipe(size=32, epochs=2, batch_size=16)


def noise(count: int) -> torch.Tensor:
    return torch.randint(0, 256, (count, 3, 36, 36), dtype=torch.uint8, generator=torch.Generator().manual_seed(count))


def labels(count: int) -> torch.Tensor:
    return torch.arange(count) % 3


def trained(recipe: Recipe, **options: object) -> tuple[dict[str, torch.Tensor], History]:
    torch.manual_seed(recipe.seed)
    network = ReferenceNet(3)
    history = train(network, noise(48), labels(48), recipe, **options)
    return network.state_dict(), history


def test_the_network_accepts_any_size_and_has_as_many_scores_as_classes():
    network = ReferenceNet(42).eval()

    assert network(torch.zeros(2, 3, 64, 64)).shape == (2, 42)
    assert network(torch.zeros(1, 3, 40, 56)).shape == (1, 42)


@pytest.mark.slow
def test_the_same_seed_trains_the_same_network_and_another_seed_another():
    one, history = trained(RECIPE)
    again, _history = trained(RECIPE)
    other, _history = trained(Recipe(size=32, epochs=2, batch_size=16, seed=1))

    assert all(torch.equal(one[name], again[name]) for name in one)
    assert not torch.equal(one["classifier.weight"], other["classifier.weight"])
    assert (history.epochs, len(history.losses), len(history.learning_rates)) == (2, 6, 6)


def test_training_lowers_the_loss_on_the_pictures_trained_on():
    colours = torch.tensor([[250, 20, 20], [20, 250, 20], [20, 20, 250]], dtype=torch.uint8)[labels(48)]
    images = colours[:, :, None, None].expand(-1, -1, 36, 36).contiguous()
    torch.manual_seed(0)
    network = ReferenceNet(3)
    train(network, images, labels(48), Recipe(size=32, steps=18, batch_size=16))

    assert torch.equal(class_chances(network, images, device=CPU, size=32).argmax(dim=1), labels(48))


def test_time_ends_the_training_with_small_steps_however_many_epochs_were_asked_for():
    _state, history = trained(Recipe(size=32, epochs=100_000, batch_size=16), seconds=6.0)

    assert 5 <= history.wall_s < 20  # room for one step on a busy machine
    assert 0 < history.epochs < 100_000
    assert history.learning_rates[-1] < max(history.learning_rates) / 10


def test_the_listener_hears_of_every_step_and_epoch():
    steps, epochs = [], []
    trained(
        RECIPE, listener=ProgressListener(lambda done, loss: steps.append((done, loss)), lambda n, _h: epochs.append(n))
    )

    assert [done for done, _loss in steps] == pytest.approx([n / 6 for n in range(6)])
    assert all(math.isfinite(loss) for _done, loss in steps)
    assert epochs == [1, 2]


def test_the_learning_rate_rises_to_its_peak_and_falls_to_zero():
    rates = [one_cycle(n / 100) for n in range(101)]

    assert max(rates) == rates[20] == 1
    assert rates[:21] == sorted(rates[:21])
    assert rates[20:] == sorted(rates[20:], reverse=True)
    assert rates[0] == pytest.approx(0.04)
    assert rates[100] == pytest.approx(0)


def test_pictures_grow_while_the_training_goes_on():
    assert [Recipe().size_at(progress) for progress in (0, 0.39, 0.41, 0.74, 0.76, 1)] == [40, 40, 48, 48, 64, 64]


def test_large_pictures_in_the_end_take_a_larger_share_of_the_time_than_of_the_steps():
    recipe = Recipe()
    halfway = recipe.progress_at(0.5)

    assert (recipe.progress_at(0), recipe.progress_at(1)) == (0, 1)
    assert 0.6 < halfway < 0.75  # 40 and 48 pixels cost 0.26 and 0.33 of the time
    assert sum(part for part, _size in recipe.phases()) == pytest.approx(1)


def test_counted_steps_are_taken_whatever_the_clock_says():
    _state, history = trained(Recipe(size=32, steps=4, batch_size=16), seconds=1e-6)

    assert len(history.losses) == 4
    assert history.learning_rates[-1] < max(history.learning_rates)


def test_an_epoch_shows_every_picture_and_rare_ones_more_often():
    classes = torch.tensor([0] * 900 + [1] * 99 + [2])
    order = epoch_order(classes, torch.Generator().manual_seed(0))
    shown = order.bincount(minlength=1000)

    assert shown[:999].tolist() == [1] * 999
    assert shown[999] in (3, 4)  # sqrt(0.01 / 0.001) = 3.16
    assert order.tolist() != sorted(order.tolist())


def test_augmented_pictures_differ_from_each_other_and_stay_in_range():
    images = noise(1).expand(8, -1, -1, -1)
    x = augmented(images, 24, torch.Generator().manual_seed(0))
    again = augmented(images, 24, torch.Generator().manual_seed(0))

    assert (x.shape, x.dtype) == ((8, 3, 24, 24), torch.float32)
    assert x.min() >= 0
    assert x.max() <= 255
    assert torch.equal(x, again)
    assert all(not torch.equal(x[0], x[n]) for n in range(1, 8))


def test_augmentation_keeps_what_a_picture_shows():
    left_red = torch.zeros(64, 3, 36, 36, dtype=torch.uint8)
    left_red[:, 0, :, :18] = 255
    halves = F.adaptive_avg_pool2d(augmented(left_red, 32, torch.Generator().manual_seed(0)), (1, 2))[:, 0, 0]
    flipped = (halves[:, 0] < halves[:, 1]).float().mean()

    assert (halves[:, 0] - halves[:, 1]).abs().min() > 60  # still one red half
    assert 0.3 < flipped < 0.7


def test_classes_that_the_test_lacks_are_named_less_and_the_certain_stays_certain():
    trained_with = torch.tensor([0.6, 0.2, 0.2])
    chances = torch.tensor([[0.5, 0.45, 0.05]] + [[0.02, 0.96, 0.02]] * 9 + [[0.97, 0.02, 0.01]])
    adapted = for_other_frequencies(chances, trained_with)

    assert chances.argmax(dim=1).tolist() == [0] + [1] * 9 + [0]
    assert adapted.argmax(dim=1).tolist() == [1] * 10 + [0]  # what was in doubt goes to the class that is frequent here
    assert adapted.sum(dim=1).tolist() == pytest.approx([1] * 11)


def test_a_rare_class_does_not_grow_out_of_what_label_smoothing_gives_to_each():
    trained_with = torch.tensor([0.5, 0.4999, 0.0001])
    chances = torch.tensor([[0.7, 0.27, 0.03], [0.27, 0.7, 0.03]] * 20)

    assert for_other_frequencies(chances, trained_with).argmax(dim=1).tolist() == [0, 1] * 20


def test_the_shares_of_an_epoch_count_repetitions():
    labels_of_two = torch.tensor([0] * 9999 + [1])

    assert epoch_pictures(labels_of_two) == pytest.approx(9999 + 10, abs=0.1)
    assert class_shares(labels_of_two)[1].item() == pytest.approx(10 / 10009, rel=0.01)


def test_training_in_bfloat16_keeps_the_weights_in_float32():
    state, history = trained(RECIPE, compute=Compute(torch.bfloat16))

    assert state["classifier.weight"].dtype == torch.float32
    assert all(math.isfinite(loss) for loss in history.losses)


@pytest.mark.gpu
def test_the_same_seed_trains_the_same_network_on_a_gpu():
    def on_gpu() -> dict[str, torch.Tensor]:
        torch.manual_seed(0)
        network = ReferenceNet(3).to("cuda")
        with torch.backends.cudnn.flags(enabled=True, deterministic=True, benchmark=False):
            train(network, noise(48).to("cuda"), labels(48), RECIPE)
        return network.state_dict()

    one, again = on_gpu(), on_gpu()
    assert all(torch.equal(one[name], again[name]) for name in one)
