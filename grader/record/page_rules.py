"""Copy what the page has to know of each assignment into the class database."""

from __future__ import annotations

from dataclasses import replace

from grader.collect.uploads import PageRules
from grader.course.assignment import load_assignment
from grader.course.folder import Course
from grader.datasets.layout import load_answer_key
from grader.errors import InvalidAssignment, MissingDataset
from grader.record.database import AssignmentRecord, ClassDatabase
from grader.record.database.decisions import Decisions


def publish_rules(course: Course, database: ClassDatabase) -> None:
    """Store every released assignment with its deadline, and how it is handed in."""
    found: dict[str, PageRules] = {}
    records = []
    for slug in course.slugs():
        try:
            assignment = load_assignment(course.gradebook_url, slug)
        except InvalidAssignment:
            continue  # not released: nobody can hand it in
        found[slug] = _rules(course, slug, tuple(cell.grade_id for cell in assignment.cells))
        records.append(assignment_record(course, slug, assignment.max_points))
    database.ensure_assignments(records)
    Decisions(database).set_rules((slug, rules.to_json()) for slug, rules in found.items())


def assignment_record(course: Course, slug: str, max_points: float) -> AssignmentRecord:
    """An assignment as the class database has it; one that the class folder does not have has no position."""
    slugs = course.slugs()
    return AssignmentRecord(
        slug=slug,
        title=course.title(slug),
        max_points=max_points,
        is_contest=course.assignment_config(slug).contest,
        deadline=course.config.deadline_of(slug),
        position=slugs.index(slug) if slug in slugs else None,
    )


def _rules(course: Course, slug: str, cell_ids: tuple[str, ...]) -> PageRules:
    if not course.assignment_config(slug).contest:
        return PageRules(cell_ids=cell_ids)
    contest = course.config.contest
    rules = PageRules(
        source=course.assignment_config(slug).source,
        cell_ids=cell_ids,
        table=contest.thresholds,
        grade_on=contest.grade_on,
        quota=contest.quota,
        has_ladder=contest.has_ladder,
    )
    try:
        key = load_answer_key(course.dataset)
    except MissingDataset:
        return rules
    # Names alone, in an order that tells nothing: the answers' own order need not be the images'.
    return replace(
        rules,
        image_ids=tuple(sorted(key.ids)),
        classes=tuple(sorted(key.classes)),
        public_total=len(key.public_ids),
    )
