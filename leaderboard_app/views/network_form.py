"""The form for a network: a notebook and its weights, which come in parts; both become one upload."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from grader.collect.inbox import Inbox
from grader.collect.parts import DayLimit, Parts
from grader.collect.uploads import require_kind, require_network
from grader.language import _
from grader.service.page_settings import BoardSettings
from leaderboard_app import formatting
from leaderboard_app.class_data import AssignmentBoard
from leaderboard_app.class_database import Identity
from leaderboard_app.views.fitness import is_fit
from leaderboard_app.views.part_form import SentFile, part_form

Send = Callable[[Identity, Callable[[], object]], None]


def draw(
    settings: BoardSettings, who: Identity, board: AssignmentBoard, *, number: int, is_used_up: bool, send: Send
) -> None:
    """Draw both fields, and the button once both files are fit.

    Args:
        settings: of the page.
        who: whose form it is.
        board: of the assignment.
        number: how many files were handed in in this tab; each makes an empty form.
        is_used_up: whether the quota lets nothing more in.
        send: hands in what it is given.
    """
    slug = board.assignment.slug
    notebook = st.file_uploader(
        _("Your file for {title}").format(title=formatting.plain(board.assignment.title)),
        type=["ipynb", "csv"],  # a file of predictions is let in to be told what is wanted instead of it
        key=f"notebook-{slug}-{number}",
    )
    inbox = Path(settings.inbox)
    quota = board.rules.quota
    day = DayLimit(quota.mib_per_day if quota is not None else 0, settings.zone)
    weights = part_form(inbox, who.access_id, day, key=f"weights-{slug}-{number}")
    if notebook is not None and not notebook.name.lower().endswith(".ipynb"):
        is_fit(lambda: require_kind(notebook.name, slug, board.rules, ("ipynb",)))
        return
    if notebook is None or weights is None:
        return
    data = notebook.getvalue()
    if not is_fit(lambda: require_network(data, weights.name, weights.size, slug, board.rules)):
        return
    if st.button(_("Hand in"), disabled=is_used_up, type="primary", icon=":material/send:"):
        send(who, lambda: _put(inbox, who, slug, data, weights))


def _put(inbox: Path, who: Identity, slug: str, notebook: bytes, weights: SentFile) -> None:
    """Leave both for the watcher, the weights under the name that the notebook gives them."""
    parts = Parts(inbox, who.access_id)
    ending = weights.name.rsplit(".", 1)[-1].lower()
    Inbox(inbox).put_archive(
        who.access_id, slug, {f"{slug}.ipynb": notebook, f"network.{ending}": parts.path(weights.key)}
    )
    parts.remove(weights.key)
