"""What Moodle's web service answers, as far as it is read here."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class _Answer(BaseModel):
    """Something that Moodle says; it says more than is read here."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class MoodleAssignment(_Answer):
    """An assignment.

    Attributes:
        id: its number as an instance, which the web service takes.
        cmid: its number in the address of its page, `view.php?id=`.
        course: number of its course.
        grade: the maximum; below 0 it is graded on a scale, and no points can go there.
    """

    id: int
    cmid: int
    course: int
    name: str = ""
    grade: float = 0


class _Role(_Answer):
    shortname: str = ""


class MoodleUser(_Answer):
    """Somebody in the course; what the token's owner may not see is empty."""

    id: int
    fullname: str = ""
    email: str = ""
    username: str = ""
    idnumber: str = ""
    roles: tuple[_Role, ...] = ()

    @property
    def is_student(self) -> bool:
        """Whether they hand in; also where Moodle does not say who is what."""
        return not self.roles or any(role.shortname == "student" for role in self.roles)


class MoodleFile(_Answer):
    """A file that was handed in; times are seconds since 1970."""

    filename: str
    fileurl: str
    filesize: int = 0
    timemodified: int = 0


class _Area(_Answer):
    area: str = ""
    files: tuple[MoodleFile, ...] = ()


class _Plugin(_Answer):
    type: str = ""
    fileareas: tuple[_Area, ...] = ()


class MoodleSubmission(_Answer):
    """The latest attempt of a student, or of a group, whose `userid` is 0."""

    userid: int
    groupid: int = 0
    status: str = ""
    timemodified: int = 0
    plugins: tuple[_Plugin, ...] = ()

    @property
    def files(self) -> tuple[MoodleFile, ...]:
        """What was handed in as files."""
        return tuple(one for plugin in self.plugins if plugin.type == "file" for area in plugin.fileareas
                     for one in area.files)  # fmt: skip


class _Course(_Answer):
    assignments: tuple[MoodleAssignment, ...] = ()


class Courses(_Answer):
    """What `mod_assign_get_assignments` answers."""

    courses: tuple[_Course, ...] = ()


class _SubmissionsOf(_Answer):
    submissions: tuple[MoodleSubmission, ...] = ()


class Submissions(_Answer):
    """What `mod_assign_get_submissions` answers."""

    assignments: tuple[_SubmissionsOf, ...] = ()


class _Grade(_Answer):
    userid: int
    attemptnumber: int = 0
    grade: float


class _GradesOf(_Answer):
    grades: tuple[_Grade, ...] = ()


class Grades(_Answer):
    """What `mod_assign_get_grades` answers."""

    assignments: tuple[_GradesOf, ...] = ()
