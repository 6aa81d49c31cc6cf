"""A limit on the memory of the page's process; whoever has started it starts it anew."""

from __future__ import annotations

import os
import resource
import sys
import threading
import time
from pathlib import Path

MIB = 1 << 20
# The page takes 300 MiB. 300 tabs of students take 100 more, uploads up to 256, and 1000 tabs as many.
RESIDENT_MIB = 1536
# What is mapped counts here, the stacks of many threads included; this is for what grows faster than `_LOOK_S`.
MAPPED_MIB = 6 * 1024
ENDED_FOR_MEMORY = 71
_LOOK_S = 0.5


def limit_memory() -> None:
    """End this process as soon as it takes too much: an error in one place would leave it neither alive nor dead."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wall = MAPPED_MIB * MIB
    resource.setrlimit(resource.RLIMIT_DATA, (wall if hard == resource.RLIM_INFINITY else min(wall, hard), hard))
    threading.Thread(target=_watch, name="memory", daemon=True).start()


def _watch() -> None:
    while True:
        time.sleep(_LOOK_S)
        try:
            taken = _resident_mib()
        except MemoryError:
            os._exit(ENDED_FOR_MEMORY)
        if taken > RESIDENT_MIB:
            print(f"The page takes {taken} MiB of memory, more than {RESIDENT_MIB}, and ends.", file=sys.stderr)
            os._exit(ENDED_FOR_MEMORY)


def _resident_mib() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() // MIB
