"""A deployment's contracts, typed: their views (:mod:`oracle.chain.reads`) and their transactions (:mod:`oracle.chain.transactions`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_utils import to_checksum_address
from web3 import AsyncWeb3, Web3

from oracle.chain.abi import artifact, contract_of
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
from oracle.core.digests import Domain

#: What stands for ether where a token's address is wanted.
ETHER = "0x0000000000000000000000000000000000000000"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a deployment's contracts are: Assent itself, its committee, and the registry of records."""

    core: str
    committee: str
    records: str

    def __post_init__(self) -> None:
        """Take addresses in any case."""
        for name in self.__match_args__:
            object.__setattr__(self, name, to_checksum_address(getattr(self, name)))

    def of(self, contract: str) -> str:
        """Return the address of a contract by its name, one of :data:`oracle.chain.abi.CONTRACTS`."""
        return {"Assent": self.core, "Committee": self.committee, "Records": self.records}[contract]

    def of_event(self, name: str) -> str:
        """Return the address of the contract that has an event."""
        return self.of(contract_of(name))

    @property
    def all(self) -> tuple[str, str, str]:
        """Every address."""
        return (self.core, self.committee, self.records)

    @classmethod
    def told_by(cls, web3: Web3, core: str) -> Addresses:
        """Ask Assent, at its address, for the others. Raises what a view call does."""
        views = Views(web3, "Assent", core)
        return cls(core, str(views.committee().call()), str(views.records().call()))


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
        self.domain = Domain(chain_id, addresses.core)
        self.committee_domain = Domain(chain_id, addresses.committee)
        self.records_domain = Domain(chain_id, addresses.records)
        self._views = Views(web3, "Assent", addresses.core)
        self._committee_views = Views(web3, "Committee", addresses.committee)
        self._record_views = Views(web3, "Records", addresses.records)
        self._functions, self._committee_functions, self._record_functions = (
            web3.eth.contract(address=to_checksum_address(addresses.of(name)), abi=artifact(name)["abi"]).functions
            for name in ("Assent", "Committee", "Records")
        )


__all__ = [
    "ETHER",
    "Addresses",
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
]
