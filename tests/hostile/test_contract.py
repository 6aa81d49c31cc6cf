"""What every sandbox promises, tried on each implementation. A new sandbox is added to `SANDBOXES`, and nothing else.

A sandbox is a context manager with `run(code)`, `request(content, buffers)`, `gone` and `close()`, as `grader.sandbox.kernel.Kernel`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import torch
from attacks import TRY
from gate import SECRET_MARK, plant_in_environment

from grader.errors import GraderError, KernelGone, LimitExceeded, StudentCodeRaised
from grader.examiner.remote import Session
from grader.limits import Limits
from grader.sandbox.bubblewrap import View
from grader.sandbox.kernel import CellRun, Kernel

LIMITS = Limits(wall_s=60, cell_s=4, call_s=2, memory_mib=2048, file_mib=64, output_kib=64)


@dataclass(frozen=True)
class Sandbox:
    """One implementation.

    Attributes:
        name: shown in the test's name.
        start: makes a started one for a view.
    """

    name: str
    start: Callable[[View], AbstractContextManager[Kernel]]


SANDBOXES = [Sandbox("kernel", Kernel)]


@pytest.fixture(scope="module", params=SANDBOXES, ids=lambda sandbox: sandbox.name)
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    return request.param


@pytest.fixture(scope="module")
def lasting(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel that the promises share; they leave it alive."""
    plant_in_environment()
    with sandbox.start(View(work=tmp_path_factory.mktemp("work"), limits=LIMITS)) as started:
        yield started


@pytest.fixture
def fresh(sandbox: Sandbox, tmp_path: Path) -> Iterator[Kernel]:
    """A kernel of the test's own."""
    with sandbox.start(View(work=tmp_path, limits=LIMITS)) as started:
        yield started


def text(run: CellRun) -> str:
    return "".join(output.get("text", "") for output in run.outputs)


PROMISES = {
    "there is no network": "import socket\ntry: socket.create_connection(('192.0.2.1', 9), 1); print('broken')\nexcept OSError: print('kept')",
    "names are not resolved": "import socket\ntry: socket.getaddrinfo('example.org', 80); print('broken')\nexcept OSError: print('kept')",
    "no rights are left": "print('kept' if all(int(l.split()[1], 16) == 0 for l in open('/proc/self/status') if l.startswith(('CapEff', 'CapPrm', 'CapInh', 'CapAmb'))) else 'broken')",
    "no rights can be won": "print('kept' if 'NoNewPrivs:\\t1' in open('/proc/self/status').read() else 'broken')",
    "the grader cannot be imported": "try: import grader; print('broken')\nexcept ImportError: print('kept')",
    "the environment holds no secret": "import os\nprint('broken' if 'SPRINGFIELD_ADMIN_TOKEN' in os.environ else 'kept')",
    "no home folder is there": "import os\nprint('broken' if os.path.exists('/root/.bashrc') or os.path.exists('/work/shared') else 'kept')",
    "no account list is there": "import os\nprint('broken' if os.path.exists('/etc/shadow') else 'kept')",
    "the system is read-only": "try: open('/usr/x', 'w'); print('broken')\nexcept OSError: print('kept')",
    "torch is read-only": "import torch\ntry: open(torch.__file__, 'a'); print('broken')\nexcept OSError: print('kept')",
    "the working folder is empty and writable": "import os\nassert os.getcwd() == '/kaggle/working' and not os.listdir('.')\nopen('x', 'w').write('x'); os.remove('x'); print('kept')",
    "a new user namespace is refused": "import ctypes\nprint('broken' if ctypes.CDLL(None).unshare(0x10000000) == 0 else 'kept')",
    "a new mount is refused": "import ctypes\nprint('broken' if ctypes.CDLL(None).mount(b'x', b'/tmp', b'tmpfs', 0, None) == 0 else 'kept')",
    "a mount cannot be taken away": "import ctypes\nprint('broken' if ctypes.CDLL(None).umount2(b'/proc', 2) == 0 else 'kept')",
    "other processes cannot be traced": "import ctypes, os\nprint('broken' if ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0) == 0 else 'kept')",
    "other processes' memory cannot be read": "import os\nbad = []\nfor p in filter(str.isdigit, os.listdir('/proc')):\n    if int(p) != os.getpid():\n        try: open(f'/proc/{p}/mem', 'rb'); bad.append(p)\n        except OSError: pass\nprint(bad or 'kept')",
    "other processes' environment cannot be read": "import os\nbad = []\nfor p in filter(str.isdigit, os.listdir('/proc')):\n    try: bad += [p] if b'ADMIN_TOKEN' in open(f'/proc/{p}/environ', 'rb').read() else []\n    except OSError: pass\nprint(bad or 'kept')",
    "other processes' files cannot be opened": "import os\nbad = []\nfor p in filter(str.isdigit, os.listdir('/proc')):\n    if int(p) != os.getpid():\n        try: bad += [p] if 'work' in os.listdir(f'/proc/{p}/root') and os.path.exists(f'/proc/{p}/root/root/.bashrc') else []\n        except OSError: pass\nprint(bad or 'kept')",
    "memory is limited": "try: bytearray(100 << 30); print('broken')\nexcept MemoryError: print('kept')",
    "one file cannot fill the disk": "try: open('big', 'wb').truncate(1 << 40); print('broken')\nexcept OSError: print('kept')",
    "core dumps are off": "import resource\nprint('kept' if resource.getrlimit(resource.RLIMIT_CORE) == (0, 0) else 'broken')",
    "limits cannot be raised": "import resource\ntry: resource.setrlimit(resource.RLIMIT_DATA, (-1, -1)); print('broken')\nexcept (OSError, ValueError): print('kept')",
    "devices cannot be made": "import os, stat\ntry: os.mknod('d', stat.S_IFBLK, os.makedev(8, 0)); print('broken')\nexcept OSError: print('kept')",
    "settings of the machine cannot be written": "import os\nbad = []\nfor top in ('/proc/sys', '/sys'):\n    for here, _, names in os.walk(top):\n        bad += [n for n in names[:20] if os.access(os.path.join(here, n), os.W_OK) and not os.path.islink(os.path.join(here, n))]\nprint(bad[:5] or 'kept')",
    "few processes are visible": "import os\nprint('kept' if sum(n.isdigit() for n in os.listdir('/proc')) < 8 else 'broken')",
    "the class folder's secrets are nowhere": TRY.replace('print("tried")', "") + "found = []\nfor top, folders, names in os.walk('/'):\n    folders[:] = [f for f in folders if os.path.join(top, f) not in ('/proc', '/usr', '/sys', sys.prefix, sys.base_prefix)]\n    found += [n for n in names if n in ('class.toml', 'gradebook.db', 'answers.csv', 'kernel.key')]\nprint(found or 'kept')",
}  # fmt: skip


