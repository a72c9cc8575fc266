"""Fetching fields from a vault that may be anyone."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from oracle.core import digests
from oracle.core.digests import Domain
from oracle.core.errors import Reason, SealError, VaultError
from oracle.data.ask import Ask, ask_digest
from oracle.data.envelope import pack_fields, seal
from oracle.data.fetch import OpeningKeys, VaultClient, VaultRefusedError, fetch_fields
from oracle.data.record import DisclosedField, RecordTree, verify_disclosure

PRIVATE_KEY = bytes(range(1, 33))
DOMAIN = Domain(31337, "0x5FbDB2315678afecb367f032d93F642f64180aa3")
REQUEST = b"\x22" * 32
SIGNED = digests.sign(PRIVATE_KEY, ask_digest(DOMAIN, REQUEST, 3, 1_800_000_000))
ASK = Ask(REQUEST, 3, 1_800_000_000, SIGNED)
ATTESTER = ASK.attester(DOMAIN) or ""
SEAL_KEY = X25519PrivateKey.generate()
TREE = RecordTree.salt({"age": 51, "note": "marked-value-4711"})
SEALED = seal(SEAL_KEY.public_key().public_bytes_raw(), REQUEST, ATTESTER, pack_fields(TREE.disclose(["age"])))
ANSWER = {"request": "0x" + REQUEST.hex(), "record": "0x" + bytes(32).hex(), "sealed": "0x" + SEALED.hex()}


async def fetch(
    response: httpx.Response, url: str = "http://vault.test/base/", timeout_s: float = 5
) -> list[DisclosedField]:
    def handle(request: httpx.Request) -> httpx.Response:
        assert str(request.url) == "http://vault.test/base/v1/releases"
        assert json.loads(request.content) == ASK.to_json()
        return response

    async with VaultClient(transport=httpx.MockTransport(handle), timeout_s=timeout_s) as client:
        return await fetch_fields(client, url, ASK, ATTESTER, OpeningKeys([SEAL_KEY]))


def test_ask__when_signed__then_recovers_to_its_attester_for_its_chain_request_epoch_and_deadline_only() -> None:
    assert ATTESTER.startswith("0x")
    others = [
        (Domain(1, DOMAIN.contract), ASK),
        (DOMAIN, Ask(b"\x23" * 32, 3, ASK.deadline, ASK.signature)),
        (DOMAIN, Ask(REQUEST, 4, ASK.deadline, ASK.signature)),
        (DOMAIN, Ask(REQUEST, 3, ASK.deadline + 1, ASK.signature)),
    ]
    assert all(ask.attester(domain) != ATTESTER for domain, ask in others)


async def test_fields__when_the_vault_releases__then_come_and_verify() -> None:
    assert verify_disclosure(TREE.root, await fetch(httpx.Response(200, json=ANSWER))) == {"age": 51}


@pytest.mark.parametrize(
    ("code", "shown", "transient"),
    [
        ("consent", "consent", False),
        ("request_unknown", "request_unknown", True),
        ("<b>Bob</b>", "unnamed", False),
        (5, "unnamed", False),
    ],
)
async def test_fields__when_the_vault_refuses__then_its_code_is_known_and_no_text_of_its(
    code: object, shown: str, transient: bool
) -> None:
    with pytest.raises(VaultRefusedError) as caught:
        await fetch(httpx.Response(403, json={"error": code, "message": "marked-value-4711"}))
    assert (caught.value.reason, caught.value.code, caught.value.transient) == (Reason.VAULT_REFUSED, shown, transient)
    assert "marked" not in str(caught.value)


async def test_fields__when_the_operators_budget_is_spent__then_it_may_pass() -> None:
    with pytest.raises(VaultRefusedError, match="budget_spent") as caught:
        await fetch(httpx.Response(429, headers={"retry-after": "60"}, json={"error": "budget_spent"}))
    assert caught.value.transient


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(302, headers={"location": "http://127.0.0.1/"}, json=ANSWER),
        httpx.Response(500, json={"error": "internal"}),
        httpx.Response(503, json={"error": "chain_unreachable"}),
        httpx.Response(429, json={}),
        httpx.Response(200, content=b"<html>"),
        httpx.Response(200, content=b"[" * 100_000),
        httpx.Response(200, json=[ANSWER]),
        httpx.Response(200, json={**ANSWER, "request": "0x" + "33" * 32}),
        httpx.Response(404, content=b"not found"),
        httpx.Response(200, headers={"content-encoding": "br"}, stream=httpx.ByteStream(b"bomb")),
    ],
)
async def test_fields__when_the_answer_is_of_no_use__then_the_vault_counts_as_unreachable(
    response: httpx.Response,
) -> None:
    with pytest.raises(VaultError) as caught:
        await fetch(response)
    assert caught.value.reason is Reason.VAULT_UNREACHABLE


@pytest.mark.parametrize("sealed", [None, "", "0xzz", "0x00", 5, "0x" + SEALED.hex()[:-2]])
async def test_fields__when_they_dont_open__then_says_so(sealed: object) -> None:
    with pytest.raises(SealError):
        await fetch(httpx.Response(200, json={**ANSWER, "sealed": sealed}))


class Endless(httpx.AsyncByteStream):
    """A body without end; counts what was taken of it."""

    def __init__(self, pause_s: float) -> None:
        self.pause_s = pause_s
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(self.pause_s)
            self.taken += 65_536
            yield bytes(65_536)


async def test_fields__when_the_answer_has_no_end__then_reading_stops_at_the_limit() -> None:
    body = Endless(0)
    with pytest.raises(VaultError, match="1048576 bytes"):
        await fetch(httpx.Response(200, stream=body))
    assert body.taken <= 1024**2 + 65_536


async def test_fields__when_the_answer_trickles__then_reading_stops_in_time() -> None:
    with pytest.raises(VaultError, match="TimeoutError"):
        await fetch(httpx.Response(200, stream=Endless(0.2)), timeout_s=0.5)


async def test_fields__when_the_address_is_malformed__then_nothing_is_sent() -> None:
    with pytest.raises(VaultError, match="neither http nor https"):
        await fetch(httpx.Response(200, json=ANSWER), url="file:///etc/passwd")
