"""Every verb against class folders that are broken in one way each: words and an exit code, whatever it is."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from grader import crashes
from grader.cli import health as doctor
from grader.cli.app import app
from grader.course import new_class
from grader.course.release import release
from grader.record.database import ClassDatabase

ENDLESS = {"watch", "serve", "leaderboard", "demo", "audit"}  # or minutes: only where the class cannot be opened at all
ONLINE = {"dataset download"}


@cache
def verbs() -> dict[str, object]:
    """Every verb with a class folder, as typer knows them: a new one is in here by itself."""
    found = {}
    for name, command in typer.main.get_command(app).commands.items():
        below = getattr(command, "commands", None)
        found |= {f"{name} {one}": verb for one, verb in below.items()} if below else {name: command}
    return {
        name: verb
        for name, verb in found.items()
        if name not in ONLINE and any(parameter.name == "class_dir" for parameter in verb.params)
    }


VALUES = {
    "assignment": "resnet",
    "slug": "resnet",
    "slugs": "resnet",
    "student": "lisa",
    "students": "lisa",
    "when": "2026-12-01",
    "points": "3",
    "per_day": "3",
}


def arguments(verb: str, root: Path, table: Path) -> list[str]:
    """What the verb cannot do without, and an assignment where it takes one."""
    named: list[str] = []
    given: list[str] = []
    for parameter in verbs()[verb].params:
        value = str(root) if parameter.name == "class_dir" else VALUES.get(parameter.name, str(table))
        is_option = parameter.param_type_name == "option"
        if parameter.name == "class_dir" or parameter.required or parameter.name == "slugs":
            if is_option:
                named += [parameter.opts[0], value]
            else:
                given.append(value)
    if verb == "override":
        given, named = [*given, "3"], [*named, "--reason", "x"]
    if verb == "extend":
        named += ["--until", "2026-12-24 23:59", "--reason", "x"]
    return [*verb.split(), *given, *named]


@dataclass(frozen=True)
class Case:
    """One way for a class to be broken.

    Attributes:
        break_: does it.
        says: what has to stand in the message of the verbs that feel it.
        code: their exit code.
        felt_by: these verbs, where the class can be opened.
    """

    break_: Callable[[Path], object]
    says: str
    code: int = 2
    felt_by: tuple[str, ...] = ()


def setting(line: str) -> Callable[[Path], None]:
    """A class.toml with this line at its top, in the place of one of the same name."""

    def write(root: Path) -> None:
        path = root / "class.toml"
        name = line.split(" = ", maxsplit=1)[0]
        kept = [old for old in path.read_text().splitlines() if not old.startswith(f"{name} ")]
        path.write_text("\n".join([line, *kept]) + "\n")

    return write


def deadline(value: str) -> Callable[[Path], None]:
    def write(root: Path) -> None:
        path = root / "class.toml"
        path.write_text(path.read_text().replace('title = "ResNet"', f'title = "ResNet"\ndeadline = {value}'))

    return write


def content(name: str, data: bytes) -> Callable[[Path], None]:
    def write(root: Path) -> None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)

    return write


def folder(name: str) -> Callable[[Path], None]:
    def make(root: Path) -> None:
        (root / name).unlink(missing_ok=True)
        (root / name).mkdir(parents=True)

    return make


def cut(name: str) -> Callable[[Path], None]:
    def write(root: Path) -> None:
        data = (root / name).read_bytes()
        (root / name).write_bytes(data[: len(data) // 2 - 100])

    return write


def a_file_for_a_folder(name: str) -> Callable[[Path], None]:
    def write(root: Path) -> None:
        shutil.rmtree(root / name, ignore_errors=True)
        (root / name).write_bytes(b"no folder")

    return write


GRADEBOOK = ("grade", "release", "export")
ROSTER = ("grade", "invite")
SHUT = {
    "no settings": Case(lambda root: (root / "class.toml").unlink(), "class.toml"),
    "empty settings": Case(content("class.toml", b""), "name: Field required"),
    "settings of bytes": Case(content("class.toml", b"\xff\xfe\x00"), "not UTF-8 text"),
    "settings in a folder": Case(folder("class.toml"), "Is a directory", 1),
    "settings of no TOML": Case(content("class.toml", b"name = = 3"), "not valid TOML"),
    "a number of 5,000 digits": Case(setting(f"slots = {'9' * 5000}"), "not valid TOML"),
    "a number of 5,000 hexadecimal digits": Case(setting(f"slots = 0x{'f' * 5000}"), "slots"),
    "5,000 brackets": Case(setting(f"slots = {'[' * 5000}"), "brackets in brackets"),
    "wrong types": Case(setting('slots = "many"'), "slots"),
    "no database": Case(setting('gradebook = ""'), "gradebook: "),
    "a database that is not known": Case(setting('gradebook = "mysql://u:p@h/x"'), "sqlite:///path"),
    "a database in memory": Case(setting('database = "sqlite://"'), "would be lost"),
    "a deadline of the year 1": Case(deadline("0001-01-01"), "a year from 2000 to 2999"),
    "a deadline that is a number": Case(deadline("5"), "expected a moment"),
}
OPEN = {
    "a gradebook in a folder that is not there": Case(
        setting('gradebook = "sqlite:///nope/gradebook.db"'), "there is no folder", 2, GRADEBOOK
    ),
    "a server that does not run": Case(
        setting('gradebook = "postgresql+psycopg://u:secret@127.0.0.1:9/x"'), "server running", 1, GRADEBOOK
    ),
    "a gradebook of garbage": Case(content("gradebook.db", b"garbage" * 999), "gradebook.db", 1, GRADEBOOK),
    "half a gradebook": Case(cut("gradebook.db"), "gradebook.db", 1, GRADEBOOK),
    "a gradebook that is a folder": Case(folder("gradebook.db"), "is a folder", 1, GRADEBOOK),
    "no gradebook": Case(lambda root: (root / "gradebook.db").unlink(), "", 1, ()),
    "a class database of garbage": Case(
        content("board/class.db", b"garbage" * 999), "class.db", 1, ("grade", "export", "log", "invite", "access")
    ),
    "a class database that is a folder": Case(folder("board/class.db"), "class.db", 1, ("grade", "export", "log")),
    "a file for the class database's folder": Case(
        a_file_for_a_folder("board"), "board", 1, ("grade", "export", "log")
    ),
    "a file for the ledger": Case(a_file_for_a_folder("ledger"), "", 1, ()),
    "a file for the releases": Case(a_file_for_a_folder("release"), "", 1, ()),
    "a file for the submissions": Case(a_file_for_a_folder("submitted"), "", 1, ()),
    "a roster that is a workbook": Case(content("roster.csv", b"PK\x03\x04xlsx"), "Save as, CSV", 2, ("grade",)),
    "a roster without ids": Case(content("roster.csv", b"name\nLisa\n"), "['name']", 2, ROSTER[:1]),
    "a roster in bytes": Case(content("roster.csv", bytes(range(256))), "roster.csv", 2, ("grade",)),
    "a roster of UTF-16": Case(content("roster.csv", "id;name\nlisa;Лиза\n".encode("utf-16")), "", 0, ("grade",)),
    "a submission without a notebook": Case(folder("submitted/lisa/resnet"), "No notebook", 1, ("grade",)),
    "a data set of garbage": Case(content("dataset/answers/dataset.json", b"[]"), "", 1, ()),
    "a source of garbage": Case(content("source/resnet/resnet.ipynb", b"<html>"), "web page", 2, ("release",)),
    "Kaggle's scores of garbage": Case(content("kaggle/springfield.csv", b"\xff\xfe"), "", 1, ()),
}


@pytest.fixture(scope="module")
def small_class(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class with one assignment, released; copy it, do not write in it."""
    course = new_class.init(tmp_path_factory.mktemp("small") / "class", name="Test class", language="en")
    for other in set(course.slugs()) - {"resnet"}:
        shutil.rmtree(course.source / other)
    release(course, "resnet")
    ClassDatabase.open(course.database_url).close()  # made once: its migrations take most of the time
    return course.root


