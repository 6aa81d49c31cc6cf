"""An IPython kernel with the examiner's agent in it: what of it is made once in the zygote, and what in each fork.

Most of a kernel's start is the same for every submission: libraries are imported and the shell is built before the
fork. Start-up steps that nothing here needs are left out; the comments say what each of them costs. Imports nothing
else of the project.
"""

import contextlib
import functools
import gc
import importlib
import importlib.util
import json
import os
import pathlib
import sys
import tempfile
import threading
import types

from confinement import SOCKETS  # the file beside this one

HERE = os.path.dirname(os.path.abspath(__file__))
OWN_STREAMS = {}  # the kernel's `stdout` and `stderr`
AGENT_FILES = (
    "agent_wire",
    "agent_modules",
    "agent_variants",
    "agent",
    "agent_server",
)  # each after those that it imports

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


def import_own(name):
    """Import a file beside this one by its path: its folder is not on `sys.path` while a notebook runs."""
    spec = importlib.util.spec_from_file_location(f"springfield_{name}", os.path.join(HERE, f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compile_agent():
    """Compile the agent's files; once, in the zygote.

    Their names are no paths: so the agent can tell its own lines in a traceback from a student's, see
    `agent.is_students`.

    Returns:
        Code objects by the name of their module, each after those that it imports.
    """
    codes = {}
    for name in AGENT_FILES:
        with open(os.path.join(HERE, f"{name}.py"), encoding="utf-8") as file:
            codes[name] = compile(file.read(), f"<springfield {name}>", "exec")
    return codes


def load_agent(codes):
    """Load the agent's files as modules, and leave none of them in `sys.modules`: a notebook may have its own.

    Args:
        codes: as `compile_agent` returns them.

    Returns:
        The last of the modules.
    """
    for name, code in codes.items():
        module = sys.modules[name] = types.ModuleType(f"springfield_{name}")
        exec(code, vars(module))  # noqa: S102  the project's own files, compiled in the zygote
    for name in codes:
        del sys.modules[name]
    return module


def run_kernel(run, sockets=SOCKETS, scratch="/tmp"):
    """Become an IPython kernel that the examiner's agent lives in. Returns when the kernel is told to end.

    Args:
        run: the submission, see `zygote.Run`.
        sockets: folder for the kernel's and the agent's sockets.
        scratch: folder for the connection file.
    """
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
        import_own("cuda_on_cpu").install(torch)
    agent_server = load_agent(run.agent)
    sys.argv = ["kernel"]
    quiet = os.open("/dev/null", os.O_RDWR)
    grader_reads = os.dup(2)
    for descriptor in (0, 1, 2):  # IPython keeps copies of them for as long as the kernel lives
        os.dup2(quiet, descriptor)
    os.close(quiet)
    try:
        app = make_kernel(order, path, agent_server, sockets)
    except BaseException:
        os.dup2(grader_reads, 2)
        raise
    os.close(grader_reads)
    run.wait_at_gate()
    sys.path.insert(0, "")  # from here on, modules may come from the student's folder
    app.start()


def make_kernel(order, path, agent_server, sockets):
    """Make IPython's kernel with the agent in it. Nothing of the student's has run by then.

    Args:
        order: what the grader wants, see `KernelProcess` in `grader/sandbox/kernel_process.py`.
        path: of Jupyter's connection file.
        agent_server: the module of this name.
        sockets: folder for the agent's socket.

    Returns:
        The kernel's application, initialised and not started.
    """
    app = kernel_app_class().instance(connection_file=path)
    app.needs_heartbeat = order["for_jupyter"]
    app.config.IPythonKernel._execute_sleep = 0  # after each cell, for clients that miss late output
    with debugger_disabled():
        app.initialize([])
    app.kernel.shell_channel_thread = NoSubshellThread()
    attach_shell(app.shell, app)
    agent_server.install(app.kernel, f"{sockets}/agent")
    if order["usual_places"]:
        import_own("usual_places").install(app.shell)
    if not order["for_jupyter"]:
        publish_only_idle(app.kernel)
        app.shell.InteractiveTB.set_mode("Plain")  # to parse and colour torch's files takes 0.3 s
    return app


class NoSubshellThread:
    """Takes the place of the shell channel's thread, which `KernelApp` leaves out.

    ipykernel asks it which thread runs a cell that awaits.
    """

    parent_thread = threading.main_thread()

    def __bool__(self):
        return False


@functools.cache
def kernel_app_class():
    """The class `KernelApp`; made once, in the zygote: 3 ms. ipykernel is imported only then."""
    from ipykernel.ipkernel import IPythonKernel
    from ipykernel.kernelapp import IPKernelApp

    IPythonKernel._supports_kernel_subshells = False

    class KernelApp(IPKernelApp):
        """IPKernelApp with unused start-up steps disabled."""

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
                flush_only_if_needed(stream)
            OWN_STREAMS.update(stdout=sys.stdout, stderr=sys.stderr)

    return KernelApp


def make_shell():
    """Make the shell that every kernel begins with; once, in the zygote, and not in each kernel: 17 ms.

    It is a singleton: the kernel of a fork takes it, and `attach_shell` does the rest.
    """
    from ipykernel.compiler import XCachingCompiler
    from ipykernel.zmqshell import ZMQInteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False  # a thread and a database, for an input history that nobody asks for
    with tempfile.TemporaryDirectory() as folder:
        shell = ZMQInteractiveShell.instance(compiler_class=XCachingCompiler, config=config, ipython_dir=folder)
    cache_cell_transform(shell.input_transformer_manager)
    shell.enable_gui = lambda gui: None  # there is no kernel yet to tell of it, and no window in a kernel anyway
    shell.enable_matplotlib("inline")  # it was imported before there was a shell, and does not know this one
    del shell.enable_gui
    shell._showtraceback = functools.partial(show_traceback, shell._showtraceback)
    shell.events.register("post_run_cell", restore_streams)


def show_traceback(original, *error):
    """Tell of an exception, also where the cell has taken a stream away: IPython flushes both before it tells."""
    restore_streams()
    original(*error)


def restore_streams(_result=None):
    """Give back what a cell has put something else for that is no stream (`sys.stderr = None`).

    With it IPython ended every later cell before its first line, without a word.
    """
    for name, own in OWN_STREAMS.items():
        stream = getattr(sys, name, None)
        if not (hasattr(stream, "write") and hasattr(stream, "flush")):
            setattr(sys, name, own)


def attach_shell(shell, app):
    """Attach the pre-built shell to this kernel: its application, its folders, its environment."""
    shell.parent = shell.kernel = app.kernel
    shell.ipython_dir, shell.profile_dir = app.ipython_dir, app.profile_dir
    shell.starting_dir = os.getcwd()
    shell.history_manager.dir_hist[:] = [pathlib.Path.cwd()]
    shell.init_environment()  # no pager, for example


@contextlib.contextmanager
def debugger_disabled():
    """Inside the block a kernel is made without its debugger, which looks at each of 5,000 loaded modules: 25 ms."""
    from ipykernel import debugger, ipkernel

    class SysWithoutModules:
        """The module `sys` with an empty `sys.modules`."""

        def __init__(self):
            self.modules = {}

        def __getattr__(self, name):
            return getattr(sys, name)

    debugger._is_debugpy_available = False
    ipkernel.sys = SysWithoutModules()
    try:
        yield
    finally:
        ipkernel.sys = sys


def cache_cell_transform(manager):
    """Cache the last cell's text as IPython has transformed it: ipykernel asks for it twice, 0.6 ms each."""
    transform, cached = manager.transform_cell, {}

    def transform_cell(text):
        if text not in cached:
            transformed = transform(text)
            cached.clear()
            cached[text] = transformed
        return cached[text]

    manager.transform_cell = transform_cell


def publish_only_idle(kernel):
    """Publish of each cell its outputs and that it has ended.

    Left out are the status `busy`, the cell's text and the reply with a summary: nobody here reads those.
    """
    publish, send = kernel._publish_status, kernel.session.send

    def publish_idle(status, *args, **kwargs):
        if status == "idle":
            publish(status, *args, **kwargs)

    def send_unless_reply(stream, kind, content=None, *args, **kwargs):
        if kind == "execute_reply":
            return {"content": content}
        return send(stream, kind, content, *args, **kwargs)

    kernel._publish_status = publish_idle
    kernel.session.send = send_unless_reply
    kernel._publish_execute_input = lambda *args, **kwargs: None


def flush_only_if_needed(stream):
    """Make a flush of ipykernel's stream do nothing where nothing is pending.

    A flush wakes another thread, and there are four in a cell.

    Pending is what was written, and what the other thread is sending: it flushes by itself every 0.2 s, and what it is
    just putting into a message would otherwise come after the status that the cell has ended.
    """
    flush, send = stream.flush, stream._flush
    sending = threading.Event()

    def send_and_mark():
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

    stream._flush, stream.flush = send_and_mark, flush_if_needed


def preload():
    """Load and build, once and in the zygote, what every kernel would otherwise load and build itself."""
    for name in LIBRARIES:
        importlib.import_module(name)
    for name in KERNEL_PARTS:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    # Both look for a good seed in modules that they load on their first call: 10 ms each.
    sys.modules["numpy"].random.seed(None)
    sys.modules["torch"].seed()
    kernel_app_class()
    make_shell()
    tune_gc()


def tune_gc():
    """Freeze loaded objects and raise the threshold of the garbage collector.

    Every full collection in a kernel would walk the libraries' objects and copy their pages: 0.27 s each, measured.
    Modules and their parameters are made by the thousand and live on: to look through them every 700 objects finds
    nothing and takes a tenth of the time.
    """
    gc.freeze()
    gc.set_threshold(10_000)
