"""The zip archive of feedback files that Moodle takes (`Upload multiple feedback files in a zip`)."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass

from grader.course.folder import Course
from grader.errors import InvalidConfig
from grader.language import _
from grader.lms.matching import matching
from grader.lms.moodle_worksheet import Worksheet
from grader.lms.notes import Note, NoteKind, Notes
from grader.lms.results import ClassResults

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same pages make the same archive


@dataclass(frozen=True)
class FeedbackArchive:
    """An archive to upload.

    Attributes:
        data: the zip.
        count: pages in it.
        notes: whose page is not in it.
    """

    data: bytes
    count: int
    notes: tuple[Note, ...]


def feedback_archive(course: Course, sheet: Worksheet, known: ClassResults) -> FeedbackArchive:
    """Pack the pages that `grader feedback` made, named by the worksheet's participant numbers.

    Raises:
        InvalidConfig: no page can go in.
    """
    notes = Notes()
    lines = [line.listed for line in sheet.lines()]
    found = matching(lines, known.people, sheet.titles_of_numbers(known.slug), known.also_called)
    file = io.BytesIO()
    count = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for at, student in sorted(found.student_of.items()):
            if student not in known.results:
                continue
            page = course.feedback / student / known.slug / f"{known.slug}.html"
            participant = re.search(r"(\d+)\s*$", lines[at].number)
            if not page.is_file() or participant is None:
                notes.add(NoteKind.NO_PAGE, lines[at].shown)
                continue
            folder = f"{_folder_name(lines[at].name)}_{participant[1]}_assignfeedback_file"
            member = zipfile.ZipInfo(f"{folder}/feedback.html", _EPOCH)
            archive.writestr(member, page.read_bytes(), zipfile.ZIP_DEFLATED)
            count += 1
    if not count:
        raise InvalidConfig(
            _("There is no feedback page of {slug} for anybody on the worksheet.").format(slug=known.slug),
            remedy=_("Run `grader feedback {slug}` first.").format(slug=known.slug),
        )
    return FeedbackArchive(file.getvalue(), count, notes.all())


def _folder_name(name: str) -> str:
    """A full name as Moodle puts it into file names: underscores separate what follows."""
    return re.sub(r'[_/\\:*?"<>|\x00-\x1f]+', " ", name).strip(" .") or "student"
