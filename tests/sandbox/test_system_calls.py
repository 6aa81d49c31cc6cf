"""The filter of system calls: each refused family tried from inside, what notebooks need tried too, and the table."""

import errno
import json
import socket
from pathlib import Path

import pyseccomp
import pytest
from docker_profile import ALLOWED as DOCKER_ALLOWED

import grader
from grader.sandbox import system_calls
from grader.sandbox.bubblewrap import View
from grader.sandbox.kernel import Kernel
from grader.sandbox.limits import Limits
from grader.sandbox.outputs import CellRun

ARCH = pyseccomp.system_arch()
README = Path(grader.__file__).parent / "README.md"


def text_of(run: CellRun) -> str:
    return "".join(output.get("text", "") for output in run.outputs)


def numbers(names: tuple[str, ...]) -> dict[str, int]:
    """Those that this machine's architecture knows."""
    found = {name: pyseccomp.resolve_syscall(ARCH, name) for name in names}
    return {name: number for name, number in found.items() if number >= 0}


CALLING = """
import ctypes, json
libc = ctypes.CDLL(None, use_errno=True)
answers = {{}}
for name, number in {numbers!r}.items():
    ctypes.set_errno(0)
    result = libc.syscall(number, *[ctypes.c_long(-1)] * 6)
    answers[name] = ctypes.get_errno() if result == -1 else 0
print(json.dumps(answers))
"""


def answers(kernel: Kernel, names: tuple[str, ...]) -> dict[str, int]:
    """What each call with senseless arguments answers inside."""
    run = kernel.run(CALLING.format(numbers=numbers(names)))
    return json.loads(text_of(run))


@pytest.mark.parametrize("family", system_calls.REFUSED)
def test_the_family_is_refused(kernel: Kernel, family: str) -> None:
    names = system_calls.REFUSED[family]
    assert answers(kernel, names) == dict.fromkeys(numbers(names), errno.EPERM)


def test_calls_that_are_on_no_list_do_not_exist(kernel: Kernel) -> None:
    absent = (*system_calls.ABSENT, "uselib", "ustat", "nfsservctl", "acct2")
    assert answers(kernel, absent) == dict.fromkeys(numbers(absent), errno.ENOSYS)
    unknown = "import ctypes\nprint(ctypes.CDLL(None, use_errno=True).syscall(9999), ctypes.get_errno())"
    assert text_of(kernel.run(unknown)).startswith("-1")


def test_nothing_is_allowed_that_docker_refuses() -> None:
    assert set(numbers(system_calls.ALLOWED)) - DOCKER_ALLOWED == set()


@pytest.mark.parametrize("family", ["AF_VSOCK", "AF_PACKET", "AF_ALG", "AF_TIPC", "AF_CAN", "AF_RDS"])
def test_a_family_of_addresses_that_no_notebook_needs_is_refused(kernel: Kernel, family: str) -> None:
    code = (
        f"import socket\ntry: socket.socket({int(getattr(socket, family))}, 1, 0)\nexcept OSError as e: print(e.errno)"
    )
    assert text_of(kernel.run(code)) == f"{errno.ENOSYS}\n"


REFUSED_SOCKETS = {
    "MPTCP": "2, 1, 262",
    "SCTP": "2, 5, 0",
    "raw packets": "2, 3, 1",
    "netfilter": "16, 3, 12",
    "audit": "16, 3, 9",
    "socket diagnosis": "16, 3, 4",
    "transformations": "16, 3, 6",
    "a family behind higher bits": "(1 << 32) + 40, 1, 0",
}


@pytest.mark.parametrize("what", REFUSED_SOCKETS)
def test_a_protocol_that_no_notebook_needs_is_refused(kernel: Kernel, what: str) -> None:
    number = pyseccomp.resolve_syscall(ARCH, "socket")
    arguments = ", ".join(f"ctypes.c_long({part})" for part in REFUSED_SOCKETS[what].split(", "))
    code = (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        f"print(libc.syscall({number}, {arguments}), ctypes.get_errno())"
    )
    assert text_of(kernel.run(code)) == f"-1 {errno.ENOSYS}\n"


def test_new_namespaces_are_refused_in_every_way(kernel: Kernel) -> None:
    clone = pyseccomp.resolve_syscall(ARCH, "clone")
    code = (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "for flag in (0x10000000, 0x20000000, 0x40000000, 0x00020000, 0x02000000, 0x04000000, 0x08000000):\n"
        f"    print(libc.syscall({clone}, flag | 17, 0, 0, 0, 0), ctypes.get_errno())"
    )
    assert set(text_of(kernel.run(code)).splitlines()) == {f"-1 {errno.ENOSYS}"}


