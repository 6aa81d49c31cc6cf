"""What every sandbox promises, tried on each implementation. A new sandbox is added to `SANDBOXES`, and nothing else.

What a kernel's life promises (limits, errors, forged messages) is tried on `--unisolated` too, which has no walls.

A sandbox is a context manager with `run(code)`, `request(content, buffers)`, `gone` and `close()`, as `grader.sandbox.kernel.Kernel`.
"""

# ruff: noqa: E501  attacks are programs inside strings: a line that is broken is another program
from __future__ import annotations

import ast
import json
import os
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest
import torch
from attacks import TRY
from failing import HAS_FAILED
from gate import SECRET_MARK, plant_in_environment

from grader.cli.health import hidden_lines
from grader.course.new_class import course_source
from grader.errors import GraderError, KernelGone, LimitExceeded, StudentCodeRaised
from grader.examiner.remote import Session
from grader.sandbox import slot as slots
from grader.sandbox.bubblewrap import View
from grader.sandbox.kernel import Kernel
from grader.sandbox.limits import Limits
from grader.sandbox.outputs import CellRun
from grader.sandbox.self_check import SEARCH_S, nowhere_in_view

LIMITS = Limits(wall_s=60, cell_s=4, call_s=2, memory_mib=2048, disk_mib=256, output_kib=64)


@dataclass(frozen=True)
class Sandbox:
    """One implementation.

    Attributes:
        name: shown in the test's name.
        start: makes a started one for a view.
        forget: ends what is kept warm, so that a test begins as after an installation.
    """

    name: str
    start: Callable[[View], AbstractContextManager[Kernel]]
    forget: Callable[[], None]


SANDBOXES = [Sandbox("kernel", Kernel, slots.close_warm)]
UNISOLATED = Sandbox("unisolated", lambda view: Kernel(replace(view, isolated=False)), slots.close_warm)


@pytest.fixture(scope="module", params=SANDBOXES, ids=lambda sandbox: sandbox.name)
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    return request.param


@pytest.fixture
def cold(sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A sandbox that nobody has hurt: after a test that failed the next begins with a new one."""
    yield sandbox
    if request.node.stash.get(HAS_FAILED, False):
        sandbox.forget()


@pytest.fixture(scope="module")
def lasting(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel that the promises share; they leave it alive."""
    plant_in_environment()
    with sandbox.start(View(limits=LIMITS.model_copy(update={"wall_s": 900}))) as started:
        yield started


@pytest.fixture(params=[*SANDBOXES, UNISOLATED], ids=lambda sandbox: sandbox.name)
def fresh(request: pytest.FixtureRequest) -> Iterator[Kernel]:
    """A kernel of the test's own, with walls or without."""
    with request.param.start(View(limits=LIMITS)) as started:
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
    "the working folder is empty and writable": "import os\nassert os.getcwd() == '/kaggle/working' and not os.listdir('.'), os.listdir('.')\nopen('x', 'w').write('x'); os.remove('x'); print('kept')",
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
    "a device of the machine cannot be changed": "import os\nbad = []\nfor n in os.listdir('/dev'):\n    for change in (lambda p: os.chmod(p, 0), lambda p: os.utime(p), lambda p: os.chown(p, 0, 0), lambda p: os.setxattr(p, 'user.x', b'x')):\n        try:\n            if n not in ('pts', 'shm') and not os.path.islink('/dev/' + n): change('/dev/' + n); bad.append(n)\n        except OSError: pass\nprint(bad or 'kept')",
    "no descriptor leads to a file of the host": "import os\nbad = []\nfor n in os.listdir('/proc/self/fd'):\n    try: target = os.readlink('/proc/self/fd/' + n)\n    except OSError: continue\n    if target != '/dev/null' and not target.startswith(('pipe:', 'socket:', 'anon_inode:', '/proc/')): bad.append(target)\nprint(bad or 'kept')",
    "every pipe ends in the kernel itself": "import os\nown = [os.readlink('/proc/self/fd/' + n) for n in os.listdir('/proc/self/fd') if os.path.lexists('/proc/self/fd/' + n)]\npipes = [p for p in own if p.startswith('pipe:')]\nprint('kept' if all(own.count(p) >= 2 for p in pipes) else pipes)",
    "every folder in memory has a number of files": "bad = [l.split()[4] for l in open('/proc/self/mountinfo') if ' - tmpfs ' in l and ' rw,' in l.split(' - ')[0] and 'nr_inodes' not in l]\nprint(bad or 'kept')",
    "only its own folders can be written to": "bad = [l.split()[4] for l in open('/proc/self/mountinfo') if l.split()[5].split(',')[0] == 'rw']\nprint('kept' if sorted(bad) == sorted(['/kaggle/working', '/content', '/tmp', '/dev/shm', '/home/student', '/dev/pts']) else bad)",
    "what root may read of the machine is masked": "import os\nbad = []\nfor n in ('slabinfo', 'vmallocinfo', 'kpageflags', 'kpagecount', 'pagetypeinfo', 'kallsyms', 'iomem', 'cmdline', 'keys', 'timer_list'):\n    try: bad += [n] if open('/proc/' + n, 'rb').read(64) else []\n    except OSError: pass\nprint(bad or 'kept')",
    "system calls are filtered": "print('kept' if 'Seccomp:\\t2' in open('/proc/self/status').read() else 'broken')",
    "a port of the virtual machine cannot be bound": "import socket\ntry: socket.socket(40, 1); print('broken')\nexcept OSError: print('kept')",
    "the class folder's secrets are nowhere": TRY.replace('print("tried")', "")
    + "found = []\nfor top, folders, names in os.walk('/'):\n    folders[:] = [f for f in folders if os.path.join(top, f) not in ('/proc', '/usr', '/sys', sys.prefix, sys.base_prefix)]\n    found += [n for n in names if n in ('class.toml', 'gradebook.db', 'answers.csv', 'kernel.key')]\nprint(found or 'kept')",
}


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
    assert lasting.run("1 / 0").error.name == "ZeroDivisionError"
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
    with suppress(KernelGone):
        fresh.run(code)
    assert time.monotonic() - started < LIMITS.cell_s + 8
    if fresh.gone:
        with pytest.raises(KernelGone):
            fresh.run("1")


