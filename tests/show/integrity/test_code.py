import json
import time

import nbformat
import pytest

from grader.show.integrity.code import shared_code

GIVEN = """
import torch
from torch import nn

def find_data():
    return sorted(path for path in places if path.is_dir())
"""
TRAIN = """
def train(network, images, labels, epochs):
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=epochs * len(images) // 64)
    for epoch in range(epochs):
        for batch in torch.randperm(len(images)).split(64):
            loss = torch.nn.functional.cross_entropy(network(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        print(epoch, loss.item())
"""
OTHER = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(99, 42))
    def forward(self, x):
        return self.layers(x / 255.0 - 0.5)
best = max(history, key=lambda row: row["f1"])
"""


def notebook(*cells: str) -> bytes:
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    return nbformat.writes(made).encode()


def test_a_copy_with_other_names_and_comments_is_found() -> None:
    renamed = (
        TRAIN.replace("network", "model").replace("optimizer", "opt").replace("    for epoch", "    # mine\n    for e")
    )
    (pair,) = shared_code({"bart": notebook(GIVEN, renamed), "lisa": notebook(GIVEN, TRAIN)}, notebook(GIVEN)).pairs
    assert (pair.first, pair.second, pair.is_suspicious) == ("bart", "lisa", True)


def test_what_was_handed_out_and_what_differs_is_no_copy() -> None:
    found = shared_code({"bart": notebook(GIVEN, OTHER), "lisa": notebook(GIVEN, TRAIN)}, notebook(GIVEN))
    assert not any(pair.is_suspicious for pair in found.pairs)


def test_what_half_of_the_class_writes_is_no_copy() -> None:
    students = {f"s{n}": notebook(TRAIN) for n in range(6)} | {f"t{n}": notebook(OTHER) for n in range(2)}
    found = [pair for pair in shared_code(students, b"").pairs if pair.is_suspicious]
    assert [(pair.first, pair.second) for pair in found] == [("t0", "t1")]


def test_what_is_no_notebook_is_passed_over_and_named() -> None:
    found = shared_code({"bart": b"\x00", "lisa": notebook("!pip install x\n%%bash\nls"), "maggie": b""}, b"")
    assert (found.pairs, found.incomplete) == ((), ("bart",))


def test_one_notebook_that_trips_nbformat_costs_the_class_no_comparison() -> None:
    tripping = json.dumps({"nbformat": 3, "nbformat_minor": ["a"], "metadata": {}, "worksheets": []}).encode()
    found = shared_code({"bart": notebook(TRAIN), "lisa": notebook(TRAIN), "mallory": tripping}, b"")
    assert [(pair.first, pair.second) for pair in found.pairs] == [("bart", "lisa")]
    assert found.incomplete == ("mallory",)


@pytest.mark.parametrize("line", [" \n", "\t\r", "x \n"], ids=["blanks", "carriage_returns", "ends_of_lines"])
def test_a_hundred_thousand_lines_of_blanks_cost_seconds_and_hide_no_copy(line: str) -> None:
    start = time.perf_counter()
    found = shared_code({"bart": notebook(TRAIN), "lisa": notebook(TRAIN + line * 100_000)}, b"")
    assert time.perf_counter() - start < 30  # without limits: minutes
    assert [pair.is_suspicious for pair in found.pairs] == [True]


def test_code_over_the_limit_is_compared_as_far_as_it_goes_and_named() -> None:
    long = notebook(TRAIN + "\n".join(f"name_{n} = {n}" for n in range(50_000)))
    found = shared_code({"bart": notebook(TRAIN), "lisa": long}, b"")
    assert [pair.is_suspicious for pair in found.pairs] == [True]
    assert found.incomplete == ("lisa",)
