"""Put an upload into `submitted/<student>/<slug>/` as a whole, where nbgrader and `grader grade` look for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from grader.course import Course
from grader.errors import EnvironmentFault
from grader.files import lay_out, replacing_folder
from grader.submissions import TIMESTAMP, Submission, find_submissions


def place(course: Course, student: str, slug: str, files: Mapping[str, bytes], received_at: datetime) -> Submission:
    """Replace what the student handed in before.

    Args:
        course: the class.
        student: id, already checked to be a folder's name.
        slug: the assignment.
        files: by relative path; paths that lead outside are left out.
        received_at: when the page had the file, with a time zone.

    Raises:
        EnvironmentFault: it cannot be written; what lay there before stays.
    """
    target = course.submitted / student / slug
    try:
        with replacing_folder(target, ".placing-") as made:
            lay_out(made, tuple(files.items()))
            stamp = received_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f UTC")
            (made / TIMESTAMP).write_text(stamp, encoding="utf-8")
    except OSError as error:
        raise EnvironmentFault(f"The upload of {student} cannot be written: {error.strerror}.") from error
    return find_submissions(course, [slug], [student])[0]
