// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice A staked oracle node.
struct Operator {
    /// Key that signs reports, from the next rotation on.
    address attester;
    /// In wei.
    uint96 stake;
    bool resigned;
    /// The epoch in which it resigned, was jailed or slashed out of the set: the last that has it as a member.
    uint32 lastEpoch;
    /// Until when it is jailed (Unix time), or 0.
    uint40 jailedUntil;
    /// X25519 public key to which vaults seal fields (HPKE, RFC 9180).
    bytes32 sealKey;
    /// Base URL of its HTTP interface.
    string endpoint;
}

/// @notice One fixed membership of the committee.
/// @dev One storage slot; the members themselves are the code of `members`, 20 bytes each.
struct Epoch {
    uint32 number;
    /// How many of the first members sign reports.
    uint8 seats;
    /// How many members there are.
    uint8 roll;
    uint40 since;
    address members;
}

/// @notice For how long an epoch that is over still counts. Fixed by the policy under which it ended: a later one changes neither.
/// @dev One storage slot.
struct EpochEnd {
    /// Last second at which its members may sign, if it is the epoch before the current one (Unix time).
    uint40 signsUntil;
    /// First second at which an operator of which it was the last epoch may take its stake back (Unix time).
    uint40 bondedUntil;
}

/// @notice Terms of the operator set. One storage slot.
struct Policy {
    /// In wei.
    uint96 minStake;
    /// No epoch has fewer members.
    uint16 minMembers;
    /// From the end of an operator's last epoch to the payment of its stake, in seconds. Also the delay of a policy's change.
    uint40 unbondingTime;
    /// Shortest time between two rotations, in seconds.
    uint40 epochLength;
    /// For how long after the rotation that ends it an epoch may still sign, in seconds.
    uint32 epochGrace;
}

library Operators {
    /// What an attester signs to show that its key is the operator's own.
    bytes32 internal constant JOINING_TYPEHASH =
        keccak256("Joining(address operator,bytes32 sealKey,string endpoint,uint256 deadline)");
    /// What a supermajority signs about a member that doesn't answer.
    bytes32 internal constant JAILING_TYPEHASH = keccak256("Jailing(uint32 epoch,address operator,uint256 deadline)");
    /// What a supermajority signs to change the policy.
    bytes32 internal constant AMENDMENT_TYPEHASH = keccak256(
        "Amendment(uint32 epoch,uint96 minStake,uint16 minMembers,uint40 unbondingTime,uint40 epochLength,"
        "uint32 epochGrace,uint256 deadline)"
    );

    function hashJoining(address operator, bytes32 sealKey, string calldata endpoint, uint256 deadline)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(JOINING_TYPEHASH, operator, sealKey, keccak256(bytes(endpoint)), deadline));
    }

    function hashJailing(uint256 epoch, address operator, uint256 deadline) internal pure returns (bytes32) {
        return keccak256(abi.encode(JAILING_TYPEHASH, epoch, operator, deadline));
    }

    function hashAmendment(uint256 epoch, Policy calldata policy, uint256 deadline) internal pure returns (bytes32) {
        return keccak256(abi.encode(AMENDMENT_TYPEHASH, epoch, policy, deadline));
    }

    /// @notice More than two thirds of the members: with n = 3f + 1 of them, 2f + 1.
    function supermajority(uint256 size) internal pure returns (uint256) {
        unchecked {
            return size * 2 / 3 + 1; // a committee has at most 64 members
        }
    }

    /// @notice More than half of the members: two such sets share a member.
    function majority(uint256 size) internal pure returns (uint256) {
        unchecked {
            return size / 2 + 1;
        }
    }
}
