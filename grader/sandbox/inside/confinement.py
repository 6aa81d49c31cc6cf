"""The walls around one kernel, put up in the zygote's fork before the kernel begins: what it sees, may and may not.

Everything here is made anew for each submission: namespaces, folders in memory, terminals, keyring, descriptors. Only
the memory of the loaded libraries is shared with the zygote (copy on write). Imports nothing else of the project.
"""

import ctypes
import errno
import fcntl
import os
import resource
import shutil
import signal
import socket
import struct

MIB = 1024 * 1024
CLONE_FS, CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWNET = 0x00000200, 0x00020000, 0x08000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC = 1, 2, 4, 8, 32, 4096, 16384
MS_PRIVATE, MS_RELATIME = 1 << 18, 1 << 21
MNT_DETACH = 2
AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY, SYS_MOUNT_SETATTR = -100, 0x8000, 1, 442  # one number on every machine
PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_PDEATHSIG = 4, 22, 24, 38, 1
SECCOMP_MODE_FILTER, INSTRUCTION_BYTES = 2, 8
CAP_VERSION_3 = 0x20080522
KEYCTL_JOIN_SESSION_KEYRING = 1
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1

WORK = "/kaggle/working"
COLAB = "/content"  # what the working folder is called there
HIDDEN = "/.springfield"  # nothing that a Python environment would be installed in
SOCKETS = "/run/kernel"
HOME = "/home/student"
OWN_PLACES = ("/tmp", "/dev/shm", HOME)  # covered by folders of the kernel's own
INODES, FEW_INODES = 100_000, 10_000  # an empty file takes 1.3 KB of the system's memory and no room of its folder
TERMINALS = 64
MAX_DESCRIPTORS = 1 << 20
# What tells of the machine and its other users. Container runtimes hide the first line; the kernel lists the rest
# for root, or writes them into logs.
MASKED = (
    "acpi", "asound", "interrupts", "kcore", "keys", "latency_stats", "sched_debug", "scsi", "timer_list",
    "timer_stats", "buddyinfo", "cmdline", "config.gz", "iomem", "ioports", "kallsyms", "key-users", "kmsg",
    "kpagecgroup", "kpagecount", "kpageflags", "pagetypeinfo", "slabinfo", "softirqs", "sysrq-trigger", "vmallocinfo",
    "zoneinfo",
)  # fmt: skip

libc = ctypes.CDLL(None, use_errno=True)


def check(result, what):
    """Raise OSError where a C call failed."""
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def mount(source, target, kind=None, flags=0, data=None):
    """Mount a file system, or change how one is mounted."""
    text = [None if value is None else value.encode() for value in (source, target, kind, data)]
    check(libc.mount(text[0], text[1], text[2], ctypes.c_ulong(flags), text[3]), f"mount {target}")


def tmpfs(target, size_mib, mode="700", inodes=FEW_INODES):
    """A fresh file system in memory that cannot grow beyond its size, nor beyond its number of files."""
    os.makedirs(target, exist_ok=True)
    mount("tmpfs", target, "tmpfs", MS_NOSUID | MS_NODEV, f"size={size_mib}m,nr_inodes={inodes},mode={mode}")


def hide_machine():
    """Cover what /proc says of the machine. Done once, in the slot's own mounts, which every kernel inherits."""
    for name in MASKED:
        path = f"/proc/{name}"
        if os.path.isdir(path):
            mount("tmpfs", path, "tmpfs", MS_RDONLY, "size=4k,nr_inodes=2")
        elif os.path.exists(path):
            mount("/dev/null", path, None, MS_BIND)


def confine(order, *, folder, sockets):
    """Confine this forked process: namespaces, view, capabilities, limits, system calls.

    Args:
        order: limits, binds, roots, environment and filter, from the grader.
        folder: the submission's folder in memory.
        sockets: the folder that it shares with the grader.
    """
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    check(libc.unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWNET), "unshare")
    loopback_up()
    new_session_keyring()
    make_view(order, folder, sockets)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(WORK)
    drop_capabilities()
    set_resource_limits(order["limits"])
    libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    filter_system_calls(bytes.fromhex(order["filter"]))


def make_view(order, folder, sockets):
    """Mount what the kernel sees: everything read-only, then the few places of its own on top."""
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    binds = order["binds"]
    for place in (SOCKETS, WORK, COLAB, *OWN_PLACES):
        os.makedirs(place, exist_ok=True)
    for source, inside in binds:
        if not is_below(inside, WORK):
            make_mount_point(inside, os.path.isdir(source))
    # A Python environment may be installed below a folder that is covered now: it is shown again on top.
    covered = [root for root in order["roots"] if any(is_below(root, place) for place in OWN_PLACES)]
    opened = {root: os.open(root, os.O_PATH) for root in covered}
    make_read_only("/", recursive=True)
    limits = order["limits"]
    mount(sockets, SOCKETS, None, MS_BIND)
    make_writable(SOCKETS)  # until `lock_sockets`
    mount(folder, WORK, None, MS_BIND)
    make_writable(WORK)
    for source, inside in binds:
        if is_below(inside, WORK):
            make_mount_point(inside, os.path.isdir(source))
        mount(source, inside, None, MS_BIND)
        make_read_only(inside)
    mount(WORK, COLAB, None, MS_BIND | MS_REC)
    tmpfs("/tmp", limits["disk_mib"], "1777", INODES)
    tmpfs("/dev/shm", limits["disk_mib"], "1777")
    tmpfs(HOME, 64)
    mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, f"newinstance,ptmxmode=0666,mode=620,max={TERMINALS}")
    for root, descriptor in opened.items():
        make_mount_point(root, os.path.isdir(f"/proc/self/fd/{descriptor}"))
        mount(f"/proc/self/fd/{descriptor}", root, None, MS_BIND | MS_REC)
        os.close(descriptor)
    mount("tmpfs", HIDDEN, "tmpfs", MS_RDONLY, "size=4k,nr_inodes=2,mode=500")
    if order["environment"].get("CUDA_VISIBLE_DEVICES"):
        # CUDA names its threads there, and gives up where it cannot (error 304); they end with the kernel.
        own_threads = f"/proc/{os.getpid()}/task"
        mount(own_threads, own_threads, None, MS_BIND)
        make_writable(own_threads)


