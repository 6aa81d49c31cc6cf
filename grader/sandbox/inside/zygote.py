"""The trusted process inside the sandbox: imports the heavy libraries once, and forks one kernel per submission.

Started by `grader/sandbox/slot.py` as `python -I zygote.py FD`, where FD is a socket to the grader. It holds the
capabilities of the sandbox's own user namespace and uses them to give each kernel a fresh view; the kernel has none.
It is not dumpable, so no kernel can trace it or read its memory, and it holds no secret. Imports nothing else of the
project.

A message is a length (4 bytes, big-endian) and JSON; an open folder may come with a reply.
"""

import contextlib
import ctypes
import errno
import json
import os
import resource
import shutil
import signal
import socket
import struct
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)  # until `load_and_serve`
import confinement  # the files beside this one
import ipython_kernel
from confinement import CLONE_FS, CLONE_NEWNS, HIDDEN, INODES, MIB, MNT_DETACH, PR_SET_DUMPABLE, SOCKETS, check, libc

KILL_S = 10
HUGE_PAGE, MADV_COLLAPSE = 2 * MIB, 25
SLOT, RUNS = f"{HIDDEN}/slot", f"{HIDDEN}/runs"
OWN_MODULES = ("confinement", "ipython_kernel", "unisolated", "zygote")  # a notebook finds none in sys.modules


class Run:
    """One submission: its folder in memory and its kernel. The folder outlives the kernel, for its results."""

    def __init__(self, number, order, agent):
        self.agent = agent
        self.number = number
        self.order = order
        self.pid = 0
        self.status = None
        self.gate = -1
        self.make_folder()
        given = f"{SLOT}/in{number}"
        if os.path.isdir(given):
            shutil.copytree(given, self.folder, dirs_exist_ok=True)

    def make_folder(self):
        """A folder in memory that cannot grow beyond its size."""
        self.folder = f"{RUNS}/{self.number}"
        confinement.tmpfs(self.folder, self.order["limits"]["disk_mib"], inodes=INODES)

    def become_kernel(self):
        """Turn this forked process into the kernel. Does not return."""
        confinement.confine(self.order, folder=self.folder, sockets=f"{SLOT}/k{self.number}")
        ipython_kernel.run_kernel(self)

    def fork(self, control):
        """Fork the kernel. The child says so to the grader, which takes its PID from the message's credentials."""
        self.inner_gate, self.gate = os.pipe()
        self.status = None
        self.pid = os.fork()
        if self.pid == 0:
            try:
                send(control, {"hello": self.number})
                control.close()
                confinement.close_descriptors({self.inner_gate})
                self.become_kernel()
            except BaseException as error:
                os.write(2, f"kernel could not start: {type(error).__name__}: {error}\n".encode())
            finally:
                os._exit(70)
        os.close(self.inner_gate)

    def wait_at_gate(self):
        """In the kernel: wait until the grader has put this process into its control group, which takes 10 ms."""
        if not os.read(self.inner_gate, 1):
            os._exit(70)
        os.close(self.inner_gate)

    def open_gate(self):
        """Let the kernel begin."""
        os.write(self.gate, b"x")
        os.close(self.gate)
        self.gate = -1

    def lock_sockets(self):
        """Make the folder of the sockets read-only for the kernel, before the student's code begins.

        It is the one folder on the grader's own disk. A thread steps into the kernel's mount namespace for it: a fork
        of this large process would take 30 ms.
        """
        failed = []

        def enter_namespace_and_lock():
            try:
                namespace = os.open(f"/proc/{self.pid}/ns/mnt", os.O_RDONLY)
                try:
                    check(libc.unshare(CLONE_FS), "unshare")  # a root folder of its own: setns asks for it
                    check(libc.setns(namespace, CLONE_NEWNS), "setns")
                finally:
                    os.close(namespace)
                self.make_sockets_read_only()
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=enter_namespace_and_lock)
        thread.start()
        thread.join()
        if failed:
            raise OSError(errno.EPERM, f"the folder of the sockets could not be made read-only: {failed[0]}")

    def make_sockets_read_only(self):
        """Make the folder read-only for who is in this mount namespace.

        It is busy while the kernel still is inside the system call that made the last socket, which is seen already.
        """
        for _attempt in range(500):
            try:
                return confinement.remount(SOCKETS, confinement.MS_RDONLY)
            except OSError as error:
                if error.errno != errno.EBUSY:
                    raise
                time.sleep(0.002)
        raise OSError(errno.EBUSY, "the folder of the sockets is in use")

    def poll(self):
        """The kernel's wait status, or None while it lives."""
        if self.status is None and self.pid:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self.status = status
        return self.status

    def end(self):
        """Kill every process but the sandbox's own two, and wait until they are gone.

        Returns:
            How many promises were broken: processes that would not go, limits of the zygote's that were changed.
        """
        if self.gate >= 0:
            os.close(self.gate)
            self.gate = -1
        left = self.kill_everything()
        return left + (process_limits() != LIMITS_AT_START)

    def kill_everything(self):
        """Kill all other processes and wait until each is gone, and reaped.

        This process is the init of the sandbox: whoever is left is its child by then.

        Returns:
            0, or 1 where some would not go.
        """
        deadline = time.monotonic() + KILL_S
        while time.monotonic() < deadline:
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return 0
            if pid == self.pid and self.status is None:
                self.status = status
            if not pid:
                time.sleep(0.001)
        return 1

    def remove_folder(self):
        """Drop the folder with what is in it."""
        libc.umount2(self.folder.encode(), MNT_DETACH)
        with contextlib.suppress(OSError):
            os.rmdir(self.folder)


