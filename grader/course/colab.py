"""Where Google Colab opens a notebook: it knows those on GitHub and on Google Drive by their addresses."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

COLAB = "https://colab.research.google.com"
_ON_DRIVE = re.compile(r"(?:/file/d/|[?&]id=)(?P<id>[\w-]{10,})")
_GITHUB_FOLDER = "https://github.com/OWNER/REPOSITORY/tree/BRANCH/FOLDER"
_TEXTS = {"ru": "Открыть в Colab", "en": "Open in Colab"}


def colab_address(notebook: str) -> str:
    """The address at which Colab opens a notebook.

    Args:
        notebook: its page on GitHub or Google Drive, as a browser shows it, or its page in Colab.

    Raises:
        ValueError: it is none of these, or a folder.
    """
    host, path, query = _parts(notebook)
    if host == "colab.research.google.com" and path.startswith(("/drive/", "/github/", "/gist/")):
        return f"{COLAB}{_quoted(path)}"
    if host == "github.com" and path.endswith(".ipynb"):
        return f"{COLAB}/github{_quoted(_as_file(path))}"
    found = _ON_DRIVE.search(f"{path}?{query}") if host == "drive.google.com" else None
    if found is not None:
        return f"{COLAB}/drive/{found['id']}"
    raise ValueError(
        "expected a notebook's address: https://github.com/.../NAME.ipynb, or https://drive.google.com/file/d/ID/view"
    )


def notebook_in(folder: str, slug: str) -> str:
    """The address of an assignment's notebook in a folder on GitHub that is laid out like `release/`.

    Args:
        folder: the folder's page on GitHub.
        slug: the assignment.

    Raises:
        ValueError: it is no folder on GitHub, or of no branch.
    """
    host, path, _query = _parts(folder)
    if host == "drive.google.com":
        raise ValueError(
            "a folder on Google Drive does not tell the addresses of its notebooks: give each notebook's own address "
            "as `colab` of its assignment"
        )
    if host != "github.com" or path.endswith(".ipynb"):
        raise ValueError(f"expected a folder on GitHub, such as {_GITHUB_FOLDER}")
    return f"https://github.com{_quoted(_as_file(path))}/{slug}/{slug}.ipynb"


def colab_link(address: str, language: str) -> str:
    """The link in Markdown that a reader follows.

    Args:
        address: from `colab_address`.
        language: ru or en.
    """
    return f"[{_TEXTS.get(language, _TEXTS['en'])}]({address})"


def _parts(address: str) -> tuple[str, str, str]:
    parts = urlsplit(address.strip())
    if parts.scheme != "https":
        raise ValueError("expected an address that begins with https://")
    return (parts.hostname or "").removeprefix("www."), unquote(parts.path).rstrip("/"), parts.query


def _as_file(path: str) -> str:
    """A path on GitHub, /OWNER/REPOSITORY/tree|blob/BRANCH/..., as that of a file.

    Raises:
        ValueError: it names no branch.
    """
    parts = path.split("/")[1:]
    if len(parts) < 4 or parts[2] not in ("tree", "blob") or not all(parts):
        raise ValueError(f"expected an address with a branch, such as {_GITHUB_FOLDER}")
    return "/".join(["", *parts[:2], "blob", *parts[3:]])


def _quoted(path: str) -> str:
    """A path that Markdown does not take for the end of a link."""
    return quote(path, safe="/~@")
