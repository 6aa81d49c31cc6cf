"""Look at the machine and at a class: what it can guarantee, what is missing, and how to put it right."""

from __future__ import annotations

import contextlib
import json
import math
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from grader.cli.results import place_of
from grader.collect.submissions import find_submissions
from grader.course.assignment import load_assignment, split_hidden
from grader.course.folder import Course
from grader.course.new_class import course_source
from grader.course.packages import modules_of, packages_of
from grader.datasets.layout import load_answer_key
from grader.errors import EnvironmentFault, GraderError, InvalidAssignment
from grader.language import _, ngettext
from grader.record.ledger import Ledger
from grader.record.upkeep.losses import damage_of, databases, losses
from grader.record.upkeep.stored_results import Store
from grader.sandbox import bubblewrap
from grader.sandbox.bubblewrap import View
from grader.sandbox.cgroups import Group
from grader.sandbox.devices import gpus
from grader.sandbox.kernel import Kernel
from grader.sandbox.limits import Limits
from grader.sandbox.self_check import PROMISES, SEARCH_S, nowhere_in_view
from grader.sandbox.slot_user import SlotUser
from grader.sandbox.visible import require_out_of_sight

FREE_GIB = 2
LINES_EACH, PLAIN_LINE = 3, re.compile(r"[\w .,:;()\[\]{}=+*/<>@#-]{30,}", re.ASCII)
_NAMES = 5
_IMPORTS = """
import importlib
for name in {modules}:
    try:
        importlib.import_module(name)
    except BaseException as error:
        print(f"{{name}}: {{type(error).__name__}}: {{str(error)[:150]}}")
print("imported")
"""


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
    yield Finding(
        "Python", sys.version_info >= (3, 11), platform.python_version(), _("Python 3.11 or newer is needed.")
    )
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
                what = _("sandbox: {promise}").format(promise=_(promise.what))
                found = _("kept") if said == "kept" else said or _("no answer")
                yield Finding(what, said == "kept", found, _("Do not grade here; report this."))
            if course is not None:
                yield _imported(course, kernel)
    except GraderError as error:
        yield Finding(_("sandbox: a kernel starts"), False, error.message, error.remedy)


def _imported(course: Course, kernel: Kernel) -> Finding:
    """Whether notebooks can import what the class promises them: some libraries want more of the system than torch."""
    here = [package for package in packages_of(course.config.packages) if package.is_right]
    modules = {module: package.name for package in here for module in modules_of(package.name)}
    said = "".join(output.get("text", "") for output in kernel.run(_IMPORTS.format(modules=list(modules))).outputs)
    failed = [line for line in said.splitlines() if line.partition(": ")[0] in modules]
    return Finding(
        _("sandbox: the class's packages can be imported"),
        not failed and "imported" in said,
        "; ".join(failed)[:500] or said.strip()[-500:] or _("no answer"),
        _("Install them anew in the grader's environment, or take them out of `packages` in class.toml."),
    )


def _identity() -> Finding:
    """Under whose number notebooks run."""
    try:
        uid = SlotUser.choose().uid
    except GraderError as error:
        return Finding(_("notebooks do not run as root"), False, error.message, error.remedy)
    own = (
        _("under this user's own number ({number})").format(number=os.geteuid())
        if os.geteuid()
        else _("root of a user's own namespace")
    )
    return Finding(
        _("notebooks do not run as root"), True, own if uid is None else _("a number of its own for each slot")
    )


def _limits() -> Iterator[Finding]:
    """Which limits hold for a submission as a whole here."""
    group = Group(f"{os.getpid()}-doctor")
    try:
        counts, sums = group.counts_processes, group.sums_memory
    finally:
        group.close()
    yield Finding(
        _("number of processes is limited"), True, _("by a control group") if counts else _("by RLIMIT_NPROC")
    )
    yield Finding(
        _("memory of all processes of a submission is limited"),
        sums,
        _("by a control group")
        if sums
        else _("a few times a second; at once only of each process by itself (RLIMIT_DATA)"),
        _(
            "Start the grader where it may make control groups: as root, or under `systemd-run --user --scope -p "
            "Delegate=yes`."
        ),
        is_needed=False,
    )


def _gpu() -> Finding:
    if not gpus():
        return Finding("GPU", True, _("none: notebooks run on the CPU"), is_needed=False)
    is_usable = torch.cuda.is_available()
    name = torch.cuda.get_device_name(0) if is_usable else _("devices are there, torch cannot use them")
    return Finding("GPU", is_usable, name, _("Install the driver that this torch needs."), is_needed=False)