def test_output_is_cut(fresh: Kernel) -> None:
    run = fresh.run("for _ in range(20_000): print('spam' * 20)")
    assert "output" in run.limit
    assert len(text(run)) <= LIMITS.output_kib * 1024


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
import json
kernel = get_ipython().kernel
parent = json.loads(json.dumps(kernel.get_parent()["header"], default=str))
message = kernel.session.msg("stream", {"name": "stdout", "text": "x"}, parent=parent)
header = message["header"] = json.loads(json.dumps(message["header"], default=str))
%s
frames = [json.dumps(message[part]).encode() for part in ("header", "parent_header", "metadata", "content")]
kernel.iopub_socket.send_multipart([b"kernel.stream", b"<IDS|MSG>", kernel.session.sign(frames), *frames])
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
    assert run.error is None or run.error.name != "", run
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
    fresh.run(f"get_ipython().kernel.springfield_line.agent.answer = lambda *a: ({json_of(value)!r}, b'')")
    with pytest.raises((StudentCodeRaised, LimitExceeded)):
        Session(fresh).names(["x"])


def json_of(value: str) -> bytes:
    """A Python value as JSON."""
    return json.dumps(ast.literal_eval(value)).encode()


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
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))
    assert peak - before < 900, f"{peak - before:.0f} MiB"


LEAVING = """
import os, subprocess, sys, threading, time
with open("left.py", "w") as file: file.write("import time\\ntime.sleep(1000)")
subprocess.Popen(["setsid", sys.executable, "left.py", "%s"])
threading.Thread(target=time.sleep, args=(1000,)).start()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "left.py", "%s"])
    os._exit(0)
time.sleep(0.5)
"""


def test_nothing_is_left_after_the_end(sandbox: Sandbox) -> None:
    mark = f"left-by-{os.getpid()}-{time.monotonic_ns()}"
    with sandbox.start(View(limits=LIMITS)) as kernel:
        kernel.run(LEAVING % (mark, mark))
        assert len(_marked(mark)) == 2
    give_up = time.monotonic() + 5
    while _marked(mark) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert _marked(mark) == []


