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
import functools
import gc
import importlib
import importlib.util
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import struct
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)  # until `load_and_serve`
import confinement  # the file beside this one
from confinement import CLONE_FS, CLONE_NEWNS, HIDDEN, INODES, MIB, MNT_DETACH, PR_SET_DUMPABLE, SOCKETS, check, libc

KILL_S = 10
HUGE_PAGE, MADV_COLLAPSE = 2 * MIB, 25
SLOT, RUNS = f"{HIDDEN}/slot", f"{HIDDEN}/runs"
OWN_MODULES = ("agent", "confinement", "unisolated", "zygote")  # of which a notebook finds none in sys.modules

LIBRARIES = (
    "ipykernel.kernelapp", "ipykernel.zmqshell", "matplotlib.pyplot", "matplotlib_inline.backend_inline", "numpy",
    "pandas", "PIL.Image", "sklearn.metrics", "sklearn.preprocessing", "torch", "torch.nn.functional", "torchvision",
    "torchvision.models", "torchvision.transforms",
)  # fmt: skip
# What a kernel loads while it starts, in the versions of IPython that we know: 0.08 s of each submission otherwise.
KERNEL_PARTS = (
    "encodings.idna", "ipykernel.debugger", "IPython.core.completerlib", "IPython.core.debugger_backport",
    "IPython.core.magics.ast_mod", "IPython.core.magics.execution", "IPython.core.oinspect",
    "IPython.extensions.storemagic", "IPython.utils.module_paths", "PIL.JpegImagePlugin", "tornado.platform.asyncio",
    "tornado.queues", "PIL.BmpImagePlugin", "PIL.GifImagePlugin", "PIL.PpmImagePlugin", "sqlite3",
    "asttokens.asttokens", "executing.executing", "pure_eval.core",  # the first traceback: 0.06 s
)  # fmt: skip


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

    def become(self):
        """Turn this forked process into the kernel. Does not return."""
        confinement.confine(self.order, folder=self.folder, sockets=f"{SLOT}/k{self.number}")
        run_kernel(self)

    def fork(self, control):
        """Fork the kernel; its PID goes to the grader."""
        self.inner_gate, self.gate = os.pipe()
        self.status = None
        self.pid = os.fork()
        if self.pid == 0:
            try:
                send(control, {"hello": self.number})
                control.close()
                confinement.close_descriptors({self.inner_gate})
                self.become()
            except BaseException as error:
                os.write(2, f"kernel could not start: {type(error).__name__}: {error}\n".encode())
            finally:
                os._exit(70)
        os.close(self.inner_gate)

    def wait_at_the_gate(self):
        """In the kernel: wait until the grader has put this process into its control group, which takes 10 ms."""
        if not os.read(self.inner_gate, 1):
            os._exit(70)
        os.close(self.inner_gate)

    def let_go(self):
        """Open the gate."""
        os.write(self.gate, b"x")
        os.close(self.gate)
        self.gate = -1

    def lock_sockets(self):
        """Make the folder of the sockets read-only for the kernel, before the student's code begins.

        It is the one folder on the grader's own disk. A thread steps into the kernel's mount namespace for it: a fork
        of this large process would take 30 ms.
        """
        failed = []

        def step_in():
            try:
                namespace = os.open(f"/proc/{self.pid}/ns/mnt", os.O_RDONLY)
                try:
                    check(libc.unshare(CLONE_FS), "unshare")  # a root folder of its own: setns asks for it
                    check(libc.setns(namespace, CLONE_NEWNS), "setns")
                finally:
                    os.close(namespace)
                self.close_the_folder()
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=step_in)
        thread.start()
        thread.join()
        if failed:
            raise OSError(errno.EPERM, f"the folder of the sockets could not be made read-only: {failed[0]}")

    def close_the_folder(self):
        """Busy while the kernel still is inside the system call that made the last socket, which is seen already."""
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
        """Kill every process but the sandbox's own two, and wait until they are gone."""
        if self.gate >= 0:
            os.close(self.gate)
            self.gate = -1
        left = self.kill_everything()
        return left + (own_limits() != LIMITS_AT_START)

    def kill_everything(self):
        """Kill all other processes and wait until each is gone, names and numbers too; whether some would not go.

        This process is the init of the sandbox: whoever is left is its child by then.
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

    def forget(self):
        """Drop the folder."""
        libc.umount2(self.folder.encode(), MNT_DETACH)
        with contextlib.suppress(OSError):
            os.rmdir(self.folder)


def own_limits():
    """What prlimit(2), setpriority(2) and their like may have changed: they ask for the same user id and no more."""
    return (
        [resource.getrlimit(limit) for limit in range(16)],
        os.getpriority(os.PRIO_PROCESS, 0),
        os.sched_getscheduler(0),
        os.sched_getaffinity(0),
    )


LIMITS_AT_START = own_limits()


def cuda_on_cpu():
    """The file beside this one; its folder is on no path while a notebook runs."""
    spec = importlib.util.spec_from_file_location("springfield_cuda_on_cpu", os.path.join(HERE, "cuda_on_cpu.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_kernel(run, sockets=SOCKETS, scratch="/tmp"):
    """Become an IPython kernel that the examiner's agent lives in."""
    order = run.order
    path = f"{scratch}/kernel.json"
    with open(path, "w", encoding="utf-8") as file:
        json.dump({**order["connection"], "ip": f"{sockets}/k", "transport": "ipc"}, file)
    import numpy
    import torch

    numpy.random.seed(None)
    torch.seed()
    torch.set_num_threads(order["threads"])
    if order["gpu_share"] < 1 and torch.cuda.is_available():
        torch.cuda.set_per_process_memory_fraction(order["gpu_share"])
    if order["cuda_on_cpu"]:
        cuda_on_cpu().install(torch)
    loaded = {"__name__": "springfield_agent"}
    exec(run.agent, loaded)  # noqa: S102  the project's own file, compiled once in the zygote
    sys.argv = ["kernel"]
    quiet = os.open("/dev/null", os.O_RDWR)
    grader_reads = os.dup(2)
    for descriptor in (0, 1, 2):  # IPython keeps copies of them for as long as the kernel lives
        os.dup2(quiet, descriptor)
    os.close(quiet)
    try:
        app = make_kernel(order, path, loaded, sockets)
    except BaseException:
        os.dup2(grader_reads, 2)
        raise
    os.close(grader_reads)
    run.wait_at_the_gate()
    sys.path.insert(0, "")  # from here on, modules may come from the student's folder
    app.start()


