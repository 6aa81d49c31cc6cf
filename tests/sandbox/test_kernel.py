"""The life of a sandboxed kernel: what each misbehaviour costs, and what it does not."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from grader.errors import KernelGone, LimitExceeded
from grader.examiner.remote import Session
from grader.sandbox import cgroups
from grader.sandbox import slot as slots
from grader.sandbox.bubblewrap import View
from grader.sandbox.cgroups import Group
from grader.sandbox.kernel import Kernel
from grader.sandbox.limits import Limits


def text_of(run) -> str:
    return "".join(output.get("text", "") for output in run.outputs)


@pytest.fixture
def fresh():
    with Kernel(View(limits=Limits(cell_s=4, wall_s=60, output_kib=64, processes=64))) as started:
        yield started


def test_an_error_costs_only_its_own_cell(fresh: Kernel) -> None:
    assert fresh.run("1 / 0").error.name == "ZeroDivisionError"
    assert text_of(fresh.run("print('on')")) == "on\n"


def test_output_that_is_sent_while_the_cell_ends_is_not_lost(fresh: Kernel) -> None:
    """ipykernel's other thread sends every 0.2 s: a cell that ends just then has to wait for it."""
    flood = "import time\nfor _ in range(40): print('x' * 100_000)\ntime.sleep({seconds})"
    runs = [fresh.run(flood.format(seconds=0.196 + 0.001 * step)) for step in range(10)]
    assert [run.limit[:7] for run in runs] == ["output:"] * len(runs)


def test_an_endless_loop_is_interrupted_and_the_kernel_lives(fresh: Kernel) -> None:
    run = fresh.run("while True: pass")
    assert run.limit == "time: 4 s for one cell exceeded"
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


def test_a_signal_without_a_name_is_named_by_its_number(fresh: Kernel) -> None:
    with pytest.raises(KernelGone, match="signal 40"):
        fresh.run("import os; os.kill(os.getpid(), 40)")


def test_all_cells_together_print_no_more_than_eight_of_them_may() -> None:
    with Kernel(View(limits=Limits(output_kib=1))) as kernel:
        runs = [kernel.run("print('x' * 900)") for _cell in range(12)]
    assert [run.limit for run in runs[:8]] == [""] * 8
    assert {run.limit for run in runs[9:]} == {"output: 8 KiB of all cells together exceeded"}
    assert sum(len(text_of(run)) for run in runs) <= 8 * 1024


def test_an_answer_that_drips_is_waited_for_once(fresh: Kernel) -> None:
    code = """
import struct, threading, time
def drip():
    line = get_ipython().kernel.springfield_line
    while not hasattr(line, "connection"): time.sleep(0.01)
    line.connection.sendall(struct.pack(">QQQ", 1, 10, 400_000_000))
    while True:
        line.connection.sendall(b" "); time.sleep(0.05)
class Slow:
    def __call__(self): threading.Thread(target=drip, daemon=True).start(); time.sleep(100)
slow = Slow()
"""
    fresh.run(code)
    fresh.limits = fresh.limits.model_copy(update={"call_s": 1.0})
    began = time.monotonic()
    with pytest.raises((LimitExceeded, KernelGone)):
        Session(fresh).names(["slow"])["slow"]()
    assert time.monotonic() - began < 20


def test_a_flood_of_output_is_cut_and_named(fresh: Kernel) -> None:
    run = fresh.run("for i in range(20_000): print('spam' * 10)")
    assert run.limit == "output: 64 KiB exceeded"
    assert len(text_of(run)) <= 64 * 1024
    assert text_of(fresh.run("print('on')")) == "on\n"


def test_too_much_memory_raises_in_the_cell(fresh: Kernel) -> None:
    assert fresh.run("x = bytearray(6 << 30)").error.name == "MemoryError"
    assert text_of(fresh.run("print('on')")) == "on\n"


def test_html_and_javascript_do_not_come_out(fresh: Kernel) -> None:
    run = fresh.run("from IPython.display import HTML, display\ndisplay(HTML('<script>alert(1)</script>'))")
    assert all(set(output["data"]) <= {"text/plain", "image/png", "image/jpeg"} for output in run.outputs)


def test_a_figure_comes_out_as_a_picture(fresh: Kernel) -> None:
    run = fresh.run("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()")
    assert [list(output.data) for output in run.outputs] == [["text/plain", "image/png"]]


def test_a_segmentation_fault_is_named(fresh: Kernel) -> None:
    with pytest.raises(KernelGone, match="segmentation fault"):
        fresh.run("import ctypes; ctypes.string_at(0)")


