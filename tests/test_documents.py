"""What the documents name is there: files and folders of the repository, modules, and one version everywhere."""

import re
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest
from classroom import REPOSITORY

from grader import __version__

TOPS = ("assignments", "grader", "leaderboard_app", "solutions", "tests")
DOCUMENTS = sorted([*REPOSITORY.glob("*.md"), *(path for top in TOPS for path in (REPOSITORY / top).rglob("*.md"))])
# Not behind a slash, a dot or a hyphen: those are the ends of other paths and names.
FILE = re.compile(rf"(?<![\w/.<-])((?:{'|'.join(TOPS)})/[\w./<>*{{}}-]*)")
QUOTED = re.compile(r"`([a-z_][\w/]*(?:\.py)?)`")
MODULE = re.compile(r"(?<![\w/.-])((?:grader|leaderboard_app)(?:\.[A-Za-z_]\w*)+)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def prose(path: Path) -> str:
    """The text without its fenced samples, which are about files that a reader makes."""
    return FENCED.sub("", path.read_text(encoding="utf-8"))


def is_there(named: str) -> bool:
    """Whether a path of the repository exists; `<slug>` and `*` stand for any name."""
    pattern = re.sub(r"<[^>]*>", "*", named.rstrip("./"))
    return any(REPOSITORY.glob(pattern))


def is_module(dotted: str) -> bool:
    """Whether a module exists, or what a module's name is followed by."""
    parts = dotted.split(".")
    for end in range(len(parts), 1, -1):
        try:
            spec = find_spec(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        if spec is not None and spec.origin is not None:
            text = Path(spec.origin).read_text(encoding="utf-8")
            return all(re.search(rf"\b{name}\b", text) for name in parts[end:])
    return False


def test_a_path_or_a_module_that_is_not_there_is_noticed() -> None:
    assert FILE.findall("see `grader/none.py` and solutions/<slug>/right/*.py; not x/grader/y") == [
        "grader/none.py",
        "solutions/<slug>/right/*.py",
    ]
    assert is_there("solutions/<slug>/right/*.py")
    assert not is_there("grader/none.py")
    assert is_module("grader.pipeline.grade_class")
    assert is_module("grader.sandbox")
    assert not is_module("grader.none")
    assert not is_module("grader.pipeline.no_such_name")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_every_file_and_module_that_a_document_names_exists(document: Path) -> None:
    text = prose(document)
    missing = [named for named in FILE.findall(text) if not is_there(named)]
    missing += [named for named in MODULE.findall(text) if not is_module(named)]
    assert missing == []


def test_files_that_the_guide_to_the_grader_names_within_the_grader_exist() -> None:
    """There, a path begins in a room, without the top folder: `sandbox/slot.py`."""
    rooms = {path.name for path in (REPOSITORY / "grader").iterdir() if path.is_dir()}
    quoted = QUOTED.findall(prose(REPOSITORY / "grader" / "README.md"))
    paths = [path for path in quoted if path.endswith(".py") or ("/" in path and path.split("/")[0] in rooms)]
    assert len(paths) > 20
    assert [path for path in paths if not is_there(f"grader/{path}") and not is_there(path)] == []


def test_one_version_stands_everywhere() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = re.search(r"^version: (.+)$", (REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    assert citation is not None
    assert {project["version"], citation[1], __version__} == {__version__}