NEEDED = {
    "workers of a DataLoader": (
        "import torch\nfrom torch.utils.data import DataLoader, TensorDataset\n"
        "data = TensorDataset(torch.arange(64).float())\n"
        "print(sum(float(batch[0].sum()) for batch in DataLoader(data, batch_size=8, num_workers=2)))",
        "2016.0\n",
    ),
    "multiprocessing that forks": (
        "import multiprocessing\n"
        "with multiprocessing.get_context('fork').Pool(2) as pool: print(pool.map(abs, [-1, -2]))",
        "[1, 2]\n",
    ),
    "multiprocessing that spawns": (
        "import multiprocessing\nwith multiprocessing.get_context('spawn').Pool(1) as pool: print(pool.map(abs, [-3]))",
        "[3]\n",
    ),
    "a group of processes on the loopback": (
        "import os, torch, torch.distributed as dist\n"
        "os.environ.update(MASTER_ADDR='127.0.0.1', MASTER_PORT='29500', RANK='0', WORLD_SIZE='1')\n"
        "dist.init_process_group('gloo')\nx = torch.ones(2)\ndist.all_reduce(x)\nprint(x.tolist())\n"
        "dist.destroy_process_group()",
        "[1.0, 1.0]\n",
    ),
    "a terminal": (
        "import os, pty\npid, terminal = pty.fork()\nif pid == 0: os.execv('/bin/echo', ['echo', 'typed'])\n"
        "print(os.read(terminal, 100).decode().strip())",
        "typed\n",
    ),
    "programs with pipes": (
        "import subprocess\nprint(subprocess.run('echo on | cat', shell=True, capture_output=True, text=True).stdout)",
        "on\n\n",
    ),
    "asyncio's programs": (
        "import asyncio\nasync def ask():\n    p = await asyncio.create_subprocess_exec('echo', 'on', stdout=-1)\n"
        "    return (await p.communicate())[0]\nprint(await ask())",
        "b'on\\n'\n",
    ),
    "shared memory": (
        "import torch\nt = torch.zeros(4).share_memory_()\nt[1] = 2\nprint(t.tolist())",
        "[0.0, 2.0, 0.0, 0.0]\n",
    ),
    "a C compiler": (
        "import shutil, subprocess\n"
        "made = subprocess.run('echo \"int main(){return 7;}\" > a.c && gcc a.c -o a && ./a', shell=True).returncode\n"
        "print(made if shutil.which('gcc') else 7)",
        "7\n",
    ),
}


@pytest.mark.parametrize("what", NEEDED)
def test_what_notebooks_need_goes_on_working(kernel: Kernel, what: str) -> None:
    code, expected = NEEDED[what]
    run = kernel.run(code)
    printed = "".join(output.text for output in run.outputs if output.get("name") == "stdout")  # gloo warns beside it
    assert printed == expected, (run.error, run.limit, run.outputs)


@pytest.mark.slow
def test_a_network_is_compiled() -> None:
    """torch.compile writes C++ and calls the compiler: half a minute."""
    with Kernel(View(limits=Limits(cell_s=240))) as kernel:
        run = kernel.run("import torch\nprint(torch.compile(lambda x: torch.sin(x) * 2)(torch.zeros(3)).tolist())")
    assert text_of(run).endswith("[0.0, 0.0, 0.0]\n"), (run.error, run.limit)


def table() -> list[str]:
    """The rows of the README's table, as they have to be."""
    rows = []
    for family, names in system_calls.REFUSED.items():
        allowed = [f"`{name}`" for name in names if name in DOCKER_ALLOWED]
        docker = (
            "refuses" if not allowed else "allows" if len(allowed) == len(names) else f"allows {', '.join(allowed)}"
        )
        rows.append(f"| {family}: {', '.join(f'`{name}`' for name in names)} | EPERM | {docker} |")
    for name in system_calls.ABSENT:
        rows.append(f"| `{name}` | ENOSYS | {'allows' if name in DOCKER_ALLOWED else 'refuses'} |")
    return rows


def test_the_readme_shows_the_kernels_surface_as_it_is() -> None:
    text = README.read_text(encoding="utf-8")
    missing = [row for row in table() if row not in text]
    assert not missing, "\n".join(table())
    assert f"{len(system_calls.ALLOWED)} calls by name" in text
    for family in system_calls.FAMILIES:
        assert f"`{family}`" in text