def _marked(mark: str) -> list[int]:
    return [p.info["pid"] for p in psutil.process_iter(["pid", "cmdline"]) if mark in (p.info["cmdline"] or [])]


def test_a_later_kernel_finds_nothing_of_an_earlier_ones_result_in_its_memory(sandbox: Sandbox) -> None:
    """A warm sandbox reads results for the grader; what it has read must not be in the memory that it forks."""
    secret = f"earlier-{time.monotonic_ns()}"
    for size in (1, 100, 3000):
        with sandbox.start(View(limits=LIMITS, files=(("given.txt", f"{secret},given\n".encode() * size),))) as kernel:
            kernel.run(f"open('submission.csv', 'w').write('{secret},predicted\\n' * {size})")
            found = kernel.read_file("submission.csv", 1 << 20)
            assert found is not None
            assert found.startswith(secret.encode())
    with sandbox.start(View(limits=LIMITS)) as kernel:
        half = len(secret) // 2
        run = kernel.run(SCAN % (secret[:half], secret[half:]))
        assert "scanned" in text(run)
        assert "found" not in text(run), text(run)


SCAN = """
wanted = "".join(["%s", "%s"]).encode() + b","
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    for line in maps:
        low, high = (int(part, 16) for part in line.split()[0].split("-"))
        if "rw" in line.split()[1] and high - low < 512 << 20:
            try:
                memory.seek(low)
                data = memory.read(high - low)
            except (OSError, ValueError, OverflowError):
                continue
            at = data.find(wanted)
            if at >= 0 and data[at + len(wanted):at + len(wanted) + 5] in (b"predi", b"given"):
                print("found", data[at:at + 60])
print("scanned")
"""
FILES = """
import os
made = 0
try:
    while made < 200_000:
        open(f"{place}/{made}", "w").close()
        made += 1
except OSError: pass
print(0 < made < 200_000)
import shutil
for n in range(made): os.remove(f"{place}/{n}")
"""


@pytest.mark.parametrize("place", ["/tmp", "/dev/shm", ".", "/home/student"])
def test_empty_files_are_counted(sandbox: Sandbox, place: str) -> None:
    """Each takes a kilobyte of the system's memory and nothing of its folder's size."""
    with sandbox.start(View(limits=LIMITS.model_copy(update={"cell_s": 60}))) as kernel:
        assert text(kernel.run(FILES.replace("{place}", place))) == "True\n"


HARM = {
    "takes /dev/null from everybody": "import os\nos.chmod('/dev/null', 0)",
    "takes the terminals": "import os\nos.chmod('/dev/pts/ptmx', 0)",
    "opens all terminals": "import os\nkept = [os.openpty() for _ in range(200)]",
    "writes where the zygote writes": "import os\nfor n in range(3, 100):\n    try: os.write(n, b'written by the one before\\n' * 50)\n    except OSError: pass",
    "keeps a port in TIME_WAIT": "import socket\ns = socket.socket(); s.bind(('127.0.0.1', 29500)); s.listen()\nc = socket.create_connection(('127.0.0.1', 29500)); a = s.accept()[0]; a.close(); c.close(); s.close()",
    "leaves keys": "import ctypes\nfor ring in (-1, -2, -3, -4, -5): print(ctypes.CDLL(None).syscall(248, b'user', b'sg-left', b'x', 1, ring))",
    "changes its name": "import ctypes\nctypes.CDLL(None).sethostname(b'x', 1)",
    "leaves memory shared": "import ctypes\nprint(ctypes.CDLL(None).shmget(77, 4096, 0o1777))",
}
UNHURT = """
import ctypes, os, pty, socket, subprocess, sys
print(open("/dev/null").read() == "", subprocess.run("echo on > /dev/null; tty < /dev/null", shell=True, capture_output=True).returncode)
pid, terminal = pty.fork()
if pid == 0: os.execv("/bin/echo", ["echo", "typed"])
print(os.read(terminal, 100).decode().strip()); os.waitpid(pid, 0); os.close(terminal)
s = socket.socket(); s.bind(("127.0.0.1", 29500)); s.listen(); s.close()
print(socket.gethostname(), ctypes.CDLL(None).syscall(249, b"user", b"sg-left", 0, 0), ctypes.CDLL(None).shmget(77, 4096, 0))
"""


