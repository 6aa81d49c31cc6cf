"""How grading works, in words a student understands: of this class, with its assignments and its numbers."""

from __future__ import annotations

from fractions import Fraction

import streamlit as st

from grader.collect.uploads import PageRules
from grader.language import _, ngettext
from grader.scoring.points import DEFAULT_TABLE, PointsTable
from grader.service.page_settings import BoardSettings
from grader.show.lateness import rules_in_words
from leaderboard_app import class_data, formatting
from leaderboard_app.class_data import AssignmentBoard
from leaderboard_app.class_database import BoardUnavailable
from leaderboard_app.views.lateness import where_the_best_counts

# The contest's test set in the lesson, where a class has no test of its own yet.
_TEST_IMAGES = 991


def render(settings: BoardSettings) -> None:
    """Draw the page."""
    st.title(_("How grading works"), anchor=False)
    try:
        boards = class_data.load(settings.class_db_url).boards
    except BoardUnavailable:
        boards = ()  # what holds for every class can be read all the same
    contest = next((board for board in boards if board.assignment.is_contest), None)
    has_contest = contest is not None or not boards
    rules = contest.rules if contest is not None else PageRules()
    text, ladder = st.columns([3, 2], gap="large")
    with text:
        _what_counts(boards)
        _time(boards)
        _blocks([board.assignment.title for board in boards if not board.assignment.is_contest])
        if has_contest:
            _contest(contest, rules)
            _quota(rules)
            _ranks(rules)
        _names()
    if has_contest:
        with ladder:
            _ladder(rules)


def _what_counts(boards: tuple[AssignmentBoard, ...]) -> None:
    st.subheader(_("The board and your grade"), anchor=False)
    st.markdown(
        _(
            "**The board shows your best submission, the gradebook holds the last one you handed in.** Your grade is "
            "the gradebook's: a weaker notebook handed in later lowers it, while your place here stays. So hand in "
            "last what you want to be graded."
        )
        + where_the_best_counts(boards)
    )
    by_hand = sum(board.points_by_hand for board in boards)
    if by_hand > 0:
        st.markdown(
            _(
                "Answers in words are read by your teacher: {points} points of the course. The board counts those of "
                "an assignment as soon as the first answer has been read."
            ).format(points=formatting.points(by_hand))
        )


def _time(boards: tuple[AssignmentBoard, ...]) -> None:
    """What being late costs: one policy for the class."""
    rules = rules_in_words(boards[0].rules.late) if boards else ""
    if rules:
        st.subheader(_("Late work"), anchor=False)
        st.markdown(rules)


def _blocks(titles: list[str]) -> None:
    named = ", ".join(formatting.plain(title) for title in titles)
    st.subheader(_("Blocks: {titles}").format(titles=named) if named else _("Blocks"), anchor=False)
    st.markdown(
        _(
            "Your notebook runs in a sandbox. The checks run outside it, call your classes with fresh inputs and "
            "compare what they compute: outputs, gradients, statistics. Names and style are up to you.\n\n"
            "A task can give a part of its points. A task that could not be graded shows as such: that is not a zero."
        )
    )


def _contest(contest: AssignmentBoard | None, rules: PageRules) -> None:
    title = formatting.plain(contest.assignment.title) if contest else _("Journey to Springfield")
    st.subheader(_("The contest: {title}").format(title=title), anchor=False)
    if contest is not None:
        st.markdown(_source(rules))
    table, total = _table(rules), _total(rules)
    top = table.thresholds[-1]
    needed = _needed(top.f1, total)
    st.markdown(
        _(
            "The score is **micro F1**. Every picture has exactly one character, so it equals the share of pictures "
            "you name correctly. It is printed with five decimals, **cut off and never rounded**, beside the count.\n\n"
            "{close} of {total} is {f1}, and {threshold} takes {needed}: points compare the exact count, and nothing "
            "is rounded up."
        ).format(
            close=needed - 1,
            total=total,
            f1=formatting.f1_value(needed - 1, total),
            threshold=formatting.threshold(top.f1),
            needed=needed,
        )
    )
    if rules.grade_on == "private":
        st.markdown(
            _(
                "The board shows the public part of the test set, points come from the private part; which pictures "
                "belong to which is a secret."
            )
        )
    elif len(rules.image_ids) > total:
        st.markdown(
            _(
                "You name {all} pictures. The board and the points use the public part of them, {total} pictures; "
                "which ones these are is a secret."
            ).format(all=len(rules.image_ids), total=total)
        )
    else:
        st.markdown(
            _("The board and the points use the public part of the test set; which pictures belong to it is a secret.")
        )


