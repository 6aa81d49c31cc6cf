"""Rooms of `grader/` lie in the order in which a submission passes through them; each imports from those below."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from itertools import pairwise
from pathlib import Path

from classroom import REPOSITORY
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# From the lowest to the highest; rooms in one line do not import from each other.
FLOORS = (
    {"__init__", "language"},
    {"errors"},
    {"outcomes", "printable"},
    {"files", "notebook"},
    {"crashes", "scoring"},
    {"sandbox"},
    {"examiner"},
    {"checks"},
    {"course"},
    {"collect", "datasets", "diagnosis"},
    {"grading"},
    {"fleet"},
    {"record"},
    {"nbgrader_plugins", "show", "pipeline"},
    {"audit", "lms", "service"},
    {"leaderboard_app"},
    {"cli"},
    {"__main__"},
)
MAX_LINES = 400
MAX_ROOT_FILES = 12


def modules() -> dict[str, Path]:
    """Every module of the project by its dotted name."""
    found = {}
    for top in ("grader", "leaderboard_app"):
        for path in sorted((REPOSITORY / top).rglob("*.py")):
            parts = path.relative_to(REPOSITORY).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def is_for_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imports(module: str, *, for_types: bool = True) -> Iterator[str]:
    """Modules of the project that a module imports, wherever in it; `for_types` with those for annotations alone."""
    body = [node for node in parsed(MODULES[module]).body if for_types or not is_for_types(node)]
    for node in (inner for statement in body for inner in ast.walk(statement)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield from (name for name in [inner if inner in MODULES else node.module] if name in MODULES)


def room(module: str) -> str:
    top, *inside = module.split(".")
    if top == "leaderboard_app":
        return top
    return inside[0] if inside else "__init__"


FLOOR = {name: number for number, floor in enumerate(FLOORS) for name in floor}


def test_every_room_has_its_floor() -> None:
    assert {room(module) for module in MODULES} == set(FLOOR)


def test_a_module_imports_from_its_own_room_and_from_those_below() -> None:
    """Where this fails: move what the module needs further down, or the module further up."""
    wrong = [
        f"{module} imports {name}"
        for module in MODULES
        for name in imports(module)
        if room(name) != room(module) and FLOOR[room(name)] >= FLOOR[room(module)]
    ]
    assert wrong == []


def test_no_package_imports_from_itself_in_a_circle() -> None:
    """Within a room too: between its modules, and so between its folders."""
    edges: dict[str, set[str]] = defaultdict(set)
    for module, path in MODULES.items():
        if path.name != "__init__.py":  # a package that hands on names of its modules
            edges[module] |= {
                name
                for name in imports(module, for_types=False)
                if name != module and MODULES[name].name != "__init__.py"
            }
    done: set[str] = set()

    def walk(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " -> ".join((*way[way.index(module) :], module))
        if module not in done:
            for other in sorted(edges[module]):
                walk(other, (*way, module))
            done.add(module)

    for module in MODULES:
        walk(module, ())


def test_the_inside_of_the_sandbox_imports_nothing_else_of_the_grader() -> None:
    for module in MODULES:
        if module.startswith("grader.sandbox.inside"):
            assert [name for name in imports(module) if not name.startswith("grader.sandbox.inside")] == []


def test_every_library_that_is_imported_is_declared() -> None:
    """Not only brought along by another one, which may stop doing so."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = [line for lines in project["optional-dependencies"].values() for line in lines]
    declared = {canonicalize_name(Requirement(line).name) for line in [*project["dependencies"], *optional]}
    inside = {path.stem for path in MODULES.values() if path.is_relative_to(REPOSITORY / "grader/sandbox/inside")}
    distributions = packages_distributions()
    missing = {}
    for module, path in MODULES.items():
        for name in outside_imports(path) - set(sys.stdlib_module_names) - {"grader", "leaderboard_app"} - inside:
            if not {canonicalize_name(each) for each in distributions.get(name, [])} & declared:
                missing[module] = name
    assert missing == {}


def outside_imports(path: Path) -> set[str]:
    """The first part of every name that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_no_module_is_long() -> None:
    long = {name: lines for name, path in MODULES.items() if (lines := path.read_text().count("\n")) > MAX_LINES}
    assert long == {}


def test_few_files_lie_at_the_root() -> None:
    assert len(list((REPOSITORY / "grader").glob("*.py"))) <= MAX_ROOT_FILES


def test_tests_mirror_the_rooms() -> None:
    rooms = {path.name for path in (REPOSITORY / "grader").iterdir() if (path / "__init__.py").exists()}
    folders = {path.name for path in (REPOSITORY / "tests").iterdir() if any(path.glob("**/test_*.py"))}
    assert rooms - folders - {"record"} == set()
    assert folders - rooms == {"benchmarks", "hostile", "leaderboard_app"}


def test_floors_are_in_order() -> None:
    assert all(not (lower & upper) for lower, upper in pairwise(FLOORS))