def process_limits():
    """Limits of this process, its priority, scheduler and processors.

    A kernel may have changed them by prlimit(2), setpriority(2) and their like: those ask for the same user id and no
    more.
    """
    return (
        [resource.getrlimit(limit) for limit in range(16)],
        os.getpriority(os.PRIO_PROCESS, 0),
        os.sched_getscheduler(0),
        os.sched_getaffinity(0),
    )


LIMITS_AT_START = process_limits()


def send_folder(control, folder):
    """Send the grader an open descriptor of the folder.

    The grader reads by itself: what this process had read, the next kernel would have in its memory.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        send(control, {}, (descriptor,))
    finally:
        os.close(descriptor)


def send(control, reply, descriptors=()):
    """Send one message. Descriptors go with its first byte."""
    text = json.dumps(reply).encode()
    socket.send_fds(control, [struct.pack(">I", len(text))], descriptors)
    control.sendall(text)


def receive(control):
    """Receive one message.

    Returns:
        What its JSON says; None where the other side has closed the socket.
    """
    head = control.recv(4, socket.MSG_WAITALL)
    if len(head) < 4:
        return None
    (size,) = struct.unpack(">I", head)
    return json.loads(control.recv(size, socket.MSG_WAITALL))


def use_huge_pages():
    """Move this process's memory into huge pages where the system can.

    A fork then copies 400 entries of the page table instead of 120,000; fork and end of a kernel take 10 ms instead of
    30. See madvise(2), MADV_COLLAPSE, Linux 6.1 and newer; where it is unknown or memory is scarce, nothing happens.
    """
    with open("/proc/self/maps", encoding="ascii") as file:
        lines = [line.split() for line in file]
    for place, rights, _offset, _device, inode, *_name in lines:
        first, _, last = place.partition("-")
        begin, end = -(-int(first, 16) // HUGE_PAGE) * HUGE_PAGE, int(last, 16) // HUGE_PAGE * HUGE_PAGE
        if rights == "rw-p" and inode == "0" and begin < end:
            libc.madvise(ctypes.c_void_p(begin), ctypes.c_size_t(end - begin), MADV_COLLAPSE)


class Server:
    """Answers the grader's requests, one at a time.

    Each `do_...` answers the requests whose `op` it is named for. It returns the reply, or None where it has sent the
    reply itself.

    Args:
        control: the socket to the grader.
        agent: the agent's code, see `ipython_kernel.compile_agent`.
        run_class: the class of a run.
    """

    def __init__(self, control, agent, run_class):
        self.control = control
        self.agent = agent
        self.run_class = run_class
        self.runs = {}

    def serve(self):
        """Answer until the grader hangs up."""
        while (request := receive(self.control)) is not None:
            try:
                reply = getattr(self, f"do_{request['op']}")(request)
                if reply is not None:
                    send(self.control, reply)
            except OSError as error:
                send(self.control, {"error": f"{errno.errorcode.get(error.errno, error.errno)}: {error}"})

    def run_of(self, request):
        return self.runs[request["run"]]

    def do_open(self, request):
        self.runs[request["run"]] = self.run_class(request["run"], request["order"], self.agent)
        return {}

    def do_fork(self, request):
        self.run_of(request).fork(self.control)

    def do_go(self, request):
        self.run_of(request).open_gate()
        return {}

    def do_lock(self, request):
        self.run_of(request).lock_sockets()
        return {}

    def do_poll(self, request):
        return {"status": self.run_of(request).poll()}

    def do_signal(self, request):
        run = self.run_of(request)
        if run.poll() is None:
            os.kill(run.pid, request["signal"])
        return {}

    def do_end(self, request):
        run = self.run_of(request)
        return {"left": run.end(), "status": run.poll()}

    def do_close(self, request):
        run = self.run_of(request)
        left = run.end()
        run.remove_folder()
        del self.runs[request["run"]]
        return {"left": left}

    def do_folder(self, request):
        send_folder(self.control, self.run_of(request).folder)


def load_and_serve(run_class, prepare=lambda: None):
    """Load, prepare, say that all is ready, serve.

    Args:
        run_class: the class of a run.
        prepare: called once when everything is loaded.
    """
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != HERE]
    for name in OWN_MODULES:
        sys.modules.pop(name, None)
    agent = ipython_kernel.compile_agent()
    ipython_kernel.preload()
    use_huge_pages()
    prepare()
    os.makedirs(RUNS, exist_ok=True)
    control = socket.socket(fileno=int(sys.argv[1]))
    send(control, {"ready": True})
    Server(control, agent, run_class).serve()


if __name__ == "__main__":
    load_and_serve(Run, confinement.make_own_mounts)
