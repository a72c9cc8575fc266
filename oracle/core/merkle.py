"""Merkle trees as OpenZeppelin's ``StandardMerkleTree`` builds them, so that ``@openzeppelin/merkle-tree`` verifies our proofs.

Own code because the one Python port on PyPI pins an eth-abi that web3 8 excludes; ``tests/vectors/merkle.json`` comes from the JavaScript
original.
"""

from collections.abc import Sequence
from typing import Any

from oracle.core.abi import encode
from oracle.core.keccak import keccak


def leaf_hash(types: Sequence[str], values: Sequence[Any]) -> bytes:
    """Return the double hash of a leaf (32 bytes): no inner node can pass for one."""
    return keccak(keccak(encode(list(types), list(values))))


def _parent(left: bytes, right: bytes) -> bytes:
    return keccak(left + right if left < right else right + left)


class MerkleTree:
    """A complete binary tree in an array: the root first, the leaves, sorted, last and in reverse."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        """Build from leaf hashes in any order; ``leaves`` has them in the tree's. Raises ValueError when there are none."""
        if not leaves:
            raise ValueError("a Merkle tree needs a leaf")
        self._nodes = [b""] * (len(leaves) - 1) + sorted(leaves, reverse=True)
        for index in reversed(range(len(leaves) - 1)):
            self._nodes[index] = _parent(self._nodes[2 * index + 1], self._nodes[2 * index + 2])
        self.leaves = tuple(sorted(leaves))
        self._places = {leaf: index for index, leaf in enumerate(self._nodes) if index >= len(leaves) - 1}

    @property
    def root(self) -> bytes:
        """The root, 32 bytes."""
        return self._nodes[0]

    def proof(self, leaf: bytes) -> list[bytes]:
        """Return the siblings from a leaf up. Raises KeyError when the leaf isn't in the tree."""
        index, siblings = self._places[leaf], []
        while index > 0:
            siblings.append(self._nodes[index + 1 if index % 2 else index - 1])
            index = (index - 1) // 2
        return siblings


def climb(leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """Return the root to which a proof leads from a leaf."""
    node = leaf
    for sibling in proof:
        node = _parent(node, sibling)
    return node


def verify(root: bytes, leaf: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether a proof leads from the leaf to the root."""
    return climb(leaf, proof) == root