@pytest.mark.parametrize("how", HARM)
def test_the_neighbour_after_is_as_unhurt_as_the_one_before(cold: Sandbox, how: str) -> None:
    """In the same slot, and the machine itself as well."""
    paths = [Path(path) for path in ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/tty")]
    devices = [path.stat().st_mode for path in paths]
    said = []
    with cold.start(View(limits=LIMITS)) as kernel:
        said.append(text(kernel.run(UNHURT)))
    with cold.start(View(limits=LIMITS)) as kernel, suppress(KernelGone):
        kernel.run(HARM[how])
    with cold.start(View(limits=LIMITS)) as kernel:
        said.append(text(kernel.run(UNHURT)))
        with pytest.raises(KernelGone) as gone:
            kernel.run("import os; os._exit(3)")
        assert "written by" not in str(gone.value)
    assert said[0] == said[1] == "True 1\ntyped\nspringfield -1 -1\n"
    assert [path.stat().st_mode for path in paths] == devices


def test_students_do_not_have_the_number_of_root(sandbox: Sandbox) -> None:
    with sandbox.start(View(limits=LIMITS)) as kernel:
        kernel.run("import subprocess\nsleeping = subprocess.Popen(['sleep', '1234'])")
        found = psutil.process_iter(["cmdline", "uids"])
        numbers = {one.info["uids"].real for one in found if one.info["cmdline"] == ["sleep", "1234"]}
    assert len(numbers) == 1
    assert numbers.isdisjoint({0})
    assert (numbers == {os.getuid()}) == (os.getuid() != 0)


def hidden_line() -> str:
    """A line that stands in our hidden tests and nowhere else."""
    return hidden_lines(course_source() / "source")[0]


def test_no_file_that_a_notebook_sees_holds_a_line_of_a_hidden_test(sandbox: Sandbox) -> None:
    limits = LIMITS.model_copy(update={"cell_s": SEARCH_S, "wall_s": 2 * SEARCH_S})
    with sandbox.start(View(limits=limits)) as kernel:
        run = kernel.run(nowhere_in_view(hidden_lines(course_source() / "source")).code)
        assert text(run).strip() == "kept", (run.error, run.limit)


@pytest.mark.parametrize("form", ["text", "archive", "repository"])
def test_the_search_finds_what_can_be_read(sandbox: Sandbox, tmp_path: Path, form: str) -> None:
    shown = tmp_path / "shown"
    shown.mkdir()
    if form == "text":
        (shown / "test_resnet.orig").write_text(f"x = 1\n    {hidden_line()}\n")
    elif form == "archive":
        with zipfile.ZipFile(shown / "course.whl", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("grader/course_data/resnet.ipynb", f'["{hidden_line()}"]')
    else:
        (shown / "src" / ".git" / "objects").mkdir(parents=True)
    limits = LIMITS.model_copy(update={"cell_s": SEARCH_S, "wall_s": 2 * SEARCH_S})
    with sandbox.start(View(limits=limits, read_only=((shown, "/kaggle/input/shown"),))) as kernel:
        # The system's folders are searched in the test above.
        code = nowhere_in_view([hidden_line()]).code.replace('os.listdir("/")', '["kaggle"]')
        assert "/kaggle/input/shown" in text(kernel.run(code))


def test_a_later_kernel_finds_no_name_of_an_earlier_ones_files_in_its_memory(sandbox: Sandbox) -> None:
    """Nor what their names say: the grader asks for names where no predictions were written."""
    secret = f"named-{time.monotonic_ns()}"
    with sandbox.start(View(limits=LIMITS)) as kernel:
        kernel.run(f"for n in range(300): open(f'{secret},predi{{n}}.csv', 'w').write('x')")
        assert len(kernel.names()) == 300
        assert kernel.csv_files()[0].startswith(secret)
    with sandbox.start(View(limits=LIMITS)) as kernel:
        half = len(secret) // 2
        run = kernel.run(SCAN % (secret[:half], secret[half:]))
        assert "scanned" in text(run)
        assert "found" not in text(run), text(run)


def test_processes_whose_first_thread_has_ended_are_gone_for_the_next_kernel(cold: Sandbox) -> None:
    """Dead by their state while other threads live: their names would be the next student's to read."""
    code = """
import ctypes, os, threading, time
for number in range(60):
    if os.fork() == 0:
        os.setsid()
        ctypes.CDLL(None).prctl(15, b"ANSWER-%03d" % number, 0, 0, 0)
        threading.Thread(target=time.sleep, args=(1000,)).start()
        ctypes.CDLL(None).syscall({exit}, 0)
time.sleep(0.5)
""".replace("{exit}", str({"x86_64": 60}.get(os.uname().machine, 93)))
    with cold.start(View(limits=LIMITS)) as kernel:
        kernel.run(code)
    with cold.start(View(limits=LIMITS)) as kernel:
        names = "import os\nprint([open(f'/proc/{p}/comm').read() for p in os.listdir('/proc') if p.isdigit()])"
        assert "ANSWER" not in text(kernel.run(names))
        assert text(kernel.run("import os\nprint(sum(p.isdigit() for p in os.listdir('/proc')))")) == "2\n"


READING = {
    "kills": "os.kill(int(p), 9)",
    "stops": "os.kill(int(p), 19)",
    "lowers the limits of": "resource.prlimit(int(p), resource.RLIMIT_NOFILE, (0, 0))",
    "ends, after a second of the processor,": "resource.prlimit(int(p), resource.RLIMIT_CPU, (1, 1))",
}


@pytest.mark.parametrize("how", READING)
def test_no_process_of_a_notebook_stands_between_the_grader_and_its_results(sandbox: Sandbox, how: str) -> None:
    """One that {how} every other process that it sees, for as long as it lives."""
    code = f"""
import os, resource, time
open("submission.csv", "w").write("kept")
if os.fork() == 0:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        for p in os.listdir("/proc"):
            if p.isdigit() and int(p) not in (os.getpid(), os.getppid()):
                try: {READING[how]}
                except OSError: pass
    os._exit(0)
time.sleep(1)
"""
    with sandbox.start(View(limits=LIMITS)) as kernel:
        kernel.run(code)
        for _attempt in range(3):
            assert kernel.read_file("submission.csv", 100) == b"kept"
            assert kernel.names() == kernel.csv_files() == ["submission.csv"]
        assert not kernel.lost
    with sandbox.start(View(limits=LIMITS)) as kernel:
        assert text(kernel.run("print('on')")) == "on\n"


def test_folders_that_become_pipes_hold_nobody(sandbox: Sandbox) -> None:
    """While the grader looks for predictions: an opened pipe without a writer would be waited for without end."""
    code = """
import ctypes, os, time
for n in range(50): os.mkdir(f"d{n}"); os.mkfifo(f"f{n}")
if os.fork() == 0:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        for n in range(50): ctypes.CDLL(None).renameat2(-100, b"d%d" % n, -100, b"f%d" % n, 2)
    os._exit(0)
"""
    with sandbox.start(View(limits=LIMITS)) as kernel:
        kernel.run(code)
        for _attempt in range(50):
            assert kernel.csv_files() == []
            assert kernel.read_file("d1/x.csv", 100) is None


INFLUENCE = {
    "limits its memory": "resource.prlimit(pid, resource.RLIMIT_DATA, (1 << 20, 1 << 20))",
    "limits its files": "resource.prlimit(pid, resource.RLIMIT_NOFILE, (8, 8))",
    "limits its processor time": "resource.prlimit(pid, resource.RLIMIT_CPU, (100, 100))",
    "limits its stack": "resource.prlimit(pid, resource.RLIMIT_STACK, (1 << 16, 1 << 16))",
    "makes it nice": "os.setpriority(os.PRIO_PROCESS, pid, 19)",
    "makes it idle": "os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))",
    "ties it to one core": "os.sched_setaffinity(pid, {min(os.sched_getaffinity(0))})",
    "stops it": "os.kill(pid, 19)",
    "kills it": "os.kill(pid, 9)",
    "leaves a key in the keyring": "ctypes.CDLL(None).syscall(248, b'user', b'sg-left', b'x', 1, -4)",
}
STATE = """
import os, resource, ctypes
print([resource.getrlimit(r) for r in range(16) if r != resource.RLIMIT_DATA], resource.getrlimit(resource.RLIMIT_DATA)[0] > 2 << 30, os.nice(0), os.sched_getscheduler(0), sorted(os.sched_getaffinity(0)))
print(ctypes.CDLL(None).syscall(249, b'user', b'sg-left', 0, 0) > 0)
"""


@pytest.mark.parametrize("way", INFLUENCE)
def test_what_a_kernel_does_to_other_processes_does_not_reach_the_next_kernel(cold: Sandbox, way: str) -> None:
    """The sandbox's own processes have the student's user id: signals, limits and priorities are the system's to grant."""
    with cold.start(View(limits=LIMITS)) as kernel:
        before = text(kernel.run(STATE))
    with cold.start(View(limits=LIMITS)) as kernel, suppress(KernelGone):
        kernel.run(
            "import os, resource, ctypes\nfor pid in {int(p) for p in os.listdir('/proc') if p.isdigit()} - {os.getpid()}:\n"
            f"    try: {INFLUENCE[way]}\n    except OSError as error: print(error)"
        )
    with cold.start(View(limits=LIMITS)) as kernel:
        assert text(kernel.run(STATE)) == before
        assert text(kernel.run("import torch\nprint(torch.ones(3).sum().item())")) == "3.0\n"


PLANTS = {
    "a file in the next working folder": ("{root}/.springfield/slot/in{next}/torchvision.py", "print('INJECTED')"),
    "a configuration of IPython": (
        "{root}/etc/ipython/ipython_config.py",
        "import builtins; builtins.planted = 'INJECTED'",
    ),
    "a configuration of Jupyter": (
        "{root}/etc/jupyter/jupyter_config.py",
        "import builtins; builtins.planted = 'INJECTED'",
    ),
    "a library for every program": ("{root}/etc/ld.so.preload", "/tmp/INJECTED.so"),
    "a folder of sockets": ("{root}/.springfield/slot/k{next}/k-1", "x"),
    "a file beside the interpreter": ("{root}/opt/springfield/torchvision.py", "print('INJECTED')"),
    "a program": ("{root}/bin/sh2", "#!/bin/sh"),
    "a file in a home folder": ("{root}/home/student/.ipython/profile_default/startup/x.py", "print('INJECTED')"),
    "a file in the slot's temporary folder": ("{root}/tmp/ipython/profile_default/startup/x.py", "print('INJECTED')"),
}


@pytest.mark.parametrize("what", PLANTS)
def test_nothing_can_be_planted_for_the_next_kernel(cold: Sandbox, what: str) -> None:
    """By way of the other processes' view of the files, which is wider than the kernel's own."""
    path, body = PLANTS[what]
    code = f"""
import os
for root in ["", *(f"/proc/{{p}}/root" for p in os.listdir("/proc") if p.isdigit() and int(p) != os.getpid())]:
    for number in range(1, 300):
        path = {path!r}.format(root=root, next=number)
        if root == "" and "/home/student" in path or "/tmp/" in path[:5]:
            continue  # its own, in memory
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            open(path, "w").write({body!r})
            print("broken", path)
        except OSError:
            pass
        if "{{next}}" not in {path!r}:
            break
print("tried")
"""
    with cold.start(View(limits=LIMITS)) as kernel:
        said = text(kernel.run(code))
    with cold.start(View(limits=LIMITS)) as kernel:
        found = text(
            kernel.run(
                "import builtins, os\nprint(os.listdir('.'), getattr(builtins, 'planted', None), os.path.exists('/etc/ld.so.preload'))\n"
                "import torchvision"
            )
        )
    assert found == "[] None False\n"
    assert said == "tried\n"


def test_settings_of_the_host_cannot_be_opened_for_writing(lasting: Kernel) -> None:
    """Where the grader runs as root the sandbox's user is the host's root to /proc/sys: `core_pattern` would run a program."""
    code = (
        "for p in ('kernel/core_pattern', 'kernel/modprobe', 'vm/swappiness', 'fs/binfmt_misc/register', 'kernel/hostname'):\n"
        "    try: open('/proc/sys/' + p, 'r+').close(); print('broken', p)\n    except OSError: pass\n"
        "for p in ('/proc/1/oom_score_adj', '/proc/2/oom_score_adj', '/proc/1/mem', '/proc/2/mem', '/proc/sysrq-trigger'):\n"
        "    try: open(p, 'r+').close(); print('broken', p)\n    except OSError: pass\nprint('tried')"
    )
    assert text(lasting.run(code)) == "tried\n"


SOCKETS = {
    "a folder": "os.mkdir(folder + '/d')",
    "a full folder": "os.makedirs(folder + '/d/e')\nopen(folder + '/d/f', 'w').close()",
    "a deep folder": "os.chdir(folder)\nfor _ in range(1500):\n    os.mkdir('d')\n    os.chdir('d')",
    "a pipe": "os.mkfifo(folder + '/pipe')",
    "links": "for n in range(1, 6):\n    os.remove(f'{folder}/k-{n}')\n    os.symlink('/etc/passwd', f'{folder}/k-{n}')",
    "nothing": "for n in os.listdir(folder): os.remove(os.path.join(folder, n))",
    "a locked folder": "os.mkdir(folder + '/d'); open(folder + '/d/x', 'w').close(); os.chmod(folder + '/d', 0); os.chmod(folder, 0)",
}


@pytest.mark.parametrize("what", SOCKETS)
@pytest.mark.parametrize("ends", [False, True], ids=["and lives", "and ends"])
def test_whatever_lies_beside_the_sockets_hurts_nobody(cold: Sandbox, what: str, ends: bool) -> None:
    code = f"import os\nfrom ipykernel import get_connection_file\nimport json\nfolder = os.path.dirname(json.load(open(get_connection_file()))['ip'])\n{SOCKETS[what]}"
    with cold.start(View(limits=LIMITS)) as kernel:
        with suppress(KernelGone):
            error = kernel.run(code).error
            assert error is None or "Read-only file system" in error.text
            if ends:
                kernel.run("import os; os._exit(1)")
        if ends:
            with suppress(KernelGone):
                kernel.restart()
    with cold.start(View(limits=LIMITS)) as kernel:
        assert text(kernel.run("print('on')")) == "on\n"


@pytest.mark.parametrize("place", ["/tmp", "/dev/shm", ".", "/home/student", "SOCKETS"])
def test_no_folder_takes_more_than_the_limit(lasting: Kernel, place: str) -> None:
    """Bounded at 600 MiB by itself; the limit is 256."""
    code = (
        "import json, os, shutil\nfrom ipykernel import get_connection_file\n"
        f"place = {place!r}\nif place == 'SOCKETS': place = os.path.dirname(json.load(open(get_connection_file()))['ip'])\n"
        "made = []\ntry:\n    for n in range(12):\n        made.append(f'{place}/bomb{n}')\n"
        "        with open(made[-1], 'wb') as file: file.write(bytes(50 << 20))\n    print('broken')\n"
        "except OSError as error: print('kept')\nfor path in made:\n    try: os.remove(path)\n    except OSError: pass"
    )
    assert text(lasting.run(code)).strip() == "kept"


def test_two_sandboxes_do_not_see_each_other(sandbox: Sandbox, tmp_path: Path) -> None:
    with (
        sandbox.start(View(limits=LIMITS)) as one,
        sandbox.start(View(limits=LIMITS)) as two,
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
    for _number in range(2):
        with sandbox.start(View(limits=LIMITS)) as kernel:
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
    for _number in range(2):
        with sandbox.start(View(limits=LIMITS)) as kernel:
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
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.txt").write_text("data")
    view = View(
        files=(("mine.txt", b"mine"), ("../out.txt", b"out"), ("/tmp/out.txt", b"out")),
        read_only=((tmp_path / "data", "/kaggle/input/x"),),
        limits=LIMITS,
        environment=(("SEEN", "yes"),),
    )
    with sandbox.start(view) as kernel:
        code = (
            "import os\nprint(open('/kaggle/input/x/x.txt').read(), os.environ['SEEN'], os.listdir('.'))\n"
            "try: open('/kaggle/input/x/x.txt', 'a'); print('broken')\nexcept OSError: print('kept')"
        )
        assert text(kernel.run(code)) == "data yes ['mine.txt']\nkept\n"
    assert torch.get_num_threads() >= 1
