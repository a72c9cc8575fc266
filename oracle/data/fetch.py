"""Asking a vault for a request's fields, over HTTP."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey
from pydantic_core import from_json

from oracle.core.errors import Reason, RecordError, SealError, VaultError
from oracle.data.ask import Ask, together
from oracle.data.destination import GuardedTransport, check_form
from oracle.data.envelope import open_sealed, unpack_fields
from oracle.data.record import DisclosedField

MAX_ANSWER_BYTES = 1024**2
MAX_BATCH_BYTES = 8 * MAX_ANSWER_BYTES
RELEASES_PATH, BATCH_PATH = "/v1/releases", "/v1/releases/batch"
#: Refusals that may be otherwise later: the vault's endpoint may lag behind ours, a budget fills up again, another ask is another one.
_TRANSIENT = {"request_unknown", "epoch_stale", "ask_expired", "ask_repeated", "budget_spent"}


@dataclass(frozen=True, slots=True)
class OpeningKeys:
    """What opens a vault's answer: one of the keys that were registered on chain, and the hybrid one if the ask named it."""

    registered: Sequence[X25519PrivateKey]
    hybrid: MLKEM768X25519PrivateKey | None = None


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


#: What comes of one ask among several.
Fetched = list[DisclosedField] | VaultError | SealError | RecordError


async def fetch_fields(
    client: VaultClient, vault_url: str, ask: Ask, attester: str, keys: OpeningKeys
) -> list[DisclosedField]:
    """Return the fields that a vault releases for an ask. They aren't verified yet: see ``record.verify_disclosure``.

    Whichever of the registered keys fits opens them: the vault seals to the one that its view of the chain has. Raises VaultError
    (VAULT_UNREACHABLE), VaultRefusedError, SealError, or RecordError (PROOF_WRONG) when what opens is no list of fields.
    """
    status, body = await _exchange(client, vault_url, RELEASES_PATH, ask.to_json(), MAX_ANSWER_BYTES)
    return _fields(_answer(status, body), ask, attester, keys)


async def fetch_many(
    client: VaultClient, vault_url: str, asks: Sequence[tuple[Ask, str]], keys: OpeningKeys
) -> list[Fetched]:
    """Return for each of at most ``MAX_ASKS`` asks to one vault, with its attester, what :func:`fetch_fields` returns, or raises.

    Raises VaultError (VAULT_UNREACHABLE) if the vault can't be reached, and VaultRefusedError if it takes no asks together.
    """
    content = together([ask for ask, _ in asks])
    answer = _answer(*await _exchange(client, vault_url, BATCH_PATH, content, MAX_BATCH_BYTES))
    answers = answer.get("answers")
    if not isinstance(answers, list) or len(answers) != len(asks):
        raise VaultRefusedError("not_each_answered")
    return [_fetched(each, *asked, keys) for each, asked in zip(answers, asks, strict=True)]


def _fetched(answer: object, ask: Ask, attester: str, keys: OpeningKeys) -> Fetched:
    status = answer.get("status", 200) if isinstance(answer, dict) else 0
    try:
        return _fields(_usable(status if isinstance(status, int) else 0, answer), ask, attester, keys)
    except (VaultError, SealError, RecordError) as error:
        return error


def _fields(answer: Mapping[str, Any], ask: Ask, attester: str, keys: OpeningKeys) -> list[DisclosedField]:
    if answer.get("request") != "0x" + ask.request_id.hex():
        raise VaultError(Reason.VAULT_UNREACHABLE, "the vault's answer is to another request")
    return unpack_fields(_opened(keys, ask.request_id, attester, _sealed(answer)))


async def _exchange(
    client: VaultClient, vault_url: str, path: str, content: object, limit_bytes: int
) -> tuple[int, bytes]:
    url = str(check_form(vault_url)).rstrip("/") + path
    try:
        async with asyncio.timeout(client.timeout_s):
            return await _post(client, url, content, limit_bytes)
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:  # TimeoutError is an OSError
        raise VaultError(Reason.VAULT_UNREACHABLE, f"the vault can't be reached: {type(error).__name__}") from None


def _opened(keys: OpeningKeys, request_id: bytes, attester: str, sealed: bytes) -> bytes:
    *others, last = keys.registered
    for key in others:
        with suppress(SealError):
            return open_sealed(key, request_id, attester, sealed, keys.hybrid)
    return open_sealed(last, request_id, attester, sealed, keys.hybrid)


async def _post(client: VaultClient, url: str, content: object, limit_bytes: int) -> tuple[int, bytes]:
    body = bytearray()
    async with client.stream("POST", url, json=content) as response:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise VaultError(Reason.VAULT_UNREACHABLE, "the vault's answer is compressed, which wasn't asked for")
        async for part in response.aiter_bytes():
            body += part
            if len(body) > limit_bytes:
                raise VaultError(Reason.VAULT_UNREACHABLE, f"the vault's answer has more than {limit_bytes} bytes")
    client.cookies.clear()
    return response.status_code, bytes(body)


def _answer(status: int, body: bytes) -> Mapping[str, Any]:
    try:
        answer = from_json(body)  # bounds nesting, which json.loads doesn't once eth-account is loaded
    except ValueError:
        answer = None
    return _usable(status, answer)


def _usable(status: int, answer: object) -> Mapping[str, Any]:
    spent = isinstance(answer, dict) and answer.get("error") == "budget_spent"
    busy = status == 429 and not spent
    if not isinstance(answer, dict) or status >= 500 or busy or status < 200 or 300 <= status < 400:
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
