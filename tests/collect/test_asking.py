"""What is asked is answered once: by a table, in the terminal, for the term; and a failure changes nothing."""

from __future__ import annotations

import errno
import json
import os
import time
from pathlib import Path

import pytest
from lms_archives import by, moodle, zipped
from typer.testing import CliRunner

from grader.cli import collecting
from grader.cli.app import app
from grader.collect import placing
from grader.collect.answers import ANSWERS, answers_for, of_mapping, remembered
from grader.collect.folders import gather
from grader.course.folder import Course
from grader.errors import EnvironmentFault, InvalidConfig

ENTRIES = [moodle("lisa", "Lisa Simpson", 1), moodle("m.ivanova", "Ivanova Maria", 2), moodle("", "Tester", 3)]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    (tmp_path / "lms.zip").write_bytes(zipped(ENTRIES))
    return tmp_path / "lms.zip"


def run(course: Course, *arguments: object, said: str = ""):
    command = ["collect", "resnet", *map(str, arguments), "-c", str(course.root)]
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, command, input=said)


def taken(course: Course) -> set[str]:
    return {path.name for path in course.submitted.iterdir()} if course.submitted.exists() else set()


def test_a_name_that_is_nearly_a_student_s_is_suggested_and_never_taken(listed_class: Course, archive: Path) -> None:
    found = gather(listed_class, "resnet", archive)
    assert found.students == ("lisa",)
    assert {one.name: one.candidates for one in found.questions} == {"Ivanova Maria": ("m.ivanova",), "Tester": ()}


@pytest.mark.parametrize("name", ["Anna Petrova", "Олег Иванов", "Smithers", "Homer Simpson"])
def test_a_relative_or_a_stranger_is_not_suggested(listed_class: Course, tmp_path: Path, name: str) -> None:
    (tmp_path / "lms.zip").write_bytes(zipped([by("", f"{name}/resnet.ipynb"), by("lisa", "lisa/resnet.ipynb")]))
    (question,) = gather(listed_class, "resnet", tmp_path / "lms.zip").questions
    assert question.candidates == ()


def test_versions_classes_and_variants_are_no_students(listed_class: Course, tmp_path: Path) -> None:
    roster = "id,name,class,variant,github\n3,Third Student,9А,4,7\nlisa,Lisa Simpson,9Б,5,lisa-s\n"
    (listed_class.root / "roster.csv").write_text(roster, encoding="utf-8")
    names = [
        "resnet_3.ipynb",
        "resnet - 3.ipynb",
        "resnet 7.ipynb",
        "resnet_4.ipynb",
        "9А/resnet.ipynb",
        "5/resnet.ipynb",
    ]
    brought = [by("", name) for name in names] + [by("lisa", "lisa/resnet.ipynb"), by("3", "3_resnet.ipynb")]
    (tmp_path / "lms.zip").write_bytes(zipped(brought))
    found = gather(listed_class, "resnet", tmp_path / "lms.zip")
    assert {one.file: one.student for one in found.taken} == {"lisa/resnet.ipynb": "lisa", "3_resnet.ipynb": "3"}


