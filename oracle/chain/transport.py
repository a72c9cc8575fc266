"""HTTP to one RPC endpoint, over connections that are kept.

web3's own transport opens a connection for each call, and takes its session under a lock that a thread acquires for it: a call that is
cancelled while it waits there leaves the lock taken, and every later call waits for ever.
"""

from __future__ import annotations

from typing import Any

from aiohttp import ClientSession, TCPConnector
from web3 import AsyncHTTPProvider
from web3.types import RPCEndpoint

_MOST_CONNECTIONS = 32


class KeptHttpProvider(AsyncHTTPProvider):
    """web3's provider on a session of its own, made at the first call: within the loop that it is used in."""

    _session: ClientSession | None = None

    async def _make_request(self, method: RPCEndpoint, request_data: bytes) -> bytes:  # noqa: ARG002  web3's signature
        if self._session is None:
            self._session = ClientSession(raise_for_status=True, connector=TCPConnector(limit=_MOST_CONNECTIONS))
        options: Any = self.get_request_kwargs()
        async with self._session.post(str(self.endpoint_uri), data=request_data, **options) as response:
            return await response.read()

    async def disconnect(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None
