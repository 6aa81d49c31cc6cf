"""Attacks with the folder that is handed in: links, special files, what lies beside the notebook, the student's name."""

# ruff: noqa: E501  attacks are programs inside strings: a line that is broken is another program
from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path

from attacks import TRY, Attack, on_block
from gate import WRONG_BLOCK

WRONG = {"task1_block": WRONG_BLOCK}


class Bomb:
    """Whoever unpickles it is hurt."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("touch /tmp/sg-hostile-unpickled",)


def replaced(how: Callable[[Path], None]) -> Callable[[Path], None]:
    """The notebook itself becomes something else."""

    def change(folder: Path) -> None:
        notebook = folder / "gate.ipynb"
        notebook.unlink()
        how(notebook)

    return change


def folder(name: str, change: Callable[[Path], None], **more: object) -> Attack:
    return Attack(name, WRONG, folder=change, **more)  # type: ignore[arg-type]


def _link_beside(name: str, target: str) -> Callable[[Path], None]:
    code_folder = {"n": name, "t": target}
    return lambda folder: (folder / code_folder["n"]).symlink_to(code_folder["t"])


def _deep(folder: Path) -> None:
    here = Path.cwd()
    os.chdir(folder)
    try:
        for _ in range(1100):
            os.mkdir("d")  # noqa: PTH102  the path would be too long
            os.chdir("d")
    finally:
        os.chdir(here)


def _seek_beside(name: str, change: Callable[[Path], None]) -> Attack:
    code = "for top, _, names in os.walk('.'):\n    for n in names:\n        seek(n, open(os.path.join(top, n), 'rb').read())\nprint(sorted(os.listdir('.')))"
    return Attack(name, on_block(code), folder=change, prints="tried")


def name(attack: str, student: str, **more: object) -> Attack:
    return Attack(attack, WRONG, student=student, **more)  # type: ignore[arg-type]


FOLDERS = [
    _seek_beside("links_to_the_class_configuration", _link_beside("data", "../../../class.toml")),
    _seek_beside("links_to_the_answers_folder", _link_beside("data", "../../../dataset/answers")),
    _seek_beside("links_to_another_students_folder", _link_beside("data", "../../bystander/gate")),
    _seek_beside("links_to_itself", _link_beside("loop", ".")),
    folder("hands_in_pipes", lambda f: os.mkfifo(f / "pipe")),
    folder(
        "is_a_link_to_another_notebook",
        replaced(lambda p: p.symlink_to("../../bystander/gate/gate.ipynb")),
        is_graded=False,
        earns=(),
        says="No notebook",
    ),
    folder(
        "is_a_link_to_the_source",
        replaced(lambda p: p.symlink_to("../../../source/gate/gate.ipynb")),
        is_graded=False,
        earns=(),
        says="No notebook",
    ),
    folder("is_a_pipe", replaced(os.mkfifo), is_graded=False, earns=(), says="No notebook"),
    folder("is_a_folder", replaced(Path.mkdir), is_graded=False, earns=(), says="No notebook"),
    folder("is_a_device", replaced(lambda p: p.symlink_to("/dev/zero")), is_graded=False, earns=(), says="No notebook"),
    folder(
        "hands_in_300_files",
        lambda f: [(f / f"{i}.txt").write_text("x") for i in range(300)] and None,
        is_graded=False,
        earns=(),
        says="files",
    ),
    folder("hands_in_a_deep_folder", _deep, alone=True),
    folder(
        "hands_in_a_sparse_terabyte",
        lambda f: os.truncate(os.open(f / "big", os.O_CREAT | os.O_WRONLY), 1 << 40),
        is_graded=False,
        earns=(),
        says="MiB",
    ),
    folder(
        "hands_in_a_time_stamp_of_nonsense",
        lambda f: (f / "timestamp.txt").write_bytes(b"\xff\x00 99999-99-99 <script>" * 100),
    ),
    folder(
        "hands_in_a_time_stamp_of_the_year_1", lambda f: (f / "timestamp.txt").write_text("0001-01-01 00:00:00 +1400")
    ),
    folder(
        "hands_in_a_time_stamp_of_the_year_9999",
        lambda f: (f / "timestamp.txt").write_text("9999-12-31 23:59:59 -1400"),
    ),
    folder("hands_in_a_time_stamp_that_is_a_link", lambda f: (f / "timestamp.txt").symlink_to("../../../class.toml")),
    folder(
        "hands_in_a_file_whose_name_is_no_text",
        lambda f: Path(os.fsdecode(bytes(f) + b"/\xff\xfe.txt")).write_text("x"),
        alone=True,
    ),
    Attack(
        "hands_in_a_pickle_as_weights",
        on_block("import torch\ntry: torch.load('model.pt')\nexcept Exception as e: print(type(e).__name__)"),
        files={"model.pt": pickle.dumps(Bomb()), "weights.pkl": pickle.dumps(Bomb())},
        prints="tried",
    ),
    Attack(
        "hands_in_modules_that_shadow_others",
        on_block("", block=WRONG_BLOCK),
        files={
            "grader.py": b"print('shadowed')",
            "torch.py": b"raise SystemExit",
            "sitecustomize.py": b"import os; os._exit(1)",
            "conftest.py": b"raise SystemExit",
            ".env": b"X=1",
        },
        prints="tried",
    ),
    Attack(
        "hands_in_startup_files",
        {"task1_block": TRY + WRONG_BLOCK},
        files={
            "ipython_config.py": b"c.InteractiveShellApp.exec_lines = ['100']",
            ".ipython/profile_default/startup/x.py": b"x=1",
            "jupyter_config.json": b"{}",
        },
        prints="tried",
    ),
    name("named_with_html", "<img src=x onerror=alert(1)>"),
    name("named_with_sql", "x'); DROP TABLE student;--"),
    name("named_with_a_formula", "=cmd|'calc'!A1"),
    name("named_with_terminal_commands", "x\x1b[2J\x07\x9b31m"),
    name("named_with_line_breaks", "a\nb\rc\td"),
    name("named_like_a_pattern", "[a-z]*?{x}"),
    name("named_like_a_star", "*"),
    name("named_with_200_letters", "y" * 200),
    name("named_with_formats", "%s%n{0}{{x}}$HOME`id`"),
    name("named_with_rich_markup", "[bold red]boo [link=x]"),
    name("named_with_arabic_and_overrides", "\u202egnp\u202c\u0645\u0631\u062d\u0628\u0627"),
    name("named_like_a_hidden_folder", ".recording-x"),
    name(
        "named_with_bytes_that_are_no_text",
        os.fsdecode(b"\xff\xfe"),
        alone=True,
        is_graded=False,
        earns=(),
        says="not UTF-8 text",
    ),
]
