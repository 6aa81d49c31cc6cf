"""How grading works, in words a student understands."""

from __future__ import annotations

from fractions import Fraction

import streamlit as st

from grader.language import _
from grader.scoring.points import DEFAULT_TABLE
from leaderboard_app import formatting

# The contest's test set in the lesson; the worked example and the ladder speak of it.
_TEST_IMAGES = 991


def render() -> None:
    """Draw the page."""
    st.title(_("How grading works"), anchor=False)
    text, ladder = st.columns([3, 2], gap="large")
    with text:
        _what_counts()
        _blocks()
        _contest()
        _quota()
        _ranks()
        _names()
    with ladder:
        _ladder()


def _what_counts() -> None:
    st.subheader(_("The board and your grade"), anchor=False)
    st.markdown(
        _(
            "**The board shows your best submission, the gradebook holds the last one you handed in.** Your grade is "
            "the gradebook's: a weaker notebook handed in later lowers it, while your place here stays. So hand in "
            "last what you want to be graded."
        )
    )


def _blocks() -> None:
    st.subheader(_("Blocks: AlexNet, VGG, ResNet, DenseNet"), anchor=False)
    st.markdown(
        _(
            "Your notebook runs in a sandbox. The checks run outside it, call your classes with fresh inputs and "
            "compare what they compute: outputs, gradients, statistics. Names and style are up to you.\n\n"
            "A task can give a part of its points. A task that could not be graded shows as such: that is not a zero."
        )
    )


def _contest() -> None:
    st.subheader(_("The contest: Journey to Springfield"), anchor=False)
    st.markdown(
        _(
            "The score is **micro F1**. Every picture has exactly one character, so it equals the share of pictures "
            "you name correctly. It is printed with five decimals, **cut off and never rounded**, beside the count.\n\n"
            "961 of 991 is {f1}. Rounded to three decimals that reads 0.970, yet 0.97 takes 962: points compare the "
            "exact count.\n\n"
            "The board and the points use the public part of the test set; which pictures belong to it is a secret."
        ).format(f1=formatting.f1_value(961, _TEST_IMAGES))
    )


def _quota() -> None:
    st.subheader(_("How often, and what counts as better"), anchor=False)
    st.markdown(
        _(
            "A day's submissions end at midnight in the class's time zone. A file that cannot be scored costs none of "
            "them, and the same file again costs nothing.\n\n"
            "Where the class uses the **Ladder**, a submission changes your score only if it is clearly better than "
            "your own best: of the pictures on which the two differ, more must be newly right than chance would give. "
            "So a lucky guess at single pictures gains nothing, and a better model does."
        )
    )


def _ranks() -> None:
    st.subheader(_("Ranks and the 95% interval"), anchor=False)
    st.markdown(
        _(
            "Equal counts share a rank: 1, 2, 2, 4. Whoever got there first stands above, which changes no points.\n\n"
            "The interval (Wilson, 95%) says where the model's score on *new* frames of the show lies. For 961 of 991 "
            "it is {interval}: wider than two points of the ladder, so neighbours on the board may well be equally "
            "good. On this test set your score is exact and has no such doubt."
        ).format(interval=formatting.interval(961, _TEST_IMAGES))
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


def _names() -> None:
    st.subheader(_("Aliases and regrades"), anchor=False)
    st.markdown(
        _(
            "The board shows aliases, drawn at random; only your teacher knows whose is whose. If a submission is "
            "graded again, the new result replaces the old one; until it is there, the old one stays."
        )
    )


def _ladder() -> None:
    st.subheader(_("Points ladder"), anchor=False)
    st.caption(
        _("The lesson's scale, for a test set of {total} pictures. Your teacher may have set another.").format(
            total=_TEST_IMAGES
        )
    )
    steps = sorted(DEFAULT_TABLE.thresholds, key=lambda step: step.points, reverse=True)
    st.table(
        {
            _("F1 at least"): [formatting.threshold(step.f1) for step in steps],
            _("Pictures right"): [str(_needed(step.f1)) for step in steps],
            _("Points"): [str(step.points) for step in steps],
        },
        border="horizontal",
        hide_index=True,
        alt=_("Points by F1"),
    )


def _needed(f1: Fraction) -> int:
    """The fewest pictures right that reach the threshold: a ceiling in whole numbers."""
    return -(-f1.numerator * _TEST_IMAGES // f1.denominator)
