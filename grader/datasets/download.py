"""The contest's archive from Kaggle, through Kaggle's own client, which is installed only where it is wanted."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from grader.errors import EnvironmentFault
from grader.language import _

COMPETITION = "journey-springfield"


def download(competition: str = COMPETITION) -> Path:
    """Download the contest's files into the client's cache, or find them there.

    Args:
        competition: the last part of the contest's address.

    Returns:
        The folder with the files.

    Raises:
        EnvironmentFault: the client is not installed, Kaggle does not know who asks or refuses it, there is no network,
            or the disk is full.
    """
    client = _client()
    wrong = importlib.import_module("kagglehub.exceptions")
    try:
        return Path(client.competition_download(competition))
    except (wrong.UnauthenticatedError, wrong.CredentialError, ValueError) as error:
        raise EnvironmentFault(
            _("Kaggle does not know who asks: {reason}.").format(reason=str(error).rstrip(".")),
            remedy=_(
                "On Kaggle, open Settings, API, and make a token; save it as ~/.kaggle/kaggle.json or put it into the "
                "variable KAGGLE_API_TOKEN."
            ),
        ) from error
    except (wrong.KaggleApiHTTPError, wrong.BackendError, wrong.NotFoundError) as error:
        raise EnvironmentFault(
            _("Kaggle refused: {reason}.").format(reason=_first_line(error)),
            remedy=_("Join the contest {competition} on its page and accept its rules, with the same account.").format(
                competition=competition
            ),
        ) from error
    except OSError as error:  # what the client's network library raises, and a full disk
        raise EnvironmentFault(
            _("The contest's archive could not be downloaded: {reason}.").format(reason=_first_line(error)),
            remedy=_(
                "Check the network and free space; or download the archive with a browser and run `grader dataset "
                "import`."
            ),
        ) from error


def _client() -> Any:
    try:
        return importlib.import_module("kagglehub")
    except ImportError:
        raise EnvironmentFault(
            _("Kaggle's client is not installed."),
            remedy=_("Install it: pip install kagglehub. Or download the archive and run `grader dataset import`."),
        ) from None


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:300].rstrip(".")