def _source(rules: PageRules) -> str:
    match rules.source:
        case "csv":
            return _("In this class you hand in **submission.csv**: your predictions alone are scored.")
        case "kaggle":
            return _("In this class points come from **Kaggle's public leaderboard**, which your teacher reads in.")
        case "network":
            return _(
                "In this class you hand in **the notebook and the weights of its network**. Nothing trains in grading: "
                "your network gets its weights and names the hidden pictures."
            )
        case _other:
            return _(
                "In this class you hand in **the notebook**. It runs from top to bottom in the sandbox, trains there, "
                "and writes submission.csv itself."
            )


def _quota(rules: PageRules) -> None:
    st.subheader(_("How often, and what counts as better"), anchor=False)
    quota = rules.quota
    if quota is not None and quota.per_day:
        st.markdown(
            ngettext(
                "**{count} submission a day.** The day ends at midnight in the class's time zone.",
                "**{count} submissions a day.** The day ends at midnight in the class's time zone.",
                quota.per_day,
            ).format(count=quota.per_day)
        )
    if quota is not None and quota.in_total:
        st.markdown(_("In total: {count}.").format(count=quota.in_total))
    st.markdown(_("A file that cannot be scored costs nothing, and neither does the same file again."))
    if rules.has_ladder:
        st.markdown(
            _(
                "The **Ladder**: a submission changes your score only if it is clearly better than your own best. Of "
                "the pictures on which the two differ, more must be newly right than chance would give. So a lucky "
                "guess at single pictures gains nothing, and a better model does."
            )
        )


def _ranks(rules: PageRules) -> None:
    st.subheader(_("Ranks and the 95% interval"), anchor=False)
    total = _total(rules)
    close = _needed(_table(rules).thresholds[-1].f1, total) - 1
    st.markdown(
        _(
            "Equal counts share a rank: 1, 2, 2, 4. Whoever got there first stands above, which changes no points.\n\n"
            "The interval (Wilson, 95%) says where the model's score on *new* frames of the show lies. For {close} of "
            "{total} it is {interval}: neighbours on the board may well be equally good. On this test set your score "
            "is exact and has no such doubt."
        ).format(close=close, total=total, interval=formatting.interval(close, total))
    )
    st.markdown(
        _(
            "**Range** beside a place, such as 2–5, says which places chance might have swapped. Two students are "
            "compared picture by picture, and only the pictures count that one of them names correctly and the other "
            "does not. If both were equally good, each of these would be a coin toss. Where such tosses would give so "
            "clear a difference less than once in twenty times, the two are told apart (exact McNemar test, "
            "p < 0.05).\n\n"
            "The first number is one more than how many are clearly better than you; the second is how many there are, "
            "less those who are clearly worse. One pair in twenty is told apart by chance alone, and frames of one "
            "scene are much alike, so read the range as a hint. It changes no points. A result without stored "
            "predictions has no range."
        )
    )
    if rules.baselines:
        st.markdown(
            _(
                "Rows with ◇ are models for comparison, measured on this class's pictures: {models}. They take no "
                "place."
            ).format(
                models=", ".join(
                    f"{formatting.plain(formatting.model(line.kind, line.label))} "
                    f"({formatting.f1_value(line.correct, line.total)})"
                    for line in rules.baselines
                )
            )
        )


def _names() -> None:
    st.subheader(_("Aliases and regrades"), anchor=False)
    st.markdown(
        _(
            "The board shows aliases, drawn at random; only your teacher knows whose is whose. If a submission is "
            "graded again, the new result replaces the old one; until it is there, the old one stays."
        )
    )


def _ladder(rules: PageRules) -> None:
    st.subheader(_("Points ladder"), anchor=False)
    total = _total(rules)
    if rules.table is None:
        st.caption(
            _("The lesson's scale, for a test set of {total} pictures. Your teacher may have set another.").format(
                total=total
            )
        )
    else:
        st.caption(_("The scale of this class, for the {total} pictures that points come from.").format(total=total))
    steps = sorted(_table(rules).thresholds, key=lambda step: step.points, reverse=True)
    st.table(
        {
            _("F1 at least"): [formatting.threshold(step.f1) for step in steps],
            _("Pictures right"): [str(_needed(step.f1, total)) for step in steps],
            _("Points"): [str(step.points) for step in steps],
        },
        border="horizontal",
        hide_index=True,
        alt=_("Points by F1"),
    )


def _table(rules: PageRules) -> PointsTable:
    return rules.table or DEFAULT_TABLE


def _total(rules: PageRules) -> int:
    """Pictures that points come from."""
    if rules.grade_on == "private" and rules.public_total:
        return max(1, len(rules.image_ids) - rules.public_total)
    return rules.public_total or _TEST_IMAGES


def _needed(f1: Fraction, total: int) -> int:
    """The fewest pictures right that reach the threshold: a ceiling in whole numbers."""
    return -(-f1.numerator * total // f1.denominator)
