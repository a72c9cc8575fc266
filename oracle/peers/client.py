"""Asking a peer: to sign, or for the proof of an anchored verdict."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from oracle.core.errors import PeerError, RefusalError
from oracle.peers.gate import PASS_HEADER
from oracle.peers.messages import Answer, Proposal, RulingProposal

_MAX_ANSWER_BYTES = 1024 * 1024
_MAX_PASS = 256
_PATIENCE_S = 1.0


class PeerClient:
    """HTTP to the other operators."""

    def __init__(self, client: httpx.AsyncClient, timeout_s: float) -> None:
        self._client = client
        self._timeout_s = timeout_s
        self._passes: dict[str, str] = {}

    async def propose(self, endpoint: str, proposal: Proposal) -> Answer:
        """POST a proposal and return the answer. Raises PeerError when the peer is unreachable or answers out of protocol."""
        return await self._ask(endpoint, "/v1/reports", proposal)

    async def rule(self, endpoint: str, proposal: RulingProposal) -> Answer:
        """POST a ruling and return the answer. Raises PeerError as :meth:`propose` does."""
        return await self._ask(endpoint, "/v1/rulings", proposal)

    async def _ask(self, endpoint: str, path: str, message: BaseModel) -> Answer:
        body = await self._exchange("POST", endpoint, path, message.model_dump_json())
        try:
            return Answer.model_validate_json(body)
        except ValidationError as error:
            raise PeerError(f"{endpoint}: an answer out of protocol") from error

    async def proof(self, endpoint: str, request_id: bytes) -> dict[str, Any]:
        """GET the proof of an anchored verdict; nothing in it is checked yet. Raises PeerError, also when the peer has none."""
        body = await self._exchange("GET", endpoint, f"/v1/proofs/0x{request_id.hex()}", None)
        try:
            found = from_json(body)
        except ValueError as error:
            raise PeerError(f"{endpoint}: no JSON") from error
        if not isinstance(found, dict):
            raise PeerError(f"{endpoint}: an answer out of protocol")
        return found

    async def _exchange(self, method: str, endpoint: str, path: str, content: str | None) -> bytes:
        url = endpoint.rstrip("/") + path
        try:
            # The whole exchange has the time, not each read: a peer that drips bytes mustn't hold a proposal.
            async with asyncio.timeout(self._timeout_s):
                status, body = await self._once(method, url, content)
                while status == httpx.codes.TOO_MANY_REQUESTS:
                    # Its strangers' lane is full: with a bit of patience there is room, and a pass for the next time.
                    await asyncio.sleep(_PATIENCE_S)
                    status, body = await self._once(method, url, content)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, OverflowError, RefusalError) as error:
            # TimeoutError is an OSError; a destination that isn't permitted is a RefusalError.
            raise PeerError(f"{endpoint}: {type(error).__name__}") from error
        if status != httpx.codes.OK:
            raise PeerError(f"{endpoint}: status {status}")
        return body

    async def _once(self, method: str, url: str, content: str | None) -> tuple[int, bytes]:
        place = urlsplit(url).netloc
        headers = {"content-type": "application/json"} if content is not None else {}
        if place in self._passes:
            headers[PASS_HEADER] = self._passes[place]
        stream = self._client.stream(method, url, content=content, headers=headers, follow_redirects=False)
        async with stream as response:
            body = await _read(response)
        given = response.headers.get(PASS_HEADER, "")
        if 0 < len(given) <= _MAX_PASS:
            self._passes[place] = given
        return response.status_code, body


async def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _MAX_ANSWER_BYTES:
            raise httpx.DecodingError("answer too large")
    return bytes(body)
