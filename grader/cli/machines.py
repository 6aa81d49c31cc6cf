"""Verbs of a cluster: worker, cluster init, cluster recipe; and how the others come by its machines."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from grader.cli.options import HERE, ClassDir, Device
from grader.language import _

if TYPE_CHECKING:
    from grader.course.folder import Course
    from grader.fleet.machines import Machines
    from grader.sandbox.devices import Choice

app = typer.Typer(help="Several machines grade one class: certificates, and recipes that start workers.")


class Recipe(StrEnum):
    """What starts workers."""

    SLURM = "slurm"
    KUBERNETES = "kubernetes"
    SYSTEMD = "systemd"


def add_to(root: typer.Typer) -> None:
    """Add the verbs."""
    root.command()(worker)
    root.add_typer(app, name="cluster")


@contextmanager
def machines_of(
    course: Course, tell: Callable[[str], None], *, is_wanted: bool, device: Choice = "auto", waits: bool = False
) -> Iterator[Machines | None]:
    """The machines of the class's cluster, where one is wanted; None else.

    Args:
        course: the class.
        tell: is called with a sentence when a machine comes or goes.
        is_wanted: whether there is to be a cluster.
        device: `cpu` leaves the machines' GPUs alone.
        waits: whether it waits for machines without end, whatever class.toml says.

    Raises:
        EnvironmentFault: the extra is not installed, or nobody can listen there.
        InvalidConfig: certificates are missing.
    """
    if not is_wanted:
        yield None
        return
    from grader.fleet.cluster.dask_settings import configure, is_loopback

    configure()
    from grader.fleet.cluster.coordinator import Cluster, ClusterSettings

    config = course.config.cluster
    certificates = course.cluster / "certificates" / "coordinator"
    settings = ClusterSettings(
        host=config.host,
        port=config.port,
        certificates=certificates if certificates.exists() or not is_loopback(config.host) else None,
        address_file=course.cluster / "address",
        wait_s=0 if waits else config.wait_s,
        device=device,
    )
    with Cluster(settings, tell) as cluster:
        tell(_("Machines join with `grader worker {address}`.").format(address=cluster.address.partition("://")[2]))
        yield cluster


def worker(
    address: Annotated[
        str, typer.Argument(metavar="[ADDRESS]", help="Host and port, as --cluster shows them: 10.0.0.1:8786.")
    ] = "",
    address_file: Annotated[
        Path | None,
        typer.Option(help="A file on a shared disk with the address: cluster/address of the class.", metavar="FILE"),
    ] = None,
    certificates: Annotated[
        Path | None,
        typer.Option(help="A copy of cluster/certificates/worker of the class.", metavar="DIR"),
    ] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option(help="A copy of the class's dataset/, or of a weights folder; may be given again.", metavar="DIR"),
    ] = None,
    slots: Annotated[int, typer.Option(help="Lanes on processors; 0: one per core.", min=0, max=1024)] = 0,
    device: Annotated[Device, typer.Option(help="cpu leaves GPUs alone, cuda insists on them.")] = Device.AUTO,
    per_gpu: Annotated[int, typer.Option(help="Submissions at once on each GPU.", min=1, max=64)] = 1,
    name: Annotated[str, typer.Option(help="What this machine is called; its host name if left out.")] = "",
) -> None:
    """Grade on this machine for a class on another one, until Ctrl-C; from one coordinator to the next.

    Submissions, hidden tests and labels come to this machine, so it has to be as well kept as the class's own.

    Example: [bold]grader worker 10.0.0.1:8786 --certificates worker --data dataset[/]
    """
    from grader.errors import InvalidConfig
    from grader.fleet.cluster.dask_settings import configure
    from grader.sandbox.bubblewrap import check_bwrap
    from grader.sandbox.devices import places

    configure()
    from grader.fleet.cluster.joining import WorkerSettings, work

    if bool(address) == (address_file is not None):
        raise InvalidConfig(
            _("Either an address or a file with the address is needed, and not both."),
            remedy=_("`grader worker 10.0.0.1:8786`, or `grader worker --address-file FOLDER/cluster/address`."),
        )
    check_bwrap()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_given: stop.set())
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    settings = WorkerSettings(
        name=name or socket.gethostname(),
        devices=places(device.value, slots=slots or os.cpu_count() or 1, per_gpu=per_gpu),
        address=address,
        address_file=address_file,
        certificates=certificates,
        data=tuple(data or ()),
    )
    work(settings, stop, lambda text: console.print(text, markup=False))


@app.command()
def init(class_dir: ClassDir = HERE) -> None:
    """Make the class's own certificates, with which its machines know each other.

    Example: [bold]grader cluster init --class cnn-2026[/]
    """
    from grader.course.folder import Course
    from grader.fleet.cluster.certificates import make_certificates

    course = Course.open(class_dir)
    folder = course.cluster / "certificates"
    make_certificates(folder)
    console = Console(highlight=False, soft_wrap=True)
    console.print(_("made {folder}").format(folder=folder), markup=False)
    text = _(
        "Copy {worker} to each machine, readable for its user alone, and start there: `grader worker ADDRESS "
        "--certificates worker`."
    )
    console.print(text.format(worker=folder / "worker"), markup=False)


@app.command()
def recipe(
    kind: Annotated[Recipe, typer.Argument(help="slurm, kubernetes or systemd.")],
) -> None:
    """Print a file that starts workers on many machines; what has to be changed in it stands at its top.

    Example: [bold]grader cluster recipe slurm > workers.sbatch[/]
    """
    from grader.fleet.cluster.recipes import recipe as text_of

    print(text_of(kind.value), end="")
