"""What a worker process may take of the machine."""

from __future__ import annotations

import resource

from grader.fleet.workers import WORKER_MIB, local_workers


def test_a_worker_fails_before_the_machine_does_and_kernels_may_still_have_more() -> None:
    with local_workers(1) as workers:
        soft, hard = workers.submit(resource.getrlimit, resource.RLIMIT_DATA).result(timeout=60)
        assert WORKER_MIB << 20 < soft < 4 * WORKER_MIB << 20
        assert hard == resource.getrlimit(resource.RLIMIT_DATA)[1]
        assert isinstance(workers.submit(bytearray, 4 * WORKER_MIB << 20).exception(timeout=60), MemoryError)
