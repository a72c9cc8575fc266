"""Connections to this node's HTTP interface: those that say nothing are ended, so that they take no one's place.

uvicorn bounds how long a finished connection idles, but not how long a request's head may take, nor how many connections one address has.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: A request's head comes whole within this time.
HEAD_S = 5.0
#: With more connections than this, the one that has been idle for longest is ended; of one address, and of all.
OF_ONE, OF_ALL = 64, 512


class Door:
    """All connections of one server, the oldest first."""

    def __init__(self, head_s: float, of_one: int, of_all: int) -> None:
        self.head_s = head_s
        self._of_one = of_one
        self._of_all = of_all
        self._open: OrderedDict[Doorway, str] = OrderedDict()

    def enter(self, new: Doorway) -> None:
        """Take in a connection; if that is one too many, end an idle one."""
        address = new.client[0] if new.client else ""
        self._open[new] = address
        of_one = [each for each, place in self._open.items() if place == address]
        crowd = of_one if len(of_one) > self._of_one else list(self._open) if len(self._open) > self._of_all else []
        for each in crowd:
            if each is not new and each.idle:
                each.transport.abort()
                return

    def leave(self, old: Doorway) -> None:
        """Forget a connection that has ended."""
        self._open.pop(old, None)


class Doorway(HttpToolsProtocol):
    """uvicorn's HTTP/1.1, with a :class:`Door`."""

    door: Door
    _head_due: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Whether no request of it is under way."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self.door.enter(self)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Take what came; if a next request begins with it, wait for that."""
        if self.idle and self._head_due is None:
            self._expect_head()
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """A request's head is there."""
        self._stop_expecting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self._stop_expecting()
        self.door.leave(self)
        super().connection_lost(exc)

    def _expect_head(self) -> None:
        self._head_due = self.loop.call_later(self.door.head_s, self._end_if_idle)

    def _stop_expecting(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _end_if_idle(self) -> None:
        self._head_due = None
        if self.idle and not self.transport.is_closing():
            self.transport.abort()


def doorway(head_s: float = HEAD_S, of_one: int = OF_ONE, of_all: int = OF_ALL) -> Any:
    """Return the protocol of one server, for uvicorn's ``http``; ``head_s`` in seconds."""
    return type("Doorway", (Doorway,), {"door": Door(head_s, of_one, of_all)})
