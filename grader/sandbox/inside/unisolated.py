"""The zygote without a sandbox: `--unisolated`, for one's own code on a machine that has no bubblewrap.

Started as `python -I unisolated.py FD FOLDER`. Nothing is hidden from the notebook and nothing stops it from reading,
writing and connecting: what is kept are the process of its own, the folder of its own, and the limits on time, memory
of one process, files and output. Nothing may be graded with it that others have written.
"""

import contextlib
import os
import resource
import shutil
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import confinement  # the files beside this one
import ipython_kernel
import zygote


class UnisolatedRun(zygote.Run):
    """One submission in a folder on the disk."""

    def make_folder(self):
        """`.../<run>/working`: `../input` beside it is where notebooks look for data."""
        self.home = f"{zygote.RUNS}/{self.number}"
        self.folder = f"{self.home}/working"
        os.makedirs(self.folder)
        os.makedirs(f"{self.home}/tmp")

    def become_kernel(self):
        """Turn this forked process into the kernel. Does not return."""
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        confinement.libc.prctl(confinement.PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        for source, inside in self.order["binds"]:
            self.show(source, inside)
        own = {"HOME": self.home, "TMPDIR": f"{self.home}/tmp"}
        own |= {"IPYTHONDIR": f"{self.home}/ipython", "MPLCONFIGDIR": f"{self.home}/matplotlib"}
        if "TORCH_HOME" in self.order["environment"]:
            own["TORCH_HOME"] = f"{self.home}/torch"  # where `show` puts it
        os.environ.clear()
        os.environ.update({**self.order["environment"], **own})
        os.chdir(self.folder)
        # The system counts all processes of a user: a desktop has more than a notebook may start.
        confinement.set_resource_limits(
            {**self.order["limits"], "processes": resource.getrlimit(resource.RLIMIT_NPROC)[1]}
        )
        ipython_kernel.run_kernel(
            self,
            sockets=f"{zygote.SLOT}/k{self.number}",
            scratch=f"{self.home}/tmp",
        )

    def show(self, source, inside):
        """Link the data into the run's own folder; absolute places such as /kaggle/input are not made."""
        own = os.path.relpath(inside, os.path.dirname(confinement.WORK))
        path = os.path.join(self.home, own)
        if own.startswith("..") or os.path.lexists(path):
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(source, path)

    def lock_sockets(self):
        """Nothing to lock: there is no wall."""

    def end(self):
        """Kill the kernel and what has stayed in its session."""
        if self.gate >= 0:
            os.close(self.gate)
            self.gate = -1
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self.pid:
                os.killpg(self.pid, signal.SIGKILL)
        if self.pid and self.status is None:
            with contextlib.suppress(ChildProcessError):
                self.status = os.waitpid(self.pid, 0)[1]
        return 0

    def remove_folder(self):
        """Drop the folder with what is in it."""
        shutil.rmtree(self.home, ignore_errors=True)


def main():
    """Load, say that all is ready, serve."""
    zygote.SLOT = sys.argv[2]
    zygote.RUNS = f"{zygote.SLOT}/runs"
    zygote.load_and_serve(UnisolatedRun)


if __name__ == "__main__":
    main()
