"""POST over HTTP(S) with limits on time, size and redirects. What is sent, a token too, stands in no error."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from grader import __version__
from grader.errors import EnvironmentFault
from grader.language import _

_CHUNK_BYTES = 65536
_AGAIN = (429, 500, 502, 503, 504)


class _NoRedirects(HTTPRedirectHandler):
    """Follows none: a token must not travel to another address, and a redirected POST has lost its fields."""

    def redirect_request(self, *_request: Any) -> None:
        """Follow none."""


@dataclass(frozen=True)
class Transport:
    """How to ask.

    Attributes:
        timeout_s: for one silence of the other side.
        total_s: for one answer as a whole.
        tries: how often a question is asked where the other side has a fault of its own, or does not answer.
        pause_s: before the second try; twice as long before each further one.
    """

    timeout_s: float = 30.0
    total_s: float = 300.0
    tries: int = 3
    pause_s: float = 1.0

    def post(self, url: str, fields: Mapping[str, str], limit_bytes: int) -> bytes:
        """The answer's body.

        Args:
            url: http or https, without a query.
            fields: sent as a form; they may hold secrets.
            limit_bytes: of the answer.

        Raises:
            EnvironmentFault: there is no answer, or it is no success, a redirect or too large.
        """
        if urlsplit(url).scheme not in ("http", "https"):
            raise EnvironmentFault(
                _("{address} is no address of a web site.").format(address=_shown(url)),
                remedy=_("Expected http:// or, better, https://."),
            )
        data = urlencode(fields).encode()
        for attempt in range(self.tries):
            is_last = attempt == self.tries - 1
            try:
                return self._once(url, data, limit_bytes)
            except HTTPError as error:
                error.close()
                if error.code not in _AGAIN or is_last:
                    # From None, here and below: an error of the library holds the request, and so the token.
                    raise _refusal(url, error.code, error.headers.get("Location", "")) from None
            except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: a host that is no host
                reason = error.reason if isinstance(error, URLError) else error
                if is_last or isinstance(reason, ssl.SSLError):
                    raise _silence(url, reason) from None
            time.sleep(self.pause_s * 2**attempt)
        raise AssertionError("the last try returns or raises")

    def _once(self, url: str, data: bytes, limit_bytes: int) -> bytes:
        begun = time.monotonic()
        # Firewalls before such sites refuse Python's own name. S310: the caller has looked at the scheme.
        headers = {"User-Agent": f"springfield-grader/{__version__}", "Accept": "*/*"}
        request = Request(url, data=data, headers=headers, method="POST")  # noqa: S310
        with build_opener(_NoRedirects).open(request, timeout=self.timeout_s) as answer:
            body = bytearray()
            while chunk := answer.read(_CHUNK_BYTES):
                body += chunk
                if len(body) > limit_bytes:
                    raise EnvironmentFault(
                        _("The answer of {address} is larger than {limit} MiB.").format(
                            address=_shown(url), limit=limit_bytes // 2**20
                        )
                    )
                if time.monotonic() - begun > self.total_s:
                    raise TimeoutError(_("it takes too long"))
        return bytes(body)


def _refusal(url: str, code: int, location: str) -> EnvironmentFault:
    if 300 <= code < 400:
        return EnvironmentFault(
            _("{address} sends on to {target}, which is not followed: the token would travel there.").format(
                address=_shown(url), target=_shown(location)
            ),
            remedy=_("If that is your site, put its address into `url` below [moodle] in class.toml."),
        )
    return EnvironmentFault(
        _("{address} answers with the error {code}.").format(address=_shown(url), code=code),
        remedy=_("Look whether the site works in a browser; then run the same command again."),
    )


def _silence(url: str, reason: object) -> EnvironmentFault:
    text = str(getattr(reason, "strerror", None) or reason or type(reason).__name__)
    return EnvironmentFault(
        _("{address} does not answer: {reason}.").format(address=_shown(url), reason=text[:200].rstrip(".")),
        remedy=_("Check the network and the address; then run the same command again."),
    )


def _shown(url: str) -> str:
    """An address without what may be secret in it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "?"
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"[:200] if parts.scheme else parts.path[:200]
