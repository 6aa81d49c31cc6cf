"""A watcher holds gradebook and class database open; it notices when they are taken away beneath it."""

from __future__ import annotations

from watched_class import Class

from grader.record.database.decisions import grades_of
from grader.record.database.queries import Board
from grader.service.watcher.loop import Loop
from grader.show.export import grade_table


def settle(loop: Loop) -> None:
    while loop.step() or not loop.is_idle:
        pass


def points_on_page(classroom: Class) -> list[tuple[str, float | None]]:
    with Board.open(classroom.course.database_url) as board:
        return [(line.student_id, line.effective_points) for line in grades_of(board) if line.assignment == "resnet"]


def test_a_lost_database_is_filled_again_while_the_watcher_runs(classroom: Class, hand_in) -> None:
    course = classroom.course
    hand_in("lisa", "resnet", "reference")
    with classroom.looping() as loop:
        settle(loop)
        exported, shown = grade_table(course), points_on_page(classroom)
        for name in ("gradebook.db", "board/class.db"):
            path = course.root / name
            for file in path.parent.glob(f"{path.name}*"):
                file.unlink()
        settle(loop)
        assert grade_table(course) == exported
        assert points_on_page(classroom) == shown
        hand_in("bart", "resnet", "untouched")
        loop.look_at_once()
        settle(loop)
        assert [line.student for line in grade_table(course)] == ["bart", "lisa"]
