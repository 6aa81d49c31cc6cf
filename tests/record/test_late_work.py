"""Late work on a real class: what is taken off stands alike in nbgrader's gradebook, on the page and in exports."""

from __future__ import annotations

import re
import shutil
from functools import partial
from pathlib import Path

import nbformat
import pytest
from classroom import in_this_process, student_notebook
from nbgrader.apps import NbGraderAPI
from typer.testing import CliRunner, Result

from grader.cli.app import app
from grader.course.folder import Course
from grader.course.gradebook import open_gradebook
from grader.course.nbgrader_config import nbgrader_config
from grader.errors import InvalidConfig
from grader.pipeline import grade_class as grade_class_with_workers
from grader.record import requests
from grader.record.actions import Teacher
from grader.record.database import ClassDatabase
from grader.record.database.decisions import audit_log, grades_of
from grader.record.database.late import CountedRecord, LateBook, counted_of
from grader.record.database.queries import Board
from grader.record.grades import publish_grades
from grader.record.planning import GradingStatus
from grader.record.recounting import recount
from grader.show.export import grade_table
from grader.show.feedback.making import make_feedback

grade_class = partial(grade_class_with_workers, workers=in_this_process)
IN_TIME, TWO_DAYS_LATE = "2026-03-02 20:59:00 UTC", "2026-03-04 05:00:00 UTC"
DEADLINE = "2026-03-02T23:59:00"  # in Moscow
FULL = 17.0  # of the tests


def with_settings(course: Course, late: str, resnet: str = f"deadline = {DEADLINE}") -> Course:
    """The class with these settings."""
    path = course.root / "class.toml"
    text = re.sub(r"(?s)\[late\].*?\n\n", "", path.read_text(), count=1).partition("\n[late]")[0]
    text = re.sub(r'(title = "ResNet"\n)(deadline = .*\n)?(counts = .*\n)?', rf"\1{resnet}\n", text)
    path.write_text(f"{text}\n[late]\n{late}\n")
    return Course.open(course.root)


def hand_in(course: Course, student: str, answer: str, stamp: str) -> None:
    folder = course.submitted / student / "resnet"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "resnet.ipynb").write_text(nbformat.writes(student_notebook(course, "resnet", answer)))
    (folder / "timestamp.txt").write_text(stamp)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def in_formgrader(course: Course, student: str) -> tuple[float, float]:
    """Score and penalty as nbgrader has them; its totals are the difference."""
    with open_gradebook(course) as gradebook:
        found = gradebook.find_submission("resnet", student)
        return found.score, found.late_submission_penalty


def points(course: Course) -> dict[str, float | None]:
    """Points on the page, which has to agree with formgrader and the export."""
    with Board.open(course.database_url) as board:
        found = {line.student_id: line.points for line in grades_of(board) if line.assignment == "resnet"}
    exported = {line.student: line.points for line in grade_table(course) if line.assignment == "resnet"}
    for student, line in exported.items():
        score, penalty = in_formgrader(course, student)
        assert found[student] == line == score - penalty
    return found


def work(course: Course, student: str) -> CountedRecord:
    with Board.open(course.database_url) as board:
        return counted_of(board)[student, "resnet"]


