"""What is signed: EIP-712 typed data under the contract's domain, and compact signatures (EIP-2098)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from coincurve import PrivateKey
from eth_account.messages import encode_typed_data
from eth_keys.datatypes import Signature

from oracle.core.abi import encode
from oracle.core.keccak import keccak
from oracle.core.merkle import leaf_hash
from oracle.core.structs import Agreement, Question, Recording, Request, Verdict

#: Leaf of a report, for OpenZeppelin's StandardMerkleTree: request id, request's commitment, outcome, score, trail.
LEAF_TYPES = ("bytes32", "bytes32", "bytes32", "bytes32", "bytes32")

_DOMAIN_MEMBERS = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]
_REPORT_TYPE = "Report(uint32 epoch,uint32 count,bytes32 root)"
_RULING_TYPE = "Ruling(uint32 epoch,bytes32 request,bool stands,bytes32 outcome,bytes32 score,bytes32 trail)"
_DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"


class Digest(bytes):
    """What a key signs, 32 bytes: the keccak256 of ``preimage``, which is what a remote signer is sent, for it hashes by itself."""

    preimage: bytes

    def __new__(cls, preimage: bytes) -> Self:
        """Hash a preimage."""
        made = super().__new__(cls, keccak(preimage))
        made.preimage = preimage
        return made


@dataclass(frozen=True)
class Domain:
    """The EIP-712 domain of one deployment: no signature is valid on another chain or for another contract."""

    chain_id: int
    contract: str

    @cached_property
    def separator(self) -> bytes:
        """The domain separator, 32 bytes."""
        kinds = ["bytes32", "bytes32", "bytes32", "uint256", "address"]
        values = [keccak(_DOMAIN_TYPE.encode()), keccak(b"Assent"), keccak(b"1"), self.chain_id, self.contract]
        return keccak(encode(kinds, values))

    def digest(self, struct_hash: bytes) -> Digest:
        """Return what a key signs for this struct hash."""
        return Digest(b"\x19\x01" + self.separator + struct_hash)

    def typed_data(
        self, primary: str, types: dict[str, list[dict[str, str]]], message: dict[str, Any]
    ) -> dict[str, Any]:
        """Return the object that ``eth_signTypedData_v4`` takes."""
        domain = {"name": "Assent", "version": "1", "chainId": self.chain_id, "verifyingContract": self.contract}
        return {
            "domain": domain,
            "types": {"EIP712Domain": _DOMAIN_MEMBERS, **types},
            "primaryType": primary,
            "message": message,
        }


@dataclass(frozen=True, slots=True)
class Domains:
    """The domains of one deployment's contracts, each for what is signed for that contract."""

    core: Domain
    committee: Domain
    records: Domain


def giving(domain: Domain, agreement: Agreement, deadline: int) -> dict[str, Any]:
    """Return the typed data that a subject signs to give an agreement until ``deadline`` (Unix seconds)."""
    types = {
        "Giving": [{"name": "agreement", "type": "Agreement"}, {"name": "deadline", "type": "uint256"}],
        **Agreement.types(),
    }
    return domain.typed_data("Giving", types, {"agreement": agreement.to_message(), "deadline": deadline})


def withdrawal(domain: Domain, agreement_id: bytes, deadline: int) -> dict[str, Any]:
    """Return the typed data that a subject signs to withdraw an agreement until ``deadline``."""
    types = {"Withdrawal": _members(agreement="bytes32", deadline="uint256")}
    return domain.typed_data("Withdrawal", types, {"agreement": agreement_id, "deadline": deadline})


def giving_many(domain: Domain, agreements: Sequence[Agreement], deadline: int) -> dict[str, Any]:
    """Return the typed data that a subject signs to give all of these agreements, in this order, until ``deadline``."""
    types = {"GivingMany": _members(agreements="Agreement[]", deadline="uint256"), **Agreement.types()}
    message = {"agreements": [each.to_message() for each in agreements], "deadline": deadline}
    return domain.typed_data("GivingMany", types, message)


def withdrawal_of_many(domain: Domain, agreement_ids: Sequence[bytes], deadline: int) -> dict[str, Any]:
    """Return the typed data that a subject signs to withdraw all of these agreements, in this order, until ``deadline``."""
    types = {"WithdrawalOfMany": _members(agreements="bytes32[]", deadline="uint256")}
    return domain.typed_data("WithdrawalOfMany", types, {"agreements": list(agreement_ids), "deadline": deadline})


def renewal(domain: Domain, agreement_id: bytes, valid_until: int, deadline: int) -> dict[str, Any]:
    """Return the typed data that a subject signs to renew an agreement to ``valid_until`` (Unix seconds, exclusive)."""
    types = {"Renewal": _members(agreement="bytes32", validUntil="uint40", deadline="uint256")}
    message = {"agreement": agreement_id, "validUntil": valid_until, "deadline": deadline}
    return domain.typed_data("Renewal", types, message)


def erasure(domain: Domain, agreement_id: bytes, by: str, evidence: bytes, deadline: int) -> dict[str, Any]:
    """Return the typed data by which ``by`` (an address) says that it erased what it had under an agreement.

    ``evidence`` is its statement's digest.
    """
    types = {"Erasure": _members(agreement="bytes32", by="address", evidence="bytes32", deadline="uint256")}
    message = {"agreement": agreement_id, "by": by, "evidence": evidence, "deadline": deadline}
    return domain.typed_data("Erasure", types, message)


