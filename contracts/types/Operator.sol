// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice A staked oracle node.
struct Operator {
    /// Key that signs reports.
    address attester;
    /// In wei.
    uint96 stake;
    /// When it left (Unix time), or 0.
    uint40 leftAt;
    /// X25519 public key to which vaults seal fields (HPKE, RFC 9180).
    bytes32 sealKey;
    /// Base URL of its HTTP interface.
    string endpoint;
}

/// @notice One fixed membership of the committee.
/// @dev One storage slot; the members themselves are the code of `members`, 20 bytes each.
struct Epoch {
    uint32 number;
    uint16 size;
    uint40 since;
    address members;
}

library Operators {
    /// What an attester signs to show that its key is the operator's own.
    bytes32 internal constant JOINING_TYPEHASH =
        keccak256("Joining(address operator,bytes32 sealKey,uint256 deadline)");

    function hashJoining(address operator, bytes32 sealKey, uint256 deadline) internal pure returns (bytes32) {
        return keccak256(abi.encode(JOINING_TYPEHASH, operator, sealKey, deadline));
    }
}
