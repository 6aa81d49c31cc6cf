"""What a teacher is about to give for one answer: criteria or points by digits, a comment, all on the keyboard.

Keys of widgets hold the answer's own name: a key that is pressed before the next answer is drawn is dropped and never
counts for an answer that nobody has seen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import streamlit as st

from grader.course.rubric import Criterion
from grader.language import _
from leaderboard_app import formatting
from leaderboard_app.class_database import QuestionRecord

_CHOICE = "_hand_choice"
_ALL = "9"
_COMMENT_KEYS = ("Q", "W", "E", "A", "S", "D")
_MAX_DIGIT = 9
MAX_SAID = 1500


@dataclass
class Choice:
    """What was chosen for one answer so far.

    Attributes:
        item: the answer's name on this page.
        met: numbers of the criteria that are met.
        points: chosen by a digit, where there are no criteria.
        is_made: whether a digit was pressed at all.
    """

    item: str
    met: set[int] = field(default_factory=set)
    points: float | None = None
    is_made: bool = False


def of(item: str) -> Choice:
    """The choice for an answer; an empty one where the last choice was for another."""
    known = st.session_state.get(_CHOICE)
    if not isinstance(known, Choice) or known.item != item:
        known = Choice(item)
        st.session_state[_CHOICE] = known
    return known


def points_of(question: QuestionRecord, choice: Choice) -> float | None:
    """The points that would be given now; None while nothing is chosen."""
    other = st.session_state.get(_key(choice.item, "other"))
    if isinstance(other, int | float):
        return float(other)
    if not choice.is_made:
        return None
    if question.rubric.criteria:
        return question.rubric.points_for(tuple(sorted(choice.met)), question.max_points)
    return choice.points


def said_of(choice: Choice) -> str:
    """The comment as it is typed."""
    return str(st.session_state.get(_key(choice.item, "comment")) or "")


_LET_GO = "const one = document.activeElement; if (one && !['INPUT', 'TEXTAREA'].includes(one.tagName)) one.blur();"


def hear_keys(choice: Choice) -> None:
    """Take the keyboard from a button that was clicked, which would keep Enter; fields for text keep it."""
    now = f"{choice} {said_of(choice)}"
    mark = hashlib.sha256(now.encode()).hexdigest()  # another text, so that the browser runs it again
    st.html(f"<script>/* {mark} */ {_LET_GO}</script>", unsafe_allow_javascript=True)


def points(question: QuestionRecord, choice: Choice) -> None:
    """Draw criteria, or points where there are none."""
    if question.rubric.criteria:
        with st.container(key="hand-criteria"):
            st.html("<style>.st-key-hand-criteria button div { justify-content: flex-start; text-align: left }</style>")
            _criteria(question, choice)
    else:
        _digits(question, choice)


def comment(question: QuestionRecord, choice: Choice, said: str) -> None:
    """Draw the comment, the comments to choose from, and a field for other points.

    Args:
        question: what was asked.
        choice: what was chosen for the answer.
        said: a comment to begin with.
    """
    key = _key(choice.item, "comment")
    if key not in st.session_state:
        st.session_state[key] = said
    st.text_area(_("Comment; the student reads it"), key=key, max_chars=MAX_SAID, height=80)
    for number, text in enumerate(question.rubric.comments[: len(_COMMENT_KEYS)]):
        st.button(
            formatting.plain(text),
            key=_key(choice.item, f"say-{number}"),
            icon=":material/add_comment:",
            type="tertiary",
            shortcut=_COMMENT_KEYS[number],
            on_click=_toggle_comment,
            args=(key, text),
        )
    st.number_input(
        _("Other points"),
        min_value=0.0,
        max_value=question.max_points,
        value=None,
        step=0.25,
        key=_key(choice.item, "other"),
        placeholder=_("as chosen above"),
    )


def _criteria(question: QuestionRecord, choice: Choice) -> None:
    for number, one in enumerate(question.rubric.criteria):
        is_met = number in choice.met
        _button(choice, str(number + 1), _worth(one), partial(_toggle, choice, number), is_chosen=is_met, wide=True)
    with st.container(horizontal=True):
        none, every = not choice.met and choice.is_made, len(choice.met) == len(question.rubric.criteria)
        _button(choice, "0", _("nothing of it"), partial(_meet, choice, set()), is_chosen=none)
        numbers = set(range(len(question.rubric.criteria)))
        _button(choice, _ALL, _("all of it"), partial(_meet, choice, numbers), is_chosen=every)


def _worth(one: Criterion) -> str:
    return f"**{one.points:+g}** {formatting.plain(one.text)}"


def _digits(question: QuestionRecord, choice: Choice) -> None:
    whole = [float(number) for number in range(min(int(question.max_points), _MAX_DIGIT) + 1)]
    with st.container(horizontal=True):
        for worth in whole:
            shown = formatting.points_of(worth, question.max_points)
            is_chosen = choice.points == worth
            _button(choice, f"{worth:g}", shown, partial(_pick, choice, worth), is_chosen=is_chosen)


def _button(
    choice: Choice, digit: str, label: str, act: Callable[[], None], *, is_chosen: bool, wide: bool = False
) -> None:
    st.button(
        label,
        key=_key(choice.item, digit),
        icon=":material/check_box:" if is_chosen else ":material/check_box_outline_blank:",
        type="primary" if is_chosen else "secondary",
        shortcut=digit,
        on_click=act,
        width="stretch" if wide else "content",
        wrap=True,
    )


def _toggle(choice: Choice, number: int) -> None:
    choice.met ^= {number}
    choice.is_made = True
    st.session_state[_CHOICE] = choice


def _meet(choice: Choice, numbers: set[int]) -> None:
    choice.met, choice.is_made = numbers, True
    st.session_state[_CHOICE] = choice


def _pick(choice: Choice, worth: float) -> None:
    choice.points, choice.is_made = worth, True
    st.session_state[_CHOICE] = choice


def _toggle_comment(key: str, text: str) -> None:
    lines = [line for line in str(st.session_state.get(key) or "").splitlines() if line.strip()]
    st.session_state[key] = "\n".join([one for one in lines if one != text] if text in lines else [*lines, text])


def _key(item: str, what: str) -> str:
    return f"hand-{what}-{item}"
