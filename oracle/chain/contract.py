"""A deployment's contracts, typed: their views (:mod:`oracle.chain.reads`) and their transactions (:mod:`oracle.chain.transactions`)."""

from __future__ import annotations

from typing import Any

from eth_utils import to_checksum_address
from web3 import AsyncWeb3, Web3

from oracle.chain.abi import artifact
from oracle.chain.reads import (
    AgreementReads,
    Block,
    CommitteeReads,
    EpochReads,
    Read,
    RecordReads,
    RequestReads,
    TreasuryReads,
)
from oracle.chain.statuses import (
    AgreementStatus,
    Case,
    Epoch,
    ModelStatus,
    Operator,
    Pool,
    RecordStatus,
    RequestStatus,
    Roll,
    StandingStatus,
)
from oracle.chain.transactions import (
    AgreementTransactions,
    CaseTransactions,
    OperatorTransactions,
    RecordTransactions,
    RequestTransactions,
    TreasuryTransactions,
)
from oracle.chain.views import Views
from oracle.core.addresses import Addresses
from oracle.core.digests import Domain, Domains

#: What stands for ether where a token's address is wanted.
ETHER = "0x0000000000000000000000000000000000000000"


def addresses_told(web3: Web3, core: str) -> Addresses:
    """Ask Assent, at its address, where the others are. Raises what a view call does."""
    views = Views(web3, "Assent", core)
    return Addresses(core, str(views.committee().call()), str(views.records().call()))


class AssentContract(
    AgreementReads,
    RequestReads,
    TreasuryReads,
    EpochReads,
    RecordReads,
    CommitteeReads,
    AgreementTransactions,
    RequestTransactions,
    TreasuryTransactions,
    RecordTransactions,
    CaseTransactions,
    OperatorTransactions,
):
    """The deployed contracts. Views return :class:`Read`; transactions return web3's prepared function, to estimate, sign and send.

    ``domain`` is Assent's, for what subjects, controllers and operators sign; the committee and the records have their own.
    """

    def __init__(self, web3: Web3 | AsyncWeb3[Any], addresses: Addresses, chain_id: int) -> None:
        self.addresses = addresses
        self.address = addresses.core
        self.domains = Domains(*(Domain(chain_id, each) for each in addresses.all))
        self.domain = self.domains.core
        self.committee_domain = self.domains.committee
        self.records_domain = self.domains.records
        self._views = Views(web3, "Assent", addresses.core)
        self._committee_views = Views(web3, "Committee", addresses.committee)
        self._record_views = Views(web3, "Records", addresses.records)
        self._functions, self._committee_functions, self._record_functions = (
            web3.eth.contract(address=to_checksum_address(addresses.of(name)), abi=artifact(name)["abi"]).functions
            for name in ("Assent", "Committee", "Records")
        )


__all__ = [
    "ETHER",
    "AgreementStatus",
    "AssentContract",
    "Block",
    "Case",
    "Epoch",
    "ModelStatus",
    "Operator",
    "Pool",
    "Read",
    "RecordStatus",
    "RequestStatus",
    "Roll",
    "StandingStatus",
    "addresses_told",
]
