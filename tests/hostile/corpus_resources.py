"""Bombs. Each is bounded by itself as well, so that a missing limit shows as a failed test and not as a dead machine."""

# ruff: noqa: E501  attacks are programs inside strings: a line that is broken is another program
from __future__ import annotations

from attacks import TRY, Attack, on_block, trying
from gate import WRONG_BLOCK

RESOURCES = [
    Attack(
        "allocates_in_one_process",
        {
            "task1_block": TRY
            + "parts = []\nfor _ in range(6):\n    parts.append(torch.empty(600 << 20, dtype=torch.uint8))\nprint(WON)"
        },
        prints="tried",
        says="MemoryError|memory",
        within_s=30,
    ),
    trying(
        "allocates_more_than_there_is",
        "attempt('1 TiB', lambda: len(bytearray(1 << 40)))\nattempt('tensor', lambda: torch.zeros(1 << 40).sum())",
    ),
    Attack(
        "allocates_shared_memory",
        {
            "task1_block": TRY
            + "import mmap\nparts = []\nfor number in range(44):\n    part = mmap.mmap(-1, 64 << 20)\n"
            "    for page in range(0, 64 << 20, 4096): part[page] = 1\n    parts.append(part)\nprint(WON, len(parts) * 64)"
        },
        earns=None,
        within_s=40,
        slow=True,
    ),
    Attack(
        "allocates_in_many_children",
        {
            "task1_block": TRY + "import time\nready = os.pipe()\nfor _ in range(6):\n    if os.fork() == 0:\n"
            "        part = bytearray(512 << 20)\n        part[::4096] = b'x' * len(part[::4096])\n"
            "        os.write(ready[1], b'x'); time.sleep(1000)\n"
            "time.sleep(3)\nos.set_blocking(ready[0], False)\ndone = os.read(ready[0], 100)\n"
            "all_live = os.waitpid(-1, os.WNOHANG) == (0, 0)  # one that was killed after its word holds no memory\n"
            "print(WON if len(done) == 6 and all_live else 'refused')"
        },
        earns=None,
        within_s=40,
        slow=True,
    ),
    Attack(
        "fills_the_temporary_folder",
        {
            "task1_block": TRY + "os.makedirs('/tmp/bomb')\ntry:\n    for number in range(64):\n"
            "        with open(f'/tmp/bomb/{number}', 'wb') as file: file.write(bytes(48 << 20))\n"
            "    print(WON, 64 * 48, 'MiB')\nexcept OSError as error:\n    print('refused', error.errno)\n"
            "import shutil; shutil.rmtree('/tmp/bomb')"
        },
        prints="refused",
        within_s=40,
        slow=True,
    ),
    Attack(
        "fills_dev_shm",
        {
            "task1_block": TRY + "try:\n    for number in range(64):\n"
            "        with open(f'/dev/shm/{number}', 'wb') as file: file.write(bytes(48 << 20))\n"
            "    print(WON, 64 * 48, 'MiB')\nexcept OSError as error:\n    print('refused', error.errno)\n"
            "for name in os.listdir('/dev/shm'): os.remove('/dev/shm/' + name)"
        },
        prints="refused",
        within_s=40,
        slow=True,
    ),
    Attack(
        "writes_one_big_file",
        {
            "task1_block": TRY
            + "with open('big', 'wb') as file:\n    for _ in range(300): file.write(bytes(1 << 20))\nprint(WON)"
        },
        prints="tried",
        within_s=30,
    ),
    Attack(
        "writes_many_files",
        {
            "task1_block": TRY
            + "try:\n    for number in range(60):\n        with open(f'part{number}', 'wb') as file: file.write(os.urandom(1 << 20) * 48)\n"
            "    print(WON, 60 * 48, 'MiB')\nexcept OSError as error:\n    print('refused', error.errno)"
        },
        prints="refused",
        within_s=60,
        slow=True,
    ),
    Attack(
        "makes_a_sparse_file_of_a_terabyte",
        {"task1_block": TRY + "with open('sparse', 'wb') as file: file.truncate(1 << 40)\nprint(WON)"},
        prints="tried",
    ),
    Attack(
        "makes_20000_small_files",
        on_block("for n in range(20_000): open(f'f{n}', 'w').close()"),
        prints="tried",
        within_s=40,
    ),
    Attack(
        "makes_folders_2000_levels_deep",
        on_block("here = os.getcwd()\nfor _ in range(2000):\n    os.mkdir('d'); os.chdir('d')\nos.chdir(here)"),
        prints="tried",
    ),
    Attack(
        "makes_folders_2000_levels_deep_beside_the_sockets",
        on_block(
            "here = os.getcwd()\nfolder = os.path.dirname(__import__('ipykernel').get_connection_file())\ntry:\n"
            "    os.chdir(folder)\n    for _ in range(2000):\n        os.mkdir('d'); os.chdir('d')\n"
            "except OSError as error:\n    print(error)\nos.chdir(here)"
        ),
        prints="tried",
    ),
    Attack(
        "leaves_files_that_cannot_be_deleted",
        on_block(
            "os.makedirs('a/b/c')\nopen('a/b/c/d', 'w').close()\nos.chmod('a/b', 0)\nos.chmod('a', 0)\nos.mkfifo('pipe')"
        ),
        prints="tried",
    ),
    trying(
        "opens_every_descriptor",
        "kept = []\ntry:\n    while True: kept.append(os.open('/dev/null', os.O_RDONLY))\nexcept OSError as error:\n    print(error)\n"
        "for number in kept: os.close(number)",
        within_s=40,
    ),
    Attack(
        "keeps_every_descriptor_open",
        on_block(
            "kept = []\ntry:\n    while True: kept.append(os.open('/dev/null', os.O_RDONLY))\nexcept OSError: pass"
        ),
        earns=(),
        prints="tried",
        within_s=40,
    ),
    Attack(
        "starts_processes_without_end",
        # Bounded at 1500: root's processes are not counted by RLIMIT_NPROC.
        on_block(
            "import time\nmade = 0\ntry:\n    while made < 1500:\n        if os.fork() == 0: time.sleep(1000)\n        made += 1\n"
            "except OSError as error: print('stopped', error)\nprint('made', made)"
        ),
        earns=(),
        prints="tried",
        within_s=60,
        slow=True,
        alone=True,
    ),
    Attack(
        "starts_threads_without_end",
        on_block(
            "import threading, time\nmade = 0\ntry:\n    while made < 1500:\n        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start(); made += 1\n"
            "except RuntimeError as error: print('stopped', error)"
        ),
        prints="tried",
        earns=(),
        within_s=60,
        slow=True,
        alone=True,
    ),
    Attack(
        "sleeps_in_every_forward",
        on_block("import time", block=WRONG_BLOCK.replace("return self", "time.sleep(1.5)\n        return self")),
        prints="tried",
        earns=(),
        within_s=50,
        slow=True,
    ),
]