def make_kernel(order, path, loaded, sockets):
    """IPython's kernel with the agent in it; nothing of the student's has run when it is made."""
    app = application().instance(connection_file=path)
    app.needs_heartbeat = order["for_jupyter"]
    app.config.IPythonKernel._execute_sleep = 0  # after each cell, for clients that miss late output
    with few_modules():
        app.initialize([])
    app.kernel.shell_channel_thread = NoSubshells()
    move_in(app.shell, app)
    loaded["install"](app.kernel, f"{sockets}/agent")
    if not order["for_jupyter"]:
        tell_less(app.kernel)
        app.shell.InteractiveTB.set_mode("Plain")  # to parse and colour torch's files takes 0.3 s
    return app


class NoSubshells:
    """Stands for the thread that we do without where ipykernel asks which one runs a cell that awaits."""

    parent_thread = threading.main_thread()

    def __bool__(self):
        return False


@functools.cache
def application():
    """IPython's application without what a kernel of one notebook does without; made once, in the zygote: 3 ms."""
    from ipykernel.ipkernel import IPythonKernel
    from ipykernel.kernelapp import IPKernelApp

    IPythonKernel._supports_kernel_subshells = False

    class Application(IPKernelApp):
        needs_heartbeat = True

        def init_control(self, context):
            super().init_control(context)
            self.shell_channel_thread = None  # subshells are not needed, and each message would cross two threads

        def parse_command_line(self, argv=None):
            pass

        def load_config_file(self, *args, **kwargs):
            pass

        def init_pdb(self):
            pass

        def init_heartbeat(self):
            if self.needs_heartbeat:
                super().init_heartbeat()

        def _configure_logging(self):
            pass

        def init_path(self):
            pass  # the student's folder comes when everything else is loaded

        def init_code(self):
            pass  # runs no lines, and remembers the names of 5,000 modules for `%reset -s`: 10 ms to touch them

        def init_io(self):
            super().init_io()
            for stream in (sys.stdout, sys.stderr):
                flush_on_demand(stream)

    return Application