@pytest.fixture(scope="module")
def late_class(released_class: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class in which bart is two days late and lisa is not, graded without rules for late work."""
    root = tmp_path_factory.mktemp("late") / "class"
    shutil.copytree(released_class, root)
    course = with_settings(Course.open(root), "")
    hand_in(course, "lisa", "reference", IN_TIME)
    hand_in(course, "bart", "reference", TWO_DAYS_LATE)
    grade_class(course, ["resnet"])
    return root


@pytest.fixture
def late(late_class: Path, tmp_path: Path) -> Course:
    """Such a class of the test's own."""
    shutil.copytree(late_class, tmp_path / "class")
    return Course.open(tmp_path / "class")


@pytest.fixture
def tenth(late: Course) -> Course:
    """The same class with a tenth a day."""
    course = with_settings(late, 'policy = "percent"\npercent = 10')
    recount(course)
    return course


def test_a_policy_that_comes_later_takes_off_everywhere_and_one_that_goes_gives_back(late: Course) -> None:
    assert points(late) == {"bart": FULL, "lisa": FULL}
    assert (work(late, "bart").days_late, work(late, "bart").taken) == (2, None)

    course = with_settings(late, 'policy = "percent"\npercent = 10')
    changes = recount(course)
    assert [(one.student, one.before, one.after) for one in changes] == [("bart", FULL, 13.6)]
    assert in_formgrader(course, "bart") == (FULL, 3.4)
    assert points(course) == {"bart": 13.6, "lisa": FULL}
    assert recount(course) == []
    make_feedback(course, "resnet", "bart")
    html = (course.feedback / "bart" / "resnet" / "resnet.html").read_text()
    assert "2 days late: −20%, 17 points became 13.6." in html
    assert "Due: 2 March 2026, 23:59 (Europe/Moscow)." in html
    with open_gradebook(course) as gradebook:  # formgrader shows the deadline in UTC
        assert f"{gradebook.find_assignment('resnet').duedate}" == "2026-03-02 20:59:00"
    rows = {row.student: row.status for row in grade_class(course, ["resnet"])}
    assert rows == {"bart": GradingStatus.UNCHANGED, "lisa": GradingStatus.UNCHANGED}

    recount(with_settings(course, ""))
    assert points(course) == {"bart": FULL, "lisa": FULL}


def test_points_given_by_hand_are_late_too(tenth: Course) -> None:
    with open_gradebook(tenth) as gradebook:
        notebook = gradebook.find_submission_notebook("resnet", "resnet", "bart")
        grade = next(grade for grade in notebook.grades if grade.needs_manual_grade)
        grade.manual_score, grade.needs_manual_grade = 3.0, False
        gradebook.db.commit()
    publish_grades(tenth, [("bart", "resnet")])
    assert in_formgrader(tenth, "bart") == (20, 4)
    assert points(tenth)["bart"] == 16


def test_nbgraders_own_autograde_takes_off_the_same(tenth: Course) -> None:
    with open_gradebook(tenth) as gradebook:
        gradebook.find_submission_notebook("resnet", "resnet", "bart").late_submission_penalty = 1.0
        gradebook.db.commit()
    api = NbGraderAPI(config=nbgrader_config(tenth))
    assert api.autograde("resnet", "bart", force=True)["success"]
    assert in_formgrader(tenth, "bart") == (FULL, 3.4)


def test_an_extension_frees_the_student_and_is_logged_and_taken_back(tenth: Course) -> None:
    done = run("extend", "bart", "resnet", "--until", "2026-03-04", "--reason", "ill", "--class", tenth.root)
    assert done.exit_code == 0, done.output
    assert "bart / resnet  13.6 → 17" in done.output
    assert points(tenth) == {"bart": FULL, "lisa": FULL}
    with Board.open(tenth.database_url) as board:
        line = audit_log(board)[0]
        assert (line.action, line.subject, line.detail) == ("extend", "bart / resnet", "2026-03-04T23:59: ill")
    with open_gradebook(tenth) as gradebook:
        assert gradebook.find_submission("resnet", "bart").total_seconds_late == 0
    make_feedback(tenth, "resnet", "bart")
    html = (tenth.feedback / "bart" / "resnet" / "resnet.html").read_text()
    assert "You have an extension until 4 March 2026, 23:59: ill" in html
    assert run("extend", "bart", "resnet", "--drop", "--class", tenth.root).exit_code == 0
    assert points(tenth)["bart"] == 13.6


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("homer", "resnet", "--until", "2026-03-04", "--reason", "ill"), "no student 'homer'"),
        (
            ("bart", "resnet", "--until", "2026-03-02T12:00", "--reason", "ill"),
            "not after the deadline",
        ),
        (("bart", "resnet", "--until", "soon", "--reason", "ill"), "'soon' is no deadline"),
        (("bart", "resnet", "--until", "2026-03-04"), "no reason"),
        (("bart", "resnet"), "needs its end"),
        (("bart", "resnet", "--drop"), "no extension"),
        (("bart", "vgg", "--until", "2026-03-04", "--reason", "ill"), "vgg has no deadline"),
        (("bart", "lisa", "reznet", "--until", "2026-03-04", "--reason", "ill"), "Did you mean 'resnet'?"),
    ],
)
def test_an_extension_that_cannot_be_is_refused_and_changes_nothing(
    late: Course, arguments: tuple[str, ...], said: str
) -> None:
    done = run("extend", *arguments, "--class", late.root)
    assert done.exit_code != 0
    assert said in " ".join(done.output.split())
    with ClassDatabase.open(late.database_url) as database:
        assert LateBook(database).extensions() == {}


def test_the_best_submission_stays_the_grade_and_the_last_one_is_known(late: Course) -> None:
    course = with_settings(late, "", f'deadline = {DEADLINE}\ncounts = "best"')
    hand_in(course, "lisa", "wrong/relu_missing_after_add", TWO_DAYS_LATE)
    for status in (GradingStatus.GRADED, GradingStatus.UNCHANGED):
        rows = {row.student: row for row in grade_class(course, ["resnet"])}
        assert rows["lisa"].status is status
        assert points(course)["lisa"] == FULL
    assert work(course, "lisa").of_submissions == 2
    make_feedback(course, "resnet", "lisa")
    assert "This is the best of your submissions" in (course.feedback / "lisa/resnet/resnet.html").read_text()

    last = with_settings(course, "")
    grade_class(last, ["resnet"])
    assert points(last)["lisa"] < FULL


