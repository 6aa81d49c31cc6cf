"""A client that speaks Streamlit's own protocol: what a browser sends and gets, without a browser."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

ANSWER_S = 240.0


@dataclass
class Session:
    """One open tab.

    Attributes:
        address: of the page, such as `http://127.0.0.1:8501`.
        cookie: what the browser would send as `Cookie`.
        fragments: ids of the fragments that asked to be run again.
        received_bytes: all that came.
    """

    address: str
    cookie: str = ""
    fragments: list[str] = field(default_factory=list)
    received_bytes: int = 0

    async def __aenter__(self) -> Self:
        headers = {"Cookie": self.cookie} if self.cookie else {}
        self._kept: set[str] = set()
        self._page_hash = ""
        self._socket = await websockets.connect(
            f"{self.address.replace('http', 'ws', 1)}/_stcore/stream",
            subprotocols=[websockets.Subprotocol("streamlit")],
            additional_headers=headers,
            max_size=None,
            open_timeout=ANSWER_S,
            compression=None,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._socket.close()

    async def run(
        self, page: str = "", query: str = "", fragment: str = "", chosen: Mapping[str, str] | None = None
    ) -> list[ForwardMsg]:
        """Run the page's script, or one fragment of it; everything that the server sends for it.

        Where a fragment has the whole page drawn again, that belongs to the answer.

        Args:
            page: its name in the address.
            query: what stands behind the question mark.
            fragment: its id.
            chosen: what the browser says is chosen, by the id of a row of buttons.
        """
        back = BackMsg()
        back.rerun_script.query_string = query
        back.rerun_script.cached_message_hashes.extend(self._kept)
        if fragment:
            back.rerun_script.fragment_id = fragment
            back.rerun_script.is_auto_rerun = True
            # By name the server finds a page only once the script has listed its pages, and here it does not run.
            back.rerun_script.page_script_hash = self._page_hash
        else:
            back.rerun_script.page_name = page
        for widget, label in (chosen or {}).items():
            back.rerun_script.widget_states.widgets.add(id=widget).string_array_value.data.append(label)
        await self._socket.send(back.SerializeToString())
        return await asyncio.wait_for(self._until_finished(), ANSWER_S)

    async def timed(self, fragments: Sequence[str], page: str = "", query: str = "") -> float:
        """Seconds that it takes to run these fragments again."""
        started = time.perf_counter()
        for fragment in fragments:
            await self.run(page, query, fragment)
        return time.perf_counter() - started

    async def _until_finished(self) -> list[ForwardMsg]:
        found: list[ForwardMsg] = []
        while True:
            data = await self._socket.recv()
            self.received_bytes += len(data)
            message = ForwardMsg.FromString(data)
            found.append(message)
            match message.WhichOneof("type"):
                case "new_session" if not message.metadata.run.fragment_ids:
                    # As in the browser: a run of the whole page names all of its timers and large messages anew.
                    self.fragments.clear()
                    self._kept.clear()
                case "navigation":
                    self._page_hash = message.navigation.page_script_hash
                case "auto_rerun" if message.auto_rerun.fragment_id not in self.fragments:
                    self.fragments.append(message.auto_rerun.fragment_id)
                case "stop_auto_rerun":
                    gone = set(message.stop_auto_rerun.fragment_ids)
                    self.fragments[:] = [known for known in self.fragments if known not in gone]
                case "ref_hash":
                    self._kept.add(message.ref_hash)
                case "delta" if message.metadata.cacheable:
                    self._kept.add(message.hash)
                case "script_finished" if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    return found
                case _other:
                    pass


def everything(messages: Sequence[ForwardMsg]) -> bytes:
    """All that was sent, to be searched for what must not be there."""
    return b"".join(message.SerializeToString() for message in messages)