def make_shell():
    """Make the shell that every kernel begins with; once, and not in each kernel: 17 ms."""
    from ipykernel.compiler import XCachingCompiler
    from ipykernel.zmqshell import ZMQInteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False  # a thread and a database, for an input history that nobody asks for
    with tempfile.TemporaryDirectory() as folder:
        shell = ZMQInteractiveShell.instance(compiler_class=XCachingCompiler, config=config, ipython_dir=folder)
    transform_once(shell.input_transformer_manager)
    shell.enable_gui = lambda gui: None  # there is no kernel yet to tell of it, and no window in a kernel anyway
    shell.enable_matplotlib("inline")  # loaded before there was a shell: nobody has told it of this one
    del shell.enable_gui


def move_in(shell, app):
    """Tell a shell that the zygote has made where it lives now."""
    shell.parent = shell.kernel = app.kernel
    shell.ipython_dir, shell.profile_dir = app.ipython_dir, app.profile_dir
    shell.starting_dir = os.getcwd()
    shell.history_manager.dir_hist[:] = [pathlib.Path.cwd()]
    shell.init_environment()  # no pager, for example


@contextlib.contextmanager
def few_modules():
    """Let the kernel make itself without its debugger, which looks at each of 5,000 loaded modules: 25 ms."""
    from ipykernel import debugger, ipkernel

    class Few:
        def __init__(self):
            self.modules = {}

        def __getattr__(self, name):
            return getattr(sys, name)

    debugger._is_debugpy_available = False
    ipkernel.sys = Few()
    try:
        yield
    finally:
        ipkernel.sys = sys


def transform_once(manager):
    """Remember what IPython has made of the cell's text: ipykernel asks for it twice, 0.6 ms each."""
    transform, known = manager.transform_cell, {}

    def transform_cell(text):
        if text not in known:
            made = transform(text)
            known.clear()
            known[text] = made
        return known[text]

    manager.transform_cell = transform_cell


def tell_less(kernel):
    """Say of each cell that it has ended, and not that it begins, its text or a summary: nobody here reads those."""
    publish, send = kernel._publish_status, kernel.session.send

    def publish_the_end(status, *args, **kwargs):
        if status == "idle":
            publish(status, *args, **kwargs)

    def send_the_rest(stream, kind, content=None, *args, **kwargs):
        if kind == "execute_reply":
            return {"content": content}
        return send(stream, kind, content, *args, **kwargs)

    kernel._publish_status = publish_the_end
    kernel.session.send = send_the_rest
    kernel._publish_execute_input = lambda *args, **kwargs: None


def flush_on_demand(stream):
    """Let a stream of ipykernel's rest where nothing was written: a flush wakes another thread, four times a cell.

    Nothing was written, and nothing is on its way: the other thread flushes by itself every 0.2 s, and what it is just
    putting into a message would come after the word that the cell has ended.
    """
    flush, send = stream.flush, stream._flush
    sending = threading.Event()

    def send_and_say_so():
        sending.set()
        try:
            send()
        finally:
            sending.clear()

    def flush_if_needed():
        # In this order: the other thread says that it is sending before it forgets that something was pending.
        is_pending = getattr(stream, "_flush_pending", True) or getattr(stream, "_subprocess_flush_pending", True)
        if is_pending or sending.is_set():
            flush()

    stream._flush, stream.flush = send_and_say_so, flush_if_needed


