"""The deployed contract, typed: its views (:mod:`oracle.chain.reads`) and its transactions (:mod:`oracle.chain.transactions`)."""

from __future__ import annotations

from typing import Any

from eth_utils import to_checksum_address
from web3 import AsyncWeb3, Web3

from oracle.chain.abi import artifact
from oracle.chain.reads import AgreementReads, Block, OperatorReads, Read, RequestReads, TreasuryReads
from oracle.chain.statuses import (
    AgreementStatus,
    Challenge,
    Epoch,
    EpochEnd,
    ModelStatus,
    Operator,
    Pool,
    RecordStatus,
    RequestStatus,
    ScheduledPolicy,
    StandingStatus,
)
from oracle.chain.transactions import (
    AgreementTransactions,
    ChallengeTransactions,
    OperatorTransactions,
    RequestTransactions,
    TreasuryTransactions,
)
from oracle.chain.views import Views
from oracle.core.digests import Domain

#: What stands for ether where a token's address is wanted.
ETHER = "0x0000000000000000000000000000000000000000"


class AssentContract(
    AgreementReads,
    RequestReads,
    TreasuryReads,
    OperatorReads,
    AgreementTransactions,
    RequestTransactions,
    ChallengeTransactions,
    TreasuryTransactions,
    OperatorTransactions,
):
    """The deployed contract. Views return :class:`Read`; transactions return web3's prepared function, to estimate, sign and send."""

    def __init__(self, web3: Web3 | AsyncWeb3[Any], address: str, chain_id: int) -> None:
        self.address = to_checksum_address(address)
        self.domain = Domain(chain_id, self.address)
        self._views = Views(web3, self.address)
        self._functions: Any = web3.eth.contract(address=self.address, abi=artifact()["abi"]).functions


__all__ = [
    "ETHER",
    "AgreementStatus",
    "AssentContract",
    "Block",
    "Challenge",
    "Epoch",
    "EpochEnd",
    "ModelStatus",
    "Operator",
    "Pool",
    "Read",
    "RecordStatus",
    "RequestStatus",
    "ScheduledPolicy",
    "StandingStatus",
]
