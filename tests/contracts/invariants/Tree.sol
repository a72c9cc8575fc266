// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice A report's Merkle tree, written apart from the contract's `ReportTree`: the whole array, from which proofs come too.
library Tree {
    /// @param leaves In ascending order.
    /// @return nodes Root first, children of node i at 2i + 1 and 2i + 2, leaves last and backwards.
    function grow(bytes32[] memory leaves) internal pure returns (bytes32[] memory nodes) {
        uint256 count = leaves.length;
        nodes = new bytes32[](2 * count - 1);
        for (uint256 i = 0; i < count; ++i) {
            nodes[2 * count - 2 - i] = leaves[i];
        }
        for (uint256 i = count - 1; i > 0; --i) {
            nodes[i - 1] = join(nodes[2 * i - 1], nodes[2 * i]);
        }
    }

    function proof(bytes32[] memory nodes, uint256 leaf) internal pure returns (bytes32[] memory path) {
        uint256 depth = 0;
        for (uint256 i = nodes.length - 1 - leaf; i > 0; i = (i - 1) / 2) {
            ++depth;
        }
        path = new bytes32[](depth);
        uint256 node = nodes.length - 1 - leaf;
        for (uint256 i = 0; i < depth; ++i) {
            path[i] = nodes[node % 2 == 1 ? node + 1 : node - 1];
            node = (node - 1) / 2;
        }
    }

    function join(bytes32 a, bytes32 b) internal pure returns (bytes32) {
        return a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
    }
}
