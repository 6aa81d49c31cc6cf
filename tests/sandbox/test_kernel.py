"""The life of a sandboxed kernel: what each misbehaviour costs, and what it does not."""

import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from grader.errors import KernelGone
from grader.limits import Limits
from grader.sandbox.bubblewrap import View
from grader.sandbox.kernel import Kernel


def text_of(run) -> str:
    return "".join(output.get("text", "") for output in run.outputs)


@pytest.fixture
def fresh(tmp_path: Path):
    with Kernel(View(work=tmp_path, limits=Limits(cell_s=2, wall_s=30, output_kib=64))) as started:
        yield started


def test_an_error_costs_only_its_own_cell(fresh: Kernel) -> None:
    assert fresh.run("1 / 0").error[0] == "ZeroDivisionError"
    assert text_of(fresh.run("print('on')")) == "on\n"


def test_an_endless_loop_is_interrupted_and_the_kernel_lives(fresh: Kernel) -> None:
    run = fresh.run("while True: pass")
    assert run.limit == "time: 2 s for one cell exceeded"
    assert text_of(fresh.run("print('on')")) == "on\n"


def test_a_kernel_that_ignores_interrupts_is_killed(fresh: Kernel) -> None:
    run = fresh.run("import time\nwhile True:\n    try: time.sleep(1)\n    except KeyboardInterrupt: pass")
    assert "time" in run.limit
    with pytest.raises(KernelGone, match="did not react to an interrupt"):
        fresh.run("1")


def test_os_exit_is_noticed_and_named(fresh: Kernel) -> None:
    with pytest.raises(KernelGone, match=r"os\._exit"):
        fresh.run("import os; os._exit(0)")
    assert fresh.gone


def test_a_flood_of_output_is_cut_and_named(fresh: Kernel) -> None:
    run = fresh.run("for i in range(100_000): print('spam' * 10)")
    assert run.limit == "output: 64 KiB exceeded"
    assert len(text_of(run)) < 64 * 1024
    assert text_of(fresh.run("print('on')")) == "on\n"


def test_too_much_memory_raises_in_the_cell(fresh: Kernel) -> None:
    assert fresh.run("x = bytearray(6 << 30)").error[0] == "MemoryError"
    assert text_of(fresh.run("print('on')")) == "on\n"


def test_html_and_javascript_do_not_come_out(fresh: Kernel) -> None:
    run = fresh.run("from IPython.display import HTML, display\ndisplay(HTML('<script>alert(1)</script>'))")
    assert all(set(output["data"]) <= {"text/plain", "image/png", "image/jpeg"} for output in run.outputs)


def test_nothing_of_a_kernel_is_left_behind(tmp_path: Path) -> None:
    with Kernel(View(work=tmp_path)) as kernel:
        kernel.run("import subprocess; subprocess.Popen(['sleep', '1000'])")
        inside = list(psutil.Process().children(recursive=True))
        assert len(inside) >= 3
    deadline = time.monotonic() + 5
    while any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in inside) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [p for p in inside if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    assert not list(Path("/tmp").glob(f"sg-run-{os.getpid()}-*"))


def test_jupyter_execute_runs_unchanged_on_the_provisioner(tmp_path: Path) -> None:
    code = "import os; print(os.getcwd(), os.path.exists('/root/.bashrc'), os.path.exists('/usr/bin/env'))"
    path = tmp_path / "notebook.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(code)]), path)
    command = [sys.executable, "-m", "jupyter", "execute", "--inplace", str(path)]
    environment = {**os.environ, "JUPYTER_DEFAULT_PROVISIONER_NAME": "springfield-bubblewrap"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert nbformat.read(path, as_version=4).cells[0].outputs[0].text == "/kaggle/working False True\n"
