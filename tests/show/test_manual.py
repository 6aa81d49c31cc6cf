"""Every command of the manuals: read by the command line at once, and run in order on a class of their own (slow)."""

from __future__ import annotations

import io
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
import typer
from classroom import REPOSITORY, source_notebook

from grader.audit.answers import reference_answer
from grader.cli.app import app
from grader.language import address_in
from grader.show.manual import FOLDER, manual

GROUP = typer.main.get_command(app)

# What stands before a block that the test does not run, and why it cannot.
NOT_RUN = {
    "root": "needs the rights of an administrator",
    "network": "needs a network, and a Moodle or a registry of packages",
    "interactive": "opens a browser for a person",
}
STOPPED = "stops when told"
BLOCK = re.compile(r"^(?:<!-- (?P<mark>[^>]+) -->\n)?```sh\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
PAGE = re.compile(r"http://127\.0\.0\.1:\d+")
WORKSHEET = (
    "Identifier,Full name,Email address,Status,Grade,Maximum grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\n"
    "Participant 11,Мария Иванова,ivanova@school.example,Submitted for grading,,{points},Yes,-,-,\n"
)


@dataclass(frozen=True)
class Block:
    """Commands that stand together.

    Attributes:
        text: for a shell.
        mark: what the manual's source says of it, if anything.
    """

    text: str
    mark: str

    @property
    def is_run(self) -> bool:
        """Whether the test runs it."""
        return not self.mark.startswith("not run: ")


def blocks(text: str) -> list[Block]:
    return [Block(found["text"], found["mark"] or "") for found in BLOCK.finditer(text)]


def commands(text: str) -> list[list[str]]:
    """The words of each `grader ...` of blocks and of prose that is a whole command."""
    found = [line for block in blocks(text) for line in block.text.splitlines()]
    prose = re.sub(r"(?s)```.*?```", "", text)
    found += [line.strip() for line in prose.splitlines() if line.startswith("    grader ")]
    found += [" ".join(quoted.split()) for quoted in re.findall(r"`(grader [^`]+)`", prose)]
    words = [shlex.split(line.partition(" > ")[0], comments=True) for line in found if line.startswith("grader ")]
    return [one[1:] for one in words if "..." not in one]


@pytest.fixture(autouse=True)
def own_language() -> Iterator[None]:
    """What a command sets for its process does not reach the next test."""
    yield
    address_in(None)


def parse(words: list[str]) -> None:
    """Have the command line read a command as far as it can without running it; prose may leave out its arguments."""
    group: Any = GROUP
    context = group.make_context("grader", list(words))
    try:
        while hasattr(group, "commands") and (rest := [*context._protected_args, *context.args]):
            name, group, rest = group.resolve_command(context, rest)
            context = group.make_context(name, list(rest), parent=context)
    except Exception as error:  # its class is Typer's own and has no public name
        if type(error).__name__ not in ("MissingParameter", "NoArgsIsHelpError"):
            raise


def test_both_languages_have_the_same_commands_in_the_same_order() -> None:
    assert blocks(manual("teacher", "ru")) == blocks(manual("teacher", "en"))
    assert len(blocks(manual("teacher", "ru"))) > 20
    known = {"", STOPPED, *(f"not run: {mark}" for mark in NOT_RUN)}
    assert {block.mark for block in blocks(manual("teacher", "ru"))} == known


@pytest.mark.parametrize("document", ["teacher-ru.md", "teacher-en.md", "README.md"])
def test_the_command_line_knows_every_command_and_option(document: str) -> None:
    path = REPOSITORY / document if document == "README.md" else FOLDER / document
    for words in commands(path.read_text(encoding="utf-8")):
        if {"--help", "-h", "--version"} & set(words):
            continue
        parse(words)


@pytest.mark.parametrize("words", [["grad"], ["grade", "--no-such"], ["moodle", "fetch", "resnet"]])
def test_a_command_that_is_not_there_is_noticed(words: list[str]) -> None:
    with pytest.raises(Exception, match=r"(?i)no such"):
        parse(words)


@pytest.mark.slow
def test_a_class_goes_through_the_manual_from_the_first_command_to_the_last(tmp_path: Path) -> None:
    downloads = tmp_path / "Downloads"
    downloads.mkdir()
    source = source_notebook("resnet")
    _zip_of_moodle(downloads / "resnet.zip", reference_answer(source).applied_to(_released(tmp_path)))
    points = sum(cell.metadata.nbgrader.get("points", 0) for cell in source.cells if "nbgrader" in cell.metadata)
    (downloads / "Grades.csv").write_text(WORKSHEET.format(points=f"{points:.2f}"), encoding="utf-8")
    here = tmp_path
    for block in blocks(manual("teacher", "ru")):
        if not block.is_run:
            continue
        if block.mark == STOPPED:
            _starts_and_stops(block.text, here, tmp_path)
            continue
        done = _shell(f"set -e\n{block.text}\npwd > {shlex.quote(str(tmp_path / 'where'))}", here, tmp_path)
        assert done.returncode == 0, f"{block.text}\n{done.stdout}\n{done.stderr}"
        here = Path((tmp_path / "where").read_text().strip())
    assert "ivanova,Мария Иванова" in (here / "final.csv").read_text(encoding="utf-8")
    assert "Participant 11" in (here / "filled.csv").read_text(encoding="utf-8")
    assert (here / "links.csv").read_text().count("https://board.school.example/") == 2
    assert (tmp_path / "cnn-2026-final.zip").stat().st_mode & 0o777 == 0o600


def _released(folder: Path) -> nbformat.NotebookNode:
    """The students' notebook, as the manual's first commands make it."""
    made = folder / "before"
    for command in (["init", made, "--language", "ru"], ["release", "resnet", "--class", made]):
        subprocess.run([sys.executable, "-m", "grader", *map(str, command)], check=True, capture_output=True)
    return nbformat.read(made / "release" / "resnet" / "resnet.ipynb", as_version=4)


def _zip_of_moodle(path: Path, notebook: nbformat.NotebookNode) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Иванова Мария_11_assignsubmission_file/resnet.ipynb", nbformat.writes(notebook))


def _environment(home: Path) -> dict[str, str]:
    return {
        **os.environ,
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
    }


def _shell(text: str, folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    command = ["bash", "-c", text]
    return subprocess.run(command, cwd=folder, env=_environment(home), capture_output=True, text=True, check=False)


def _starts_and_stops(text: str, folder: Path, home: Path) -> None:
    """A command that goes on until it is stopped: it says where the page is, and ends well when told to."""
    process = subprocess.Popen(
        ["bash", "-c", f"exec {text}"], cwd=folder, env=_environment(home), stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    said = io.StringIO()
    give_up = time.monotonic() + 60
    while not PAGE.search(said.getvalue()) and time.monotonic() < give_up:
        said.write(process.stderr.readline())
    process.send_signal(signal.SIGINT)
    _out, rest = process.communicate(timeout=180)  # lanes that are still importing are waited for
    assert PAGE.search(said.getvalue()), said.getvalue()
    assert process.returncode == 0, said.getvalue() + rest
