"""Whose number a student's processes run under on this machine: never root's.

An ordinary user's grader runs notebooks under that user's own number. Started as root, the grader gives up its number
before bubblewrap begins: each slot gets a user id of its own from a range that no account uses, so that files and
processes are nobody's, and the system counts each slot's processes. What the sandbox is to show may lie where such a
user cannot go (an environment in /root, say): it is bound to a neutral place first, in mounts of the slot's own.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from grader.errors import SandboxUnavailable
from grader.language import _

FIRST_UID = 1_800_000_000  # beyond the ranges of accounts, containers and systemd's dynamic users
UIDS_PER_PROCESS = 8
SMALL_FIRST, SMALL_COUNT = 60_000, 5_000  # inside a container that knows 65,536 numbers
STAGE = "/tmp"  # noqa: S108  where the neutral places are, in mounts of the slot's own
_numbers = itertools.count()

# Binds each source to a neutral place, then covers /tmp with those: `$1` is the folder, then sources up to `--`.
_STAGING = """\
set -e
stage=$1; shift
mount -t tmpfs -o mode=755,size=1m,nr_inodes=500 tmpfs "$stage"
number=0
while [ "$1" != -- ]; do
    if [ -d "$1" ]; then mkdir "$stage/$number"; else : > "$stage/$number"; fi
    mount --rbind -- "$1" "$stage/$number"
    number=$((number + 1)); shift
done
shift
mount --rbind "$stage" /tmp
exec "$@"
"""


@dataclass(frozen=True)
class SlotUser:
    """Whom a slot belongs to.

    Attributes:
        uid: its user and group id on the machine; None for this process's own.
    """

    uid: int | None

    @classmethod
    def choose(cls) -> SlotUser:
        """A user for a new slot.

        Raises:
            SandboxUnavailable: this process is root and knows no other number.
        """
        return cls(_free_uid() if os.geteuid() == 0 and not _is_alone() else None)

    def give_folder(self, folder: Path) -> None:
        """Make a folder and what is in it the student's."""
        if self.uid is not None:
            for path in [folder, *folder.rglob("*")]:
                os.chown(path, self.uid, self.uid, follow_symlinks=False)

    def run_as_user(self, argv: list[str], sources: list[Path], stage: Path) -> list[str]:
        """The command, run under this user.

        Args:
            argv: a command of bubblewrap.
            sources: paths of the host that it names.
            stage: an empty folder that may be mounted on.

        Raises:
            SandboxUnavailable: some of it cannot be read by others, or the tools are missing.
        """
        if self.uid is None:
            return argv
        hidden = [source for source in sources if not is_reachable(source)]
        lowered = [_tool("setpriv"), f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups", "--"]
        if not hidden:
            return [*lowered, *argv]
        _require_mounts(hidden[0])
        staged = [source for source in sources if source in hidden or source.is_relative_to(STAGE)]
        places = {str(source): f"{STAGE}/{number}" for number, source in enumerate(staged)}
        # Only what follows an option that binds is a source: the same path inside stays as it is.
        moved = [
            places.get(word, word) if before in ("--ro-bind", "--bind", "--dev-bind-try") else word
            for before, word in zip(["", *argv], argv, strict=False)
        ]
        return [
            _tool("unshare"), "--mount", "--propagation", "private", "--", "/bin/sh", "-c", _STAGING, "stage",
            str(stage), *map(str, staged), "--", *lowered, *moved,
        ]  # fmt: skip


def is_reachable(path: Path) -> bool:
    """Whether a user who owns nothing here can get to a path."""
    return all(parent.stat().st_mode & 0o001 for parent in path.parents)


def require_readable(folder: Path) -> None:
    """What a notebook is to see has to be readable for a user who owns nothing of it.

    Raises:
        SandboxUnavailable: something in it is not.
    """
    for path in [folder, *(folder.rglob("*") if folder.is_dir() else ())]:
        if path.is_symlink():
            continue
        mode = path.stat().st_mode
        if not mode & 0o004 or (path.is_dir() and not mode & 0o001):
            raise SandboxUnavailable(
                _("{path} can be read by its owner alone, and notebooks do not run under the number of root.").format(
                    path=path
                ),
                remedy=_("Run `chmod -R o+rX {folder}`, or grade as the user that the files belong to.").format(
                    folder=folder
                ),
            )


@cache
def _is_alone() -> bool:
    """Whether root here is an ordinary user of the machine, in a user namespace that knows no second number."""
    return sum(int(line.split()[2]) for line in _uid_map()) <= 1


def _uid_map() -> list[str]:
    return Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines()


def _knows(uid: int) -> bool:
    return any(int(first) <= uid < int(first) + int(count) for first, _outside, count in map(str.split, _uid_map()))


def _free_uid() -> int:
    number = os.getpid() * UIDS_PER_PROCESS + next(_numbers) % UIDS_PER_PROCESS
    for uid in (FIRST_UID + number, SMALL_FIRST + number % SMALL_COUNT, 65_534):
        if _knows(uid):
            return uid
    raise SandboxUnavailable(
        _("The grader runs as root, in a container that knows no number for students."),
        remedy=_("Start the container with a range of user ids, or the grader as an ordinary user."),
    )


def _tool(name: str) -> str:
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/bin:/bin:/usr/sbin:/sbin")
    if path is None:
        raise SandboxUnavailable(
            _("The grader runs as root and cannot give up root's number without `{name}`.").format(name=name),
            remedy=_("Install util-linux, or grade as an ordinary user."),
        )
    return path


def _require_mounts(needed: Path) -> None:
    tried = subprocess.run(
        [_tool("unshare"), "--mount", "true"], capture_output=True, text=True, timeout=30, check=False
    )
    if tried.returncode != 0:
        raise SandboxUnavailable(
            _("{needed} cannot be reached by other users, and nothing can be mounted here: {stderr}").format(
                needed=needed, stderr=tried.stderr.strip()[:200]
            ),
            remedy=_("Let others pass the folders above it (`chmod o+x`), or grade as an ordinary user."),
        )