def asking(domain: Domain, agreement_id: bytes, question: Question, tip: int) -> dict[str, Any]:
    """Return the typed data by which a controller asks through a relayer, who has ``tip`` in the quote's currency's smallest unit.

    The question's parts are apart, for a wallet to show them.
    """
    parts = {name: f"uint{max(bits, 8)}" for name, bits in Question.named_parts()}
    types = {"Asking": _members(agreement="bytes32", **parts, tip="uint96")}
    return domain.typed_data("Asking", types, {"agreement": agreement_id, **question.to_json(), "tip": tip})


def joining(domain: Domain, operator: str, seal_key: bytes, endpoint: str, deadline: int) -> dict[str, Any]:
    """Return the typed data by which an attester shows that its key is the operator's own, with seal key and endpoint."""
    types = {"Joining": _members(operator="address", sealKey="bytes32", endpoint="string", deadline="uint256")}
    message = {"operator": operator, "sealKey": seal_key, "endpoint": endpoint, "deadline": deadline}
    return domain.typed_data("Joining", types, message)


def _members(**kinds: str) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in kinds.items()]


def typed_data_digest(data: dict[str, Any]) -> Digest:
    """Return the digest of an ``eth_signTypedData_v4`` object."""
    signable = encode_typed_data(full_message=data)
    return Digest(b"\x19\x01" + signable.header + signable.body)


def report_digest(domain: Domain, epoch: int, count: int, root: bytes) -> Digest:
    """Return what operators sign: a report of ``count`` verdicts under a Merkle root, in an epoch."""
    struct = encode(["bytes32", "uint32", "uint32", "bytes32"], [keccak(_REPORT_TYPE.encode()), epoch, count, root])
    return domain.digest(keccak(struct))


def ruling_digest(domain: Domain, epoch: int, request_id: bytes, stands: bool, verdict: Verdict) -> Digest:
    """Return what a judge signs, under the committee's domain: whether a challenged verdict stands, and which one is right.

    ``epoch`` is that of the report with the challenged verdict.
    """
    kinds = ["bytes32", "uint32", "bytes32", "bool", "bytes32", "bytes32", "bytes32"]
    struct = encode(kinds, [keccak(_RULING_TYPE.encode()), epoch, request_id, stands, *verdict.to_abi()])
    return domain.digest(keccak(struct))


def words_leaf(request: Request, words: Iterable[bytes]) -> bytes:
    """Return the leaf (32 bytes) of a request and its verdict's three words, be they in clear or sealed."""
    return leaf_hash(LEAF_TYPES, (request.id, request.commitment, *map(bytes, words)))


def leaf_values(request_id: bytes, commitment: bytes, verdict: Verdict) -> tuple[bytes, bytes, bytes, bytes, bytes]:
    """Return a report's leaf, before hashing."""
    return (request_id, commitment, *verdict.to_abi())


def report_leaf(request: Request, verdict: Verdict) -> bytes:
    """Return the leaf (32 bytes) of a request and its verdict in a report's tree."""
    return words_leaf(request, verdict.to_abi())


def recording_mark(recording: Recording) -> bytes:
    """Return the mark (22 bytes) that the chain keeps of a verdict: it binds request, verdict and signers."""
    leaf = report_leaf(recording.request, recording.verdict)
    return keccak(leaf + recording.by.pack().to_bytes(32))[:22]


def compact(signature: bytes) -> bytes:
    """Turn a 65-byte signature (r, s, v) into its 64-byte EIP-2098 form. Raises ValueError if it isn't 65 bytes."""
    if len(signature) != 65:
        raise ValueError("a signature has 65 bytes")
    r, s, v = signature[:32], int.from_bytes(signature[32:64], "big"), signature[64]
    return r + (s | ((v - 27 if v >= 27 else v) << 255)).to_bytes(32, "big")


def recover(digest: bytes, signature: bytes) -> str | None:
    """Return the checksummed address behind a compact signature, or None if there is none."""
    if len(signature) != 64:
        return None
    vs = int.from_bytes(signature[32:], "big")
    r, s, v = int.from_bytes(signature[:32], "big"), vs & ((1 << 255) - 1), vs >> 255
    try:
        return Signature(vrs=(v, r, s)).recover_public_key_from_msg_hash(digest).to_checksum_address()
    except Exception:  # eth-keys raises its own and its backends' errors; all mean "no signer"
        return None


def sign(private_key: bytes, digest: bytes) -> bytes:
    """Return the compact signature of a digest."""
    return compact(PrivateKey(private_key).sign_recoverable(digest, hasher=None))


__all__ = [
    "LEAF_TYPES",
    "Digest",
    "Domain",
    "Domains",
    "asking",
    "compact",
    "giving",
    "joining",
    "leaf_values",
    "recording_mark",
    "recover",
    "report_digest",
    "report_leaf",
    "ruling_digest",
    "sign",
    "typed_data_digest",
    "withdrawal",
    "words_leaf",
]
