"""Who is looking: by a personal link, or by an account that OIDC vouches for. Asked of the database on every run."""

from __future__ import annotations

import json

import streamlit as st

from grader.service.page_settings import BoardSettings
from leaderboard_app.class_database import TOKEN_PARAMETER, Board, BoardUnavailable, Identity, identify, is_token
from leaderboard_app.rate_limits import RateLimit

COOKIE = "springfield_key"
_TOKEN = "_springfield_token"  # noqa: S105  the name of a place, no token
_SIGNED_OUT = "_springfield_signed_out"
_REFUSED = "_springfield_refused"
_COOKIE_S = 200 * 24 * 3600  # a school year
_wrong = RateLimit(10, per_s=60)


def current(settings: BoardSettings) -> Identity | None:
    """Who is looking, or None for a visitor; asked of the database each time, so that a revoked link ends at once."""
    if not is_named():
        return None
    try:
        with Board.open(settings.class_db_url) as board:
            return known_to(board)
    except BoardUnavailable:
        return None


def is_named() -> bool:
    """Whether the reader comes with a token or an account; it may still be nobody's."""
    return bool(_token() or _verified_email())


def known_to(board: Board) -> Identity | None:
    """Who is looking, by a database that is open already; None for a visitor."""
    token = _token()
    return identify(board, token=token, email="" if token else _verified_email())


def sign_in(settings: BoardSettings) -> None:
    """Take a token from the address or the cookie, once per session, and take it out of the address.

    An address is shown on projectors and sent to friends; the browser keeps the token in a cookie instead.
    """
    offered = st.query_params.get(TOKEN_PARAMETER, "")
    if offered:
        del st.query_params[TOKEN_PARAMETER]
        if _is_known(settings, offered):
            st.session_state[_TOKEN] = offered
            st.session_state[_SIGNED_OUT] = False
            _set_cookie(offered, _COOKIE_S)
    elif _TOKEN not in st.session_state and not st.session_state.get(_SIGNED_OUT):
        found = st.context.cookies.get(COOKIE)
        kept = found if isinstance(found, str) else ""
        is_known = bool(kept) and _is_known(settings, kept)
        if is_known is None:
            return  # the next run asks again
        st.session_state[_TOKEN] = kept if is_known else ""
        if kept and not is_known:
            _set_cookie("", 0)


def sign_out() -> None:
    """Forget who is looking, in this browser."""
    st.session_state[_TOKEN] = ""
    st.session_state[_SIGNED_OUT] = True
    _set_cookie("", 0)
    if _verified_email():
        st.logout()


def refused() -> str:
    """`wrong` where the link led nowhere, `often` where too many wrong ones came from there; once."""
    return str(st.session_state.pop(_REFUSED, ""))


def has_accounts() -> bool:
    """Whether OIDC is set up."""
    try:
        return "auth" in st.secrets
    except FileNotFoundError:
        return False


def _token() -> str:
    return str(st.session_state.get(_TOKEN, ""))


def _is_known(settings: BoardSettings, token: str) -> bool | None:
    """Whether a token is somebody's; None where the database cannot be asked.

    The token is looked up whatever came from the same address before: behind a proxy that is everybody's address, and
    256 bits are not guessed. Whoever goes on with wrong ones is told to stop.
    """
    try:
        with Board.open(settings.class_db_url) as board:
            is_known = is_token(token) and identify(board, token=token) is not None
    except BoardUnavailable:
        return None
    if not is_known:
        address = st.context.ip_address or "here"
        st.session_state[_REFUSED] = "often" if _wrong.wait_s(address) else "wrong"
        _wrong.note(address)
    return is_known


def _verified_email() -> str:
    user = st.user.to_dict() if has_accounts() else {}
    is_verified = user.get("is_logged_in") is True and user.get("email_verified") is True
    return str(user.get("email", "")) if is_verified else ""


def _set_cookie(token: str, age_s: int) -> None:
    cookie = f"{COOKIE}={token}; path=/; max-age={age_s}; SameSite=Strict"
    secure = 'location.protocol === "https:" ? "; Secure" : ""'
    st.html(f"<script>document.cookie = {json.dumps(cookie)} + ({secure})</script>", unsafe_allow_javascript=True)
