"""The example of a contract that asks for verdicts, deployed and used: ``contracts/consumers/Clinic.sol``."""

from __future__ import annotations

from typing import Any

from deploy.deployment import sending
from oracle.chain.abi import example_artifact
from oracle.chain.rpc import endpoint_errors
from oracle.client import AssentClient, Sent
from oracle.core.purposes import purpose
from oracle.core.structs import Agreement
from oracle.keys.signer import LocalSigner


class Clinic:
    """A clinic's contract: the controller of its patients' agreements, told of each verdict, and once more when it is final."""

    def __init__(self, client: AssentClient, owner: LocalSigner, term: str, recall_outcome: int) -> None:
        """Deploy it as its owner, asking for one purpose (a DPV term). Raises EndpointError."""
        built = example_artifact("Clinic")
        factory = client.web3.eth.contract(abi=built["abi"], bytecode=built["bytecode"])
        constructor = factory.constructor(client.address, purpose(term).bit, recall_outcome)
        with endpoint_errors("deployment"):
            receipt = sending(client.web3, owner, client.domain.chain_id)(constructor)
        self._client = client.with_signer(owner)
        self.address = str(receipt["contractAddress"])
        address = client.web3.to_checksum_address(self.address)
        self._functions: Any = client.web3.eth.contract(address=address, abi=built["abi"]).functions

    def ask(self, agreement: Agreement, use: int) -> tuple[bytes, Sent]:
        """Have it ask under an agreement that it controls, with a callback; return the request's id (32 bytes) and the transaction."""
        total = self._client.quote(agreement.terms).quote.total
        asking = self._functions.ask(agreement.source_id, agreement.terms_abi, use)
        sent = self._client.send(asking, total)
        return bytes(sent.event("Requested").arguments["id"]), sent

    def recalled(self, request_id: bytes) -> bool:
        """Tell whether a patient is on its list for a recall, by the verdict on a request. Raises EndpointError."""
        with endpoint_errors("eth_call"):
            return bool(self._functions.recalled(request_id).call())