@pytest.mark.parametrize("promise", PROMISES)
def test_the_promise_is_kept(lasting: Kernel, promise: str) -> None:
    run = lasting.run(PROMISES[promise])
    assert text(run).strip().endswith("kept"), (run.error, run.outputs)


def test_what_a_cell_says_holds_no_secret_of_the_grader(lasting: Kernel) -> None:
    run = lasting.run(
        "import os\nfor p in ('self', '1'):\n    print(open(f'/proc/{p}/environ', errors='replace').read()[:20000])"
    )
    assert SECRET_MARK not in text(run) + str(run.error)


def test_an_error_costs_its_own_cell(lasting: Kernel) -> None:
    assert lasting.run("1 / 0").error[0] == "ZeroDivisionError"
    assert text(lasting.run("print('on')")) == "on\n"


def test_a_cell_that_takes_too_long_is_interrupted(fresh: Kernel) -> None:
    started = time.monotonic()
    assert "time" in fresh.run("while True: pass").limit
    assert time.monotonic() - started < LIMITS.cell_s + 5
    assert text(fresh.run("print('on')")) == "on\n"


@pytest.mark.parametrize(
    "code",
    [
        "import os; os._exit(3)",
        "import os; os.kill(os.getpid(), 9)",
        "import os; os.kill(os.getpid(), 19)",
        "import ctypes; ctypes.string_at(1)",
        "import os; os.execv('/bin/sleep', ['sleep', '100'])",
        "import time\nwhile True:\n    try: time.sleep(1)\n    except BaseException: pass",
        "import os; os.closerange(3, 4096)",
    ],
    ids=["exits", "kills itself", "stops", "crashes", "becomes sleep", "ignores interrupts", "closes everything"],
)
def test_a_kernel_that_is_lost_is_named_within_its_limits(fresh: Kernel, code: str) -> None:
    started = time.monotonic()
    try:
        fresh.run(code)
    except KernelGone as gone:
        assert str(gone)
    assert time.monotonic() - started < LIMITS.cell_s + 8
    if fresh.gone:
        with pytest.raises(KernelGone):
            fresh.run("1")


