"""What Dask is told, and why; and how it is missed in words where the extra is not installed."""

from __future__ import annotations

import importlib.util
import ipaddress
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.errors import EnvironmentFault, InvalidConfig
from grader.language import _

if TYPE_CHECKING:
    from distributed.security import Security

CA, CERTIFICATE, KEY = "ca.pem", "certificate.pem", "key.pem"
_TTL_S, _SILENCE_S, _CONNECT_S = 15, 15, 10
_SETTINGS = {
    # The coordinator decides what runs where: its cap of two jobs a lane is all the queue that a machine may have.
    "distributed.scheduler.work-stealing": False,
    # One more machine after the first lost one is the coordinator's to give, as is the try alone after that.
    "distributed.scheduler.allowed-failures": 1,
    # A machine whose cable is pulled closes no connection: its silence has to tell. Below about 12 s Dask fails.
    "distributed.scheduler.worker-ttl": f"{_TTL_S}s",
    "distributed.comm.timeouts.tcp": f"{_SILENCE_S}s",
    "distributed.comm.timeouts.connect": f"{_CONNECT_S}s",
    # A notebook with pictures in it has some MiB; what is larger travels by digest.
    "distributed.admin.large-graph-warning-threshold": "1GiB",
    # Diagnostics would make a CUDA context in the worker, beside the lanes' own.
    "distributed.diagnostics.nvml": False,
    # Logs of developers, which grow with the number of jobs: a watcher runs for months.
    "distributed.admin.log-length": 100,
    "distributed.admin.low-level-log-length": 100,
    "distributed.admin.system-monitor.log-length": 60,
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.diagnostics.computations.max-history": 1,
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.worker.profile.enabled": False,
}


def configure(scratch: Path | None = None) -> None:
    """Tell Dask what a class needs.

    Args:
        scratch: a folder of this process, for what Dask lays down; it imports from there, so nobody else may write it.

    Raises:
        EnvironmentFault: it is not installed.
    """
    if importlib.util.find_spec("distributed") is None:
        raise EnvironmentFault(
            _("A cluster needs Dask's `distributed`, which is not installed."),
            remedy=_("Install it: `pip install 'springfield-grader[cluster]'`, on every machine of the cluster."),
        )
    import dask  # noqa: PLC0415  of the extra

    dask.config.set({**_SETTINGS, **({} if scratch is None else {"temporary-directory": str(scratch)})})
    for name in ("distributed", "tornado"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what a reader needs to know is said in sentences of ours


def is_loopback(host: str) -> bool:
    """Whether a host's name is this machine's own, which no other one can reach."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def security_of(folder: Path | None, host: str) -> Security | None:
    """TLS with the certificates of a folder; None where there are none and nobody else can connect.

    Args:
        folder: with the authority's certificate and an own one with its key; None where none are wanted.
        host: where the coordinator listens.

    Raises:
        InvalidConfig: there are none, and other machines could connect; or the folder is not complete.
    """
    if folder is None or not folder.is_dir():
        if is_loopback(host) and folder is None:
            return None
        raise InvalidConfig(
            _("No certificates: machines reach each other at {host} with TLS alone, whoever else is there.").format(
                host=host
            ),
            remedy=_(
                "Make them once: `grader cluster init` in the class folder; then copy cluster/certificates/worker/ to "
                "each machine and name it there: `grader worker ADDRESS --certificates FOLDER`."
            ),
        )
    missing = [name for name in (CA, CERTIFICATE, KEY) if not (folder / name).is_file()]
    if missing:
        raise InvalidConfig(
            _("There is no {missing} in {folder}.").format(missing=", ".join(missing), folder=folder),
            remedy=_("Copy the whole folder that `grader cluster init` has made."),
        )
    from distributed.security import Security  # noqa: PLC0415  of the extra

    own: dict[str, Any] = {}
    for role in ("scheduler", "worker", "client"):
        own |= {f"tls_{role}_cert": str(folder / CERTIFICATE), f"tls_{role}_key": str(folder / KEY)}
    return Security(tls_ca_file=str(folder / CA), require_encryption=True, **own)
