"""A Jupyter kernel provisioner whose kernels run in a warm sandbox.

Registered as `springfield-bubblewrap` under `jupyter_client.kernel_provisioners`, so nbclient and nbgrader run on it
unchanged. The launch takes the view of the machine as the keyword `view`; without one the kernel sees the folder's
files that it is started in, as copies.
"""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

from grader.errors import KernelGone
from grader.files import ordinary_files
from grader.sandbox import slot as slots
from grader.sandbox.bubblewrap import View
from grader.sandbox.kernel_process import CHANNELS, KernelProcess
from grader.sandbox.slot import Kind, Slot

POLL_S = 0.05


class BubblewrapProvisioner(KernelProvisionerBase):
    """Starts a kernel by a fork in a slot's sandbox."""

    process: KernelProcess | None = None
    _slot: Slot | None = None

    @property
    def has_process(self) -> bool:
        """Whether there is a kernel, living or dead, that was not cleaned up."""
        return self.process is not None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Find a slot and settle the connection: Unix sockets, since the sandbox has no network.

        Raises:
            SandboxUnavailable: bubblewrap is missing or does not work here.
        """
        view: View = kwargs.pop("view", None) or _view_of_folder(Path(kwargs.get("cwd") or Path.cwd()))
        manager: Any = self.parent
        if self.process is None:
            self._slot = slots.acquire(Kind.of(view))
            connection = {"key": manager.session.key.decode(), "signature_scheme": manager.session.signature_scheme}
            ports = {f"{name}_port": number for number, name in enumerate(CHANNELS, 1)}
            self.process = KernelProcess(self._slot, view, {**connection, **ports}, for_jupyter=True)
            manager.transport = "ipc"
            # A short absolute path: that of a socket may have 108 bytes.
            manager.ip = str(self.process.sockets / "k")
            for name, port in ports.items():
                setattr(manager, name, port)
        self.connection_info = manager.get_connection_info()
        return await super().pre_launch(cmd=["kernel"], env={}, **{k: v for k, v in kwargs.items() if k != "env"})

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork the kernel."""
        if self.process is None:
            raise KernelGone("The kernel was not prepared.")
        self.process.start()
        return self.connection_info

    async def poll(self) -> int | None:
        """The exit code, or None while the kernel lives."""
        return 0 if self.process is None else self.process.poll()

    async def wait(self) -> int | None:
        """Wait until the kernel has ended."""
        while (code := await self.poll()) is None:
            await asyncio.sleep(POLL_S)
        return code

    async def send_signal(self, signum: int) -> None:
        """Send the kernel a signal."""
        if self.process is not None:
            self.process.send_signal(signum)

    async def kill(self, restart: bool = False) -> None:
        """Kill everything that the submission has started."""
        if self.process is not None:
            self.process.kill()

    async def terminate(self, restart: bool = False) -> None:
        """Ask the kernel to end."""
        await self.send_signal(signal.SIGTERM)

    async def cleanup(self, restart: bool = False) -> None:
        """Give the slot back, which drops the working folder."""
        if self.process is not None and self._slot is not None and not restart:
            self.process.close()
            slots.release(self._slot)
            self.process = self._slot = None


def _view_of_folder(folder: Path) -> View:
    return View(files=tuple((str(path.relative_to(folder)), path.read_bytes()) for path in ordinary_files(folder)))
