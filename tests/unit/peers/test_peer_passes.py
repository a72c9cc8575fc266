"""The client's part of the limits: it shows the pass that it was given, and is patient."""

from __future__ import annotations

import httpx
import pytest
from test_peer_client import PROPOSAL, SIGNATURE

from oracle.core.errors import PeerError
from oracle.peers.client import PeerClient
from oracle.peers.gate import PASS_HEADER


async def test_propose__when_a_pass_was_given__then_it_is_shown_to_that_peer_only() -> None:
    shown: list[tuple[str, str | None]] = []

    def handle(request: httpx.Request) -> httpx.Response:
        shown.append((request.url.host, request.headers.get(PASS_HEADER)))
        return httpx.Response(200, json={"signature": SIGNATURE}, headers={PASS_HEADER: "pass-of-" + request.url.host})

    client = PeerClient(httpx.AsyncClient(transport=httpx.MockTransport(handle)), 5)
    for host in ("one", "two", "one"):
        await client.propose(f"http://{host}", PROPOSAL)
    assert shown == [("one", None), ("two", None), ("one", "pass-of-one")]


async def test_propose__when_a_pass_is_absurd__then_it_is_not_kept() -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"signature": SIGNATURE}, headers={PASS_HEADER: "x" * 5_000})

    client = PeerClient(httpx.AsyncClient(transport=httpx.MockTransport(handle)), 5)
    for _ in range(2):
        await client.propose("http://one", PROPOSAL)
    assert PASS_HEADER not in seen[1].headers


async def test_propose__when_the_peer_is_busy__then_asked_again_within_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("oracle.peers.client._PATIENCE_S", 0.01)
    answers = [httpx.Response(429), httpx.Response(429), httpx.Response(200, json={"signature": SIGNATURE})]
    client = PeerClient(httpx.AsyncClient(transport=httpx.MockTransport(lambda _: answers.pop(0))), 5)
    assert (await client.propose("http://one", PROPOSAL)).signature == SIGNATURE


async def test_propose__when_the_peer_stays_busy__then_peer_error_after_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("oracle.peers.client._PATIENCE_S", 0.01)
    client = PeerClient(httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(429))), 0.2)
    with pytest.raises(PeerError, match="Timeout"):
        await client.propose("http://one", PROPOSAL)
