"""On a real GPU: the sandbox has it, one notebook at a time, with its share of the memory."""

from functools import partial

import pytest

from grader.sandbox.bubblewrap import View
from grader.sandbox.devices import gpus, places
from grader.sandbox.kernel import Kernel

pytestmark = [pytest.mark.gpu, pytest.mark.slow]
LOOK = "import torch; print(torch.cuda.device_count(), torch.ones(3, device='cuda').sum().item())"


def said(view: View, code: str) -> str:
    with Kernel(view) as kernel:
        run = kernel.run(code)
    return "".join(run.printed) + (run.limit or "") + (run.error.text if run.error else "")


def test_a_notebook_computes_on_the_gpu_it_was_given() -> None:
    assert said(View(gpu=gpus()[0]), LOOK).strip() == "1 3.0"


def test_a_notebook_without_a_gpu_sees_none() -> None:
    # Where the machine has a driver, torch also warns that it cannot start.
    assert "False" in said(View(), "import torch; print(torch.cuda.is_available())").splitlines()


def test_a_shared_gpu_gives_each_its_part_of_the_memory() -> None:
    *_cpus, device = places("cuda", slots=1, per_gpu=4)
    code = "import torch; torch.empty(int(0.5 * torch.cuda.mem_get_info()[1]), dtype=torch.uint8, device='cuda')"
    view = partial(View, gpu=device.visible)
    assert "GPU memory" in said(view(gpu_share=device.memory_share), code)
    assert said(view(), code) == ""


def test_two_kernels_share_a_gpu_side_by_side() -> None:
    with Kernel(View(gpu="0")) as one, Kernel(View(gpu="0")) as two:
        assert [kernel.run(LOOK).error for kernel in (one, two)] == [None, None]
