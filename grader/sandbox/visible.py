"""What of the system and of the Python environment a sandbox shows: a list of what programs and imports need.

Everything else of the machine is not there. What is on the list may hold this project (an installed package, a checkout
in `lib/`): that is covered, since solutions and hidden tests travel in it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from grader.errors import EnvironmentFault, SandboxUnavailable
from grader.language import _

USR = Path("/usr")
# Of /usr and /usr/local: not `src`, `games`, or what an administrator keeps there.
SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "libx32", "libexec", "include", "share")
ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "fonts", "localtime", "nsswitch.conf")
# Of a Python environment: not `src`, where pip puts checkouts, nor what else lies in a folder that holds a `.venv`.
ENVIRONMENT = ("bin", "include", "lib", "lib64", "libexec", "pyvenv.cfg", "ssl")
BESIDE_A_PACKAGE = ("leaderboard_app", "assignments", "solutions", "tests")


@dataclass(frozen=True)
class Shown:
    """A folder or file of the host that is visible under its own name.

    Attributes:
        path: where it is seen.
        source: what is shown there; None for an empty folder that covers what is behind it.
    """

    path: Path
    source: Path | None


def system_options() -> list[str]:
    """Options for bubblewrap that show the system, with a /tmp of its own."""
    options: list[str] = []
    local = USR / "local"
    for folder in [*(USR / name for name in SYSTEM), *(local / name for name in SYSTEM), *sorted(local.glob("cuda*"))]:
        if folder.is_symlink():
            options += ["--symlink", str(folder.readlink()), str(folder)]
        elif folder.is_dir():
            options += ["--ro-bind", str(folder), str(folder)]
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/", name)
        if path.is_symlink():
            options += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            options += ["--ro-bind", str(path), str(path)]
    for name in ETC:
        options += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    return [*options, "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--dir", "/home/student"]  # noqa: S108


def python_roots() -> list[Path]:
    """Folders of the Python environment that lie outside `/usr`; outer folders first."""
    return sorted({Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve()} - {USR})


def python_program() -> str:
    """The interpreter, by a path that is there inside: the environment may have been reached through a link."""
    program = Path(sys.executable)
    prefix = Path(sys.prefix)
    return str(prefix.resolve() / program.relative_to(prefix)) if program.is_relative_to(prefix) else str(program)


@cache
def environment_parts() -> tuple[Shown, ...]:
    """The Python environment as a notebook sees it; in this order, a later one lies over an earlier one.

    Raises:
        SandboxUnavailable: this project lies where covering it would hide Python itself.
    """
    parts = _environment_folders()
    covers = list(_covered([part.path for part in parts]))
    for cover in covers:
        if any(cover == part.path for part in parts):
            raise SandboxUnavailable(
                _(
                    "{cover} holds this project and Python's own files, so notebooks could read the hidden tests."
                ).format(cover=cover),
                remedy=_("Install the project, or make its environment, somewhere else."),
            )
    return tuple(sorted([*parts, *(Shown(path, None) for path in covers)], key=lambda part: part.path.parts))


def _environment_folders() -> list[Shown]:
    """Each folder once, under its real name: under a second one (`lib64` for `lib`) no cover would lie over it."""
    real: list[Path] = []
    for part in sorted(place.resolve() for place in _environment_places() if place.exists()):
        if not any(part.is_relative_to(other) for other in (USR, *real)):
            real.append(part)
    return [Shown(part, part) for part in real]


def environment_links() -> list[tuple[str, Path]]:
    """The links among the environment's folders: what each says, and where it stands."""
    return [(str(place.readlink()), place) for place in _environment_places() if place.is_symlink()]


def _environment_places() -> list[Path]:
    return [root / name for root in python_roots() for name in ENVIRONMENT]


def _covered(visible: list[Path]) -> Iterator[Path]:
    shown = [USR, *visible]
    for folder in own_folders():
        if any(folder.is_relative_to(one) for one in shown):
            yield folder


def own_folders() -> Iterator[Path]:
    """Where this project's code lies: the whole of a checkout, or the packages of an installation."""
    package = Path(__file__).resolve().parents[1]
    home = package.parent
    if (home / "pyproject.toml").is_file():
        yield home
        return
    yield package
    for name in BESIDE_A_PACKAGE:
        if (home / name).is_dir():
            yield home / name


def environment_options(shown: Sequence[Shown]) -> list[str]:
    """Options for bubblewrap that show the environment's parts."""
    options: list[str] = []
    for part in shown:
        if part.source is not None:
            options += ["--ro-bind", str(part.source), str(part.path)]
        else:
            options += ["--tmpfs", str(part.path)]
    for target, place in environment_links():
        options += ["--symlink", target, str(place)]
    for part in shown:
        if part.source is None:  # at the end: parts that lie inside it have their places by now
            options += ["--remount-ro", str(part.path)]
    return options


def require_out_of_sight(folder: Path) -> None:
    """A class and its data set may not lie where every notebook can read: below `/usr`, or in the Python environment.

    Raises:
        EnvironmentFault: it does.
    """
    shown = next((root for root in [USR, *python_roots()] if folder.resolve().is_relative_to(root)), None)
    if shown is not None:
        raise EnvironmentFault(
            _("{folder} lies in {shown}, which the sandbox shows to every notebook: answers could be read.").format(
                folder=folder, shown=shown
            ),
            remedy=_("Move it somewhere else, for example to /srv or a home folder."),
        )
