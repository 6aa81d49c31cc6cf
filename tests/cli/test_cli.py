"""The command `grader` as a person or a script uses it: exit codes, JSON, and messages for bad input."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from classroom import HandIn
from command_line import grader
from typer.testing import CliRunner

from grader.cli.app import app
from grader.course.folder import Course

DATASET_VERBS = ("import", "download", "synthesize", "add-test", "solve")


def test_every_verb_has_help_with_an_example() -> None:
    verbs = ["init", "release", "collect", "grade", "feedback", "leaderboard", "export", "audit", "doctor", "demo"]
    verbs += ["import-kaggle", "integrity", "rejudge", "watch", "serve", "invite", "revoke", "access", "override"]
    verbs += ["regrade", "deadline", "quota", "waiting", "anomalies", "log", "backup", "restore"]
    of_groups = [["dataset", name] for name in DATASET_VERBS] + [
        ["moodle", name] for name in ("pull", "push", "roster")
    ]
    for verb in [[v] for v in verbs] + of_groups:
        shown = CliRunner().invoke(app, [*verb, "--help"])
        assert shown.exit_code == 0
        assert "Example:" in shown.stdout, verb
    assert grader("grade", "--help").returncode == 0


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["grade", "--help"], ["dataset", "--help"]])
def test_help_is_shown_without_the_libraries_that_verbs_need(arguments: list[str]) -> None:
    heavy = {"torch", "numpy", "pandas", "pydantic", "sqlalchemy", "alembic", "nbformat", "nbgrader", "nbconvert"}
    heavy |= {"jupyter_client", "zmq", "babel", "streamlit", "sklearn", "scipy", "matplotlib", "PIL", "rich.progress"}
    if arguments != ["--help"]:
        heavy.remove("pydantic")  # typer itself reads an option's value with it
    code = "import sys; from grader.cli.app import app; app(standalone_mode=False); print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    loaded = set(shown.stdout.splitlines()[-1].split())
    assert "typer" in loaded
    assert loaded & heavy == set()


def test_a_class_from_init_to_export(tmp_path: Path, course: Course, hand_in: HandIn) -> None:
    made = grader("init", tmp_path / "mine", "--name", 'Класс "7Б"', "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["assignments"] == course.slugs()
    assert Course.open(tmp_path / "mine").config.name == 'Класс "7Б"'

    hand_in("=lisa", "resnet", "untouched")
    graded = grader("grade", "resnet", "--json", cwd=course.root)
    assert graded.returncode == 0, graded.stderr
    (line,) = json.loads(graded.stdout)["submissions"]
    assert (line["student"], line["standing"], line["points"]) == ("=lisa", "graded", 0)
    assert all(task["message"] for task in line["tasks"])
    assert grader("feedback", "resnet", cwd=course.root).returncode == 0
    exported = grader("export", cwd=course.root)
    assert exported.stdout.splitlines()[1].startswith("'=lisa,")  # no formula reaches the spreadsheet


@pytest.mark.slow
def test_what_ran_without_a_sandbox_is_warned_of_and_graded_again_with_one(course: Course, hand_in: HandIn) -> None:
    hand_in("homer", "resnet", "reference")
    bare = grader("grade", "resnet", "--unisolated", "--json", cwd=course.root, PATH=str(course.root))
    assert "without a sandbox" in bare.stderr
    again = grader("grade", "resnet", "--json", cwd=course.root)
    lines = [json.loads(result.stdout)["submissions"][0] for result in (bare, again)]
    assert [line["standing"] for line in lines] == ["graded", "graded"]
    assert lines[0]["points"] == lines[1]["points"] > 10


@pytest.mark.slow
def test_not_graded_is_exit_code_1_and_usage_is_2(course: Course, hand_in: HandIn) -> None:
    hand_in("homer", "resnet", b"no notebook")
    assert grader("grade", "resnet", cwd=course.root).returncode == 1
    assert grader("grade", "--no-such-option", cwd=course.root).returncode == 2
    assert grader("grade", "resnet", "--student", "nobody", cwd=course.root).returncode == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["grade"], 2, ["class.toml", "grader init"]),
        (["init", "{full}"], 2, ["not an empty folder"]),
        (["release", "nothing", "-c", "{class}"], 2, ["nothing.ipynb", "resnet"]),
        (["collect", "resnet", "{broken}", "-c", "{class}"], 1, ["not a zip archive"]),
        (["collect", "resnet", "{climbing}", "-c", "{class}"], 1, ["leads out of its folder"]),
        (["collect", "resnet", "{class}/nowhere", "-c", "{class}"], 1, ["There is no"]),
        (["dataset", "import", "{broken}", "-c", "{class}"], 1, ["zip"]),
        (["dataset", "solve", "{broken}"], 1, ["zip"]),
        (["grade", "-c", "{typo}"], 2, ["2 mistakes", "limits.wall_s", "slotz"]),
        (["grade", "-c", "{notoml}"], 2, ["not valid TOML"]),
    ],
    ids=[
        "no class",
        "full",
        "no assignment",
        "broken zip",
        "zip slip",
        "no source",
        "broken data",
        "broken data to solve",
        "typo",
        "no toml",
    ],
)
def test_bad_input_says_what_was_found_and_what_to_do(course: Course, tmp_path: Path, arguments, code, words) -> None:
    places = {name: tmp_path / name for name in ("full", "typo", "notoml")}
    for folder in places.values():
        folder.mkdir()
        (folder / "x").write_text("x")
    (places["typo"] / "class.toml").write_text('name = "x"\nslotz = 3\n[limits]\nwall_s = -1\n')
    (places["notoml"] / "class.toml").write_text("name = = 3")
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    with zipfile.ZipFile(tmp_path / "climbing.zip", "w") as archive:
        archive.writestr("../../evil.ipynb", "{}")
    places |= {"class": course.root, "broken": tmp_path / "broken.zip", "climbing": tmp_path / "climbing.zip"}
    done = grader(*[str(a).format(**places) for a in arguments], cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr, done.stderr
    assert "what to do:" in done.stderr


@pytest.mark.slow
def test_without_bubblewrap_nothing_is_graded_and_it_says_so(course: Course, hand_in: HandIn, tmp_path: Path) -> None:
    hand_in("lisa", "resnet", "reference")
    done = grader("grade", "resnet", "--json", cwd=course.root, PATH=str(tmp_path))
    assert done.returncode == 1
    (line,) = json.loads(done.stdout)["submissions"]
    assert line["standing"] == "not_graded"
    assert "bubblewrap" in line["problem"]
    assert "apt-get install bubblewrap" in line["problem"]
    doctor = grader("doctor", PATH=str(tmp_path))
    assert doctor.returncode == 1
    assert "bubblewrap" in doctor.stdout
