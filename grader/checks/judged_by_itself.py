"""A later task is judged by itself where an earlier one is wrong, so that one mistake is charged once."""

from __future__ import annotations

from collections.abc import Callable

from grader.errors import CheckFailed, StudentCodeRaised


def judged_by_itself(whole: Callable[[], object], with_probes: Callable[[], object]) -> None:
    """Pass if the whole is right, or if the task's own part is, with probes in the place of earlier tasks' parts.

    Args:
        whole: the test of what the student has built of the student's own parts.
        with_probes: the test of the same with probes, simple parts that the visible test defines.

    Raises:
        CheckFailed, StudentCodeRaised: both tests fail; what the first one has found.
    """
    try:
        whole()
    except (CheckFailed, StudentCodeRaised) as failure:
        try:
            with_probes()
        except Exception:  # noqa: BLE001  whatever happens with probes, what was found first is what the student reads
            raise failure from None
