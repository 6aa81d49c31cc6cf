"""The view of the machine that the page's process gets: its code, the class database to read, the inbox to write.

No labels, no gradebook, no source, no submissions: what is not there cannot be shown by mistake.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import make_url

from grader.course.config import CONFIG_NAME
from grader.course.database_url import sqlite_path
from grader.course.folder import Course
from grader.errors import EnvironmentFault
from grader.language import _
from grader.sandbox import bubblewrap
from grader.sandbox.visible import environment_options, environment_parts, system_options

OIDC_SECRETS = "secrets.toml"
_TMP = "/tmp"  # noqa: S108  a file system of the view's own
_ETC = ("resolv.conf", "hosts", "ssl", "ca-certificates", "mime.types", "localtime")


def page_command(course: Course, argv: list[str], environment: Mapping[str, str]) -> list[str]:
    """The command that starts the page inside its view. The network stays: the page listens, OIDC asks.

    Args:
        course: the class.
        argv: the command inside.
        environment: all of its environment.

    Raises:
        SandboxUnavailable: bubblewrap is missing.
        EnvironmentFault: the class database does not lie in a folder of its own.
    """
    options = [
        bubblewrap.find_bwrap(), "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts",
        "--die-with-parent", "--new-session", "--as-pid-1", "--disable-userns", "--cap-drop", "ALL",
        *system_options(), *environment_options(environment_parts()),
    ]  # fmt: skip
    for name in _ETC:
        options += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    options += _code()
    folder = _database_folder(course)
    if folder is not None:
        options += ["--ro-bind", str(folder), str(folder)]
    options += ["--bind", str(course.inbox), str(course.inbox)]
    secrets = course.root / OIDC_SECRETS
    if secrets.is_file():
        options += ["--ro-bind", str(secrets), str(secrets)]
        argv = [*argv, f"--secrets.files={json.dumps([str(secrets)])}"]
    # What was not bound is memory of the view's own; nothing is written there either, but in /tmp.
    options += ["--remount-ro", "/", "--clearenv"]
    for name, value in {"HOME": _TMP, "PYTHONDONTWRITEBYTECODE": "1", **environment}.items():
        options += ["--setenv", name, value]
    return [*options, "--chdir", _TMP, *argv]


def _code() -> list[str]:
    """The project's own code, without the course that travels in an installed package."""
    package = Path(__file__).resolve().parent.parent
    options: list[str] = []
    for folder in (package, package.parent / "leaderboard_app"):
        options += ["--ro-bind", str(folder), str(folder)]
    course = package / "course_data"
    return [*options, "--tmpfs", str(course)] if course.is_dir() else options


def _database_folder(course: Course) -> Path | None:
    path = sqlite_path(make_url(course.database_url))
    if path is None:
        return None
    if course.root.is_relative_to(path.parent):
        raise EnvironmentFault(
            _(
                "The class database {path} does not lie in a folder of its own, so the page would see "
                "all of its folder."
            ).format(path=path),
            remedy=_('Set database = "sqlite:///board/class.db" in {config_name}.').format(config_name=CONFIG_NAME),
        )
    return path.parent
