"""Asking a peer: what comes back is an answer, or a PeerError."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from oracle.core.errors import PeerError, Reason
from oracle.peers.client import PeerClient
from oracle.peers.messages import Answer, Proposal, ProposedVerdict

SIGNATURE = "0x" + "11" * 64
PROPOSAL = Proposal(
    epoch=3,
    verdicts=[ProposedVerdict(request="0x" + "ab" * 32, outcome=1, score=5, trail={"a": [1, "é"]})],
    proposer="0x" + "ab" * 20,
    signature=SIGNATURE,
)


def client(answer: httpx.Response | Exception, seen: list[httpx.Request] | None = None) -> PeerClient:
    def handle(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return PeerClient(httpx.AsyncClient(transport=httpx.MockTransport(handle)), 5)


async def test_propose__when_answered__then_the_answer_and_the_proposal_arrived_whole() -> None:
    seen: list[httpx.Request] = []
    asked = client(httpx.Response(200, json={"signature": SIGNATURE}), seen)
    assert await asked.propose("http://peer:1/base/", PROPOSAL) == Answer(signature=SIGNATURE)
    assert str(seen[0].url) == "http://peer:1/base/v1/reports"
    assert Proposal.model_validate_json(seen[0].content) == PROPOSAL


async def test_propose__when_declined__then_typed_reasons() -> None:
    declined = [{"request": "0x" + "ab" * 32, "reason": "score_mismatch", "message": "no"}]
    answer = await client(httpx.Response(200, json={"declined": declined})).propose("http://peer", PROPOSAL)
    assert [each.reason for each in answer.declined] == [Reason.SCORE_MISMATCH]
    assert answer.signature is None


@pytest.mark.parametrize(
    "content",
    [
        b"", b"null", b"[]", b"<html>", b"\xff", b"[" * 50_000, b"{}" * 2,
        json.dumps({"signature": SIGNATURE + "00"}).encode(),
        json.dumps({"signature": SIGNATURE.upper()}).encode(),
        json.dumps({"signature": 1}).encode(),
        json.dumps({"declined": [{"request": "0x" + "ab" * 32, "reason": "mood", "message": ""}]}).encode(),
        json.dumps({"declined": [{"request": "0x" + "ab" * 32, "reason": "consent", "message": "x" * 501}]}).encode(),
        json.dumps({"signature": SIGNATURE, "more": 1}).encode(),
        b" " * (1024 * 1024 + 1),
    ],
)  # fmt: skip
async def test_propose__when_the_answer_is_out_of_protocol__then_peer_error(content: bytes) -> None:
    with pytest.raises(PeerError):
        await client(httpx.Response(200, content=content)).propose("http://peer", PROPOSAL)


@pytest.mark.parametrize("status", [204, 301, 307, 400, 403, 413, 422, 500, 503])
async def test_propose__when_the_status_is_another__then_peer_error_and_no_redirect_followed(status: int) -> None:
    seen: list[httpx.Request] = []
    answer = httpx.Response(status, headers={"location": "http://other/"}, json={"signature": SIGNATURE})
    with pytest.raises(PeerError, match=str(status)):
        await client(answer, seen).propose("http://peer", PROPOSAL)
    assert len(seen) == 1


@pytest.mark.parametrize(
    "failure", [httpx.ConnectError("x"), httpx.ReadTimeout("x"), httpx.RemoteProtocolError("x"), httpx.PoolTimeout("x")]
)
async def test_propose__when_unreachable__then_peer_error(failure: Exception) -> None:
    with pytest.raises(PeerError, match="http://peer"):
        await client(failure).propose("http://peer", PROPOSAL)


@pytest.mark.parametrize("endpoint", ["", "peer", "ftp://peer", "http://peer:port", "file:///etc/passwd"])
async def test_propose__when_the_endpoint_is_no_url__then_peer_error(endpoint: str) -> None:
    asking = PeerClient(httpx.AsyncClient(), 5)
    with pytest.raises(PeerError):
        await asking.propose(endpoint, PROPOSAL)


def changed(**changes: Any) -> str:
    return json.dumps({**PROPOSAL.model_dump(), **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"epoch": 0},
        {"epoch": 1.0},
        {"epoch": "1"},
        {"signature": "0x"},
        {"proposer": "0x1"},
        {"verdicts": []},
        {"x": 1},
    ],
)
def test_proposal__when_malformed__then_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Proposal.model_validate_json(changed(**changes))
