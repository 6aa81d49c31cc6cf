"""The sandbox's promises, each tried from inside a real one."""

import os

import pytest

from grader.doctor import PROMISES
from grader.sandbox.kernel import Kernel

MORE_PROMISES = (
    ("the machine's own Unix sockets are not there", "import os\nprint('kept' if not os.path.exists('/run') else 'broken')"),
    ("umount is refused", "import subprocess\nprint('kept' if subprocess.run(['umount', '/proc'], capture_output=True).returncode else 'broken')"),
    ("no new user namespace", "import subprocess\nprint('kept' if subprocess.run(['unshare', '-U', 'true'], capture_output=True).returncode else 'broken')"),
    ("the system is read-only", "try: open('/usr/bin/x', 'w')\nexcept OSError: print('kept')"),
    ("the Python environment is read-only", "import torch\ntry: open(torch.__file__, 'a')\nexcept OSError: print('kept')"),
    ("the agent's file is read-only", "try: open('/opt/springfield/agent.py', 'a')\nexcept OSError: print('kept')"),
    ("the environment holds no secret", "import os\nprint('kept' if 'SPRINGFIELD_TEST_SECRET' not in os.environ else 'broken')"),
    ("no account list", "import os\nprint('kept' if not os.path.exists('/etc/passwd') and not os.path.exists('/etc/shadow') else 'broken')"),
    ("the work folder is writable", "open('mine.txt', 'w').write('x'); print('kept')"),
    ("core dumps are off", "import resource\nprint('kept' if resource.getrlimit(resource.RLIMIT_CORE) == (0, 0) else 'broken')"),
    ("one file cannot fill the disk", "try:\n  f = open('big', 'wb'); f.truncate(5 << 30)\nexcept OSError: print('kept')"),
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _secret():
    os.environ["SPRINGFIELD_TEST_SECRET"] = "do not leak"
    yield
    del os.environ["SPRINGFIELD_TEST_SECRET"]


@pytest.mark.parametrize(("promise", "code"), [*PROMISES, *MORE_PROMISES], ids=lambda value: value[:40])
def test_the_promise_is_kept(_secret: None, kernel: Kernel, promise: str, code: str) -> None:
    run = kernel.run(code)
    assert "".join(output.get("text", "") for output in run.outputs).strip() == "kept", (run.error, run.outputs)
