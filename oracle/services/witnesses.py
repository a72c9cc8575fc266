"""Who signed a recorded verdict, from the transaction that recorded it: evidence that this node need not have been given by peers."""

from __future__ import annotations

from typing import Any

import structlog
from web3 import AsyncWeb3, Web3
from web3.exceptions import Web3Exception

from oracle.chain.abi import artifact
from oracle.chain.contract import AssentContract
from oracle.chain.rpc import endpoint_errors
from oracle.core.committee import members_of
from oracle.core.digests import recover, report_digest, report_leaf, words_leaf
from oracle.core.merkle import MerkleTree, climb
from oracle.core.structs import Attestation, Request, Verdict
from oracle.services.reports import pool_of
from oracle.services.seat import Seat
from oracle.store.node_store import Evidence, Proven, RequestContext

log = structlog.get_logger()


class Witnesses:
    """Reads attestations out of the contract's calldata. Transactions that reach it through another contract aren't understood."""

    def __init__(self, web3: AsyncWeb3[Any], contract: AssentContract, seat: Seat) -> None:
        self._web3 = web3
        self._contract = contract
        self._seat = seat
        self._decoder = Web3().eth.contract(abi=artifact()["abi"])

    async def of(self, context: RequestContext, now: int) -> list[Evidence]:
        """Return who signed the report that a request's verdict was recorded by; ``now`` in Unix seconds. Raises EndpointError."""
        if context.recorded is None:
            return []
        transaction = context.recorded.transaction
        name, arguments = await self._call(transaction)
        if name == "record":
            leaves = [_leaf(arguments["request_"], arguments["verdict"])]
        elif name == "recordMany":
            leaves = [_leaf(answer["request"], answer["verdict"]) for answer in arguments["answers"]]
        elif name == "claim":
            return await self._anchored(context, context.recorded.verdict, tuple(map(bytes, arguments["proof"])), now)
        else:
            proven = self._seat.store.proven(context.id, context.request.deadline)
            if proven is None or proven.verdict != context.recorded.verdict:
                return []
            return await self._anchored(context, proven.verdict, proven.proof, now)
        leaf, tree = report_leaf(context.request, context.recorded.verdict), MerkleTree(leaves)
        if leaf not in leaves:
            return []
        report = (tree.root, 0, len(leaves), context.recorded.verdict, tuple(tree.proof(leaf)))
        return await self._signers(context, arguments["attestation"], Proven(*report, transaction), now)

    async def _anchored(
        self, context: RequestContext, verdict: Verdict, proof: tuple[bytes, ...], now: int
    ) -> list[Evidence]:
        """Return who signed the root that a verdict was claimed from, be it one that no peer ever told this node."""
        root = climb(report_leaf(context.request, verdict), proof)
        anchored = self._seat.store.anchored_by(pool_of(root, context.request))
        if anchored is None:
            return []
        transaction, count = anchored
        name, arguments = await self._call(transaction)
        if name != "anchor":
            return []
        report = Proven(root, 0, count, verdict, proof, transaction)
        return await self._signers(context, arguments["attestation"], report, now)

    async def _call(self, transaction: bytes) -> tuple[str, dict[str, Any]]:
        # A block with its transactions: every endpoint has that, but not each a transaction by its hash.
        with endpoint_errors("eth_getBlockByNumber"):
            receipt = await self._web3.eth.get_transaction_receipt(self._web3.to_hex(transaction))
            block = await self._web3.eth.get_block(receipt["blockNumber"], full_transactions=True)
        data: Any = block["transactions"][receipt["transactionIndex"]]
        if data.get("to") != self._contract.address:
            return "", {}
        try:
            function, arguments = self._decoder.decode_function_input(data["input"])
        except (ValueError, Web3Exception):
            return "", {}
        return function.fn_name, arguments

    async def _signers(self, context: RequestContext, attestation: Any, report: Proven, now: int) -> list[Evidence]:
        signed = Attestation.from_abi(attestation)
        with endpoint_errors("eth_call"):
            members = await self._contract.members_of(signed.epoch).acall()
        digest = report_digest(self._seat.domain, signed.epoch, report.count, report.root)
        found = []
        for place, index in enumerate(members_of(signed.signers)):
            signature = bytes(signed.signatures[64 * place : 64 * place + 64])
            if recover(digest, signature) == members[index]:
                facts = (report.verdict, signed.epoch, report.count, report.proof, signature, now)
                found.append(Evidence(context.id, members[index], *facts))
        return found


def _leaf(request: Any, verdict: Any) -> bytes:
    return words_leaf(Request.from_abi(request), Verdict.members_of(verdict))
