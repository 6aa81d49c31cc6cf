"""Grade a batch of attacks with unhurt neighbours, and look for what it left behind."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import psutil
from attacks import Attack
from gate import EVENS, SLUG_TASKS, honest_notebook, honest_weights, secret

from grader.course.folder import Course
from grader.course.gradebook import open_gradebook
from grader.outcomes import Outcome
from grader.pipeline import grade_class
from grader.record.planning import Row

NEIGHBOURS = ("aaron", "nina", "zoe")  # the first, one in the middle, the last
RECORDED = ("autograded", "feedback", "ledger", "gradebook.db", "board", ".grading.lock")


@dataclass
class Batch:
    """What a batch gave.

    Attributes:
        course: the class that was graded.
        handed_in: who handed something in.
        rows: by student.
        points: the gradebook's automatic points, by student.
        networks: rows of those who handed a network in, by student.
        changed: files of the class folder that no result explains, with what happened to them.
        left: processes, mounts and folders that are still there.
        crash: the exception that ended the whole grading.
        wall_s: how long it took.
    """

    course: Course
    handed_in: set[str] = field(default_factory=set)
    rows: dict[str, Row] = field(default_factory=dict)
    points: dict[str, float] = field(default_factory=dict)
    networks: dict[str, Row] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    crash: Exception | None = None
    wall_s: float = 0.0

    def texts(self, student: str) -> bytes:
        """Everything that was written about a student: executed notebook, report, row."""
        row = self.rows.get(student)
        parts = [repr(row).encode(errors="surrogateescape")]
        parts += [p.read_bytes() for p in (self.course.autograded / student).rglob("*") if p.is_file()]
        current = [p for p in (self.course.ledger / "current").glob("*/*") if p.name == student]
        for key in [p.read_text() for p in current]:
            parts += [p.read_bytes() for p in (self.course.ledger / "results").glob(f"{key}.*")]
        return b"\n".join(parts)

    def executed(self, student: str, slug: str) -> str:
        """The executed notebook's JSON, empty where there is none."""
        path = self.course.autograded / student / slug / f"{slug}.ipynb"
        return path.read_text() if path.is_file() else ""


GradedBatch = Callable[[str, list[Attack]], Batch]


def hand_in(course: Course, student: str, slug: str, notebook: nbformat.NotebookNode | bytes) -> Path:
    """Put a notebook into the class folder."""
    folder = course.submitted / student / slug
    folder.mkdir(parents=True)
    # As it is: nbformat would put odd notebooks right.
    data = notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode()
    (folder / f"{slug}.ipynb").write_bytes(data)
    return folder


def submit(course: Course, attack: Attack) -> None:
    """Hand an attack in."""
    notebook = honest_notebook(attack.slug)
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in attack.cells:
            cell["source"] = attack.cells[grade_id]
    changed = attack.notebook(notebook) if attack.notebook else notebook
    folder = hand_in(course, attack.student_id, attack.slug, changed)
    for name, data in attack.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    if attack.folder is not None:
        attack.folder(folder)


def neighbour_notebook(student: str, slug: str) -> nbformat.NotebookNode:
    """A right answer with a secret in it, which nobody else may see."""
    notebook = honest_notebook(slug)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == SLUG_TASKS[slug][-1]:
            cell["source"] += f"\nprint({secret(f'notebook-of-{student}')!r})\n"
    return notebook


