"""A Jupyter kernel provisioner that starts kernels in bubblewrap.

Registered as `springfield-bubblewrap` under `jupyter_client.kernel_provisioners`, so nbclient and nbgrader run on it unchanged.
The launch takes the view of the machine as the keyword `view`; without one the kernel sees only the folder it is started in.
The seam for a warm sandbox is here: everything above talks to a kernel manager.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.provisioning import LocalProvisioner

from grader.sandbox import bubblewrap
from grader.sandbox.bubblewrap import View

RUN_FOLDER_PREFIX = "sg-run-"


class BubblewrapProvisioner(LocalProvisioner):
    """Starts the kernel inside a sandbox; its life cycle is that of the `bwrap` process.

    The whole sandbox is one PID namespace, so killing `bwrap` ends every process that the student's code has started.
    """

    run_folder: Path | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Write the connection file and wrap the kernel's command.

        Raises:
            SandboxUnavailable: bubblewrap is missing or does not work here.
        """
        view: View | None = kwargs.pop("view", None)
        bubblewrap.check_bwrap()
        view = view or View(work=Path(kwargs.get("cwd") or Path.cwd()))
        run_folder = self._speak_ipc()
        self.kernel_spec.argv = bubblewrap.kernel_argv(view)
        launch = await super().pre_launch(**kwargs)
        launch["cmd"] = bubblewrap.command(view, run_folder, launch["cmd"])
        # Nothing of the grader's own environment: the sandbox has its own.
        launch["env"] = {"PATH": os.environ["PATH"]}
        with (run_folder / "stderr.txt").open("wb") as stderr:
            launch["stderr"] = os.dup(stderr.fileno())
        launch["stdout"] = subprocess.DEVNULL
        return launch

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Start the process; what it writes to its standard error is kept for the message of a failed start."""
        try:
            return await super().launch_kernel(cmd, **kwargs)
        finally:
            os.close(kwargs["stderr"])

    def last_words(self) -> str:
        """The end of what the process wrote to its standard error: hostile text, for the teacher."""
        path = self.run_folder and self.run_folder / "stderr.txt"
        if path is None or not path.is_file() or path.is_symlink():
            return ""
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 2000))
            return file.read(2000).decode(errors="replace").strip()

    def _speak_ipc(self) -> Path:
        """Put the connection over Unix sockets in a private folder; the sandbox has no network.

        The path is short and absolute: a socket's path may have 108 bytes, and a relative one is not found from inside.
        """
        if self.run_folder is None:
            self.run_folder = Path(tempfile.mkdtemp(prefix=f"{RUN_FOLDER_PREFIX}{os.getpid()}-"))
            manager = self.parent
            manager.transport = "ipc"
            manager.ip = str(self.run_folder / "k")
            manager.connection_file = str(self.run_folder / "kernel.json")
        return self.run_folder

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the folder of the sockets."""
        await super().cleanup(restart=restart)
        if self.run_folder is not None and not restart:
            shutil.rmtree(self.run_folder, ignore_errors=True)
            self.run_folder = None