def test_output_is_cut(fresh: Kernel) -> None:
    run = fresh.run("for _ in range(20_000): print('spam' * 20)")
    assert "output" in run.limit
    assert len(text(run)) <= LIMITS.output_kib * 1024


@pytest.mark.xfail(reason="errors do not count towards the limit of outputs", strict=True)
def test_forged_errors_are_cut_too(fresh: Kernel) -> None:
    code = """
kernel = get_ipython().kernel
for _ in range(500):
    kernel.session.send(kernel.iopub_socket, "error", {"ename": "E", "evalue": "v", "traceback": ["t" * 20_000]},
                        parent=kernel.get_parent()["header"], ident=b"kernel.error")
"""
    run = fresh.run(code)
    assert sum(len(repr(output)) for output in run.outputs) <= 2 * LIMITS.output_kib * 1024


FORGED = """
kernel = get_ipython().kernel
message = kernel.session.msg("stream", {"name": "stdout", "text": "x"}, parent=kernel.get_parent()["header"])
header = message["header"]
%s
kernel.session.send(kernel.iopub_socket, message, ident=b"kernel.stream")
"""


@pytest.mark.parametrize(
    "change",
    [
        "message['parent_header'] = [1]",
        "message['parent_header'] = None",
        "message['content'] = [1]",
        "message['content'] = None",
        "message['content'] = 'text'",
        "header['msg_type'] = message['msg_type'] = 'status'; message['content'] = 'idle'",
        "header['msg_type'] = message['msg_type'] = 'error'; message['content'] = {'ename': 1, 'traceback': {'a': 1}}",
        "header['msg_type'] = message['msg_type'] = 'display_data'; message['content'] = {'data': [1], 'metadata': 3}",
        "message['header'] = [1, 2]",
        "header['date'] = '99999-99-99T99:99:99'",
        "header['msg_type'] = {'a': 1}",
        "message['metadata'] = 'x'",
        r"message['content'] = {'name': 'stdout', 'text': '\ud800'}",
    ],
)
def test_a_forged_output_ends_in_a_run_and_not_in_an_error_of_ours(fresh: Kernel, change: str) -> None:
    run = fresh.run(FORGED % change)
    assert run.error is None or run.error[0] != "", run
    for output in run.outputs:
        repr(output).encode()
        str(output.get("text", "")).encode()


def test_a_call_that_takes_too_long_ends_and_the_next_is_answered(fresh: Kernel) -> None:
    fresh.run("import time\ndef slow(): time.sleep(100)\ndef quick(): return 7")
    names = Session(fresh).names(["slow", "quick"])
    with pytest.raises(LimitExceeded):
        names["slow"]()
    assert names["quick"]() == 7


@pytest.mark.parametrize("value", ["[1]", "None", "'x'", "5"])
def test_an_answer_that_is_no_answer_is_the_students_error(fresh: Kernel, value: str) -> None:
    fresh.run(
        "kernel = get_ipython().kernel\ndef forged(stream, ident, parent):\n"
        f"    message = kernel.session.msg('springfield_reply', {{}}, parent=parent)\n    message['content'] = {value}\n"
        "    kernel.session.send(stream, message, ident=ident)\n"
        "kernel.shell_handlers['springfield_request'] = forged"
    )
    with pytest.raises((StudentCodeRaised, LimitExceeded)):
        Session(fresh).names(["x"])


def resident_mib() -> float:
    return psutil.Process().memory_info().rss / 2**20


