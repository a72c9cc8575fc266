"""Merkle trees in which a key has one place: a radix tree over the bits of keys, of which whole branches with one leaf are that leaf.

Compact sparse Merkle trees, as in R. Dahlberg, T. Pulls and R. Peeters, "Efficient Sparse Merkle Trees" (NordSec 2016), and Diem's
Jellyfish tree. A node is, by what is below it: 32 zero bytes if nothing is; the leaf if one is; else the hash of its halves, left for keys
with a 0 at that depth's bit, right for those with a 1.

Nobody can prove two leaves of one key under one root, however the tree was made. Take the shallower of the two, at depth d: the node at
depth d on the key's path would be that leaf, a hash of 32 bytes (:func:`oracle.core.merkle.leaf_hash` hashes twice), and also, as the
other's ancestor, a hash of 64 bytes; at the same depth the node would be both leaves. Either is a collision of keccak256.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oracle.core.keccak import keccak

#: What stands for a branch without leaves.
EMPTY = bytes(32)
#: So deep is a tree at most. Two random keys of a thousand share as many bits once in ten thousand trees; another name helps then.
MAX_DEPTH = 32
_KEY_BITS = 256

_Entries = list[tuple[int, bytes]]


class RadixTree:
    """A tree over leaves (32 bytes each) by their keys (32 bytes each)."""

    def __init__(self, leaves: Mapping[bytes, bytes]) -> None:
        """Build. Raises ValueError when there are no leaves, or two keys have their first :data:`MAX_DEPTH` bits in common."""
        if not leaves:
            raise ValueError("a radix tree needs a leaf")
        self._proofs: dict[int, list[bytes]] = {int.from_bytes(key): [] for key in leaves}
        self.root = self._node(sorted((int.from_bytes(key), leaf) for key, leaf in leaves.items()), 0)

    def _node(self, entries: _Entries, depth: int) -> bytes:
        if not entries:
            return EMPTY
        if len(entries) == 1:
            return entries[0][1]
        if depth == MAX_DEPTH:
            raise ValueError(f"two keys have their first {MAX_DEPTH} bits in common")
        ones = next((place for place, (key, _) in enumerate(entries) if _bit(key, depth)), len(entries))
        halves = entries[:ones], entries[ones:]
        left, right = (self._node(half, depth + 1) for half in halves)
        for half, sibling in zip(halves, (right, left), strict=True):
            for key, _ in half:
                self._proofs[key].append(sibling)
        return keccak(left + right)

    def proof(self, key: bytes) -> list[bytes]:
        """Return the siblings from a key's leaf up. Raises KeyError when the key isn't in the tree."""
        return list(self._proofs[int.from_bytes(key)])


def climb(key: bytes, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """Return the root to which a proof leads from a key's leaf."""
    number, node = int.from_bytes(key), leaf
    for place, sibling in enumerate(proof):
        node = keccak(sibling + node if _bit(number, len(proof) - 1 - place) else node + sibling)
    return node


def verify(root: bytes, key: bytes, leaf: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether a proof leads from a key's leaf to the root. A proof longer than :data:`MAX_DEPTH` leads nowhere."""
    return len(proof) <= MAX_DEPTH and leaf != EMPTY and climb(key, leaf, proof) == root


def _bit(key: int, depth: int) -> int:
    return key >> (_KEY_BITS - 1 - depth) & 1
