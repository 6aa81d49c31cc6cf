"""Pages are drawn in turn: drawing is work for one processor, and threads that fight for it finish later, all of them.

Streamlit draws each tab in a thread of its own. With many at once, the thread that sends has to win the interpreter
from all of them for every single message, tabs are answered later, more of them are due meanwhile, and it never ends.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Nobody waits for ever: a page that is slow for another reason, such as a disk, holds the others up this long at most.
_PATIENCE_S = 1.0
# A second place for what does not need the interpreter, such as waiting for the database.
_places = threading.Semaphore(2)
_of_thread = threading.local()


@contextmanager
def in_turn() -> Iterator[None]:
    """Wait for a turn, and hold it while a page or a part of it is drawn; parts of a page that has one need none."""
    if getattr(_of_thread, "is_drawing", False):
        yield
        return
    has_place = _places.acquire(timeout=_PATIENCE_S)
    _of_thread.is_drawing = True
    try:
        yield
    finally:
        _of_thread.is_drawing = False
        if has_place:
            _places.release()
