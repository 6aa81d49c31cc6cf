"""Look at the machine and at a class: what it can guarantee, what is missing, and how to put it right."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from grader.collect.submissions import find_submissions
from grader.course.assignment import load_assignment, split_hidden
from grader.course.folder import Course
from grader.course.new_class import course_source
from grader.datasets.layout import load_answer_key
from grader.errors import EnvironmentFault, GraderError, InvalidAssignment
from grader.record.ledger import Ledger
from grader.record.upkeep.holdings import Store
from grader.record.upkeep.losses import damage_of, databases, losses
from grader.sandbox import bubblewrap
from grader.sandbox.bubblewrap import View
from grader.sandbox.cgroups import Group
from grader.sandbox.devices import gpus
from grader.sandbox.identity import Identity
from grader.sandbox.kernel import Kernel
from grader.sandbox.limits import Limits
from grader.sandbox.self_check import PROMISES, SEARCH_S, nowhere_in_view
from grader.sandbox.visible import require_out_of_sight

FREE_GIB = 2
LINES_EACH, PLAIN_LINE = 3, re.compile(r"[\w .,:;()\[\]{}=+*/<>@#-]{30,}", re.ASCII)
REPAIR = "Run `grader doctor --repair`, or put a backup in its place."
_NAMES = 5


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
    yield _identity()
    yield from _sandbox_promises(_opened(class_dir))
    yield from _limits()
    yield _gpu()
    yield _space(class_dir or Path())
    if class_dir is not None:
        yield from look_at_class(class_dir)


def _opened(class_dir: Path | None) -> Course | None:
    """The class, if there is one that can be opened; what is wrong with it is said later."""
    with contextlib.suppress(GraderError):
        return Course.open(class_dir) if class_dir is not None else None
    return None


def _bwrap() -> Finding:
    try:
        bubblewrap.check_bwrap()
    except GraderError as error:
        return Finding("bubblewrap", False, error.message, error.remedy)
    return Finding("bubblewrap", True, bubblewrap.find_bwrap())


def hidden_lines(source: Path) -> list[str]:
    """A few lines for each notebook of a folder that stand in its hidden tests, fit for a search: the longest ones."""
    found: list[str] = []
    for path in sorted(source.glob("*/*.ipynb")):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
            lines = {line.strip() for text in texts for line in split_hidden(text)[1].splitlines()}
            found += sorted(filter(PLAIN_LINE.fullmatch, lines), key=len)[-LINES_EACH:]
    return found


def _sandbox_promises(course: Course | None) -> Iterator[Finding]:
    """Try the sandbox's promises in a real one."""
    lines = hidden_lines(course_source() / "source") + (hidden_lines(course.source) if course else [])
    try:
        with Kernel(View(limits=Limits(cell_s=SEARCH_S, wall_s=2 * SEARCH_S))) as kernel:
            for promise in (*PROMISES, nowhere_in_view(lines)):
                said = "".join(output.get("text", "") for output in kernel.run(promise.code).outputs).strip()
                yield Finding(
                    f"sandbox: {promise.what}", said == "kept", said or "no answer", "Do not grade here; report this."
                )
    except GraderError as error:
        yield Finding("sandbox: a kernel starts", False, error.message, error.remedy)


def _identity() -> Finding:
    """Under whose number notebooks run."""
    try:
        uid = Identity.choose().uid
    except GraderError as error:
        return Finding("notebooks do not run as root", False, error.message, error.remedy)
    own = f"under this user's own number ({os.geteuid()})" if os.geteuid() else "root of a user's own namespace"
    return Finding("notebooks do not run as root", True, own if uid is None else "a number of its own for each slot")


def _limits() -> Iterator[Finding]:
    """Which limits hold for a submission as a whole here."""
    group = Group(f"{os.getpid()}-doctor")
    try:
        counts, sums = group.counts_processes, group.sums_memory
    finally:
        group.close()
    yield Finding("number of processes is limited", True, "by a control group" if counts else "by RLIMIT_NPROC")
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
    readable = [_tried(str(store), lambda path=path: _readable(path)) for store, path in databases(course)]  # type: ignore[misc]
    yield from readable
    if not all(finding.is_good for finding in readable):
        return
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
    yield _tried("results", lambda: _results(course))


def _readable(path: Path) -> str:
    problem = damage_of(path)
    if problem:
        raise EnvironmentFault(f"{path.name} is damaged: {problem}", remedy=REPAIR)
    return str(path) if path.exists() else "none yet"


def _results(course: Course) -> str:
    ledger = Ledger(course.ledger)
    lost = losses(course)
    damaged = ledger.damaged()
    said = [f"{len(damaged)} damaged ledger entries"] if damaged else []
    for store in Store:
        students = [f"{loss.student} {loss.slug}" for loss in lost if store in loss.lacking]
        if students:
            more = f" and {len(students) - _NAMES} more" if len(students) > _NAMES else ""
            said.append(f"{len(students)} lost in the {store}: {', '.join(students[:_NAMES])}{more}")
    if said:
        raise EnvironmentFault("; ".join(said), remedy=REPAIR)
    return f"{sum(1 for _standing in ledger.recorded())} stand, in every place"


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
