"""Lets a notebook from Colab run while grading: its paths lead to the contest's data, `google.colab` can be imported.

A folder that a cell names as the data's (`"/content/drive/MyDrive/simpsons/train/..."`) and that is not there becomes a
link to them just before the cell runs, so no folder holds links that its notebook does not speak of. Everything here
happens with the student's own rights. Imports nothing else of the project.
"""

import ast
import contextlib
import importlib.abc
import importlib.machinery
import os
import re
import sys
import types

DATA = "/kaggle/input/journey-springfield"
DRIVE = "/content/drive"
MY_DRIVES = ("MyDrive", "My Drive")
PARTS = ("train", "testset", "sample_submission.csv")
COLAB = "google.colab"
# A path in quotes with what only the contest's data have; a `train` at its end may be a folder that is to be made.
_SURE = re.compile(r"""["']([^"'\n{}]{1,200}?)/(?:train/simpsons_dataset|testset|sample_submission\.csv)\b""")
_LIKELY = re.compile(r"""["']([^"'\n{}]{1,200})/train/?(?=["'])""")
_MAKES_FOLDERS = re.compile(r"makedirs|mkdir")
_OWN = re.compile(r"(?:/content|/kaggle/working|\.|[^/.~:][^/:]*)(?:/|$)")  # where a notebook may make folders


def install(shell):
    """Watch the shell's cells for such paths, and answer the import of `google.colab`.

    Args:
        shell: IPython's, of this kernel.
    """
    if not os.path.isdir(DATA):
        return

    def before_a_cell(info):
        with contextlib.suppress(OSError, ValueError, TypeError):
            make_places(info.raw_cell)

    shell.events.register("pre_run_cell", before_a_cell)
    sys.meta_path.append(ColabFinder(shell))


def make_places(source):
    """Make the places that a cell names for the contest's data."""
    if DRIVE in source:
        make_drive(DRIVE)
    found = {match[1] for match in _SURE.finditer(source)}
    if not _MAKES_FOLDERS.search(source):
        found |= {match[1] for match in _LIKELY.finditer(source)}
    for folder in found:
        if _OWN.match(folder) and ".." not in folder.split("/") and not os.path.lexists(folder):
            parent = os.path.dirname(folder.rstrip("/"))
            os.makedirs(parent or ".", exist_ok=True)
            os.symlink(DATA, folder.rstrip("/"))


def make_drive(folder):
    """Make what Colab mounts of Google Drive: a folder of the notebook's own that shows the contest's data."""
    for name in MY_DRIVES:
        place = os.path.join(folder, name)
        if os.path.lexists(place):
            continue
        if name != MY_DRIVES[0]:
            os.symlink(MY_DRIVES[0], place)  # two names of one folder, as Colab has them
            continue
        os.makedirs(place)
        for part in PARTS:
            if os.path.exists(f"{DATA}/{part}"):
                os.symlink(f"{DATA}/{part}", f"{place}/{part}")


class ColabFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `google.colab` and its modules, unless the cell asks by an import that may fail.

    `try: import google.colab` is how a notebook asks whether it is in Colab. It is not, and such a notebook has another
    way to its data.
    """

    def __init__(self, shell):
        self._shell = shell

    def find_spec(self, name, path=None, target=None):
        """A module of Colab's that notebooks use."""
        if name not in ("google", COLAB, *(f"{COLAB}.{module}" for module in MODULES)):
            return None
        if name == COLAB and is_asked(self._source()):
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=name in ("google", COLAB))

    def create_module(self, spec):
        """An ordinary module."""
        return types.ModuleType(spec.name, "Stands for Colab's module of this name while grading.")

    def exec_module(self, module):
        """Put in what notebooks call."""
        vars(module).update(MODULES.get(module.__name__.removeprefix(f"{COLAB}."), {}))

    def _source(self):
        """The text of the cell that runs."""
        inputs = self._shell.user_ns.get("In")
        return inputs[-1] if isinstance(inputs, list) and inputs and isinstance(inputs[-1], str) else ""


def is_asked(source):
    """Whether a cell imports Colab inside `try`, or to know whether it can."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return any(
        (isinstance(inner, ast.Import) and any(alias.name.startswith(COLAB) for alias in inner.names))
        or (isinstance(inner, ast.ImportFrom) and (inner.module or "").startswith(COLAB))
        for node in ast.walk(tree)
        if isinstance(node, ast.Try)
        for statement in node.body
        for inner in ast.walk(statement)
    )


def mount(mountpoint=DRIVE, *_args, **_kwargs):
    """Stand for `drive.mount`: nothing is asked, and the folder shows the contest's data."""
    make_drive(mountpoint)
    print(
        f"Google Диска при проверке нет: в {mountpoint}/MyDrive лежат данные соревнования / there is no Google Drive "
        f"while grading: {mountpoint}/MyDrive has the contest's data"
    )


def nothing(*_args, **_kwargs):
    """Stand for what needs a browser."""


MODULES = {
    "drive": {"mount": mount, "flush_and_unmount": nothing},
    "files": {"download": nothing, "upload": lambda *_args, **_kwargs: {}, "view": nothing},
    "userdata": {"get": lambda *_args, **_kwargs: ""},
    "auth": {"authenticate_user": nothing},
    "output": {"clear": nothing, "eval_js": nothing, "enable_custom_widget_manager": nothing},
}
