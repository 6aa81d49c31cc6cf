"""The process inside the sandbox: takes its limits, loads the agent, becomes the Jupyter kernel.

Started as `python kernel.py LIMITS_JSON -f CONNECTION_FILE`. Imports nothing else of the project.
"""

import json
import os
import resource
import sys

MIB = 1024 * 1024


def take_limits(limits: dict) -> None:
    """Lower this process's own resource limits; children inherit them.

    RLIMIT_DATA and not RLIMIT_AS: a CUDA build of torch reserves address space by the tens of GiB without using it.
    """
    memory = limits["memory_mib"] * MIB
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits["file_mib"] * MIB,) * 2)
    resource.setrlimit(resource.RLIMIT_NPROC, (limits["processes"],) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Become the kernel."""
    take_limits(json.loads(sys.argv[1]))
    os.umask(0o022)
    # The student's `import` must not find this folder.
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
    sys.argv = ["kernel", *sys.argv[2:]]
    source = open(os.path.join(here, "agent.py"), encoding="utf-8").read()
    agent = {"__name__": "springfield_agent"}
    exec(compile(source, "<springfield agent>", "exec"), agent)

    import torch  # noqa: F401  the agent needs it; loading it is not the student's time
    from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance()
    app.initialize(sys.argv[1:])
    sys.path.insert(0, "")
    agent["install"](app.kernel)
    app.start()


if __name__ == "__main__":
    main()
