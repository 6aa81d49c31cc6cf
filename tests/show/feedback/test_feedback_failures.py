"""Where a network fails, in the feedback page."""

from datetime import UTC, datetime

import pytest
from feedback_pages import check, graded, notebook, text_of

from grader.course.folder import Course
from grader.language import speaking
from grader.record.database import AssignmentRecord, ClassDatabase, EntryRecord, RunRecord, RunState
from grader.scoring.failures import Failures, Mistake, Said, count
from grader.show.failures import failures_html
from grader.show.feedback.exporter import noted_failures_html, render
from grader.show.feedback.reading import read_page

PICTURE = "/9j/4AAQSkZJRg=="  # begins as a JPEG does


def found(right: int) -> Failures:
    cells = count([Said("moe", "moe", None, 0)] * right + [Said("moe", "bart", None, 0)] * (9 - right))
    mistakes = (Mistake("moe", "bart", 0.98, PICTURE), Mistake("moe", "", 0.5, "<x>"))
    return Failures("same", cells=cells, mistakes=mistakes)


def run(day: int, failures: Failures) -> RunRecord:
    at = datetime(2026, 3, day, tzinfo=UTC)
    contest = AssignmentRecord("springfield", "Journey", 15.0, is_contest=True)
    return RunRecord(
        key=f"run {day}", student_id="lisa", assignment=contest, content_sha256=f"{day}" * 64, source="folder",
        received_at=at, grader_version="1", assignment_revision="1", started_at=at, finished_at=at, wall_s=1.0,
        state=RunState.SCORED, points=8.0, max_points=15.0, entry=EntryRecord("f1_micro", 90, 100, 8.0),
        failures=failures,
    )  # fmt: skip


def page(course: Course, failures: Failures) -> str:
    made = notebook(check())
    metadata = {"springfield": {"failures": failures.to_json()}}
    with speaking("en"):
        read = read_page(made, graded(task1_block_shape=(0, 2)), frozenset(), "en", "")
        shown = noted_failures_html(metadata, course, "springfield", "lisa")
        return render(read, course, "springfield", graded=None, failures=shown)


def test_the_page_has_the_mistakes_as_pictures_and_what_got_better(english: Course) -> None:
    html = page(english, found(4))
    assert f"data:image/jpeg;base64,{PICTURE}" in html
    assert html.count("<img") == 1  # what is no picture is left out
    assert "Since your last hand-in" not in html
    with ClassDatabase.open(english.database_url) as database:
        database.record_run(run(2, found(4)))
        database.record_run(run(3, found(7)))
    said = text_of(page(english, found(7)))
    assert "7 of 9 pictures are right Since your last hand-in: +3. Better: Moe +3." in said
    assert "Moe 7 / 9 +3" in said


@pytest.mark.parametrize("reason", ["seen", "unsaid", "undefined", "raised", "unusable", "stopped"])
def test_why_there_is_nothing_is_said_as_text(reason: str) -> None:
    html = failures_html(Failures(reason=reason, detail="<script>1</script>"))
    assert "<script" not in html
    assert len(text_of(html)) > 40