def is_below(path, folder):
    """Whether a path is the folder or lies in it."""
    return path == folder or path.startswith(f"{folder}/")


def make_mount_point(inside, is_folder):
    """Make an empty folder or file to mount on. A handed-in file of the data's name is removed for it."""
    if os.path.lexists(inside) and (os.path.islink(inside) or is_folder != os.path.isdir(inside)):
        (shutil.rmtree if os.path.isdir(inside) and not os.path.islink(inside) else os.unlink)(inside)
    os.makedirs(inside if is_folder else os.path.dirname(inside), exist_ok=True)
    if not is_folder and not os.path.exists(inside):
        open(inside, "a").close()


class MountAttributes(ctypes.Structure):
    """struct mount_attr of mount_setattr(2)."""

    _fields_ = tuple((name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "userns_fd"))


def make_read_only(path, *, recursive=False):
    """Make a mount, or all below a folder, read-only. Programs can still use device nodes and sockets there."""
    attributes = MountAttributes(set=MOUNT_ATTR_RDONLY)
    flags = AT_RECURSIVE if recursive else 0
    arguments = (AT_FDCWD, path.encode(), flags, ctypes.byref(attributes), ctypes.sizeof(attributes))
    if libc.syscall(SYS_MOUNT_SETATTR, *arguments) == 0:
        return
    if ctypes.get_errno() not in (errno.ENOSYS, errno.EPERM):
        check(-1, f"read-only {path}")
    # Linux before 5.12, or behind a container runtime's filter that is as old: one mount after another.
    for place in mounts_below(path) if recursive else [path]:
        remount(place, MS_RDONLY)


def make_writable(path):
    """Make a mount writable again."""
    remount(path, 0)


def remount(path, flag):
    """Change whether one mount is read-only. Flags that an outer user namespace has locked have to be repeated."""
    found = os.statvfs(path).f_flag
    flags = found & (os.ST_NOSUID | os.ST_NODEV | os.ST_NOEXEC | os.ST_NOATIME | os.ST_NODIRATIME)
    flags |= MS_RELATIME if found & os.ST_RELATIME else 0
    mount(None, path, None, MS_BIND | MS_REMOUNT | flag | flags)


def mounts_below(folder):
    """Mount points at and below a folder, as the system lists them."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        places = [line.split()[4].encode().decode("unicode_escape") for line in file]
    return [place for place in places if is_below(place, folder.rstrip("/"))]


def loopback_up():
    """Switch on the one interface of the kernel's own network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH22x", b"lo", 0)
        flags = struct.unpack("16sH22x", fcntl.ioctl(any_socket, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", flags | IFF_UP))


def new_session_keyring():
    """Begin a session keyring: keys of an earlier kernel stay in its own.

    Nothing happens where the system call is unknown.
    """
    number = {"x86_64": 250, "aarch64": 219}.get(os.uname().machine)
    if number is not None:
        libc.syscall(number, KEYCTL_JOIN_SESSION_KEYRING, None)


def drop_capabilities():
    """Give up all capabilities, now and in any program started later."""
    with open("/proc/sys/kernel/cap_last_cap", encoding="ascii") as file:
        last = int(file.read())
    for capability in range(last + 1):
        check(libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0), "drop a capability")
    header = struct.pack("=Ii", CAP_VERSION_3, 0)
    check(libc.capset(header, struct.pack("=6I", 0, 0, 0, 0, 0, 0)), "capset")
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")


def filter_system_calls(program):
    """Apply a seccomp filter, see system_calls.py, to this process and to every process started later."""
    buffer = ctypes.create_string_buffer(program, len(program))
    filter_program = struct.pack("HxxxxxxP", len(program) // INSTRUCTION_BYTES, ctypes.addressof(buffer))
    check(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter_program, 0, 0), "filter system calls")


def close_descriptors(kept):
    """Close everything but standard input, output and error and the descriptors that are kept."""
    first = 3
    for descriptor in sorted(kept):
        os.closerange(first, descriptor)
        first = descriptor + 1
    os.closerange(first, MAX_DESCRIPTORS)


def set_resource_limits(limits):
    """Lower this process's own resource limits; children inherit them.

    RLIMIT_DATA and not RLIMIT_AS: a CUDA build of torch reserves address space by the tens of GiB without using it.
    What the libraries have taken already is not the student's.
    """
    memory = limits["memory_mib"] * MIB + data_bytes()
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits["disk_mib"] * MIB,) * 2)
    resource.setrlimit(resource.RLIMIT_NPROC, (limits["processes"],) * 2)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits["files"],) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if limits["cpu_s"]:
        resource.setrlimit(resource.RLIMIT_CPU, (int(limits["cpu_s"]), int(limits["cpu_s"]) + 5))


def data_bytes():
    """Bytes of private memory that this process has mapped."""
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmData:"))


def make_own_mounts():
    """Enter a mount namespace of the zygote's own: bubblewrap's mounts belong to an outer user namespace."""
    check(libc.unshare(CLONE_NEWNS), "unshare")
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    hide_machine()
