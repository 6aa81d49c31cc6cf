"""A teacher's own assignment, made in a class folder by following solutions/README.md to the letter."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from classroom import REPOSITORY, in_this_process

from grader.audit.auditing import Wanted, audit
from grader.audit.results import AssignmentAudit
from grader.audit.running import Runner
from grader.audit.subjects import find_subjects
from grader.course.folder import Course

README = REPOSITORY / "solutions" / "README.md"
SLUG = "leaky_relu"
BLOCK = re.compile(r"^```\w+ (solutions/\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def files_of_the_readme() -> dict[str, str]:
    """Contents by path; blocks of one file follow one another."""
    files: dict[str, str] = {}
    for path, text in BLOCK.findall(README.read_text(encoding="utf-8")):
        files[path] = f"{files[path]}\n{text}" if path in files else text
    return files


def write_assignment(class_dir: Path, **changed: str) -> None:
    """Write the files of the README into a class folder and build the notebook, as step 5 says.

    Args:
        class_dir: the class folder.
        changed: `old` and `new`: a text of the script that is replaced before.
    """
    for path, text in files_of_the_readme().items():
        target = class_dir / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    if changed:
        script = class_dir / "solutions" / SLUG / f"{SLUG}.py"
        before = script.read_text(encoding="utf-8")
        assert before.count(changed["old"]) == 1
        script.write_text(before.replace(changed["old"], changed["new"]), encoding="utf-8")
    build = [sys.executable, str(REPOSITORY / "solutions" / "build.py"), "--class", str(class_dir)]
    subprocess.run(build, check=True, capture_output=True)


def audited(course: Course, *, mutants: bool | None = None, limit: int = 0) -> AssignmentAudit:
    """What the audit says of it, in this process's warm sandbox."""
    (subject,) = find_subjects(course.root, [SLUG])
    with Runner(1, in_this_process) as runner:
        return audit(subject, Wanted(1, mutants, limit), runner)
