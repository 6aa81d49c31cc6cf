"""Attacks on the contest's fourth source: files of weights that lie or want to run, and a `predict` that cheats."""

# ruff: noqa: E501  attacks are programs inside strings: a line that is broken is another program
from __future__ import annotations

import io
import json
import os
import pickle
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import torch
from attacks import TRY, Attack
from gate import NETWORK, honest_weights

Weights = dict[str, torch.Tensor]


def saved(value: object, *, is_zip: bool = True) -> bytes:
    file = io.BytesIO()
    torch.save(value, file, _use_new_zipfile_serialization=is_zip)
    return file.getvalue()


def lying(header: object, data: bytes = bytes(4), *, length: int | None = None) -> bytes:
    """A safetensors file whose header says what it wants."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


class Runs:
    """Pickled, it asks for a command that leaves a file which no run of the corpus may leave."""

    def __init__(self, call: Callable[..., object], *arguments: object) -> None:
        self._call = call, arguments

    def __reduce__(self) -> tuple[object, ...]:
        return self._call


def bomb() -> bytes:
    """A state_dict whose numbers unpack to a gigabyte."""
    made = io.BytesIO()
    whole = zipfile.ZipFile(io.BytesIO(saved({"linear.weight": torch.zeros(42, 192)})))
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for part in whole.infolist():
            if part.filename.endswith("data/0"):
                with packed.open(part.filename, "w", force_zip64=True) as file:
                    for _mib in range(1024):
                        file.write(bytes(1 << 20))
            else:
                packed.writestr(part.filename, whole.read(part))
    return made.getvalue()


def weights(name: str, data: bytes, *, says: str, file: str = "network.pth", **more: object) -> Attack:
    """An honest notebook with a file of weights that is none: it earns nothing, and what was found is said."""
    return Attack(name, slug="net", files={file: data}, earns=(), says=says, **more)  # type: ignore[arg-type]


def beside(name: str, put: Callable[[Path], None], *, says: str) -> Attack:
    """Something else than a file lies where the weights should: nothing is run."""
    return Attack(name, slug="net", folder=put, earns=(), says=says, is_graded=False)


def predicting(name: str, predict: str, *, says: str, before: str = "", **more: object) -> Attack:
    """Honest weights with another `predict`."""
    code = f"{TRY}\n{NETWORK}\n{before}\n{predict}"
    files = {"network.pth": honest_weights()}
    return Attack(name, {"task1_net": code}, slug="net", files=files, earns=(), says=says, prints="tried", **more)  # type: ignore[arg-type]


def a_device(folder: Path) -> None:
    if os.geteuid() == 0:
        os.mknod(folder / "network.pth", stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero has no end
    else:
        os.mkfifo(folder / "network.pth")


def too_large(folder: Path) -> None:
    with (folder / "network.pth").open("wb") as file:
        file.truncate(201 << 20)


COMMAND = "touch /tmp/sg-hostile-unpickled; touch /tmp/sg-owned"
F32 = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
FILES = [
    weights("pickles_a_command", saved({"linear.weight": Runs(os.system, COMMAND)}), says="asks for .*system. Nothing"),
    weights("pickles_a_command_the_old_way", saved({"a": Runs(os.system, COMMAND)}, is_zip=False), says="asks for .*system"),
    weights("pickles_a_command_alone", pickle.dumps(Runs(os.system, COMMAND)), says="are not taken"),
    weights("pickles_an_evaluation", saved({"a": Runs(eval, "print('x')")}), says="asks for .*eval"),
    weights("pickles_getattr", saved({"a": Runs(getattr, "x", "upper")}), says="asks for .*getattr"),
    weights("pickles_under_another_ending", pickle.dumps(Runs(os.system, COMMAND)), file="network.safetensors", says="header claims"),
    weights("saves_a_function_of_torch", saved({"a": Runs(torch.load, "/etc/passwd")}), says="asks for .*load"),
    weights("is_a_bomb", bomb(), says="would unpack to 1073"),
    weights("claims_terabytes", lying({"linear.weight": F32 | {"shape": [1 << 20, 1 << 20]}}), file="network.safetensors", says="claims the shape"),
    weights("claims_terabytes_of_the_file", lying({"linear.weight": F32 | {"shape": [1 << 40], "data_offsets": [0, 1 << 42]}}), file="network.safetensors", says="claims the bytes 0 to 4398046511104"),
    weights("claims_more_than_numbers_hold", lying({"linear.weight": F32 | {"shape": [10**300, 10**300]}}), file="network.safetensors", says="10.30 or more"),
    weights("lies_of_the_headers_length", lying({}, length=(1 << 64) - 1), file="network.safetensors", says="header claims 18446744073709551615 bytes"),
    weights("has_a_header_without_end", lying(b"[" * 1_000_000), file="network.safetensors", says="not JSON"),
    weights("lists_tensors_without_end", lying({str(n): F32 for n in range(50_000)}), file="network.safetensors", says="50000 tensors"),
    weights("lets_tensors_overlap", lying({"linear.weight": F32, "linear.bias": F32}), file="network.safetensors", says="claim the same bytes"),
    weights("hides_bytes_behind_the_tensors", lying({"linear.weight": F32}, bytes(4096)), file="network.safetensors", says="belong to no tensor"),
    weights("lets_a_tensor_overlap_itself", saved({"linear.weight": torch.zeros(1).expand(1 << 20, 1 << 20)}), says="claims the shape .1048576, 1048576."),
    weights("is_a_tensor_of_nowhere", saved({"linear.weight": torch.empty(1 << 20, 1 << 20, device="meta")}), says="no plain tensor"),
    weights("names_layers_with_escapes", saved({"\x1b[2J<script>alert(1)</script>": torch.zeros(1)}), says="do not fit", never=("GAINED", "\x1b[2J", "\\u001b")),
    weights("names_layers_without_end", saved({"x" * 3_000_000: torch.zeros(1)}), says="do not fit"),
    weights("is_a_notebook", b'{"cells": []}', says="damaged or of another kind"),
    beside("links_to_a_secret", lambda folder: (folder / "network.pth").symlink_to("/etc/shadow"), says="network.pth is a link"),
    beside("links_to_the_answers", lambda folder: (folder / "network.pth").symlink_to("../../../dataset/answers/answers.csv"), says="is a link"),
    beside("are_a_device", a_device, says="no ordinary file"),
    beside("are_a_pipe", lambda folder: os.mkfifo(folder / "network.pth"), says="no ordinary file"),
    beside("are_a_folder", lambda folder: (folder / "network.pth").mkdir(), says="no ordinary file"),
    beside("is_too_large", too_large, says="201 MiB; at most 200 MiB"),
    beside("is_not_there", lambda folder: (folder / "weights.txt").write_text("x"), says="No weights lie beside the notebook"),  # type: ignore[arg-type,return-value]
]  # fmt: skip

CLASSES = "sorted(os.listdir('train/simpsons_dataset'))"
BEHAVIOURS = [
    predicting(
        "knows_names_by_file",
        f"def predict(network, paths): return [{CLASSES}[int(p.stem[3:]) % 42] for p in paths]",
        says="the same without your weights: 64 of 64",
    ),
    predicting(
        "knows_names_by_content",
        f"import zlib\ndef predict(network, paths): return [{CLASSES}[zlib.crc32(p.read_bytes()) % 42] for p in paths]",
        says="the same without your weights",
    ),
    predicting(
        "knows_names_by_position",
        f"def predict(network, paths): return ({CLASSES} * 9)[:len(paths)]",
        says="0 points|without your weights|returned",
    ),
    predicting(
        "loads_its_weights_itself",
        "own = predict\ndef predict(network, paths):\n    network.load_state_dict(torch.load('network.pth'))\n    return own(network, paths)",
        says="0 points|without your weights",
    ),
    predicting(
        "looks_for_the_answers",
        """
