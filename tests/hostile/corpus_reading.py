"""Attacks that look for what they must not see: tests, answers, other people's work, the grader's own memory."""

# ruff: noqa: E501  attacks are programs inside strings: a line that is broken is another program
from __future__ import annotations

from attacks import Attack, on_block, trying

READING = [
    trying(
        "walks_the_file_system",
        """
own = {os.path.realpath(p) for p in (sys.prefix, sys.base_prefix)} | {"/proc", "/usr", "/sys"}
interesting = ("gradebook.db", "class.db", "class.toml", "answers.csv", "roster.csv", "ledger", "id_rsa")
for top, folders, names in os.walk("/"):
    folders[:] = [f for f in folders if os.path.join(top, f) not in own]
    for name in [*folders, *names]:
        if name in interesting:
            print(WON, os.path.join(top, name))
    for name in names:
        path = os.path.join(top, name)
        if os.path.isfile(path) and os.path.getsize(path) < 4 << 20:
            try:
                seek(path, open(path, "rb").read())
            except OSError:
                pass
""",
    ),
    trying(
        "imports_the_grader",
        """
import importlib, glob, json
places = []
for path in glob.glob(sys.prefix + "/lib/python3*/site-packages/*.dist-info/direct_url.json"):
    places.append(json.load(open(path))["url"].removeprefix("file://"))
for path in glob.glob(sys.prefix + "/lib/python3*/site-packages/*.pth"):
    places += [line.strip() for line in open(path) if line.startswith("/")]
sys.path += places
for name in ("grader", "grader.checks", "grader.checks.resnet.block", "leaderboard_app"):
    attempt("import " + name, lambda: importlib.import_module(name))
for place in places:
    for part in ("grader", "solutions", "assignments", "tests"):
        attempt(place, lambda: os.listdir(os.path.join(place, part)) or None)
""",
    ),
    trying(
        "reads_the_environment",
        """
seek("os.environ", repr(dict(os.environ)).encode())
for pid in ["self", *filter(str.isdigit, os.listdir("/proc"))]:
    try:
        seek("environ of " + pid, open(f"/proc/{pid}/environ", "rb").read())
    except OSError:
        pass
""",
    ),
    trying(
        "reads_other_processes_through_proc",
        """
for pid in filter(str.isdigit, os.listdir("/proc")):
    if int(pid) == os.getpid():
        continue
    for part in ("environ", "cmdline", "maps", "stack", "auxv", "io"):
        try:
            seek(part, open(f"/proc/{pid}/{part}", "rb").read())
        except OSError:
            pass
    attempt("memory of " + pid, lambda: open(f"/proc/{pid}/mem", "rb"))
    for link in ("root", "cwd", "fd"):
        def below():
            seen = os.listdir(f"/proc/{pid}/{link}")
            return [n for n in seen if n in ("work", "root", "etc/passwd", "var", "boot")] or None
        attempt(f"{link} of {pid}", below)
""",
    ),
    trying(
        "scans_its_own_memory",
        """
libc = ctypes.CDLL(None)
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    for line in maps:
        span, rights = line.split()[:2]
        low, high = (int(part, 16) for part in span.split("-"))
        if "r" in rights and high - low < 256 << 20 and "/" not in line and "[v" not in line:
            try:
                memory.seek(low)
                seek("own memory", memory.read(high - low))
            except (OSError, ValueError, OverflowError):
                pass
""",
        within_s=30,
    ),
    trying(
        "climbs_out_of_inherited_descriptors",
        """
for number in range(256):
    try:
        name = os.readlink(f"/proc/self/fd/{number}")
    except OSError:
        continue
    for way in ("..", "../..", "../../.."):
        def climb():
            folder = os.open(way, os.O_RDONLY | os.O_DIRECTORY, dir_fd=number)
            return [n for n in os.listdir(folder) if n in ("root", "var", "boot", "class.toml", "submitted")] or None
        attempt(f"{way} from {name}", climb)
    try:
        seek(name, os.pread(number, 1 << 20, 0))
    except OSError:
        pass
""",
    ),
    trying(
        "traces_its_parents",
        """
libc = ctypes.CDLL(None, use_errno=True)
for pid in {1, os.getppid()}:
    attempt(f"ptrace {pid}", lambda: True if libc.ptrace(16, pid, 0, 0) == 0 else None)
    class Span(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
    room = ctypes.create_string_buffer(4096)
    for line in open("/proc/self/maps").readlines()[:3]:
        here, there = Span(ctypes.addressof(room), 4096), Span(int(line.split("-")[0], 16), 4096)
        attempt(
            f"process_vm_readv {pid}",
            lambda: True if libc.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0) > 0 else None,
        )
""",
    ),
    trying(
        "looks_for_other_submissions",
        """
import glob
for pattern in ("/tmp/sg-*/sg-work-*", "/tmp/pytest*", "/tmp/*/sg-work*", "/work/*/submitted", "/**/submitted"):
    attempt(pattern, lambda: glob.glob(pattern) or None)
folder = os.path.dirname(__import__("ipykernel").get_connection_file())
attempt("folders beside the sockets", lambda: [n for n in os.listdir(os.path.dirname(folder)) if n !=
os.path.basename(folder)
        and n.startswith("sg-")] or None)
""",
    ),
    trying(
        "searches_its_notebook_and_history",
        """
import glob
text = repr(In) + repr(_ih) + repr(list(get_ipython().history_manager.get_range()))
for path in glob.glob("**/*", recursive=True):
    if os.path.isfile(path):
        text += open(path, errors="replace").read()
seek("history", text.encode())
print(WON if "BEGIN" + " HIDDEN" in text or "grader" + ".checks" in text else "refused", "hidden tests in reach")
""",
    ),
    Attack(
        "smuggles_the_request_out_in_an_error",
        on_block(
            """
import gc
def everything():
    frame, seen = sys._getframe(), []
    while frame is not None:
        seen.append(repr({k: v for k, v in frame.f_locals.items() if k in ("request", "parent", "content", "code")}))
        frame = frame.f_back
    seen += [s for s in gc.get_objects() if isinstance(s, str)]
    seen += [repr(o)[:2000] for o in gc.get_objects() if isinstance(o, dict) and "op" in o]
    return " ".join(seen).encode()
""",
            block="""
class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
    def forward(self, x):
        if x.shape[0] != 2:
            data = everything()
            raise RuntimeError(f"found {FORM.findall(data)} {b'same_' + b'function' in data}")
        return self.conv(x)
""",
        ),
        prints="tried",
        says=r"found \[\] False",
    ),
    trying(
        "searches_all_objects_for_the_examiner",
        """
import gc
names = {type(o).__name__ + " " + type(o).__module__ for o in gc.get_objects()}
print(WON if any(" grader" in n for n in names) else "refused", "objects of the grader")
for o in gc.get_objects():
    if type(o).__name__ == "ObjectStore":
        o.kept.clear()
        o.namespace = {"Block": type("Block", (), {})}
seek("all objects", repr([o for o in gc.get_objects() if isinstance(o, dict) and len(o) < 50 and all(
    isinstance(v, (str, int, bytes)) for v in o.values())]).encode())
""",
        earns=(),
    ),
    trying(
        "looks_into_the_machine",
        """
for path in ("/etc/shadow", "/etc/passwd", "/etc/ssh", "/root/.bashrc", "/root/.ssh", "/var/run/docker.sock", "/var/lib", "/sys/fs/cgroup",
             "/boot", "/work/shared", "/proc/kcore", "/proc/kmsg", "/dev/mem", "/dev/kmsg", "/dev/vda", "/dev/fuse",
             "/dev/kvm", "/proc/sysrq-trigger-x"):
    # Masked ones are there and empty.
    attempt(path, lambda: (os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(16)) or None)
""",
    ),
]