@pytest.fixture
def root(small_class: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_class, tmp_path / "class"))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., tuple[int, str]]]:
    """Run a verb here; no report of a crash may be left."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(doctor, "_sandbox_promises", lambda course: iter(()))  # seconds each, and tried elsewhere
    monkeypatch.chdir(tmp_path)

    def invoke(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, list(words))
        said = done.output + done.stderr
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert "Traceback" not in said
        assert "itself failed" not in said, said
        assert done.exit_code in (0, 1, 2), said
        assert "secret" not in said
        return done.exit_code, said

    yield invoke
    assert not list(tmp_path.glob(f"{crashes.PREFIX}*"))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    path.write_text("id,team,student\nlisa,lisa,lisa\n")
    return path


QUICK = ("grade", "export", "release", "invite")


@pytest.mark.parametrize("name", SHUT)
def test_where_a_class_cannot_be_opened_verbs_say_why(name, root: Path, table: Path, run) -> None:
    SHUT[name].break_(root)
    for verb in QUICK:
        require_reason(verb, SHUT[name], *run(*arguments(verb, root, table)))


@pytest.mark.slow
@pytest.mark.parametrize("name", SHUT)
def test_where_a_class_cannot_be_opened_every_verb_says_why(name, root: Path, table: Path, run) -> None:
    SHUT[name].break_(root)
    for verb in set(verbs()) - {"init"}:  # which makes a class, and opens none
        code, said = run(*arguments(verb, root, table))
        if verb in ("demo", "doctor"):  # the one makes a class where there is none, the other has findings
            assert code in (1, 2), said
            assert "what to do:" in said
        else:
            require_reason(verb, SHUT[name], code, said)


def require_reason(verb: str, case: Case, code: int, said: str) -> None:
    assert (verb, code) == (verb, case.code), said
    assert case.says in said, verb
    assert code == 0 or "what to do:" in said or "not graded" in said, (verb, said)


@pytest.mark.parametrize("name", OPEN)
def test_where_a_part_of_a_class_is_broken_whoever_needs_it_says_so(name, root: Path, table: Path, run) -> None:
    case = OPEN[name]
    for verb in case.felt_by:
        require_reason(verb, case, *run(*arguments(verb, broken(root, case, verb), table)))


@pytest.mark.slow
@pytest.mark.parametrize("name", OPEN)
def test_where_a_part_of_a_class_is_broken_no_verb_fails_without_words(name, root: Path, table: Path, run) -> None:
    for verb in set(verbs()) - ENDLESS - {"dataset synthesize"}:
        code, said = run(*arguments(verb, broken(root, OPEN[name], verb), table))
        assert code == 0 or "what to do:" in said or "not graded" in said, (verb, said)


def broken(root: Path, case: Case, verb: str) -> Path:
    """A copy of the class for one verb, broken."""
    made = Path(shutil.copytree(root, root.with_name(f"class-{verb.replace(' ', '-')}")))
    case.break_(made)
    return made


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Mounts something over a folder, and takes it away; needs rights that not everybody has."""
    places = []

    def mount(folder: Path, *options: str) -> Path:
        done = subprocess.run(["mount", *options, str(folder)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
        if folder not in places:  # or mounted anew with other options
            places.append(folder)
        return folder

    yield mount
    for place in reversed(places):
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.slow
def test_in_a_read_only_class_every_verb_says_that_it_is(root: Path, table: Path, run, mounted) -> None:
    mounted(root, "--bind", str(root))
    mounted(root, "-o", "remount,ro,bind")
    for verb in verbs():
        if verb in ENDLESS or verb == "dataset synthesize":
            continue
        code, said = run(*arguments(verb, root, table))
        if verb in ("grade", "release", "invite", "deadline"):
            assert (verb, code) == (verb, 1), said
        assert code == 0 or "what to do:" in said, (verb, said)


@pytest.mark.parametrize("free_kib", [0, 64, 256])
def test_on_a_full_disk_nothing_is_called_damaged(root: Path, table: Path, run, mounted, free_kib: int) -> None:
    used = sum(-(-path.stat().st_size // 4096) * 4 for path in root.rglob("*") if path.is_file())
    disk = root.with_name("disk")
    disk.mkdir()
    mounted(disk, "-t", "tmpfs", "-o", f"size={used + free_kib + 4}k", "tmpfs")
    full = Path(shutil.copytree(root, disk / "class"))
    for verb in ("grade", "export", "invite", "deadline"):
        code, said = run(*arguments(verb, full, table))
        assert code == 0 or "what to do:" in said, (verb, said)
        assert "backup" not in said


def test_an_unreadable_folder_of_one_student_is_one_row(root: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make what it cannot read itself")
    from grader.collect.submissions import find_submissions
    from grader.course.folder import Course

    for student in ("bart", "lisa"):
        path = root / "submitted" / student / "resnet" / "resnet.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"{}")
    (root / "submitted" / "bart").chmod(0)
    chain = [path for path in [root / "submitted", *(root / "submitted").parents] if path != Path("/")]
    before = {path: path.stat().st_mode for path in chain}
    try:
        for path in chain:
            path.chmod(before[path] | 0o555)
        course = Course.open(root)
        os.seteuid(65534)
        bart, lisa = find_submissions(course, ["resnet"])
        with pytest.raises(Exception, match=r"bart.*cannot be read: Permission denied.*Run the grader as"):
            bart.read()
        assert lisa.read() == (b"{}", ())
    finally:
        os.seteuid(0)
        for path, mode in before.items():
            path.chmod(mode)