def test_a_huge_answer_does_not_grow_the_trusted_process(fresh: Kernel) -> None:
    """One gigabyte in an answer: refused while it arrives, or at least not kept. The peak is measured."""
    fresh.run("import torch\ndef f(): return torch.zeros(1 << 28)")
    found = Session(fresh).names(["f"])
    Path("/proc/self/clear_refs").write_text("5")
    before = resident_mib()
    with pytest.raises(GraderError):
        found["f"]()
    peak = next(int(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
    assert peak - before < 900, f"{peak - before:.0f} MiB"


def test_nothing_is_left_after_the_end(sandbox: Sandbox, tmp_path: Path) -> None:
    with ExitStack() as stack:
        kernel = stack.enter_context(sandbox.start(View(work=tmp_path, limits=LIMITS)))
        kernel.run(
            "import os, subprocess, threading, time\nsubprocess.Popen(['setsid', 'sleep', '1000'])\n"
            "threading.Thread(target=time.sleep, args=(1000,)).start()\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(1000)"
        )
        inside = [process for process in psutil.process_iter() if _sees(process, tmp_path)]
        assert inside
    give_up = time.monotonic() + 5
    while [p for p in inside if p.is_running() and p.status() != psutil.STATUS_ZOMBIE] and time.monotonic() < give_up:
        time.sleep(0.05)
    assert not [p for p in inside if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def _sees(process: psutil.Process, folder: Path) -> bool:
    try:
        return folder.name in Path("/proc", str(process.pid), "mountinfo").read_text() and process.pid != os.getpid()
    except OSError:
        return False


def test_two_sandboxes_do_not_see_each_other(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with (
        sandbox.start(View(work=tmp_path / "one", limits=LIMITS)) as one,
        sandbox.start(View(work=tmp_path / "two", limits=LIMITS)) as two,
    ):
        one.run(
            "import os\nopen('/tmp/mine', 'w').write('secret of one')\nopen('/dev/shm/mine', 'w').write('secret of one')\nopen('mine', 'w').close()"
        )
        one.run("import socket\ns = socket.socket(socket.AF_UNIX); s.bind('\\0mine'); s.listen()")
        look = (
            "import os, socket\nprint([p for p in ('/tmp/mine', '/dev/shm/mine', 'mine') if os.path.exists(p)])\n"
            "try: socket.socket(socket.AF_UNIX).connect('\\0mine'); print('connected')\nexcept OSError: print('refused')"
        )
        assert text(two.run(look)) == "[]\nrefused\n"


def test_one_after_another_in_the_same_place_share_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        with sandbox.start(View(work=folder, limits=LIMITS)) as kernel:
            look = (
                "import os, sys, torch, builtins\n"
                "print([p for p in ('/tmp/mine', '/dev/shm/mine', 'mine', '/home/student/mine') if os.path.exists(p)], hasattr(torch, 'mine'),"
                " hasattr(builtins, 'mine'), 'mine' in sys.modules, torch.get_default_dtype(), os.environ.get('MINE'))"
            )
            assert text(kernel.run(look)) == "[] False False False torch.float32 None\n"
            kernel.run(
                "for p in ('/tmp/mine', '/dev/shm/mine', 'mine', '/home/student/mine'):\n"
                "    try: open(p, 'w').close()\n    except OSError: pass\n"
                "torch.mine = builtins.mine = 1; sys.modules['mine'] = torch; os.environ['MINE'] = '1'\n"
                "torch.set_default_dtype(torch.float64); torch.allclose = lambda *a: True; torch.manual_seed(1)"
            )


def test_random_numbers_differ_from_one_to_the_next(sandbox: Sandbox, tmp_path: Path) -> None:
    """A warm sandbox forks: without a new seed all students would draw the same numbers."""
    drawn = []
    for number in range(2):
        (tmp_path / str(number)).mkdir()
        with sandbox.start(View(work=tmp_path / str(number), limits=LIMITS)) as kernel:
            drawn.append(
                text(
                    kernel.run(
                        "import torch, numpy, random\nprint(torch.rand(1).item(), numpy.random.rand(), random.random())"
                    )
                )
            )
    for one, two in zip(*(line.split() for line in drawn), strict=True):
        assert one != two


def test_the_view_decides_what_is_seen(sandbox: Sandbox, tmp_path: Path) -> None:
    for name in ("work", "data"):
        (tmp_path / name).mkdir()
    (tmp_path / "data" / "x.txt").write_text("data")
    view = View(
        work=tmp_path / "work",
        read_only=((tmp_path / "data", "/kaggle/input/x"),),
        limits=LIMITS,
        environment=(("SEEN", "yes"),),
    )
    with sandbox.start(view) as kernel:
        code = (
            "import os\nprint(open('/kaggle/input/x/x.txt').read(), os.environ['SEEN'])\n"
            "try: open('/kaggle/input/x/x.txt', 'a'); print('broken')\nexcept OSError: print('kept')"
        )
        assert text(kernel.run(code)) == "data yes\nkept\n"
    assert torch.get_num_threads() >= 1
