// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { MerkleTreeLib } from "solady/utils/MerkleTreeLib.sol";

/// @title The Merkle tree of a report
/// @notice OpenZeppelin's `StandardMerkleTree`: a complete binary tree in one array, the leaves at its end in reverse order, pairs sorted before
/// they are hashed. The npm package of that name verifies its proofs.
library ReportTree {
    /// @notice Root over leaves in the tree's order.
    /// @dev Another order leads to another root, that nobody signed. The library lays a tree out as OpenZeppelin does, and leaves hashing and
    /// order of the leaves to its caller.
    function root(bytes32[] memory leaves) internal pure returns (bytes32) {
        return MerkleTreeLib.root(MerkleTreeLib.build(leaves));
    }

    /// @notice Root to which a proof leads from a leaf.
    /// @dev Equals OpenZeppelin's `MerkleProof.processProofCalldata`, which costs 70 gas more for each step.
    function climb(bytes32 leaf, bytes32[] calldata proof) internal pure returns (bytes32 node) {
        node = leaf;
        assembly ("memory-safe") {
            let end := add(proof.offset, shl(5, proof.length))
            for { let place := proof.offset } lt(place, end) { place := add(place, 0x20) } {
                let sibling := calldataload(place)
                let first := shl(5, gt(node, sibling)) // the smaller of the two comes first
                mstore(first, node)
                mstore(xor(first, 0x20), sibling)
                node := keccak256(0, 0x40)
            }
        }
    }
}
