"""Making receipts, from the chain."""

from __future__ import annotations

from typing import Any

from oracle.chain.rpc import endpoint_errors
from oracle.client import AssentClient, NoSignerError
from oracle.core.errors import EndpointError
from oracle.receipts.document import digest_of, slot_of, standing_of, unsigned
from oracle.receipts.proofs import StateProof


def issue(client: AssentClient, agreement_id: bytes, block: int | None = None) -> dict[str, Any]:
    """Return a receipt for an agreement at a block, the latest by default, as JSON values, signed by the client's signer.

    Raises UnknownIdError, ReceiptError if it wasn't given by then, ProofError or EndpointError if the endpoint doesn't prove it, and
    NoSignerError.
    """
    signer = client.signer
    if signer is None:
        raise NoSignerError
    agreement, domain = client.agreement(agreement_id), client.domain

    def ask(method: str, params: list[Any]) -> Any:
        with endpoint_errors(method):
            answer: Any = client.web3.provider.make_request(method, params)  # type: ignore[arg-type]
        if "result" not in answer or answer["result"] is None:
            raise EndpointError(f"{method}: the endpoint doesn't answer; a receipt needs one that serves eth_getProof")
        return answer["result"]

    found = ask("eth_getBlockByNumber", ["latest" if block is None else hex(block), False])
    proof = StateProof.fetch(ask, client.address, slot_of(agreement), found)
    receipt = unsigned(domain, agreement, proof, standing_of(domain, agreement, proof), signer.address)
    signature = signer.sign(digest_of(domain, receipt))
    return {**receipt, "assent:signature": "0x" + signature.hex()}
