"""A word of a contract's storage at a block, proven by the block's header, with what `eth_getProof` gives (EIP-1186)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import rlp
from eth_utils import to_canonical_address
from trie.hexary import HexaryTrie

from oracle.core.errors import AuditError
from oracle.core.keccak import keccak

#: Names of a header's parts as JSON-RPC has them, in the order of its RLP; the later ones came with forks, and are there or not.
_HEADER = (
    "parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom", "difficulty", "number",
    "gasLimit", "gasUsed", "timestamp", "extraData", "mixHash", "nonce", "baseFeePerGas", "withdrawalsRoot", "blobGasUsed",
    "excessBlobGas", "parentBeaconBlockRoot", "requestsHash",
)  # fmt: skip
_NUMBERS = {"difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas", "blobGasUsed", "excessBlobGas"}
_STATE_ROOT, _NUMBER, _TIMESTAMP = (_HEADER.index(name) for name in ("stateRoot", "number", "timestamp"))
#: Of an account's four parts, the third is the root of its storage.
_STORAGE_ROOT = 2
#: A proof is as deep as the state's tree: far less than this.
_MOST_NODES, _MOST_NODE_BYTES, _MOST_HEADER_BYTES = 64, 1_024, 2_048

#: Asks an endpoint: method and parameters; returns the result.
Ask = Callable[[str, list[Any]], Any]


class ProofError(AuditError):
    """A proof doesn't lead from the header to what it is said to prove, or isn't one at all."""


@dataclass(frozen=True, slots=True)
class StateProof:
    """A block's header (RLP), and the nodes (RLP) that lead from its state root to an account and from there to a word of its storage."""

    header: bytes
    account: tuple[bytes, ...]
    storage: tuple[bytes, ...]

    @classmethod
    def fetch(cls, ask: Ask, contract: str, slot: bytes, block: Mapping[str, Any]) -> StateProof:
        """Have an endpoint prove a slot (32 bytes) of a contract at a block, as JSON-RPC gives one. Raises ProofError if it doesn't."""
        header = encode_header(block)
        answer = ask("eth_getProof", [contract, ["0x" + slot.hex()], block["number"]])
        try:
            account = tuple(map(_bytes, answer["accountProof"]))
            (word,) = answer["storageProof"]
            storage = tuple(map(_bytes, word["proof"]))
        except (KeyError, TypeError, ValueError):
            raise ProofError("the endpoint gave no proof; ask one that serves eth_getProof") from None
        made = cls(header, account, storage)
        made.word(contract, slot)
        return made

    @property
    def block_hash(self) -> bytes:
        """The block's hash, 32 bytes: whoever knows it to be on the chain need not believe who gave the proof."""
        return keccak(self.header)

    @property
    def number(self) -> int:
        """The block's number."""
        return int.from_bytes(self._parts()[_NUMBER], "big")

    @property
    def timestamp(self) -> int:
        """The block's time, in Unix seconds."""
        return int.from_bytes(self._parts()[_TIMESTAMP], "big")

    def word(self, contract: str, slot: bytes) -> int:
        """Return what a slot (32 bytes) of a contract's storage holds. Raises ProofError."""
        account = _proven(self._parts()[_STATE_ROOT], to_canonical_address(contract), self.account, "account")
        parts = _decoded(account, "account") if account else None
        if not isinstance(parts, list) or len(parts) != 4 or not all(isinstance(part, bytes) for part in parts):
            raise ProofError(f"the proof has no account {contract}")
        found = _proven(parts[_STORAGE_ROOT], slot, self.storage, "storage")
        word = _decoded(found, "storage") if found else b""
        if not isinstance(word, bytes) or len(word) > 32:
            raise ProofError("the storage proof doesn't end in a word")
        return int.from_bytes(word, "big")

    def _parts(self) -> list[bytes]:
        parts = _decoded(self.header, "header")
        if not isinstance(parts, list) or not _HEADER.index("nonce") < len(parts) <= len(_HEADER):
            raise ProofError("the header isn't one of a block")
        if not all(isinstance(part, bytes) for part in parts) or len(parts[_STATE_ROOT]) != 32:
            raise ProofError("the header isn't one of a block")
        if max(len(parts[_NUMBER]), len(parts[_TIMESTAMP])) > 5:  # bytes: 34,000 years of seconds
            raise ProofError("the header isn't one of a block")
        return parts

    def to_json(self) -> dict[str, Any]:
        """Return JSON values: 0x-hex."""
        account, storage = (["0x" + node.hex() for node in nodes] for nodes in (self.account, self.storage))
        return {"header": "0x" + self.header.hex(), "accountProof": account, "storageProof": storage}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> StateProof:
        """Inverse of :meth:`to_json`. Raises ProofError."""
        try:
            return cls(
                _bytes(data["header"], _MOST_HEADER_BYTES),
                tuple(map(_bytes, _some(data["accountProof"]))),
                tuple(map(_bytes, _some(data["storageProof"]))),
            )
        except (KeyError, TypeError, ValueError):
            raise ProofError("not a proof: header, accountProof and storageProof in 0x-hex") from None


def encode_header(block: Mapping[str, Any]) -> bytes:
    """Return the RLP of a block's header, from the block as JSON-RPC gives it. Raises ProofError if its hash isn't the block's."""
    try:
        header: bytes = rlp.encode([_part(name, block[name]) for name in _HEADER if name in block])
        same = keccak(header) == _bytes(block["hash"])
    except (KeyError, TypeError, ValueError, rlp.exceptions.RLPException):
        same = False
    if not same:
        raise ProofError("the block's header has parts that this program doesn't know; update it")
    return header


def mapping_slot(place: int, key: bytes) -> bytes:
    """Return the slot (32 bytes) of a mapping's value, the mapping being at a place in the storage layout, for a 32-byte key."""
    return keccak(key + place.to_bytes(32, "big"))


def _part(name: str, value: str) -> bytes:
    if name in _NUMBERS:
        number = int(value, 16)
        return number.to_bytes((number.bit_length() + 7) // 8, "big")
    return _bytes(value)


def _proven(root: bytes, key: bytes, nodes: tuple[bytes, ...], what: str) -> bytes:
    decoded = [_decoded(node, what) for node in nodes]
    try:
        found: bytes = HexaryTrie.get_from_proof(root, keccak(key), decoded)  # type: ignore[no-untyped-call]
    # Nodes that are none make the library fail in many ways; all of them mean that nothing is proven.
    except Exception as error:
        raise ProofError(f"the {what} proof doesn't lead there from the header") from error
    return found


def _decoded(data: bytes, what: str) -> Any:
    try:
        return rlp.decode(data)
    except (rlp.exceptions.RLPException, RecursionError):
        raise ProofError(f"the {what} proof has a part that isn't RLP") from None


def _some(nodes: Any) -> list[str]:
    if not isinstance(nodes, list) or len(nodes) > _MOST_NODES:
        raise ValueError("not a list of nodes")
    return nodes


def _bytes(text: Any, most: int = _MOST_NODE_BYTES) -> bytes:
    if not isinstance(text, str) or not text.startswith("0x") or len(text) > 2 + 2 * most:
        raise ValueError("not 0x-hex")
    return bytes.fromhex(text[2:])


__all__ = ["ProofError", "StateProof", "encode_header", "mapping_slot"]
