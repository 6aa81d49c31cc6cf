"""Whether a test has failed, for fixtures that clean up after it."""

import pytest

HAS_FAILED = pytest.StashKey[bool]()
