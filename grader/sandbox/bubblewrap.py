"""The view of the machine that a kernel gets: a bubblewrap command line.

What is visible: programs and libraries of the system, the Python environment (`visible.py` says what of both), the
submission's own work folder, the data that the teacher binds, all of them read-only but the work folder. What is not:
the network, other processes, home folders, the class directory, and this project itself, since the course with its
hidden tests travels in it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from grader.errors import SandboxUnavailable
from grader.language import _
from grader.sandbox.limits import Limits
from grader.sandbox.slot_user import SlotUser, require_readable
from grader.sandbox.visible import environment_options, environment_parts, python_program, system_options

INSIDE = Path(__file__).parent / "inside"
AGENT_FOLDER = "/opt/springfield"
SLOT_FOLDER = "/.springfield/slot"  # zygote.py knows these two by the same names
DATA_FOLDER = "/.springfield/data"
PASSED_ON = ("OPENBLAS_", "MKL_", "NVPL_")  # which instructions the numeric libraries may use is the machine's affair
REMEDY = (
    "Install it (`apt-get install bubblewrap`) and run `grader doctor`. For notebooks that you have written yourself "
    "there is `grader grade --unisolated`."
)


@dataclass(frozen=True)
class View:
    """What one kernel sees beyond the system.

    Attributes:
        files: (relative path, bytes) that lie in its working folder at the start.
        read_only: (host folder, path inside) pairs.
        limits: limits of this submission.
        gpu: its `CUDA_VISIBLE_DEVICES`; where it is empty, `/dev/nvidia*` are not bound.
        gpu_share: how much of the GPU's memory torch may take, 0 to 1.
        cuda_on_cpu: whether `cuda` means the processor, for notebooks that ask for a GPU without looking.
        usual_places: whether paths of Colab lead to the contest's data, and `google.colab` can be imported.
        threads: threads for numeric libraries.
        environment: (name, value) pairs that the notebook finds in its environment.
        isolated: whether there is a sandbox at all; without it the notebook sees and may do what its caller may.
    """

    files: tuple[tuple[str, bytes], ...] = ()
    read_only: tuple[tuple[Path, str], ...] = ()
    limits: Limits = field(default_factory=Limits)
    gpu: str = ""
    gpu_share: float = 1.0
    cuda_on_cpu: bool = False
    usual_places: bool = False
    threads: int = 1
    environment: tuple[tuple[str, str], ...] = ()
    isolated: bool = True


def find_bwrap() -> str:
    """Path of the `bwrap` program.

    Raises:
        SandboxUnavailable: it is not installed.
    """
    path = shutil.which("bwrap")
    if path is None:
        raise SandboxUnavailable(
            _("bubblewrap was not found (no `bwrap` on PATH); nothing is graded without it."), remedy=REMEDY
        )
    return path


@cache
def check_bwrap() -> None:
    """Start a trivial sandbox once, as the slots will be.

    Raises:
        SandboxUnavailable: bubblewrap is missing or the kernel refuses what it needs.
    """
    trivial = [find_bwrap(), *_namespaces(), *system_options(), "/usr/bin/env", "true"]
    with tempfile.TemporaryDirectory() as stage:
        command = SlotUser.choose().run_as_user(trivial, [], Path(stage))
        tried = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    if tried.returncode != 0:
        raise SandboxUnavailable(
            _("bubblewrap is installed but cannot make a sandbox here: {stderr}").format(
                stderr=tried.stderr.strip()[:300]
            ),
            remedy=_(
                "Unprivileged user namespaces may be switched off (sysctl "
                "kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns); run "
                "`grader doctor`."
            )
            + " "
            + _(
                "In a container /proc must not be masked: `--security-opt unmask=ALL` for Podman, `--security-opt "
                "systempaths=unconfined` for Docker, `procMount: Unmasked` in Kubernetes."
            ),
        )


def command(
    read_only: tuple[tuple[Path, str], ...],
    slot_folder: Path,
    argv: list[str],
    *,
    gpu: str,
    threads: int,
    user: SlotUser,
) -> list[str]:
    """The command that starts a slot's zygote.

    Args:
        read_only: (host folder, path inside) pairs; those below the working folder are bound per kernel, see
        `inner_binds`.
        slot_folder: host folder that the grader and the zygote share: sockets, and files on their way in.
        argv: the command inside.
        gpu: its `CUDA_VISIBLE_DEVICES`; where it is empty, `/dev/nvidia*` are not bound.
        threads: threads for numeric libraries, read when they are loaded.
        user: whom the slot belongs to.

    Raises:
        SandboxUnavailable: bubblewrap is not installed, or the user may not read what is to be shown.
    """
    parts = environment_parts()
    binds: list[str] = ["--bind", str(slot_folder), SLOT_FOLDER]
    for number, (host, _inside) in enumerate(read_only):
        if user.uid is not None:
            require_readable(host)
        binds += ["--ro-bind", str(host), f"{DATA_FOLDER}/{number}"]
    options = ["--clearenv"]
    for name, value in environment(gpu=gpu, threads=threads).items():
        options += ["--setenv", name, value]
    whole = [
        find_bwrap(), *_namespaces(), *system_options(), *environment_options(parts), *_devices(gpu=bool(gpu)), *binds,
        "--ro-bind", str(INSIDE), AGENT_FOLDER, *options, "--chdir", "/", *argv,
    ]  # fmt: skip
    shown = [part.source for part in parts if part.source is not None]
    sources = [*shown, slot_folder, *(host for host, _inside in read_only), INSIDE]
    stage = slot_folder / "stage"
    stage.mkdir()
    return user.run_as_user(whole, sources, stage)


def inner_binds(read_only: tuple[tuple[Path, str], ...]) -> list[tuple[str, str]]:
    """Binds of the data: (path in the slot, path that the kernel sees), outer folders first."""
    pairs = [(f"{DATA_FOLDER}/{number}", inside) for number, (_host, inside) in enumerate(read_only)]
    return sorted(pairs, key=lambda pair: pair[1])


def _namespaces() -> list[str]:
    return [
        "--unshare-all", "--unshare-user", "--as-pid-1", "--disable-userns", "--die-with-parent", "--new-session",
        "--cap-add", "ALL", "--uid", "1000", "--gid", "1000", "--hostname", "springfield",
    ]  # fmt: skip


def _devices(*, gpu: bool) -> list[str]:
    options: list[str] = []
    for device in sorted(Path("/dev").glob("nvidia*")) if gpu else []:
        options += ["--dev-bind-try", str(device), str(device)]
    for folder in driver_folders() if gpu else []:
        options += [] if folder.is_relative_to("/usr") else ["--ro-bind", str(folder), str(folder)]
    return options


def driver_folders() -> list[Path]:
    """Folders with the GPU's driver that only LD_LIBRARY_PATH names: where a container gets it from its host."""
    named = [Path(name) for name in os.environ.get("LD_LIBRARY_PATH", "").split(":") if name.startswith("/")]
    return [folder for folder in named if (folder / "libcuda.so.1").exists()]


def environment(*, gpu: str, threads: int, more: tuple[tuple[str, str], ...] = ()) -> dict[str, str]:
    """The environment inside: nothing of the grader's own."""
    values = {
        "PATH": f"{Path(python_program()).parent}:/usr/bin:/bin",
        "HOME": "/home/student",
        "USER": "student",
        "LOGNAME": "student",
        "LANG": "C.UTF-8",
        "TMPDIR": "/tmp",  # noqa: S108  a file system of the sandbox's own
        "IPYTHONDIR": "/tmp/ipython",  # noqa: S108  as above
        "MPLCONFIGDIR": "/tmp/matplotlib",  # noqa: S108  as above
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PIP_RETRIES": "0",  # there is no network: an attempt fails at once
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "HF_HUB_OFFLINE": "1",
    }
    machine = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
    return {**machine, **values, **(_gpu_environment(gpu) if gpu else {}), **dict(more)}


def _gpu_environment(gpu: str) -> dict[str, str]:
    folders = [str(folder) for folder in driver_folders()]
    driver = {"LD_LIBRARY_PATH": ":".join(folders)} if folders else {}
    return {"CUDA_VISIBLE_DEVICES": gpu, "CUDA_DEVICE_ORDER": "PCI_BUS_ID", **driver}
