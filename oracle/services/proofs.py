"""Proofs of anchored verdicts, from peers that have the report: what this node needs to claim one that it didn't sign."""

from __future__ import annotations

from typing import Any

import structlog

from oracle.chain.contract import AssentContract
from oracle.chain.rpc import endpoint_errors
from oracle.core.digests import report_leaf
from oracle.core.errors import ChainError, PeerError
from oracle.core.merkle import verify
from oracle.core.structs import Request, Verdict
from oracle.peers.client import PeerClient
from oracle.services.committee import Member
from oracle.services.reports import pool_of
from oracle.services.seat import Seat
from oracle.store.node_store import Proven, RequestContext

log = structlog.get_logger()

_MOST_SIBLINGS = 32


class Proofs:
    """Fetches and verifies."""

    def __init__(self, contract: AssentContract, seat: Seat, peers: PeerClient) -> None:
        self._contract = contract
        self._store = seat.store
        self._peers = peers

    async def fetch(self, context: RequestContext, member: Member) -> None:
        """Ask a peer for a request's proof and keep it, if it leads to a root that the contract has. A failure is only logged."""
        try:
            found = await self._verified(context.request, member.endpoint)
        except (PeerError, ChainError) as error:
            log.warning("proof_not_had", request=context.id.hex(), peer=member.attester, error=str(error))
            return
        leaf, pool = report_leaf(context.request, found.verdict), pool_of(found.root, context.request)
        self._store.save_proof(found, context.id, leaf, pool)

    async def _verified(self, request: Request, endpoint: str) -> Proven:
        found = _proven(request, await self._peers.proof(endpoint, request.id))
        with endpoint_errors("eth_call"):
            anchored = await self._contract.pool_info(pool_of(found.root, request)).acall()
        if anchored.epoch == 0:
            raise PeerError("the proof's root isn't on chain")
        if anchored.since > request.deadline:
            raise PeerError("the proof's root was anchored after the deadline")
        return found


def _proven(request: Request, data: dict[str, Any]) -> Proven:
    """Return what a peer answered, if its proof holds. Raises PeerError otherwise."""
    try:
        root, verdict = bytes.fromhex(data["root"][2:]), Verdict.from_json(data["verdict"])
        proof = tuple(bytes.fromhex(sibling[2:]) for sibling in data["proof"])
        epoch, count = int(data["epoch"]), int(data["count"])
        holds = len(proof) <= _MOST_SIBLINGS and verify(root, report_leaf(request, verdict), proof)
    except Exception as error:  # whatever a stranger's JSON makes of these
        raise PeerError(f"no proof: {type(error).__name__}") from None
    if not holds:
        raise PeerError("the proof doesn't lead from the request's verdict to its root")
    return Proven(root, epoch, count, verdict, proof, b"")


def proof_json(context: RequestContext, found: Proven) -> dict[str, Any]:
    """Return what ``GET /v1/proofs/<request id>`` answers: the report's root, and the proof that this verdict is under it."""
    return {
        "root": "0x" + found.root.hex(),
        "count": found.count,
        "epoch": found.epoch,
        "currency": context.model.currency,
        "quorum": context.request.quorum,
        "request": context.request.to_json(),
        "verdict": found.verdict.to_json(),
        "proof": ["0x" + sibling.hex() for sibling in found.proof],
    }
