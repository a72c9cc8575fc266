"""Checks of who signed: the report is rebuilt from the recording transaction, and each signature recovered."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from eth_abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils import function_abi_to_4byte_selector
from eth_utils.abi import collapse_if_tuple

from oracle.audit.evidence import Evidence
from oracle.audit.report import CheckFailedError, CheckName, equal, must
from oracle.chain.abi import artifact
from oracle.core import merkle
from oracle.core.committee import members_of
from oracle.core.digests import LEAF_TYPES, leaf_values, recover, report_digest
from oracle.core.structs import Attestation, Request, Verdict
from oracle.core.trail import Trail

_SIGNATURE_BYTES = 64


def quorum(evidence: Evidence) -> str:
    """The members named in the event signed just this verdict, in the epoch current then, and they are a quorum."""
    name, event = CheckName.QUORUM, evidence.recorded.arguments
    verdict, attestation = _recording(evidence)
    equal(name, "epoch", evidence.epoch, attestation.epoch)
    equal(name, "epoch in the event", attestation.epoch, event["epoch"])
    equal(name, "signers in the event", attestation.signers, event["signers"])
    announced = Verdict(event["outcome"], event["score"], evidence.trail_digest)
    equal(name, "verdict signed", announced, verdict)
    indices = members_of(attestation.signers)
    wanted = max(evidence.request.quorum, evidence.model.quorum)
    must(len(indices) >= wanted, name, f"at least {wanted} signers", len(indices))
    equal(name, "bytes of signatures", len(indices) * _SIGNATURE_BYTES, len(attestation.signatures))
    digest = _report(evidence, verdict, attestation.epoch)
    for place, index in enumerate(indices):
        signature = attestation.signatures[place * _SIGNATURE_BYTES : (place + 1) * _SIGNATURE_BYTES]
        must(index < len(evidence.members), name, f"one of {len(evidence.members)} members", f"member {index}")
        equal(name, f"signature {place} of member", evidence.members[index], recover(digest, signature))
    return f"{len(indices)} of {len(evidence.members)} members of epoch {attestation.epoch} signed, {wanted} needed"


def proposer(evidence: Evidence, trail: Trail) -> str:
    """Whoever the trail names as its proposer was a member."""
    members = {member.lower() for member in evidence.members}
    must(trail.proposer.lower() in members, CheckName.PROPOSER, "a member of the epoch", trail.proposer)
    return trail.proposer


def _report(evidence: Evidence, verdict: Verdict, epoch: int) -> bytes:
    """A single verdict is a tree of one leaf: the leaf is the root."""
    leaf = merkle.leaf_hash(LEAF_TYPES, leaf_values(evidence.request_id, evidence.request.commitment, verdict))
    return report_digest(evidence.domain, epoch, 1, leaf)


def _recording(evidence: Evidence) -> tuple[Verdict, Attestation]:
    """Find the call of ``record`` for this request in the transaction; it may be inside another contract's call."""
    for request, verdict, attestation in _record_calls(evidence.calldata):
        if request == evidence.request:
            return verdict, attestation
    raise CheckFailedError(
        CheckName.QUORUM, "a call of record() with the request's terms in the transaction", "none in its calldata"
    )


def _record_calls(calldata: bytes) -> Iterator[tuple[Request, Verdict, Attestation]]:
    selector, kinds = _record_function()
    start = calldata.find(selector)
    while start >= 0:
        try:
            request, verdict, attestation = decode(kinds, calldata[start + len(selector) :], strict=False)
        except (DecodingError, ValueError, OverflowError):
            pass  # four bytes that look like the selector
        else:
            yield Request.from_abi(request), Verdict.from_abi(verdict), Attestation(*attestation)
        start = calldata.find(selector, start + 1)


@cache
def _record_function() -> tuple[bytes, list[str]]:
    entry: Any = next(e for e in artifact()["abi"] if e["type"] == "function" and e["name"] == "record")
    return bytes(function_abi_to_4byte_selector(entry)), [collapse_if_tuple(each) for each in entry["inputs"]]