def test_late_days_pay_and_say_how_many_are_left(late: Course) -> None:
    course = with_settings(late, 'policy = "budget"\ndays = 3')
    recount(course)
    assert points(course) == {"bart": FULL, "lisa": FULL}
    assert (work(course, "bart").days_free, work(course, "bart").days_left, work(course, "lisa").days_left) == (2, 1, 3)
    recount(with_settings(course, 'policy = "budget"\ndays = 1\npercent = 50'))
    assert points(course)["bart"] == 8.5


@pytest.mark.parametrize(
    ("late_rules", "said"),
    [
        ('policy = "percent"', 'policy = "percent" needs how many a day'),
        ('policy = "budget"', "needs how many late days"),
        ('policy = "percent"\npercent = 10\ndays = 3', 'late days need policy = "budget"'),
        ('policy = "percent"\npercent = 101', "less than or equal to 100"),
        ('policy = "often"', "'none', 'percent' or 'budget'"),
        ("grace_minutes = -1", "greater than or equal to 0"),
    ],
)
def test_rules_that_cannot_be_are_refused_with_their_place(late: Course, late_rules: str, said: str) -> None:
    with pytest.raises(InvalidConfig, match=said):
        with_settings(late, late_rules)


def test_the_page_asks_for_an_extension_of_several_students(tenth: Course) -> None:
    with ClassDatabase.open(tenth.database_url) as database:
        teacher = Teacher(tenth, database, "Ms K.", "a" * 32)
        fields = {"students": "bart\nlisa", "assignment": "resnet", "until": "2026-03-05T12:00", "reason": "no power"}
        requests.carry_out(teacher, "extend", fields)
        assert sorted(LateBook(database).extensions()) == [("bart", "resnet"), ("lisa", "resnet")]
    assert [one.student for one in recount(tenth)] == ["bart"]


def with_team(course: Course, roster: str) -> Course:
    (course.root / "roster.csv").write_text(roster, encoding="utf-8")
    return with_settings(course, "", f"deadline = {DEADLINE}\nteams = true")


def test_a_team_has_one_submission_one_row_and_shared_points(late: Course) -> None:
    course = with_team(late, "id,name,team\nlisa,Лиза,Д1\nbart,Барт,Д1\nmaggie,Мэгги,Д1\n")
    hand_in(course, "bart", "wrong/relu_missing_after_add", "2026-03-05 05:00:00 UTC")
    for status in (GradingStatus.GRADED, GradingStatus.UNCHANGED):
        rows = {row.student: row.status for row in grade_class(course, ["resnet"])}
        assert rows == {"bart": status, "lisa": GradingStatus.UNCHANGED}
        found = points(course)
        assert len({found[student] for student in ("lisa", "bart", "maggie")}) == 1
        assert 0 < (found["maggie"] or 0) < FULL
    with Board.open(course.database_url) as board:
        row, *others = board.standings("resnet")
        assert (row.submissions, others) == (3, [])
        assert len({line.points for line in board.overall()}) == 1
        assert len(board.overall()) == 3
    assert run("feedback", "resnet", "--class", course.root).exit_code == 0
    assert (course.feedback / "maggie" / "resnet" / "resnet.html").is_file()

    done = run("extend", "Д1", "resnet", "--until", "2026-03-06", "--reason", "power cut", "--class", course.root)
    assert done.exit_code == 0, done.output
    with ClassDatabase.open(course.database_url) as database:
        assert {student for student, _slug in LateBook(database).extensions()} == {"lisa", "bart", "maggie"}


@pytest.mark.parametrize(
    ("roster", "said"),
    [
        ("id,name\nlisa,Lisa\n", "has no column `team`"),
        ("id,team\nlisa,a\nbart,a\nlisa,b\n", "lisa is in two teams"),
        ("id,team\nlisa,bart\nbart,bart\n", "the id of a student and the name of a team"),
    ],
)
def test_teams_that_cannot_be_are_refused(late: Course, roster: str, said: str) -> None:
    with pytest.raises(InvalidConfig, match=said):
        recount(with_team(late, roster))


def test_what_is_collected_later_is_in_time_where_the_teacher_says_when_it_came(tenth: Course, tmp_path: Path) -> None:
    shutil.rmtree(tenth.submitted)
    source = tmp_path / "from_lms" / "lisa"
    source.mkdir(parents=True)
    (source / "resnet.ipynb").write_text(nbformat.writes(student_notebook(tenth, "resnet", "reference")))
    late = run("collect", "resnet", source.parent, "--class", tenth.root)
    assert "collect with --received" in " ".join(late.output.split())
    in_time = run("collect", "resnet", source.parent, "--received", "2026-03-02T20:00", "--class", tenth.root)
    assert "--received" not in in_time.output
    assert (tenth.submitted / "lisa/resnet/timestamp.txt").read_text().startswith("2026-03-02 17:00:00")
    assert run("collect", "resnet", source.parent, "--received", "soon", "--class", tenth.root).exit_code == 2
