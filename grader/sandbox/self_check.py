"""What a sandbox is tried for before anything is graded in it: each promise is code that says `kept` inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Promise:
    """One promise.

    Attributes:
        what: in a few words.
        code: what a notebook runs to try it; it prints `kept`, or what it has found.
    """

    what: str
    code: str


PROMISES = (
    Promise(
        "no network",
        "import socket\ntry: socket.create_connection(('192.0.2.1', 9), 1)\nexcept OSError: print('kept')",
    ),
    Promise(
        "home folders cannot be read",
        "import os\nprint('kept' if not any(os.path.exists(p + '/.bashrc') for p in ('/root', *['/home/' + n for n in "
        "os.listdir('/home')])) else 'broken')",
    ),
    Promise(
        "other processes are not visible",
        "import os\nprint('kept' if sum(n.isdigit() for n in os.listdir('/proc')) < 6 else 'broken')",
    ),
    Promise(
        "no rights left",
        "print('kept' if 'CapEff:\\t0000000000000000' in open('/proc/self/status').read() else 'broken')",
    ),
    Promise(
        "system calls are filtered",
        "print('kept' if 'Seccomp:\\t2' in open('/proc/self/status').read() else 'broken')",
    ),
    Promise(
        "devices of the machine cannot be changed",
        "import os\ntry: os.chmod('/dev/null', 0o666)\nexcept OSError: print('kept')",
    ),
    Promise("memory is limited", "try: bytearray(100 << 30)\nexcept MemoryError: print('kept')"),
)
SEARCH_S = 300

# The view as a student can search it: every text by grep, archives by their contents, repositories by their names.
# Files that no notebook can be in are left out by their kind, half of some 200,000.
_SEARCH = """
import bz2, gzip, lzma, os, subprocess, tarfile, zipfile
broken = (OSError, EOFError, ValueError, RuntimeError, tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError)
lines = {lines!r}
found = []
tops = [f"/{{name}}" for name in os.listdir("/") if name not in ("proc", "sys", "dev")]
with open("/tmp/lines.txt", "w") as file:
    file.write("\\n".join(lines))
skipped = "so so.* pyc pyi h hpp cuh inl a o mo png svg gz debug bc vim ttf woff2 js css".split()
command = ["grep", "-rlsFf", "/tmp/lines.txt", "--binary-files=without-match", "--exclude=lines.txt"]
command += [f"--exclude=*.{{end}}" for end in skipped]
grep = subprocess.run([*command, *tops], capture_output=True, text=True, errors="replace")
found += grep.stdout.split("\\n")[:-1]
def texts(path):
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for one in archive.infolist():
                if one.file_size < 1 << 24:
                    yield archive.read(one)
    elif path.endswith((".tar", ".tgz", ".tar.gz", ".tar.xz", ".tar.bz2")):
        with tarfile.open(path) as archive:
            for one in archive:
                if one.isfile() and one.size < 1 << 24:
                    yield archive.extractfile(one).read()
    elif path.endswith((".gz", ".xz", ".bz2")):
        with {{"gz": gzip, "xz": lzma, "z2": bz2}}[path[-2:]].open(path) as file:
            yield file.read(1 << 24)
for top in tops:
    for here, folders, names in os.walk(top):
        if ".git" in folders or ("objects" in folders and "HEAD" in names):
            found.append(here + " (a repository)")
        if here.startswith(("/usr/share/man/", "/usr/share/doc/", "/usr/share/info/")):
            continue
        for name in names:
            if name.endswith((".zip", ".whl", ".egg", ".tar", ".tgz", ".gz", ".xz", ".bz2", ".pyz")):
                path = os.path.join(here, name)
                try:
                    if any(line.encode() in text for text in texts(path) for line in lines):
                        found.append(path)
                except broken:
                    pass
# 1: nothing found; 2: something could not be opened, by a student neither.
print("kept" if not found and grep.returncode in (1, 2) else found[:5] or "the search did not run")
"""


def nowhere_in_view(lines: Sequence[str]) -> Promise:
    """The promise that lines which stand only in hidden tests are in no file that a notebook can read.

    Args:
        lines: plain ASCII without quotes or backslashes, as JSON writes them too.
    """
    return Promise("hidden tests and solutions are in no file that a notebook sees", _SEARCH.format(lines=list(lines)))
