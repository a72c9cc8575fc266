"""Asking a vault for a request's fields, over HTTP."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pydantic_core import from_json

from oracle.core.errors import Reason, SealError, VaultError
from oracle.data.ask import Ask
from oracle.data.destination import GuardedTransport, check_form
from oracle.data.envelope import open_sealed, unpack_fields
from oracle.data.record import DisclosedField

MAX_ANSWER_BYTES = 1024**2
RELEASES_PATH = "/v1/releases"
#: Refusals that may be otherwise a moment later: the vault's endpoint may lag behind ours.
_TRANSIENT = {"request_unknown", "epoch_stale", "ask_expired"}


class VaultRefusedError(VaultError):
    """The vault answered no. ``code`` is its own; ``transient`` tells whether to ask again."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.transient = code in _TRANSIENT
        super().__init__(Reason.VAULT_REFUSED, f"the vault refused: {code}")


class VaultClient(httpx.AsyncClient):
    """An HTTP client for addresses that strangers wrote: checked destinations, no redirects, no proxy, no cookies kept.

    ``timeout_s`` is for a whole exchange. ``transport`` replaces the network, for tests.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        timeout_s: float = 10.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.timeout_s = timeout_s
        super().__init__(
            transport=transport or GuardedTransport(allow_private),
            timeout=timeout_s,
            follow_redirects=False,
            trust_env=False,
            headers={"accept-encoding": "identity", "user-agent": "assent"},
        )


async def fetch_fields(
    client: VaultClient, vault_url: str, ask: Ask, attester: str, seal_keys: Sequence[X25519PrivateKey]
) -> list[DisclosedField]:
    """Return the fields that a vault releases for an ask. They aren't verified yet: see ``record.verify_disclosure``.

    Whichever of ``seal_keys`` fits opens them: the vault seals to the one that its view of the chain has. Raises VaultError
    (VAULT_UNREACHABLE), VaultRefusedError, SealError, or RecordError (PROOF_WRONG) when what opens is no list of fields.
    """
    url = str(check_form(vault_url)).rstrip("/") + RELEASES_PATH
    try:
        async with asyncio.timeout(client.timeout_s):
            status, body = await _post(client, url, ask)
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:  # TimeoutError is an OSError
        raise VaultError(Reason.VAULT_UNREACHABLE, f"the vault can't be reached: {type(error).__name__}") from None
    answer = _answer(status, body)
    if answer.get("request") != "0x" + ask.request_id.hex():
        raise VaultError(Reason.VAULT_UNREACHABLE, "the vault's answer is to another request")
    return unpack_fields(_opened(seal_keys, ask.request_id, attester, _sealed(answer)))


def _opened(seal_keys: Sequence[X25519PrivateKey], request_id: bytes, attester: str, sealed: bytes) -> bytes:
    *others, last = seal_keys
    for key in others:
        with suppress(SealError):
            return open_sealed(key, request_id, attester, sealed)
    return open_sealed(last, request_id, attester, sealed)


async def _post(client: VaultClient, url: str, ask: Ask) -> tuple[int, bytes]:
    body = bytearray()
    async with client.stream("POST", url, json=ask.to_json()) as response:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise VaultError(Reason.VAULT_UNREACHABLE, "the vault's answer is compressed, which wasn't asked for")
        async for part in response.aiter_bytes():
            body += part
            if len(body) > MAX_ANSWER_BYTES:
                raise VaultError(Reason.VAULT_UNREACHABLE, f"the vault's answer has more than {MAX_ANSWER_BYTES} bytes")
    client.cookies.clear()
    return response.status_code, bytes(body)


def _answer(status: int, body: bytes) -> Mapping[str, Any]:
    try:
        answer = from_json(body)  # bounds nesting, which json.loads doesn't once eth-account is loaded
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or status >= 500 or status == 429 or status < 200 or 300 <= status < 400:
        raise VaultError(Reason.VAULT_UNREACHABLE, f"the vault answered with status {status} and nothing to use")
    if status != 200:
        # Only a code is passed on: a stranger's text may hold anything.
        code = answer.get("error")
        known = isinstance(code, str) and re.fullmatch(r"[a-z_]{1,40}", code)
        raise VaultRefusedError(code if known and isinstance(code, str) else "unnamed")
    return answer


def _sealed(answer: Mapping[str, Any]) -> bytes:
    sealed = answer.get("sealed")
    try:
        return bytes.fromhex(sealed.removeprefix("0x")) if isinstance(sealed, str) else b""
    except ValueError:
        return b""  # which doesn't open