def test_answers_are_kept_for_the_term(listed_class: Course, archive: Path, tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_text("name,student,perhaps\nIvanova Maria,m.ivanova,\nTester,-,\n")
    said = answers_for(listed_class, tmp_path / "names.csv")
    assert gather(listed_class, "resnet", archive, answers=said, is_dry_run=True).is_complete
    assert not (listed_class.root / ANSWERS).exists()
    assert gather(listed_class, "resnet", archive, answers=said).is_complete
    later = gather(listed_class, "resnet", archive)
    assert (later.students, later.questions) == (("lisa", "m.ivanova"), ())
    assert remembered(listed_class, None).get("IVANOVA  maria") == ("m.ivanova",)


def test_an_answer_that_names_who_left_the_roster_is_asked_again(listed_class: Course, archive: Path) -> None:
    gather(listed_class, "resnet", archive, answers=of_mapping({"Ivanova Maria": "m.ivanova"}))
    (listed_class.root / "roster.csv").write_text("id,name\nlisa,Lisa Simpson\n")
    assert "Ivanova Maria" in {one.name for one in gather(listed_class, "resnet", archive).questions}


def test_an_answer_that_makes_two_people_one_is_doubted(listed_class: Course, tmp_path: Path) -> None:
    (tmp_path / "lms.zip").write_bytes(zipped([moodle("x", "Мария Иванова", 1), moodle("x", "Ivanova Maria", 2)]))
    found = gather(listed_class, "resnet", tmp_path / "lms.zip", answers=of_mapping({"Ivanova Maria": "m.ivanova"}))
    assert not found.is_complete
    assert "--map" in found.skipped[0].remedy


def test_an_answer_that_is_no_student_is_refused(listed_class: Course, tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_text("name,student\nTester,nobody\n")
    with pytest.raises(InvalidConfig, match="line 2: 'nobody' is no student") as caught:
        answers_for(listed_class, tmp_path / "names.csv")
    assert "roster.csv" in caught.value.remedy


def test_the_command_asks_with_a_table_to_fill_in_and_ends_with_1(listed_class: Course, archive: Path) -> None:
    done = run(listed_class, archive)
    assert done.exit_code == 1
    assert "Ivanova Maria,,m.ivanova\nTester,,\n" in done.output  # a table that is saved unread answers nothing
    assert taken(listed_class) == {"lisa"}


def test_a_dry_run_shows_file_student_and_why_and_writes_nothing(listed_class: Course, archive: Path) -> None:
    before = sorted(listed_class.root.rglob("*"))
    done = run(listed_class, archive, "--dry-run")
    assert all(word in done.output for word in ("lisa", "name in roster.csv", "nobody in roster.csv is called so"))
    assert sorted(listed_class.root.rglob("*")) == before


def test_a_complete_archive_ends_with_0_in_json_too(listed_class: Course, tmp_path: Path) -> None:
    (tmp_path / "lms.zip").write_bytes(zipped(ENTRIES[:1]))
    done = run(listed_class, tmp_path / "lms.zip", "--json")
    assert done.exit_code == 0
    (line,) = json.loads(done.output)["taken"]
    assert (line["student"], line["why"]) == ("lisa", "name in roster.csv")


def test_in_a_terminal_suggestions_are_confirmed_and_the_rest_is_asked_one_by_one(
    listed_class: Course, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "_is_conversation", lambda: True)
    done = run(listed_class, archive, said="y\nnobody\n-\n")
    assert done.exit_code == 0, done.output
    assert "There is no such student." in done.output
    assert taken(listed_class) == {"lisa", "m.ivanova"}


def test_who_stops_answering_has_answered_what_was_said_before(
    listed_class: Course, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "_is_conversation", lambda: True)
    done = run(listed_class, archive, said="y\n")
    assert done.exit_code == 1
    assert taken(listed_class) == {"lisa", "m.ivanova"}


def test_a_russian_class_is_asked_in_russian(listed_class: Course, archive: Path) -> None:
    (listed_class.root / "class.toml").write_text('name = "Класс"\nlanguage = "ru"\n')
    said = run(listed_class, archive).output
    assert "чьё это?" in said
    assert "в roster.csv никого так не зовут" in said
    assert "whose" not in said


def test_a_question_s_name_cannot_play_with_the_terminal(listed_class: Course, tmp_path: Path) -> None:
    (tmp_path / "lms.zip").write_bytes(zipped([by("", "\x1b[2J[red]evil[/]\u202e/resnet.ipynb")]))
    said = run(listed_class, tmp_path / "lms.zip").output
    assert "[red]evil[/]" in said
    assert "\x1b[2J" not in said
    assert "\u202e" not in said


def test_a_failure_in_the_middle_leaves_the_class_as_it_was(
    listed_class: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = [by("lisa", "lisa/resnet.ipynb"), by("bart", "bart/resnet.ipynb")]
    (tmp_path / "old.zip").write_bytes(zipped(old))
    gather(listed_class, "resnet", tmp_path / "old.zip")
    before = {path: path.is_file() and path.read_bytes() for path in listed_class.root.rglob("*")}
    new = [by("new", "lisa/resnet.ipynb"), by("new", "bart/resnet.ipynb"), by("new", "andrey/resnet.ipynb")]
    (tmp_path / "new.zip").write_bytes(zipped(new))
    rename, calls = Path.rename, iter(range(100))

    def failing(path: Path, target: Path) -> Path:
        if next(calls) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return rename(path, target)

    monkeypatch.setattr(placing.Path, "rename", failing)
    with pytest.raises(EnvironmentFault, match="No space left"):
        gather(listed_class, "resnet", tmp_path / "new.zip")
    assert {path: path.is_file() and path.read_bytes() for path in listed_class.root.rglob("*")} == before


def test_what_has_not_changed_keeps_the_time_of_its_first_collection(listed_class: Course, tmp_path: Path) -> None:
    (tmp_path / "lms.zip").write_bytes(zipped([by("lisa", "lisa/resnet.ipynb")]))
    gather(listed_class, "resnet", tmp_path / "lms.zip")
    path = listed_class.submitted / "lisa" / "resnet" / "resnet.ipynb"
    os.utime(path, (1_700_000_000, 1_700_000_000))
    gather(listed_class, "resnet", tmp_path / "lms.zip")
    assert path.stat().st_mtime == 1_700_000_000


def test_a_sender_s_clock_decides_no_deadline(listed_class: Course, tmp_path: Path) -> None:
    (tmp_path / "lms.zip").write_bytes(zipped([by("lisa", "lisa/resnet.ipynb", (1999, 1, 1, 0, 0, 0))]))
    gather(listed_class, "resnet", tmp_path / "lms.zip")
    path = listed_class.submitted / "lisa" / "resnet" / "resnet.ipynb"
    assert time.time() - path.stat().st_mtime < 60


@pytest.mark.slow
def test_thousands_of_strange_names_are_asked_about_in_seconds(listed_class: Course, tmp_path: Path) -> None:
    (tmp_path / "lms.zip").write_bytes(zipped([by("", f"Some Body {n}/resnet.ipynb") for n in range(2000)]))
    started = time.process_time()
    assert len(gather(listed_class, "resnet", tmp_path / "lms.zip").questions) == 2000
    assert time.process_time() - started < 20


@pytest.mark.parametrize("name", ["\0resnet.ipynb", " .ipynb", " / /resnet.ipynb", "_1_2_.ipynb", "_attempt_1.ipynb"])
def test_names_of_nothing_are_asked_about_or_left_out(listed_class: Course, tmp_path: Path, name: str) -> None:
    """Python's own `ZipInfo.is_dir` fails on an entry without a name."""
    (tmp_path / "lms.zip").write_bytes(zipped([by("", name), by("lisa", "lisa/resnet.ipynb")], "utf-8"))
    assert gather(listed_class, "resnet", tmp_path / "lms.zip").students == ("lisa",)
