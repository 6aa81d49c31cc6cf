"""Look at the machine and at a class: what it can guarantee, what is missing, and how to put it right."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from grader.assignment import load_assignment
from grader.course import Course
from grader.datasets.layout import load_answer_key
from grader.devices import gpus
from grader.errors import GraderError, InvalidAssignment
from grader.sandbox import bubblewrap
from grader.sandbox.bubblewrap import View
from grader.sandbox.cgroups import Group
from grader.sandbox.kernel import Kernel
from grader.sandbox.visible import require_out_of_sight
from grader.submissions import find_submissions

FREE_GIB = 2


@dataclass(frozen=True)
class Finding:
    """One thing looked at.

    Attributes:
        what: in a few words.
        is_good: whether it is as it should be.
        found: what was found.
        remedy: what to do where it is not good.
        is_needed: whether grading cannot go on without it.
    """

    what: str
    is_good: bool
    found: str
    remedy: str = ""
    is_needed: bool = True


def look(class_dir: Path | None = None) -> Iterator[Finding]:
    """Findings on the machine, and on a class if one is given."""
    yield Finding("Python", sys.version_info >= (3, 11), platform.python_version(), "Python 3.11 or newer is needed.")
    yield Finding("PyTorch", True, torch.__version__)
    yield _bwrap()
    yield from _sandbox_promises()
    yield from _limits()
    yield _gpu()
    yield _space(class_dir or Path())
    if class_dir is not None:
        yield from look_at_class(class_dir)


def _bwrap() -> Finding:
    try:
        bubblewrap.check_bwrap()
    except GraderError as error:
        return Finding("bubblewrap", False, error.message, error.remedy)
    return Finding("bubblewrap", True, bubblewrap.find_bwrap())


PROMISES: tuple[tuple[str, str], ...] = (
    ("no network", "import socket\ntry: socket.create_connection(('192.0.2.1', 9), 1)\nexcept OSError: print('kept')"),
    # An installed package is covered by an empty folder, which Python imports as a namespace with nothing in it.
    ("hidden tests and solutions cannot be imported", "try: import grader.course\nexcept ImportError: print('kept')"),
    (
        "home folders cannot be read",
        "import os\nprint('kept' if not any(os.path.exists(p + '/.bashrc') for p in ('/root', *['/home/' + n for n in "
        "os.listdir('/home')])) else 'broken')",
    ),
    (
        "other processes are not visible",
        "import os\nprint('kept' if sum(n.isdigit() for n in os.listdir('/proc')) < 6 else 'broken')",
    ),
    (
        "no rights left",
        "print('kept' if 'CapEff:\\t0000000000000000' in open('/proc/self/status').read() else 'broken')",
    ),
    (
        "memory is limited",
        "try: bytearray(100 << 30)\nexcept MemoryError: print('kept')",
    ),
)


def _sandbox_promises() -> Iterator[Finding]:
    """Try the sandbox's promises in a real one."""
    try:
        with Kernel(View()) as kernel:
            for promise, code in PROMISES:
                said = "".join(output.get("text", "") for output in kernel.run(code).outputs).strip()
                yield Finding(
                    f"sandbox: {promise}", said == "kept", said or "no answer", "Do not grade here; report this."
                )
    except GraderError as error:
        yield Finding("sandbox: a kernel starts", False, error.message, error.remedy)


def _limits() -> Iterator[Finding]:
    """Which limits hold for a submission as a whole here."""
    group = Group(f"{os.getpid()}-doctor")
    try:
        counts, sums = group.counts_processes, group.sums_memory
    finally:
        group.close()
    if counts or os.geteuid() != 0:
        yield Finding("number of processes is limited", True, "by a control group" if counts else "by RLIMIT_NPROC")
    else:
        yield Finding(
            "number of processes is limited",
            False,
            "started as root without control groups: the system does not count root's processes",
            "Grade as an ordinary user, or accept that a fork bomb is stopped by the time limit only.",
            is_needed=False,
        )
    yield Finding(
        "memory of all processes of a submission is limited",
        sums,
        "by a control group" if sums else "only each process by itself (RLIMIT_DATA)",
        "Start the grader where it may make control groups: as root, or under `systemd-run --user --scope "
        "-p Delegate=yes`.",
        is_needed=False,
    )


def _gpu() -> Finding:
    if not gpus():
        return Finding("GPU", True, "none: notebooks run on the CPU", is_needed=False)
    name = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "devices are there, torch cannot use them"
    return Finding("GPU", torch.cuda.is_available(), name, "Install the driver that this torch needs.", is_needed=False)


def _space(folder: Path) -> Finding:
    free = shutil.disk_usage(folder if folder.exists() else Path()).free
    return Finding("free space", free > FREE_GIB << 30, f"{free >> 30} GiB", f"Free at least {FREE_GIB} GiB.")


def look_at_class(class_dir: Path) -> Iterator[Finding]:
    """Findings on a class alone: its settings, releases and data set."""
    try:
        course = Course.open(class_dir)
    except GraderError as error:
        yield Finding("class.toml", False, error.message, error.remedy)
        return
    yield Finding("class.toml", True, course.config.name)
    yield _tried("out of the notebooks' sight", lambda: _out_of_sight(course))
    for slug in course.slugs():
        yield _tried(f"{slug}: released", lambda slug=slug: _released(course, slug))  # type: ignore[misc]
        settings = course.assignment_config(slug)
        if settings.contest and settings.source == "kaggle":
            yield _tried(
                f"{slug}: Kaggle's scores",
                lambda slug=slug: f"{len(find_submissions(course, [slug]))} students",  # type: ignore[misc]
            )
        elif settings.contest:
            yield _tried(
                f"{slug}: data set", lambda: f"{len(load_answer_key(course.dataset).labels)} hidden test images"
            )


def _out_of_sight(course: Course) -> str:
    for folder in (course.root, course.dataset):
        require_out_of_sight(folder)
    return str(course.root)


def _released(course: Course, slug: str) -> str:
    if not (course.release / slug / f"{slug}.ipynb").is_file():
        raise InvalidAssignment("not yet", remedy=f"Run `grader release {slug}`.")
    return f"{load_assignment(course.gradebook_url, slug).max_points:g} points"


def _tried(what: str, ask: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, ask())
    except GraderError as error:
        return Finding(what, False, error.message, error.remedy)
