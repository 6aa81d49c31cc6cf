"""Attacks on the contest: labels, and what a run leaves behind as `submission.csv`."""

# ruff: noqa: E501  attacks are programs inside strings: a line that is broken is another program
from __future__ import annotations

from attacks import TRY, Attack


def leaving(name: str, code: str, *, says: str = "", **more: object) -> Attack:
    """The notebook leaves something that is no submission: nothing is earned, and the reason is said."""
    return Attack(name, {"task1_predict": f"{TRY}\n{code}"}, slug="town", earns=(), prints="tried", says=says, **more)  # type: ignore[arg-type]


LINES = "import os\nnames = sorted(os.listdir('testset/testset'))\n"
CONTEST = [
    leaving(
        "hunts_for_labels",
        """
import glob, json
for top in ("/kaggle", "/opt", "/tmp", "/home"):
    for path in glob.glob(top + "/**/*", recursive=True):
        if os.path.isfile(path):
            seek(path, open(path, "rb").read())
            if "answer" in path or "private" in path or "public" in path: print(WON, path)
names = sorted(os.listdir("testset/testset"))
attempt("a label in a name", lambda: [n for n in names if "simpson" in n] or None)
attempt("a label in a picture", lambda: [n for n in names if b"simpson" in open("testset/testset/" + n, "rb").read()] or None)
attempt("an attribute", lambda: [a for n in names for a in os.listxattr("testset/testset/" + n)] or None)
attempt("a link", lambda: [n for n in names if os.path.islink("testset/testset/" + n)] or None)
attempt("a second name", lambda: [n for n in names if os.stat("testset/testset/" + n).st_nlink > 1] or None)
attempt("times", lambda: len({os.stat("testset/testset/" + n).st_mtime_ns for n in names}) > 1 or None)
attempt("write", lambda: open("testset/testset/" + names[0], "ab"))
attempt("up", lambda: os.listdir("/kaggle/input/journey-springfield/../answers"))
""",
    ),
    leaving(
        "leaves_a_link_to_the_answers",
        "os.symlink('/kaggle/input/journey-springfield/../../answers/answers.csv', 'submission.csv')",
        says="ordinary file",
    ),
    leaving(
        "leaves_a_link_to_a_secret_of_the_host", "os.symlink('/etc/passwd', 'submission.csv')", says="ordinary file"
    ),
    leaving("leaves_a_pipe", "os.mkfifo('submission.csv')", says="ordinary file"),
    leaving("leaves_a_folder", "os.mkdir('submission.csv')", says="ordinary file|no file"),
    leaving(
        "leaves_a_socket",
        "import socket\nsocket.socket(socket.AF_UNIX).bind('submission.csv')",
        says="no file|ordinary",
    ),
    leaving(
        "leaves_a_sparse_file", "with open('submission.csv', 'wb') as f: f.truncate(60 << 20)", says="ordinary file"
    ),
    leaving(
        "leaves_a_file_that_may_not_be_read",
        "open('submission.csv', 'w').write('Id,Expected\\n'); os.chmod('submission.csv', 0)",
    ),
    leaving(
        "leaves_names_that_are_no_text",
        "open(b'\\xff\\xfe.csv', 'w').close(); open('\\x1b[2J<script>.csv', 'w').close(); open('a\\nb.csv', 'w').close()",
        says="no file",
    ),
    leaving(
        "leaves_formulas",
        LINES + "open('submission.csv', 'w').write('Id,Expected\\n' + ''.join(f'{n},=cmd|calc!A1\\n' for n in names))",
    ),
    leaving(
        "leaves_a_label_for_another_image",
        LINES
        + "open('submission.csv', 'w').write('Id,Expected\\n' + ''.join(f'../{n},homer_simpson\\n' for n in names))",
    ),
    leaving(
        "leaves_every_label_for_every_image",
        LINES
        + "open('submission.csv', 'w').write('Id,Expected\\n' + ''.join(f'{n},{c}\\n' for n in names for c in sorted(os.listdir('train/simpsons_dataset'))))",
    ),
    leaving("leaves_the_sample", "import shutil\nshutil.copy('sample_submission.csv', 'submission.csv')"),
    leaving("leaves_a_csv_of_zero_bytes", "open('submission.csv', 'wb').write(bytes(1_000_000))"),
    leaving("leaves_a_million_columns", "open('submission.csv', 'w').write(',' * 1_000_000 + '\\n' + ',' * 1_000_000)"),
    leaving(
        "leaves_half_characters",
        LINES
        + "open('submission.csv', 'wb').write(b'Id,Expected\\n' + b''.join(n.encode() + b',\\xff\\xed\\xa0\\x80\\n' for n in names))",
    ),
    leaving(
        "leaves_many_csv_files_with_long_names",
        "for i in range(300): open(f'{i}' + 'x' * 240 + '.csv', 'w').close()",
        says="no file",
    ),
]