def _space(folder: Path) -> Finding:
    free = shutil.disk_usage(folder if folder.exists() else Path()).free
    return Finding(
        _("free space"),
        free > FREE_GIB << 30,
        _("{size} GiB").format(size=free >> 30),
        _("Free at least {size} GiB.").format(size=FREE_GIB),
    )


def look_at_class(class_dir: Path) -> Iterator[Finding]:
    """Findings on a class alone: its settings, releases and data set."""
    try:
        course = Course.open(class_dir)
    except GraderError as error:
        yield Finding("class.toml", False, error.message, error.remedy)
        return
    yield Finding("class.toml", True, course.config.name)
    yield _tried(_("out of the notebooks' sight"), lambda: _out_of_sight(course))
    readable = [_tried(_(str(store)), lambda path=path: _readable(path)) for store, path in databases(course)]  # type: ignore[misc]
    yield from readable
    if not all(finding.is_good for finding in readable):
        return
    yield _tried("packages for notebooks", lambda: _packages(course))
    for slug in course.slugs():
        yield _tried(_("{slug}: released").format(slug=slug), lambda slug=slug: _released(course, slug))  # type: ignore[misc]
        settings = course.assignment_config(slug)
        if settings.contest and settings.source == "kaggle":
            yield _tried(
                _("{slug}: Kaggle's scores").format(slug=slug),
                lambda slug=slug: _students(len(find_submissions(course, [slug]))),  # type: ignore[misc]
            )
        elif settings.contest:
            yield _tried(
                _("{slug}: data set").format(slug=slug),
                lambda: _images(len(load_answer_key(course.dataset).labels)),
            )
    yield _tried(_("results"), lambda: _results(course))


def _packages(course: Course) -> str:
    """Names and versions of the libraries that the class promises.

    Raises:
        EnvironmentFault: some are not here, or in another version.
    """
    packages = packages_of(course.config.packages)
    wrong = [package for package in packages if not package.is_right]
    if wrong:
        told = (f"{one.name} {one.version or 'is not installed'}" + f" (wanted: {one.wanted})" * bool(one.wanted)
                for one in wrong)  # fmt: skip
        names = " ".join(f"'{one.name}{one.wanted}'" for one in wrong)
        raise EnvironmentFault(
            "; ".join(told),
            remedy=f"Run `pip install {names}` in the grader's environment, or put `packages` in class.toml right.",
        )
    return ", ".join(map(str, packages)) or "none are promised"


def _readable(path: Path) -> str:
    problem = damage_of(path)
    if problem:
        raise EnvironmentFault(
            _("{file} is damaged: {problem}").format(file=path.name, problem=problem),
            remedy=_("Run `grader doctor --repair`, or put a backup in its place."),
        )
    return str(path) if path.exists() else _("none yet")


def _results(course: Course) -> str:
    ledger = Ledger(course.ledger)
    lost = losses(course)
    damaged = ledger.damaged()
    count = len(damaged)
    entries = ngettext("{count} damaged ledger entry", "{count} damaged ledger entries", count).format(count=count)
    said = [entries] if damaged else []
    for store in Store:
        students = [f"{loss.student} {loss.slug}" for loss in lost if store in loss.lacking]
        if students:
            more = len(students) - _NAMES
            names = ", ".join(students[:_NAMES]) + (_(" and {count} more").format(count=more) if more > 0 else "")
            text = _("{count} lost in {place}: {students}")
            said.append(text.format(count=len(students), place=place_of(store), students=names))
    if said:
        raise EnvironmentFault("; ".join(said), remedy=_("Run `grader doctor --repair`, or put a backup in its place."))
    count = sum(1 for _standing in ledger.recorded())
    return ngettext("{count} stands, in every place", "{count} stand, in every place", count).format(count=count)


def _out_of_sight(course: Course) -> str:
    for folder in (course.root, course.dataset):
        require_out_of_sight(folder)
    return str(course.root)


def _released(course: Course, slug: str) -> str:
    if not (course.release / slug / f"{slug}.ipynb").is_file():
        raise InvalidAssignment(_("not yet"), remedy=_("Run `grader release {slug}`.").format(slug=slug))
    points = load_assignment(course.gradebook_url, slug).max_points
    return ngettext("{points:g} point", "{points:g} points", math.ceil(points)).format(points=points)


def _students(count: int) -> str:
    return ngettext("{count} student", "{count} students", count).format(count=count)


def _images(count: int) -> str:
    return ngettext("{count} hidden test image", "{count} hidden test images", count).format(count=count)


def _tried(what: str, ask: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, ask())
    except GraderError as error:
        return Finding(what, False, error.message, error.remedy)
