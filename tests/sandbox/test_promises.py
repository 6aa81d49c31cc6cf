"""The sandbox's promises, each tried from inside a real one."""

import os
from collections.abc import Iterator

import pytest

from grader.sandbox.kernel import Kernel
from grader.sandbox.self_check import PROMISES


def kept_if(condition: str) -> str:
    """Code that says `kept` where the condition holds inside."""
    return f"import os, resource, subprocess\nprint('kept' if {condition} else 'broken')"


def refused(statement: str) -> str:
    """Code that says `kept` where the statement fails inside."""
    return f"import os, torch\ntry:\n  {statement}\nexcept OSError:\n  print('kept')"


MORE_PROMISES = (
    ("the machine's own Unix sockets are not there", kept_if("os.listdir('/run') == ['kernel']")),
    ("the sandbox's own folders are covered", refused("os.listdir('/.springfield/slot')")),
    ("the folder of the sockets is read-only", refused("open('/run/kernel/x', 'w')")),
    ("the root folder is read-only", refused("open('/x', 'w')")),
    ("devices cannot be added", refused("open('/dev/x', 'w')")),
    ("the zygote's memory is not readable", refused("open('/proc/2/mem', 'rb').read(1)")),
    ("the zygote's environment is not readable", refused("open('/proc/2/environ').read()")),
    ("the zygote's files are not reachable", kept_if("not os.access('/proc/2/root', os.R_OK)")),
    ("umount is refused", kept_if("subprocess.run(['umount', '/proc'], capture_output=True).returncode")),
    ("no new user namespace", kept_if("subprocess.run(['unshare', '-U', 'true'], capture_output=True).returncode")),
    ("the system is read-only", refused("open('/usr/bin/x', 'w')")),
    ("the Python environment is read-only", refused("open(torch.__file__, 'a')")),
    ("the agent's file is read-only", refused("open('/opt/springfield/agent.py', 'a')")),
    ("the environment holds no secret", kept_if("'SPRINGFIELD_TEST_SECRET' not in os.environ")),
    ("no account list", kept_if("not os.path.exists('/etc/passwd') and not os.path.exists('/etc/shadow')")),
    ("the work folder is writable", "open('mine.txt', 'w').write('x'); print('kept')"),
    ("core dumps are off", kept_if("resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)")),
    ("one file cannot fill the disk", refused("open('big', 'wb').truncate(5 << 30)")),
)


@pytest.fixture(scope="module", autouse=True)
def _secret() -> Iterator[None]:
    """A secret in the grader's own environment, before the shared kernel starts."""
    os.environ["SPRINGFIELD_TEST_SECRET"] = "do not leak"
    yield
    del os.environ["SPRINGFIELD_TEST_SECRET"]


@pytest.mark.parametrize(
    ("promise", "code"),
    [*((promise.what, promise.code) for promise in PROMISES), *MORE_PROMISES],
    ids=lambda value: value[:40],
)
def test_the_promise_is_kept(kernel: Kernel, promise: str, code: str) -> None:
    run = kernel.run(code)
    said = "".join(output.get("text", "") for output in run.outputs).strip()
    assert said == "kept", (promise, run.error, run.outputs)
