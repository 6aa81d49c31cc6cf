"""What a personal link looks like."""

from __future__ import annotations

TOKEN_PARAMETER = "key"  # noqa: S105  the name of the parameter, no token


def link_to(url: str, token: str, page: str = "me") -> str:
    """The personal link that carries a token to one of the page's pages."""
    return f"{url.rstrip('/')}/{page}?{TOKEN_PARAMETER}={token}"