def grade_batch(course: Course, attacks: Sequence[Attack], scratch: Path) -> Batch:
    """Grade the attacks between their neighbours.

    Args:
        course: a class folder of the batch's own.
        attacks: what is handed in.
        scratch: an empty folder with a short path, for everything that grading keeps for a while.
    """
    for student in NEIGHBOURS:
        for slug in {attack.slug for attack in attacks} | {"gate"}:
            folder = hand_in(course, student, slug, neighbour_notebook(student, slug))
            if slug == "net":
                (folder / "network.pth").write_bytes(honest_weights())
    hand_in(course, "bystander", "gate", neighbour_notebook("bystander", "gate"))
    for attack in attacks:
        submit(course, attack)
    batch = Batch(course)
    slugs = [slug for slug in SLUG_TASKS if any(a.slug == slug for a in attacks) or slug == "gate"]
    batch.handed_in = {path.name for path in course.submitted.iterdir()}
    before, mounts = snapshot(course.root), _mounts()
    kept, tempfile.tempdir = tempfile.tempdir, str(scratch)
    started = time.monotonic()
    try:
        # One after another where there is more than one assignment: rows are by student.
        for slug in slugs:
            for row in grade_class(course, [slug], slots=2):
                if slug == "net":
                    batch.networks[row.student] = row
                if slug == "gate" or row.student.startswith("mallory-") or row.student not in batch.rows:
                    batch.rows[row.student] = row
    except Exception as error:  # noqa: BLE001  that is what is tested
        batch.crash = error
    finally:
        tempfile.tempdir = kept
    batch.wall_s = time.monotonic() - started
    after = snapshot(course.root)
    batch.changed = sorted(
        f"{p}: {before.get(p)} -> {after.get(p)}" for p in before.keys() | after.keys() if before.get(p) != after.get(p)
    )
    batch.left = left_behind(scratch) + [f"mount {line}" for line in _mounts() - mounts]
    with open_gradebook(course) as gradebook:
        for slug in slugs:
            for found in gradebook.assignment_submissions(slug):
                if slug == "gate" or found.student.id not in batch.points:
                    batch.points[found.student.id] = found.score
    return batch


def snapshot(root: Path) -> dict[str, str]:
    """What every file is, except those that results are recorded in; without following links."""
    found = {}
    for top, folders, names in os.walk(root):
        relative = Path(top).relative_to(root)
        if relative == Path():
            folders[:] = [name for name in folders if name not in RECORDED]
            names[:] = [name for name in names if not name.startswith(RECORDED)]
        if len(relative.parts) > 12:
            folders.clear()
        for name in names + folders:
            path = Path(top, name)
            status = path.lstat()
            text = f"{stat.filemode(status.st_mode)} {status.st_uid}"
            if stat.S_ISREG(status.st_mode):
                text += f" {status.st_size} {status.st_mtime_ns}"
                if status.st_size < 1 << 20:
                    text += " " + hashlib.sha256(path.read_bytes()).hexdigest()[:12]
            found[str(relative / name)] = text
    return found


def left_behind(scratch: Path) -> list[str]:
    """Folders under the scratch folder, and processes that have one of them mounted or open."""
    give_up = time.monotonic() + 5
    while (found := _left(scratch)) and time.monotonic() < give_up:
        time.sleep(0.1)
    return found


def _left(scratch: Path) -> list[str]:
    found = [f"folder {path.name}" for path in scratch.iterdir()]
    for process in psutil.process_iter():
        if process.pid == os.getpid():
            continue
        try:
            mounts = Path("/proc", str(process.pid), "mountinfo").read_text()
            command = " ".join(process.cmdline())
            is_gone = process.status() == psutil.STATUS_ZOMBIE and process.ppid() != os.getpid()
        except (OSError, psutil.Error):
            continue
        if not is_gone and (scratch.name in mounts or scratch.name in command):
            found.append(f"process {process.pid} {command[:200]}")
    mine = psutil.Process().children(recursive=True)
    found += [f"zombie {p.pid}" for p in mine if p.status() == psutil.STATUS_ZOMBIE]
    return found


def _mounts() -> set[str]:
    return set(Path("/proc/self/mountinfo").read_text().splitlines())


def outputs_without_time(path: Path) -> list[tuple[str, str, str]]:
    """What an executed notebook says, cell by cell."""
    notebook = nbformat.read(path, as_version=4)
    return [(cell.cell_type, cell.source, repr(cell.get("outputs"))) for cell in notebook.cells]


def copy_class(root: Path, to: Path) -> Course:
    """A class folder of one's own."""
    shutil.copytree(root, to, symlinks=True)
    (to.parent / "teacher.txt").write_text(secret("beside-the-class"))
    return Course.open(to)


__all__ = ["EVENS", "NEIGHBOURS", "Batch", "Outcome", "copy_class", "grade_batch", "hand_in", "outputs_without_time"]
