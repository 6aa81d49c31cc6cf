"""What the examiner's tests share: one thread, English messages, and a way to run a cell in the module's kernel."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, settings

from grader.examiner.remote import Session
from grader.language import speaking
from grader.sandbox.kernel import Kernel

# A call crosses into a sandbox, and the machine is shared: time says nothing here.
settings.register_profile("examiner", deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
settings.load_profile("examiner")

Student = Callable[[str, str], Any]


@pytest.fixture(autouse=True)
def english_and_one_thread() -> Iterator[None]:
    torch.set_num_threads(1)
    with speaking("en"):
        yield


@pytest.fixture(scope="module")
def session(kernel: Kernel) -> Session:
    return Session(kernel)


@pytest.fixture(scope="module")
def student(kernel: Kernel, session: Session) -> Student:
    """Run a cell of the student's and get one of its names: `student("def f(): ...", "f")`."""
    imports = kernel.run("import torch, time\nfrom torch import nn\nfrom torch.nn import functional as F")
    assert imports.error is None, imports.error

    def run(cell: str, name: str) -> Any:
        ran = kernel.run(cell)
        assert ran.error is None, ran.error
        return session.names([name])[name]

    return run