def hand_over(control, folder):
    """Give the grader the open folder: it reads by itself, so the next kernel's memory holds nothing of it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        send(control, {}, (descriptor,))
    finally:
        os.close(descriptor)


def send(control, reply, descriptors=()):
    """One message; descriptors go with its first byte."""
    text = json.dumps(reply).encode()
    socket.send_fds(control, [struct.pack(">I", len(text))], descriptors)
    control.sendall(text)


def receive(control):
    """One message, or None at the end."""
    head = control.recv(4, socket.MSG_WAITALL)
    if len(head) < 4:
        return None
    (size,) = struct.unpack(">I", head)
    return json.loads(control.recv(size, socket.MSG_WAITALL))


def import_everything():
    """Load what students' notebooks import, once."""
    for name in LIBRARIES:
        importlib.import_module(name)
    for name in KERNEL_PARTS:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    # Both look for a good seed in modules that they load on their first call: 10 ms each.
    sys.modules["numpy"].random.seed(None)
    sys.modules["torch"].seed()
    application()
    make_shell()
    # Every full collection in a kernel would walk the libraries' objects and copy their pages: 0.27 s each, measured.
    gc.freeze()
    # Modules and their parameters are made by the thousand and live on: to look through them every 700 objects finds
    # nothing and takes a tenth of the time.
    gc.set_threshold(10_000)


def merge_pages():
    """Move this process's memory into huge pages where the system can: a fork copies 400 entries instead of 120,000.

    Fork and end of a kernel take 10 ms instead of 30. See madvise(2), MADV_COLLAPSE, Linux 6.1 and newer; where it is
    unknown or memory is scarce, nothing happens.
    """
    with open("/proc/self/maps", encoding="ascii") as file:
        lines = [line.split() for line in file]
    for place, rights, _offset, _device, inode, *_name in lines:
        first, _, last = place.partition("-")
        begin, end = -(-int(first, 16) // HUGE_PAGE) * HUGE_PAGE, int(last, 16) // HUGE_PAGE * HUGE_PAGE
        if rights == "rw-p" and inode == "0" and begin < end:
            libc.madvise(ctypes.c_void_p(begin), ctypes.c_size_t(end - begin), MADV_COLLAPSE)


def serve(control, agent, kind):
    """Answer the grader until it hangs up; `kind` is the class of a run."""
    runs = {}
    while (request := receive(control)) is not None:
        run = runs.get(request.get("run"))
        operation = request["op"]
        try:
            if operation == "open":
                runs[request["run"]] = kind(request["run"], request["order"], agent)
                send(control, {})
            elif operation == "fork":
                run.fork(control)
            elif operation == "go":
                run.let_go()
                send(control, {})
            elif operation == "lock":
                run.lock_sockets()
                send(control, {})
            elif operation == "poll":
                send(control, {"status": run.poll()})
            elif operation == "signal":
                if run.poll() is None:
                    os.kill(run.pid, request["signal"])
                send(control, {})
            elif operation == "end":
                send(control, {"left": run.end(), "status": run.poll()})
            elif operation == "close":
                left = run.end()
                run.forget()
                del runs[request["run"]]
                send(control, {"left": left})
            elif operation == "folder":
                hand_over(control, run.folder)
        except OSError as error:
            send(control, {"error": f"{errno.errorcode.get(error.errno, error.errno)}: {error}"})


def load_and_serve(kind, prepare=lambda: None):
    """Load, prepare, say that all is ready, serve.

    Args:
        kind: the class of a run.
        prepare: called once when everything is loaded.
    """
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != HERE]
    for name in OWN_MODULES:
        sys.modules.pop(name, None)
    with open(os.path.join(HERE, "agent.py"), encoding="utf-8") as file:
        agent = compile(file.read(), "<springfield agent>", "exec")
    import_everything()
    merge_pages()
    prepare()
    os.makedirs(RUNS, exist_ok=True)
    control = socket.socket(fileno=int(sys.argv[1]))
    send(control, {"ready": True})
    serve(control, agent, kind)


if __name__ == "__main__":
    load_and_serve(Run, confinement.take_mounts)
