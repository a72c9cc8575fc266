"""Asking a peer to sign."""

from __future__ import annotations

import asyncio

import httpx
from pydantic import ValidationError

from oracle.core.errors import PeerError, RefusalError
from oracle.peers.messages import Answer, Proposal

_MAX_ANSWER_BYTES = 1024 * 1024


class PeerClient:
    """HTTP to the other operators."""

    def __init__(self, client: httpx.AsyncClient, timeout_s: float) -> None:
        self._client = client
        self._timeout_s = timeout_s

    async def propose(self, endpoint: str, proposal: Proposal) -> Answer:
        """POST a proposal and return the answer. Raises PeerError when the peer is unreachable or answers out of protocol."""
        try:
            # The whole exchange has the time, not each read: a peer that drips bytes mustn't hold a proposal.
            async with asyncio.timeout(self._timeout_s):
                response, body = await self._post(endpoint, proposal)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, OverflowError, RefusalError) as error:
            # TimeoutError is an OSError; a destination that isn't permitted is a RefusalError.
            raise PeerError(f"{endpoint}: {type(error).__name__}") from error
        if response.status_code != httpx.codes.OK:
            raise PeerError(f"{endpoint}: status {response.status_code}")
        try:
            return Answer.model_validate_json(body)
        except ValidationError as error:
            raise PeerError(f"{endpoint}: an answer out of protocol") from error

    async def _post(self, endpoint: str, proposal: Proposal) -> tuple[httpx.Response, bytes]:
        async with self._client.stream(
            "POST",
            f"{endpoint.rstrip('/')}/v1/reports",
            content=proposal.model_dump_json(),
            headers={"content-type": "application/json"},
            follow_redirects=False,
        ) as response:
            return response, await _read(response)


async def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _MAX_ANSWER_BYTES:
            raise httpx.DecodingError("answer too large")
    return bytes(body)
