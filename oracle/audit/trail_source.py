"""Getting a trail from whichever node has it. Nodes are strangers: what they serve counts only by its digest."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic_core import from_json

from oracle.audit.report import CheckFailedError, CheckName, shown
from oracle.core import canonical
from oracle.core.errors import VaultError
from oracle.core.trail import MAX_TRAIL_BYTES
from oracle.data.destination import check_form
from oracle.data.fetch import VaultClient

_TIMEOUT_S = 10.0
_FAILURES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class FetchedTrail:
    """JSON values with the digest that was asked for, and the endpoint that served them. Not yet known to be a trail."""

    content: Any
    node: str


class _UnusableError(Exception):
    """A node's answer that is no trail of this digest."""


def fetch_trail(digest: bytes, endpoints: Sequence[str], *, allow_private: bool) -> FetchedTrail:
    """Return the trail of a digest (32 bytes) from the first of the nodes (base URLs) that has it.

    Raises CheckFailedError saying what each node did instead. Private and local addresses only where they are allowed.
    """
    with ThreadPoolExecutor(1) as thread:  # a loop of its own, also when the caller runs one
        return thread.submit(asyncio.run, _fetch(digest, endpoints, allow_private)).result()


async def _fetch(digest: bytes, endpoints: Sequence[str], allow_private: bool) -> FetchedTrail:
    failures = []
    async with VaultClient(allow_private=allow_private, timeout_s=_TIMEOUT_S) as client:
        for endpoint in endpoints:
            try:
                async with asyncio.timeout(_TIMEOUT_S):
                    body = await _get(client, endpoint, digest)
                return FetchedTrail(_content(body, digest), endpoint)
            except (_UnusableError, VaultError) as error:
                failures.append(f"{shown(endpoint)}: {error}")
            except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as error:
                failures.append(f"{shown(endpoint)}: {type(error).__name__}")
    more = len(failures) - _FAILURES_SHOWN
    found = "; ".join(failures[:_FAILURES_SHOWN]) + (f"; and {more} more" if more > 0 else "")
    raise CheckFailedError(
        CheckName.TRAIL_DIGEST, f"a node that serves trail {shown(digest)}", found or "no node to ask"
    )


async def _get(client: VaultClient, endpoint: str, digest: bytes) -> bytes:
    url = str(check_form(endpoint)).rstrip("/") + "/v1/trails/0x" + digest.hex()
    body = bytearray()
    async with client.stream("GET", url) as response:
        if response.status_code != 200:
            raise _UnusableError(f"status {response.status_code}")
        if response.headers.get("content-encoding", "identity") != "identity":
            raise _UnusableError("compressed, which wasn't asked for")
        async for part in response.aiter_bytes():
            body += part
            if len(body) > MAX_TRAIL_BYTES:
                raise _UnusableError(f"more than {MAX_TRAIL_BYTES} bytes")
    return bytes(body)


def _content(body: bytes, digest: bytes) -> Any:
    try:
        content = from_json(
            body, allow_inf_nan=False
        )  # bounds nesting, which json.loads doesn't once eth-account is loaded
        found = canonical.digest(content)
    except (ValueError, TypeError, RecursionError):
        raise _UnusableError("not canonical JSON") from None
    if found != digest:
        raise _UnusableError(f"a trail of digest {shown(found)}")
    return content
