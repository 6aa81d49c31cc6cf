from __future__ import annotations

from collections.abc import Callable

import pytest

from grader.errors import CheckFailed


def message_of(check: Callable[[], object]) -> str:
    """What a check says that has to fail."""
    with pytest.raises(CheckFailed) as caught:
        check()
    return str(caught.value)
