"""Connections to the page's server: how many there are, and how long one may take to say what it wants."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

# Cookies of a school's account fill a quarter of it. The head of a request is in memory until it is complete.
HEAD_BYTES = 32 * 1024


class PatientOnce(H11Protocol):
    """uvicorn's HTTP protocol with a limit on connections and a timeout for the head of a request.

    Of uvicorn's attributes `connections`, `cycle` and `transport` are used; a test opens silent connections.
    """

    most = 2000
    head_s = 20.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or drop it where there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self.most:
            transport.abort()
        else:
            self.loop.call_later(self.head_s, self._look, None)

    def _look(self, earlier: object) -> None:
        """Close the connection where nothing has come of it since the last look.

        Args:
            earlier: the answer that was the last one then.
        """
        is_websocket = self.transport.get_protocol() is not self
        if is_websocket or self.transport.is_closing():
            return
        if (self.cycle is None or self.cycle.response_complete) and self.cycle is earlier:
            self.transport.abort()
        else:
            self.loop.call_later(self.head_s, self._look, self.cycle)
