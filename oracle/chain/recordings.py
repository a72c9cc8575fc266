"""What a transaction recorded, read from its calldata: verdicts, the reports that a quorum signed over them, and rulings; and from events.

The calls may be inside another contract's call, so they are sought by their selectors. Nothing here is verified: see :mod:`oracle.audit`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from eth_abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils import function_abi_to_4byte_selector
from eth_utils.abi import collapse_if_tuple

from oracle.chain.abi import Event, artifact
from oracle.core.committee import members_of
from oracle.core.digests import report_leaf, words_leaf
from oracle.core.merkle import MerkleTree, climb
from oracle.core.structs import Attestation, Recording, Request, Signers, Summary, Testimony, Verdict

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
class RecordingCall:
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
class Judging:
    """What a call says that the bench found about a challenged verdict; ``judges`` is a bitmap over the roll of the verdict's epoch."""

    recording: Recording
    verdict: Verdict
    stands: bool
    judges: int
    signatures: bytes


def recordings(calldata: bytes) -> Iterator[RecordingCall]:
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
        with suppress(ValueError):
            yield Anchoring(Report(bytes(root), count, Attestation.from_abi(attestation)), currency, quorum)


def judgings(calldata: bytes) -> Iterator[Judging]:
    """Yield what the calls of ``judge`` in a transaction's input say."""
    for (asked, recorded, by), found, stands, judges, signatures in _calls("judge", calldata, "Committee"):
        with suppress(ValueError):
            recording = Recording(Request.from_abi(asked), Verdict.from_abi(recorded), Signers.unpack(by))
            yield Judging(recording, Verdict.from_abi(found), stands, judges, bytes(signatures))


def signers_of(event: Event) -> Signers:
    """Return who signed what a ``Recorded``, ``RecordedSealed`` or ``Corrected`` event says."""
    said = event.arguments
    if event.name == "Recorded":
        summary = Summary.unpack(said["summary"])
        return Signers(summary.bitmap, summary.epoch)
    return Signers.unpack(said["by"])


def told(event: Event) -> tuple[Verdict, Signers]:
    """Return what a ``Recorded`` or ``Corrected`` event says, and who signed that. Raises ValueError if it isn't in clear."""
    said = event.arguments
    if event.name == "Recorded":
        summary = Summary.unpack(said["summary"])
        return Verdict(summary.outcome, summary.score, bytes(said["trail"])), signers_of(event)
    return Verdict.from_abi(said), signers_of(event)


def _answers(answers: Any, attestation: Any) -> list[RecordingCall]:
    try:
        pairs = [(Request.from_abi(request), words) for request, words in answers]
        leaves = [words_leaf(*pair) for pair in pairs]
        tree = MerkleTree(leaves)
        report = Report(tree.root, len(leaves), Attestation.from_abi(attestation))
    except ValueError:  # a word that is no question or names no signers, or no answers at all
        return []
    found = []
    for (request, words), leaf in zip(pairs, leaves, strict=True):
        with suppress(ValueError):  # sealed
            verdict = Verdict.from_abi(words)
            found.append(RecordingCall(request, verdict, tree.root, tuple(tree.proof(leaf)), report))
    return found


def _claimed(request_values: Any, verdict_values: Any, proof: Any) -> list[RecordingCall]:
    try:
        request, verdict = Request.from_abi(request_values), Verdict.from_abi(verdict_values)
    except ValueError:
        return []
    siblings = tuple(map(bytes, proof))
    return [RecordingCall(request, verdict, climb(report_leaf(request, verdict), siblings), siblings, None)]


def _calls(name: str, calldata: bytes, contract: str = "Assent") -> Iterator[tuple[Any, ...]]:
    selector, kinds = _function(name, contract)
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
def _function(name: str, contract: str) -> tuple[bytes, list[str]]:
    entry: Any = next(e for e in artifact(contract)["abi"] if e["type"] == "function" and e["name"] == name)
    return bytes(function_abi_to_4byte_selector(entry)), [collapse_if_tuple(each) for each in entry["inputs"]]