def test_a_fresh_kernel_finds_the_folder_as_the_dead_one_left_it(fresh: Kernel) -> None:
    with pytest.raises(KernelGone):
        fresh.run("open('left.txt', 'w').write('here'); import os; os._exit(3)")
    assert fresh.read_file("left.txt", 100) == b"here"
    fresh.restart()
    assert text_of(fresh.run("print(open('left.txt').read())")) == "here\n"


def test_a_fork_bomb_stops_at_the_limit_and_is_gone_for_the_next(fresh: Kernel) -> None:
    bomb = "import os, time\nfor i in range(500):\n    if os.fork() == 0: time.sleep(60)"
    run = fresh.run(bomb)
    assert run.error.name in ("BlockingIOError", "RuntimeError"), run.error
    fresh.close()
    with Kernel(View()) as following:
        assert text_of(following.run("import os; print(sum(n.isdigit() for n in os.listdir('/proc')))")) == "2\n"


EAT = """
import os, time
for i in range(8):
    if os.fork() == 0:
        {take}
        part[::4096] = b'x' * len(part[::4096])
        time.sleep(9)
time.sleep(10)
"""


@pytest.fixture(params=["a control group", "a watch"])
def summed_by(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """What sums memory in the slots of this test: a control group, where one can be made, or a watch."""
    if request.param == "a watch":
        monkeypatch.setattr(cgroups, "_parents", lambda: iter(()))
    slots.close_warm()
    yield request.param
    slots.close_warm()


@pytest.mark.parametrize(
    "take",
    ["part = bytearray(300 << 20)", "import mmap; part = mmap.mmap(-1, 300 << 20)"],
    ids=["own memory", "shared memory"],
)
def test_memory_of_many_processes_is_summed(summed_by: str, take: str) -> None:
    """What sums them may end a child or the kernel: the system takes the largest, the watch takes all."""
    with Kernel(View(limits=Limits(memory_mib=512, disk_mib=16, cell_s=20))) as small:
        with contextlib.suppress(KernelGone):
            small.run(EAT.format(take=take))
        assert small.memory_kills > 0
        assert summed_by == "a control group" or small.gone == "memory: 512 MiB exceeded"


def test_the_watch_leaves_children_that_share_their_parents_memory_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six workers of a loader see the same pictures: pages that several share count once."""
    monkeypatch.setattr(cgroups, "_parents", lambda: iter(()))
    slots.close_warm()
    shared = "import os, time\npictures = bytearray(300 << 20)\npictures[::4096] = b'x' * len(pictures[::4096])\n"
    children = "for _ in range(6):\n    if os.fork() == 0: time.sleep(9)\ntime.sleep(2)\nprint(len(pictures))"
    with Kernel(View(limits=Limits(memory_mib=512, disk_mib=16, cell_s=20))) as kernel:
        assert text_of(kernel.run(shared + children)) == f"{300 << 20}\n"
        assert kernel.memory_kills == 0
    slots.close_warm()


@pytest.fixture
def scarce(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Groups are made in one that stands for a machine with little memory."""
    parents = [parent for parent in cgroups._parents() if Group._memory_files(parent)]
    if not parents:
        pytest.skip("no control group with memory can be made here")
    machine = parents[0] / f"{cgroups.NAME}-{os.getpid()}-machine"
    machine.mkdir()
    (machine / Group._memory_files(machine)[0]).write_text(str(1200 << 20))
    monkeypatch.setattr(cgroups, "_parents", lambda: iter([machine]))
    slots.close_warm()
    yield
    slots.close_warm()
    for _attempt in range(100):  # the system needs a moment to let go of what was killed in it
        with contextlib.suppress(OSError):
            machine.rmdir()
            break
        time.sleep(0.05)
    assert not machine.exists()


@pytest.mark.slow
@pytest.mark.parametrize(("memory_mib", "is_the_machines"), [(512, False), (4096, True)])
def test_memory_that_the_machine_lacks_is_not_the_students_doing(
    scarce: None, memory_mib: int, is_the_machines: bool
) -> None:
    with Kernel(View(limits=Limits(memory_mib=memory_mib, disk_mib=16, cell_s=20))) as kernel:
        with contextlib.suppress(KernelGone):
            kernel.run(EAT.format(take="part = bytearray(300 << 20)"))
            kernel.run("x = b'x' * (3 << 30)")
        assert kernel.memory_kills > 0
        assert bool(kernel.lost) == is_the_machines, kernel.gone
        assert not kernel.is_doubtful


def test_only_a_kill_of_unknown_hand_is_doubtful(fresh: Kernel) -> None:
    for code in ("import os; os._exit(0)", "import ctypes; ctypes.string_at(0)"):
        with pytest.raises(KernelGone):
            fresh.run(code)
        fresh.restart()
    fresh.run("import time\nwhile True:\n    try: time.sleep(1)\n    except KeyboardInterrupt: pass")
    assert "did not react" in fresh.gone
    assert not fresh.is_doubtful
    fresh.restart()
    with pytest.raises(KernelGone, match="it was killed"):
        fresh.run("import os; os.kill(os.getpid(), 9)")
    fresh.restart()
    assert (fresh.is_doubtful, fresh.lost) == (True, "")


HOSTILE_FILES = """
import os
os.symlink("/etc/hostname", "link")
os.mkfifo("pipe")
os.mkdir("folder")
open("big", "wb").write(b"x" * 999)
"""


def test_a_link_or_a_pipe_is_not_read_from_outside(fresh: Kernel) -> None:
    fresh.run(HOSTILE_FILES)
    for name in ("link", "pipe", "folder", "big", "../../etc/hostname", "none"):
        assert fresh.read_file(name, 100) is None, name
    assert sorted(fresh.names()) == ["big", "folder", "link", "pipe"]


@pytest.mark.slow
def test_files_of_one_kernel_are_not_there_for_the_next() -> None:
    hide = "for place in ('/tmp/x', '/dev/shm/x', '/home/student/x', 'x'):\n    open(place, 'w').write('x')"
    look = "import os; print([p for p in ('/tmp/x', '/dev/shm/x', '/home/student/x', 'x') if os.path.exists(p)])"
    with Kernel(View(files=(("given/a.txt", b"a"),))) as first:
        assert first.run(hide).error is None
        assert text_of(first.run("print(open('given/a.txt').read())")) == "a\n"
    with Kernel(View()) as second:
        assert text_of(second.run(look)) == "[]\n"
        assert second.names() == []


def test_the_shell_lives_where_the_notebook_runs() -> None:
    code = (
        "import os\nshell = get_ipython()\nhere = '/kaggle/working'\n"
        "assert os.getcwd() == shell.starting_dir == here and [str(place) for place in _dh] == [here], _dh\n"
        "assert shell.parent is shell.kernel is not None and shell.profile_dir.location.startswith(shell.ipython_dir)\n"
        "assert os.path.isdir(shell.profile_dir.location), shell.profile_dir.location\n"
        "assert os.environ['PAGER'] == 'cat', 'a pager would wait for keys'\n"
        "assert __name__ == '__main__' and __import__('__main__').__dict__ is globals()"
    )
    with Kernel(View()) as kernel:
        run = kernel.run(code)
        assert run.error is None, run.error


def test_nothing_of_a_kernel_is_left_behind() -> None:
    slots.close_warm()
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    with Kernel(View()) as kernel:
        kernel.run("import subprocess; subprocess.Popen(['sleep', '1000'], start_new_session=True)")
        inside = [p for p in psutil.Process().children(recursive=True) if p.pid not in before]
        assert "sleep" in {p.name() for p in inside}
    with Kernel(View()):
        left = [p.name() for p in psutil.Process().children(recursive=True) if p.pid not in before]
        assert "sleep" not in left
    slots.close_warm()
    assert not [p for p in psutil.Process().children(recursive=True) if p.pid not in before]
    assert not list(Path(tempfile.gettempdir()).glob(f"sg-slot-{os.getpid()}-*"))


def test_jupyter_execute_runs_unchanged_on_the_provisioner(tmp_path: Path) -> None:
    code = "import os; print(os.getcwd(), os.path.exists('/root/.bashrc'), os.path.exists('/usr/bin/env'))"
    path = tmp_path / "notebook.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(code)]), path)
    command = [sys.executable, "-m", "jupyter", "execute", "--inplace", str(path)]
    environment = {**os.environ, "JUPYTER_DEFAULT_PROVISIONER_NAME": "springfield-bubblewrap"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert nbformat.read(path, as_version=4).cells[0].outputs[0].text == "/kaggle/working False True\n"


@pytest.mark.parametrize("taken", ["sys.stderr = None", "sys.stdout = sys.stderr = None", "sys.stderr = object()"])
def test_a_notebook_that_takes_a_stream_away_goes_on_and_its_errors_are_told(taken: str) -> None:
    with Kernel(View()) as kernel:
        assert kernel.run(f"import sys\nbefore = sys.stdout\n{taken}").error is None
        run = kernel.run("x = 1\n1 / 0")
        assert run.error is not None
        assert run.error.name == "ZeroDivisionError"
        assert text_of(kernel.run("sys.stdout = before\nprint(x)")) == "1\n"
