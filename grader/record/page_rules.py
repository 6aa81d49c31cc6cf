"""Copy what the page has to know of each assignment into the class database."""

from __future__ import annotations

import math
from dataclasses import replace

from grader.collect.uploads import PageRules
from grader.course.assignment import Assignment, load_assignment
from grader.course.folder import Course
from grader.datasets import baselines
from grader.datasets.layout import load_answer_key
from grader.errors import InvalidAssignment, MissingDataset
from grader.record.database import AssignmentRecord, ClassDatabase
from grader.record.database.decisions import Decisions
from grader.record.teams import publish_teams

# A class without a goal of its own is to reach so much of what the tests can give, every one of it.
_GOAL_SHARE = 2 / 3


def publish_rules(course: Course, database: ClassDatabase) -> None:
    """Store every released assignment with its deadline, and how it is handed in."""
    found: dict[str, PageRules] = {}
    records = []
    for slug in course.slugs():
        try:
            assignment = load_assignment(course.gradebook_url, slug)
        except InvalidAssignment:
            continue  # not released: nobody can hand it in
        found[slug] = _rules(course, slug, assignment)
        records.append(assignment_record(course, slug, assignment.max_points))
    database.ensure_assignments(records)
    Decisions(database).set_rules((slug, rules.to_json()) for slug, rules in found.items())
    publish_teams(course, database, list(found))


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


def _rules(course: Course, slug: str, assignment: Assignment) -> PageRules:
    settings = course.assignment_config(slug)
    rules = PageRules(
        cell_ids=tuple(cell.grade_id for cell in assignment.cells),
        full_points=assignment.full_points,
        goal=math.floor(assignment.full_points * _GOAL_SHARE) if settings.goal is None else settings.goal,
        late=course.config.late.rules,
        counts=course.config.counts_of(slug),
    )
    if not settings.contest:
        return rules
    contest = course.config.contest
    rules = replace(
        rules,
        source=settings.source,
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
        baselines=baselines.load(course.dataset),
    )
