"""What a transaction recorded, read from its calldata: verdicts, the reports that a quorum signed over them, and reviews.

The calls may be inside another contract's call, so they are sought by their selectors. Nothing here is verified: see :mod:`oracle.audit`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from eth_abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils import function_abi_to_4byte_selector, to_checksum_address
from eth_utils.abi import collapse_if_tuple

from oracle.chain.abi import artifact
from oracle.core.committee import members_of
from oracle.core.digests import report_leaf
from oracle.core.merkle import MerkleTree, climb
from oracle.core.structs import Attestation, Reference, Request, Terms, Testimony, Verdict

_SELECTOR_BYTES, _SIGNATURE_BYTES = 4, 64


@dataclass(frozen=True, slots=True)
class Report:
    """A report: the root over its ``count`` verdicts, and the quorum's signatures."""

    root: bytes
    count: int
    attestation: Attestation

    def signature_of(self, index: int) -> bytes | None:
        """Return the compact signature of the epoch's member ``index``, or None if it didn't sign."""
        signers = members_of(self.attestation.signers)
        if index not in signers:
            return None
        start = signers.index(index) * _SIGNATURE_BYTES
        return self.attestation.signatures[start : start + _SIGNATURE_BYTES]


@dataclass(frozen=True, slots=True)
class Recording:
    """A verdict as a call recorded it; ``proof`` leads from its leaf to ``root``. A claim's ``report`` is None: its root was anchored."""

    request: Request
    verdict: Verdict
    root: bytes
    proof: tuple[bytes, ...]
    report: Report | None

    def testimonies(self, report: Report) -> list[Testimony]:
        """Return what each signer of the report testifies: this verdict."""
        attestation = report.attestation
        terms = (self.request, self.verdict, self.proof, attestation.epoch, report.count)
        signatures = [report.signature_of(index) or b"" for index in members_of(attestation.signers)]
        return [Testimony(*terms, signature) for signature in signatures]


@dataclass(frozen=True, slots=True)
class Anchoring:
    """A report's root as a call put it on chain, for requests of one currency (a token's address) and quorum."""

    report: Report
    currency: str
    quorum: int


@dataclass(frozen=True, slots=True)
class Review:
    """What a call says that the committee found about a challenged verdict, with its signatures."""

    request_id: bytes
    verdict: Verdict
    attestation: Attestation


def recordings(calldata: bytes) -> Iterator[Recording]:
    """Yield what the calls of ``record``, ``recordMany`` and ``claim`` in a transaction's input say."""
    for request, verdict, attestation in _calls("record", calldata):
        yield from _answers([(request, verdict)], attestation)
    for answers, attestation in _calls("recordMany", calldata):
        yield from _answers(answers, attestation)
    for request, verdict, proof in _calls("claim", calldata):
        yield from _claimed(request, verdict, proof)


def anchorings(calldata: bytes) -> Iterator[Anchoring]:
    """Yield what the calls of ``anchor`` in a transaction's input say."""
    for root, count, currency, quorum, attestation in _calls("anchor", calldata):
        yield Anchoring(Report(bytes(root), count, Attestation(*attestation)), currency, quorum)


def reviews(calldata: bytes) -> Iterator[Review]:
    """Yield what the calls of ``review`` in a transaction's input say."""
    for (source, controller, terms, use), _, verdict, attestation in _calls("review", calldata):
        named = Reference(bytes(source), to_checksum_address(controller), Terms.from_abi(terms), use)
        yield Review(named.id, Verdict.from_abi(verdict), Attestation(*attestation))


def _answers(answers: Any, attestation: Any) -> list[Recording]:
    try:
        pairs = [(Request.from_abi(request), Verdict.from_abi(verdict)) for request, verdict in answers]
        leaves = [report_leaf(request, verdict) for request, verdict in pairs]
        tree = MerkleTree(leaves)
    except ValueError:  # a word that is no question, or no answers at all
        return []
    report = Report(tree.root, len(leaves), Attestation(*attestation))
    proofs = [tuple(tree.proof(leaf)) for leaf in leaves]
    return [Recording(*pair, tree.root, proof, report) for pair, proof in zip(pairs, proofs, strict=True)]


def _claimed(request_values: Any, verdict_values: Any, proof: Any) -> list[Recording]:
    try:
        request, verdict = Request.from_abi(request_values), Verdict.from_abi(verdict_values)
    except ValueError:
        return []
    siblings = tuple(map(bytes, proof))
    return [Recording(request, verdict, climb(report_leaf(request, verdict), siblings), siblings, None)]


def _calls(name: str, calldata: bytes) -> Iterator[tuple[Any, ...]]:
    selector, kinds = _function(name)
    start = calldata.find(selector)
    while start >= 0:
        try:
            values = decode(kinds, calldata[start + _SELECTOR_BYTES :], strict=False)
        except (DecodingError, ValueError, OverflowError):
            pass  # four bytes that look like the selector
        else:
            yield values
        start = calldata.find(selector, start + 1)


@cache
def _function(name: str) -> tuple[bytes, list[str]]:
    entry: Any = next(e for e in artifact()["abi"] if e["type"] == "function" and e["name"] == name)
    return bytes(function_abi_to_4byte_selector(entry)), [collapse_if_tuple(each) for each in entry["inputs"]]
