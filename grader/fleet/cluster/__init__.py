"""Machines of a cluster, through Dask's `distributed`: an extra, imported by nobody who does not ask for a cluster.

A Dask worker holds lanes; it does not grade. Each lane is the process with the warm sandbox that a local lane is, so a
crash costs the same here and there, and a notebook that keeps the interpreter busy costs no machine its heartbeat.

    coordinator.py   in `grader grade` or `grader serve`: Dask's scheduler, which machines are there, results
    machine.py       in `grader worker`: the lanes of one machine, and what is done with a job there
    joining.py       `grader worker` looks for a coordinator, joins, and looks for the next one
    facts.py         what a machine says of itself, and what has to be the same everywhere
    parcels.py       a job on its way: folders and large files are named by their digest
    certificates.py  the class's own authority, for TLS on both sides
    dask_settings.py what Dask is told, and why
"""