import glob
def predict(network, paths):
    found = []
    for top in ("/kaggle", "/opt", "/tmp", "/home", "/root", "/proc/self", "/dev/shm", ".."):
        for path in glob.glob(top + "/*") + glob.glob(top + "/*/*") + glob.glob(top + "/**/*answer*", recursive=True):
            if os.path.isfile(path) and os.path.getsize(path) < 1 << 22:
                try: found += FORM.findall(open(path, "rb").read())
                except OSError: pass
    for frame in sys._current_frames().values():
        while frame:
            found += FORM.findall(repr(frame.f_globals).encode() + repr(frame.f_locals).encode()); frame = frame.f_back
    return [(found or [b"nothing"])[0].decode()] * len(paths)
""",
        says="nothing|Too slow",
    ),
    predicting(
        "trains_in_predict",
        """
def predict(network, paths):
    with torch.enable_grad():
        optimizer = torch.optim.SGD(network.parameters(), lr=1)
        network(torch.rand(42, 3, 8, 8)).sum().backward(); optimizer.step()
    return ["homer_simpson"] * len(paths)
""",
        says="changed the network: 2 of its tensors .*linear.weight",
    ),
    predicting(
        "trains_a_copy_without_end",
        """
import copy
def predict(network, paths):
    mine = copy.deepcopy(network)
    with torch.enable_grad():
        while True: mine(torch.rand(42, 3, 8, 8)).sum().backward()
