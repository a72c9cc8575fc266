"""What this node does on chain: each act by name, sent once however often it is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from eth_utils import to_canonical_address

from oracle.chain.contract import AssentContract
from oracle.chain.rpc import endpoint_errors
from oracle.core.errors import ContractRevertError
from oracle.core.keccak import keccak
from oracle.core.structs import (
    Agreement,
    Answer,
    Attestation,
    Model,
    Recording,
    Request,
    RequestState,
    StandingRequest,
    Testimony,
    Verdict,
)
from oracle.services.transactor import Transactor

#: What the contract says of an act that somebody has done before: as good as one's own.
DONE = frozenset({"RequestNotOpen", "RootExists", "NotUnderReview", "AlreadyPunished"})


class Acts:
    """The contract's transactions as the daemon uses them. Every method raises ContractRevertError if the contract won't have it now,
    and EndpointError if it can't be reached.
    """

    def __init__(self, contract: AssentContract, transactor: Transactor) -> None:
        self._contract = contract
        self._transactor = transactor

    # Verdicts

    async def record(self, answer: Answer, attestation: Attestation) -> None:
        """Record one verdict."""
        request = answer.request
        function = self._contract.record(request, answer.verdict, attestation)
        await self._transactor.send("record", request.id, function, [request.question.callback_gas])

    async def record_many(self, root: bytes, answers: Sequence[Answer], attestation: Attestation) -> None:
        """Record a report's verdicts, in the order of its tree's leaves. The contract skips what has ended; if all has, nothing is sent."""
        await self._must_be_open([answer.request.id for answer in answers])
        function = self._contract.record_many(answers, attestation)
        gas = [answer.request.question.callback_gas for answer in answers]
        await self._transactor.send("recordMany", root, function, gas)

    async def _must_be_open(self, ids: Sequence[bytes]) -> None:
        with endpoint_errors("eth_call"):
            states = await self._contract.states_of(ids).acall()
        if RequestState.REQUESTED not in states:
            raise ContractRevertError("RequestNotOpen", {"id": "0x" + ids[0].hex()})

    async def anchor(self, root: bytes, count: int, currency: str, quorum: int, attestation: Attestation) -> None:
        """Put a report's root on chain. ``currency`` is a token's address, the zero address for ether."""
        function = self._contract.anchor(root, count, currency, quorum, attestation)
        await self._transactor.send("anchor", root, function)

    async def claim(self, answer: Answer, proof: Sequence[bytes]) -> None:
        """Record a verdict of an anchored report."""
        request = answer.request
        function = self._contract.claim(request, answer.verdict, proof)
        await self._transactor.send("claim", request.id, function, [request.question.callback_gas])

    async def close(self, request: Request, agreement_ended: bool) -> None:
        """End a request without a verdict: refuse it if somebody ended its agreement, else expire it."""
        function = self._contract.refuse(request) if agreement_ended else self._contract.expire(request)
        await self._transactor.send("refuse" if agreement_ended else "expire", request.id, function)

    async def attest_erasure(
        self, agreement_id: bytes, attester: str, evidence: bytes, deadline: int, signature: bytes
    ) -> None:
        """Say for an attester, which signed it, that it has nothing left of a record."""
        function = self._contract.attest_erasure_by_sig(agreement_id, attester, evidence, deadline, signature)
        await self._transactor.send("attestErasure", _pair(agreement_id, attester), function)

    # Cases

    async def judge(
        self, recording: Recording, verdict: Verdict, stands: bool, judges: int, signatures: bytes, callback_gas: int
    ) -> None:
        """Bring what the bench found; a correction without an arbiter calls the controller again."""
        function = self._contract.judge(recording, verdict, stands=stands, judges=judges, signatures=signatures)
        await self._transactor.send("judge", recording.request.id, function, [callback_gas])

    async def close_case(self, recording: Recording, verdict: Verdict, callback_gas: int) -> None:
        """End a case on which nobody can rule any more: as the bench found, or unjudged."""
        function = self._contract.close(recording, verdict)
        await self._transactor.send("close", recording.request.id, function, [callback_gas])

    async def punish_conflict(
        self, attester: str, agreement: Agreement, model: Model, first: Testimony, second: Testimony
    ) -> None:
        """Take a penalty from the operator that signed two verdicts of one request that can't both be honest."""
        function = self._contract.punish_conflict(agreement, model, first, second)
        await self._transactor.send("punishConflict", _pair(first.request.id, attester), function)

    # Standing requests

    async def open_round(self, standing: StandingRequest, round_: int) -> None:
        """Open a round that is due."""
        function = self._contract.open_round(standing, round_)
        await self._transactor.send("openRound", keccak(standing.id + round_.to_bytes(4, "big")), function)

    async def end_standing(self, standing: StandingRequest) -> None:
        """End a standing request of which no round can be opened any more."""
        await self._transactor.send("endStanding", standing.id, self._contract.end_standing(standing))

    # Committee

    async def rotate(self, epoch: int) -> None:
        """Start the epoch after this one."""
        await self._transactor.send("rotate", epoch.to_bytes(32, "big"), self._contract.rotate())

    async def renew_lease(self, until: int) -> None:
        """Renew the sender's lease, which holds ``until`` then (Unix seconds)."""
        await self._transactor.send("renew", until.to_bytes(32, "big"), self._contract.renew_lease())


def _pair(request_id: bytes, attester: str) -> bytes:
    return keccak(request_id + to_canonical_address(attester))
