"""The agent's own Unix socket, the other end of `grader/sandbox/agent_connection.py`, which describes the messages.

Imports nothing else of the project.
"""

import builtins
import json
import os
import socket
import struct
import sys
import threading

from agent import Agent
from agent_wire import Decoder, Encoder, split

HEAD = struct.Struct(">QQQ")  # of a message: its number, bytes of JSON, bytes of data


class AgentServer:
    """The socket on which the examiner asks; it is served by the kernel's own loop, between the cells.

    Args:
        kernel: IPython's kernel.
        agent: answers the requests.
        path: of the socket.

    Attributes:
        under_way: number of the request that is being answered, if any.
    """

    def __init__(self, kernel, agent, path):
        from tornado.ioloop import IOLoop

        self.kernel = kernel
        self.agent = agent
        self.under_way = None
        self.ask_lock = threading.Lock()
        agent.store.server = self
        self.loop = IOLoop.current()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(f"{path}.new")
        self.listener.listen(1)
        os.rename(f"{path}.new", path)  # who sees it may connect
        self.loop.add_handler(self.listener.fileno(), self.accept, IOLoop.READ)

    def accept(self, descriptor, events):
        """Accept the examiner's connection, and listen for no other one."""
        self.connection = self.listener.accept()[0]
        self.loop.remove_handler(descriptor)
        self.listener.close()
        self.loop.add_handler(self.connection.fileno(), self.serve, self.loop.READ)

    def serve(self, descriptor, events):
        """Answer one request."""
        head = self.exactly(HEAD.size)
        if len(head) < HEAD.size:
            self.loop.remove_handler(descriptor)
            return
        number, text_bytes, data_bytes = HEAD.unpack(head)
        request, data = json.loads(self.exactly(text_bytes)), self.exactly(data_bytes)
        self.under_way = number
        self.kernel.pre_handler_hook()  # from here on an interrupt raises
        try:
            text, data = self.agent.answer(request, data)
        finally:
            self.kernel.post_handler_hook()
            self.under_way = None
        self.connection.sendall(HEAD.pack(number, len(text), len(data)) + text + data)

    def ask(self, number, function, args):
        """Ask the examiner for the value of one of its functions, in the middle of a call.

        Args:
            number: of the request that the function came with.
            function: its index there.
            args: what it is called with.

        Raises:
            Exception: what the function has raised, or why it cannot be asked.
        """
        encoder = Encoder(self.agent.store)
        encoded = [encoder.encode(value) for value in args]
        if any(tensor.requires_grad for tensor in encoder.tensors):
            raise TypeError("this function takes numbers: no gradient passes through it")
        if len(encoder.buffers) > 1:
            raise TypeError("this function takes one tensor at a time")
        text = json.dumps({"status": "asks", "function": function, "args": encoded}).encode()
        data = b"".join(encoder.buffers)
        with self.ask_lock:
            if number is None or number != self.under_way:
                raise RuntimeError("the function can be called until the call ends that it was given to")
            self.connection.sendall(HEAD.pack(number, len(text), len(data)) + text + data)
            _, text_bytes, data_bytes = HEAD.unpack(self.exactly(HEAD.size))
            answer, data = json.loads(self.exactly(text_bytes)), self.exactly(data_bytes)
        if "error" in answer:
            name, why = answer["error"]
            kind = getattr(builtins, name, None)
            is_usual = isinstance(kind, type) and issubclass(kind, Exception)
            raise (kind if is_usual else RuntimeError)(why)
        return Decoder(self.agent.store, split(answer["sizes"], memoryview(data))).decode(answer["value"])

    def exactly(self, size):
        """Receive so many bytes.

        Returns:
            The bytes; none where the other side has closed the connection.
        """
        received = bytearray(size)
        place, view = 0, memoryview(received)
        while place < size:
            count = self.connection.recv_into(view[place:])
            if not count:
                return b""
            place += count
        return received


def install(kernel, path):
    """Answer the examiner's requests in this kernel, on a socket at this path."""
    ignore_exit(kernel.shell)
    kernel.springfield_line = AgentServer(kernel, Agent(kernel), path)


def ignore_exit(shell):
    """Make `exit()`, `quit()`, `ask_exit()` and `do_shutdown()` end nothing: the cells below are graded too.

    All of them set `exit_now`, at which ipykernel stops its loop 0.1 s later, in the middle of some other cell.
    """

    def say(change):
        if change.new:
            shell.exit_now = False
            print("Passed over while grading: this would end Python.", file=sys.stderr)

    shell.unobserve_all("exit_now")
    shell.observe(say, "exit_now")
