"""A unit for systemd, so that the class's page and watcher start with the machine and come back by themselves."""

from __future__ import annotations

import getpass
import re
import shutil
import sys
from pathlib import Path

_TEMPLATE = """\
[Unit]
Description={description}
After=network-online.target
Wants=network-online.target

[Service]
Type=exec
User={user}
WorkingDirectory={folder}
ExecStart={command}
Environment=PATH={path}
Environment=LANG=C.UTF-8
# The sandbox gives each submission a control group of its own, which limits its memory as a whole.
Delegate=yes
Restart=on-failure
RestartSec=5
# What runs is ended gently; what was not graded yet is graded after the next start.
KillMode=mixed
TimeoutStopSec=60

[Install]
WantedBy=multi-user.target
"""


def unit_name(folder: Path) -> str:
    """The unit's name: of the class folder, in letters that systemd takes as they are."""
    return f"grader-{re.sub(r'[^A-Za-z0-9_.-]', '_', folder.name) or 'class'}.service"


def unit(folder: Path, name: str, *, address: str, port: int, slots: int, path: str, is_cluster: bool = False) -> str:
    """The unit's text.

    Args:
        folder: the class folder.
        name: of the class.
        address: where the page listens.
        port: where the page listens.
        slots: submissions graded at once; 0 is not written.
        is_cluster: whether other machines grade.
        path: where programs such as `bwrap` are looked for, as in the environment of whoever asks.
    """
    program = shutil.which("grader", path=str(Path(sys.executable).parent)) or shutil.which("grader")
    start = [program] if program else [sys.executable, "-m", "grader"]
    start += ["serve", "--class", str(folder), "--address", address, "--port", str(port)]
    start += ["--slots", str(slots)] if slots else []
    start += ["--cluster"] if is_cluster else []
    return _TEMPLATE.format(
        description=_one_line(name),
        user=getpass.getuser(),
        folder=_escaped(str(folder)),
        command=" ".join(_quoted(part) for part in start),
        path=_quoted(path, is_command=False),
    )


def _one_line(text: str) -> str:
    """The text on one line, without the sign at which systemd puts in values of its own."""
    return _escaped(" ".join(text.split()))


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


def _quoted(text: str, *, is_command: bool = True) -> str:
    """A word as systemd reads it; in a command `$` puts in variables."""
    plain = _escaped(text)
    plain = plain.replace("$", "$$") if is_command else plain
    return plain if re.fullmatch(r"[\w@%+=:,./$-]+", plain) else '"' + re.sub(r'(["\\])', r"\\\1", plain) + '"'
