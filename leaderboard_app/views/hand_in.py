"""Hand in: choose a file, see at once whether it is fit, send it, and watch what becomes of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from grader.collect.inbox import Inbox
from grader.collect.uploads import unpack
from grader.errors import EnvironmentFault
from grader.language import Language, _
from grader.scoring.submission_csv import SUBMISSION_CSV
from grader.service.page_settings import BoardSettings
from leaderboard_app import formatting, languages, own_work
from leaderboard_app.class_data import AssignmentBoard
from leaderboard_app.class_database import OVER, Board, Identity, scored_already
from leaderboard_app.door import drop_uploads, expect_upload
from leaderboard_app.own_work import OwnWork
from leaderboard_app.rate_limits import RateLimit
from leaderboard_app.views import network_form, submissions
from leaderboard_app.views.choosing import choose, due
from leaderboard_app.views.entrance import require_student
from leaderboard_app.views.fitness import is_fit
from leaderboard_app.views.lateness import where_the_best_counts
from leaderboard_app.views.unavailable import load_or_explain
from leaderboard_app.views.widget_texts import translate_upload

_ROUND = "_hand_in_round"
_SAID = "_hand_in_said"
_uploads = RateLimit(6, per_s=60)


def render(settings: BoardSettings) -> None:
    """Draw the page."""
    who = require_student(settings)
    language = languages.chosen()
    st.title(_("Hand in"), anchor=False)
    boards = load_or_explain(settings).boards
    if not boards:
        st.info(_("This class has no assignments yet."), icon=":material/hourglass_empty:")
        return
    work = own_work.load(settings, who)
    board = choose(boards, due(boards, work.alias))
    left, right = st.columns([3, 2], gap="large")
    with left:
        if not settings.inbox:
            st.warning(_("Nothing can be handed in here just now. Teacher: start the page with `grader serve`."))
        else:
            _form(settings, who, board, work, language)
        submissions.draw(settings, board, is_waiting=work.is_waiting)
    with right:
        _what(board)


def _what(board: AssignmentBoard) -> None:
    st.subheader(_("What to hand in"), anchor=False)
    slug = board.assignment.slug
    if board.rules.source == "csv":
        st.markdown(
            _(
                "The file **{name}** with the header `Id,Expected` and one line for each of the {count} pictures: "
                "the file's name and the character's. Save it with `index=False`."
            ).format(name=SUBMISSION_CSV, count=len(board.rules.image_ids))
        )
    elif board.rules.source == "network":
        st.markdown(
            _(
                "Your notebook **{name}** and the weights of its network, which its last code cell saves as "
                "`network.pth`. Nothing trains in grading: the network gets these weights, and `predict` names the "
                "pictures."
            ).format(name=f"{slug}.ipynb")
        )
    else:
        st.markdown(
            _(
                "Your notebook **{name}**, executed from top to bottom. If it needs files of its own, put notebook and "
                "files into one zip archive."
            ).format(name=f"{slug}.ipynb")
        )
    st.markdown(
        _(
            "The file is looked at before it is sent. What is wrong with it stands here at once and costs nothing; "
            "the same file again costs nothing either.\n\nYour grade is of the **last** file that you hand in."
        )
        + where_the_best_counts([board])
    )


def _form(settings: BoardSettings, who: Identity, board: AssignmentBoard, work: OwnWork, language: Language) -> None:
    _deadline(board, settings, language)
    said = st.session_state.pop(_SAID, None)
    if said is not None:
        st.success(said, icon=":material/inbox:")
    number = st.session_state.get(_ROUND, 0)
    slug = board.assignment.slug
    left = own_work.allowance(settings, who, board)
    if left is not None and left.message:
        st.warning(formatting.plain(left.message), icon=":material/block:")
    elif left is not None and left.left_today is not None:
        text = _("Left today: {count}. New ones from {at}.")
        st.caption(text.format(count=left.left_today, at=f"{left.resets_at:%H:%M}"))
    if not board.rules.takes:
        st.info(_("For this assignment nothing is handed in here."), icon=":material/info:")
        return
    expect_upload(who)
    translate_upload(language, ("ipynb",) if board.rules.source == "network" else board.rules.takes)
    is_used_up = left is not None and bool(left.message)
    if board.rules.source == "network":
        network_form.draw(settings, who, board, number=number, is_used_up=is_used_up, send=_send)
        return
    file = st.file_uploader(
        _("Your file for {title}").format(title=formatting.plain(board.assignment.title)),
        # A file of predictions is let in to be told what is wanted instead of it.
        type=list(dict.fromkeys((*board.rules.takes, "csv"))),
        key=f"file-{slug}-{number}",
    )
    if file is None:
        return
    data = file.getvalue()
    if not is_fit(lambda: unpack(file.name, data, board.assignment.slug, board.rules)):
        return
    if _is_known(settings, who, slug, data, work):
        return
    if st.button(_("Hand in"), disabled=is_used_up, type="primary", icon=":material/send:"):
        _send(who, lambda: Inbox(Path(settings.inbox)).put_upload(who.access_id, slug, file.name, data))


def _deadline(board: AssignmentBoard, settings: BoardSettings, language: Language) -> None:
    deadline = board.assignment.deadline
    if deadline is not None and deadline < datetime.now(UTC):
        when = formatting.moment(deadline, settings.zone, language)
        st.warning(
            _("The deadline was {when}. What you hand in now is marked as late.").format(when=when),
            icon=":material/schedule:",
        )


def _is_known(settings: BoardSettings, who: Identity, slug: str, data: bytes, work: OwnWork) -> bool:
    digest = hashlib.sha256(data).hexdigest()
    with Board.open(settings.class_db_url) as board:
        earlier = scored_already(board, str(who.student_id), slug, digest)
    waiting = [u for u in work.uploads if u.file_sha256 == digest and u.assignment == slug and u.state not in OVER]
    if earlier is None and not waiting:
        return False
    st.info(
        _("You have handed in this very file before: its result stands below. Nothing is counted."),
        icon=":material/content_copy:",
    )
    return True


def _send(who: Identity, put: Callable[[], object]) -> None:
    wait_s = _uploads.wait_s(str(who.student_id))
    if wait_s:
        st.warning(_("That was a lot in one minute. Try again in {count} s.").format(count=wait_s))
        return
    _uploads.note(str(who.student_id))
    try:
        put()
    except EnvironmentFault:
        st.error(_("The file could not be kept: too much is waiting, or the disk is full. Tell your teacher."))
        return
    drop_uploads()
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    st.session_state[_SAID] = _("Received. What becomes of it stands below.")
    st.rerun()
