"""What stands behind an error of a notebook's cell, where the sandbox and not the code is the reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from grader.language import _
from grader.sandbox.limits import Limits
from grader.sandbox.outputs import CellError

_NO_NETWORK = re.compile(
    r"Temporary failure in name resolution|Name or service not known|Failed to resolve|NameResolutionError"
    r"|Network is unreachable|getaddrinfo failed|nodename nor servname|[Uu]nable to resolve host|Could not resolve host"
    r"|offline mode is enabled|Max retries exceeded with url"
    r"|there is no internet connection|Could not find a version that satisfies the requirement"
)
_NO_GPU = re.compile(
    r"Torch not compiled with CUDA enabled|Found no NVIDIA driver|No CUDA GPUs are available"
    r"|deserialize object on a CUDA device but torch\.cuda\.is_available\(\) is False"
)
_NO_GPU_MEMORY = re.compile(r"CUDA out of memory|CUDA error: out of memory|CUBLAS_STATUS_ALLOC_FAILED")
_ENDING = re.compile(r"Passed over while grading: this would end Python\.")  # of the agent in the kernel
_NO_MODULE = re.compile(r"No module named '([\w.]{1,80})'")
_NO_FILE = re.compile(r"No such file or directory|[Cc]ouldn't find any class folder|_csv\.Error: no such file")
_OF_DATA = re.compile(r"/?train\b|testset|simpsons|/content/|MyDrive|/kaggle/|sample_submission")
_MAX_TEXT = 100_000


def memory_limit_behind(error: CellError, limits: Limits) -> str:
    """The limit on memory that a cell's error tells of, in words; empty for other errors.

    Args:
        error: what the cell raised.
        limits: what it ran under.
    """
    if _NO_GPU_MEMORY.search(error.text[-_MAX_TEXT:]):
        return _("GPU memory: the GPU has no room for what the notebook asked for (a smaller batch may fit)")
    if error.is_out_of_memory:
        return _("memory: {size} MiB exceeded").format(size=limits.memory_mib)
    return ""


def reason_behind(texts: Iterable[str]) -> str:
    """Why a cell could not do what it wanted, and what to do instead; empty where the code itself is the reason.

    Args:
        texts: what the cell printed, and its error.
    """
    said = "\n".join(texts)[-_MAX_TEXT:]
    if _NO_NETWORK.search(said):
        return _(
            "There is no network during grading, so nothing can be downloaded. Put the file beside the notebook and "
            "hand it in with it; for ImageNet weights, ask your teacher which ones are there."
        )
    if _NO_GPU.search(said):
        return _(
            "This machine has no GPU. Write device = 'cuda' if torch.cuda.is_available() else 'cpu', and load weights "
            "with map_location=device."
        )
    return ""


def absent_library(error: CellError, packages: Sequence[str]) -> str:
    """What to say of an import that found nothing; empty for other errors, and where nobody knows what there is.

    Args:
        error: what the cell raised.
        packages: names and versions of the libraries that the class has.
    """
    module = _NO_MODULE.search(error.text[:_MAX_TEXT]) if error.name in ("ModuleNotFoundError", "ImportError") else None
    if module is None or not packages:
        return ""
    return _(
        "There is no {module} while grading. This class has: {packages}. Nothing can be installed, since there is no "
        "network: do without it, or ask your teacher to add it. A file of your own has to be handed in beside the "
        "notebook."
    ).format(module=module[1], packages=", ".join(packages))


def absent_data(error: CellError) -> str:
    """What to say of a path where the contest's data are not; empty for other errors."""
    text = error.text[:_MAX_TEXT]
    if error.name != "FileNotFoundError" or not _NO_FILE.search(text) or not _OF_DATA.search(text):
        return ""
    return _(
        "While grading the contest's data lie beside the notebook: train/simpsons_dataset, testset/testset and "
        "sample_submission.csv; the same in /content, /content/drive/MyDrive and /kaggle/input/journey-springfield."
    )


def tried_to_end(texts: Iterable[str]) -> str:
    """What to say of a cell that called `exit()` or one of its relatives, which is passed over; empty for others.

    Args:
        texts: what the cell printed.
    """
    if not _ENDING.search("\n".join(texts)[-_MAX_TEXT:]):
        return ""
    return _(
        "`exit()`, `quit()` or `do_shutdown()` would end Python here, and nothing below would run. It was passed over; "
        "take it out."
    )
