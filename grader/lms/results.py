"""What goes out: who is in the class, and what each of them earned for one assignment."""

from __future__ import annotations

from dataclasses import dataclass

from grader.collect.answers import remembered
from grader.course.folder import Course
from grader.course.gradebook import open_gradebook
from grader.course.roster import ROSTER, Person, read_people
from grader.errors import InvalidConfig
from grader.language import _
from grader.lms.comments import comment_of
from grader.record.database import ClassDatabase, RunRecord
from grader.record.database.late import CountedRecord, LateBook
from grader.show.export import GradeLine, grade_table, reports_that_count


@dataclass(frozen=True)
class Result:
    """One student's points for one assignment, and what there is to say about them.

    Attributes:
        line: points as `grader export` has them.
        run: the run that they come from; None where the class database has lost it.
        has_unread_answers: whether the gradebook waits for a teacher's points.
        late_penalty: points taken off for being late.
        counted: how late it was, where that is known.
    """

    line: GradeLine
    run: RunRecord | None
    has_unread_answers: bool = False
    late_penalty: float = 0.0
    counted: CountedRecord | None = None

    @property
    def student(self) -> str:
        """The student's id."""
        return self.line.student

    @property
    def comment(self) -> str:
        """For the student, HTML."""
        return comment_of(self.line, self.run, self.late_penalty, self.counted)

    @property
    def waits_for_teacher(self) -> bool:
        """Whether points may still be added; those that a teacher has set as a whole are final."""
        return self.has_unread_answers and not self.line.reason


@dataclass(frozen=True)
class ClassResults:
    """One assignment of a class.

    Attributes:
        slug: the assignment.
        title: what people call it.
        people: the roster, and behind it graded students who are not on it.
        results: by student id.
        also_called: names under which a teacher has known a student before, by id.
    """

    slug: str
    title: str
    people: tuple[Person, ...]
    results: dict[str, Result]
    also_called: dict[str, tuple[str, ...]]

    def name_of(self, student: str) -> str:
        """The name as the class has it, else the id."""
        return next((person.name for person in self.people if person.id == student), "") or student


def results_of(course: Course, slug: str) -> ClassResults:
    """Everybody in the class, and their points for one assignment.

    Raises:
        InvalidConfig: there is no such assignment, nothing of it was graded, or the roster is no table.
        EnvironmentFault: gradebook or class database cannot be read.
    """
    course.require(slug)
    lines = {line.student: line for line in grade_table(course) if line.assignment == slug}
    if not lines:
        raise InvalidConfig(
            _("Nothing of {slug} has been graded.").format(slug=slug),
            remedy=_("Run `grader grade {slug}` first.").format(slug=slug),
        )
    with ClassDatabase.open(course.database_url) as database:
        counted = LateBook(database).counted()
        found = reports_that_count(database, counted, slug)
        runs = {student: report.record for (student, _slug), report in found.items()}
    with open_gradebook(course) as gradebook:
        results = {
            student: Result(
                lines[student],
                runs.get(student),
                submission.needs_manual_grade,
                float(submission.late_submission_penalty),
                counted.get((student, slug)),
            )
            for submission in gradebook.assignment_submissions(slug)
            if (student := submission.student.id) in lines
        }
    return ClassResults(slug, course.title(slug), people_of(course, lines), results, also_called(course))


def people_of(course: Course, lines: dict[str, GradeLine] | None = None) -> tuple[Person, ...]:
    """The roster, and behind it graded students who are not on it.

    Raises:
        InvalidConfig: the roster is no table.
    """
    path = course.root / ROSTER
    people = {person.id: person for person in (read_people(path) if path.exists() else ())}
    for student, line in (lines or {}).items():
        people.setdefault(student, Person(student, line.name, ""))
    return tuple(people.values())


def also_called(course: Course) -> dict[str, tuple[str, ...]]:
    """Names by student id that a teacher answered when `grader collect` asked whose a submission was.

    Raises:
        InvalidConfig: the file of answers cannot be read or is no table.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, students in remembered(course, None).by_name.items():
        for student in students:
            found[student] = (*found.get(student, ()), name)
    return found