""",
        says="Too slow: .*time",
    ),
    predicting(
        "swallows_the_interrupt",
        "def predict(network, paths):\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass",
        says="interrupt|time",
    ),
    predicting("ends_the_process", "def predict(network, paths): os._exit(0)", says="process is gone"),
    predicting("returns_without_end", "import itertools\ndef predict(network, paths): return itertools.repeat('x')", says="Too slow|memory"),
    # Which of its two limits strikes first depends on how fast the machine clears pages: on a busy one it is time.
    predicting("takes_all_memory", "def predict(network, paths): return [bytearray(1 << 30) for _ in range(99)]", says="Too slow|[Mm]emory"),
    predicting(
        "forges_the_report",
        """
import json
def forged(value, file): file.write('{"stage": "done", "names": [[]], "untrained": [], "tensors": -1, "numbers": 1e999, "wall_s": true}')
json.dump = forged
""",
        says="left no predictions",
    ),
    predicting(
        "forges_a_failure_with_escapes",
        """
import json
def forged(value, file): file.write(json.dumps({"stage": "fit", "missing": ["\\x1b[2J" * 9999], "counts": [10**400, [], {}], "shapes": [[1], None, [[[[]]], "x", -1]]}))
json.dump = forged
""",
        says="do not fit", never=("GAINED", "\x1b[2J"),
    ),
    predicting(
        "forges_a_report_without_end",
        "import json\ndef forged(value, file):\n    while file.tell() < 200 << 20: file.write('[' * (1 << 20))\njson.dump = forged",
        says="left no predictions",
    ),
    predicting(
        "makes_the_report_a_link",
        """
import json
real = os.open
def opened(path, *more):
    if ".report" in str(path):
        os.symlink("/proc/self/environ", path)
        return real("/dev/null", os.O_WRONLY)
    return real(path, *more)
os.open = opened
""",
        says="left no predictions",
    ),
    predicting(
        "says_that_all_weights_fit",
        "torch.load = lambda *a, **k: {'linear.weight': torch.zeros(42, 192), 'linear.bias': torch.zeros(42)}\nnn.Module.state_dict = lambda self, **k: {}",
        says="0 points|do not fit|left no",
    ),
    predicting("is_no_network", "SpringfieldNet = lambda number: 'a network'", says="made str, not an nn.Module"),
    predicting("is_not_defined", "del predict", says="predict is not defined"),
]  # fmt: skip
NETWORKS = [*FILES, *BEHAVIOURS]
