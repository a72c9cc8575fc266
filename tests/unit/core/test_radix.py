"""Radix trees: every key proves its leaf, and no tree, however it was made, proves two leaves of one key."""

from __future__ import annotations

import itertools
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.core.keccak import keccak
from oracle.core.merkle import leaf_hash
from oracle.core.radix import EMPTY, MAX_DEPTH, RadixTree, climb, verify

keys = st.binary(min_size=32, max_size=32)
trees = st.dictionaries(st.binary(min_size=3, max_size=3), st.binary(), min_size=1, max_size=24).map(
    lambda named: {keccak(key): leaf_hash(["bytes", "bytes"], [key, value]) for key, value in named.items()}
)  # as in a record, a leaf says what its name is: no two are alike


@given(leaves=trees)
def test_proof__of_any_key_of_any_tree__then_it_leads_from_that_keys_leaf_to_the_root(
    leaves: dict[bytes, bytes],
) -> None:
    tree = RadixTree(leaves)
    for key, leaf in leaves.items():
        assert verify(tree.root, key, leaf, tree.proof(key))


@given(leaves=trees)
def test_root__when_leaves_come_in_another_order__then_the_same(leaves: dict[bytes, bytes]) -> None:
    assert RadixTree(dict(reversed(leaves.items()))).root == RadixTree(leaves).root


@given(leaves=trees, data=st.data())
def test_proof__when_it_is_of_another_key_or_leaf__then_it_leads_elsewhere(
    leaves: dict[bytes, bytes], data: st.DataObject
) -> None:
    tree = RadixTree(leaves)
    key, other = data.draw(st.sampled_from(sorted(leaves))), data.draw(keys)
    proof = tree.proof(key)
    assert not verify(tree.root, key, leaf_hash(["bytes"], [other]), proof)
    above = 256 - len(proof)
    # Of a key with the same path it may be: what the leaf itself hashes says which key it is of.
    assert verify(tree.root, other, leaves[key], proof) == (
        int.from_bytes(key) >> above == int.from_bytes(other) >> above
    )


def test_root__when_there_is_one_leaf__then_that() -> None:
    key, leaf = keccak(b"one"), leaf_hash(["bytes"], [b"1"])
    tree = RadixTree({key: leaf})
    assert (tree.root, tree.proof(key)) == (leaf, [])


def test_tree__when_keys_part_late__then_empty_branches_stand_between() -> None:
    one, other = bytes(32), (1 << 253).to_bytes(32)  # they part at the third bit
    leaves = {one: leaf_hash(["bytes"], [b"1"]), other: leaf_hash(["bytes"], [b"2"])}
    tree = RadixTree(leaves)
    assert tree.proof(one) == [leaves[other], EMPTY, EMPTY]
    assert tree.root == keccak(keccak(keccak(leaves[one] + leaves[other]) + EMPTY) + EMPTY)


def test_tree__when_keys_have_too_many_bits_in_common__then_refused() -> None:
    with pytest.raises(ValueError, match="bits in common"):
        RadixTree({bytes(32): b"a" * 32, (1 << (255 - MAX_DEPTH)).to_bytes(32): b"b" * 32})


def test_tree__when_it_has_no_leaf__then_refused() -> None:
    with pytest.raises(ValueError, match="a leaf"):
        RadixTree({})


@pytest.mark.parametrize("depth", range(1, 6))
def test_verify__when_a_tree_was_made_with_two_leaves_of_one_key__then_one_of_them_has_no_proof(depth: int) -> None:
    """Whoever makes the tree places the second leaf anywhere: only what lies on the key's own path verifies, and there is room for one."""
    key = keccak(b"blood group")
    first, second = (leaf_hash(["bytes"], [value]) for value in (b"A", b"B"))
    nodes = {path: secrets.token_bytes(32) for path in itertools.product((0, 1), repeat=depth)}
    own = tuple(int.from_bytes(key) >> (255 - bit) & 1 for bit in range(depth))
    nodes[own] = first
    for path in nodes.keys() - {own}:
        placed = {**nodes, path: second}
        root, proofs = _build(placed, depth)
        assert verify(root, key, first, proofs[own])
        assert not verify(root, key, second, proofs[path])
    # Nor does one of them stand in an inner node's place: that would be a hash of 64 bytes.
    root, proofs = _build(nodes, depth)
    for shorter in range(depth):
        assert not verify(root, key, second, proofs[own][depth - shorter :])


def test_verify__when_nothing_is_shown_or_a_proof_is_too_long__then_not() -> None:
    key, leaf = keccak(b"one"), leaf_hash(["bytes"], [b"1"])
    tree = RadixTree({key: leaf, keccak(b"two"): leaf_hash(["bytes"], [b"2"])})
    assert not verify(EMPTY, key, EMPTY, [])
    long = [EMPTY] * (MAX_DEPTH + 1)
    assert not verify(climb(key, leaf, long), key, leaf, long)
    assert not verify(tree.root, key, leaf, [])


def _build(nodes: dict[tuple[int, ...], bytes], depth: int) -> tuple[bytes, dict[tuple[int, ...], list[bytes]]]:
    """Hash a full tree by hand; return its root, and the siblings of each of its lowest nodes."""
    levels = [dict(nodes)]
    for _ in range(depth):
        above: dict[tuple[int, ...], bytes] = {}
        for path in levels[-1]:
            above[path[:-1]] = keccak(levels[-1][(*path[:-1], 0)] + levels[-1][(*path[:-1], 1)])
        levels.append(above)
    proofs = {}
    for path in nodes:
        cut = [path[: depth - level] for level in range(depth)]
        proofs[path] = [levels[level][(*each[:-1], 1 - each[-1])] for level, each in enumerate(cut)]
    return levels[-1][()], proofs
