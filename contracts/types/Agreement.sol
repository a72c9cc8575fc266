// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { AgreementId, ModelId, RecordId } from "./Ids.sol";

/// @notice A data-use agreement: the subject lets the controller put one record to one model, for the purposes named.
struct Agreement {
    /// Whose data it is; may be a contract wallet (ERC-1271).
    address subject;
    /// Who may ask for verdicts under it.
    address controller;
    RecordId record;
    ModelId model;
    /// DPV purposes agreed to, one bit each; a purpose agreed to covers its descendants.
    uint256 purposes;
    /// DPV purposes prohibited, one bit each; prohibition wins.
    uint256 prohibited;
    /// Processing steps agreed to, one bit each: see `Steps`.
    uint8 steps;
    /// First and one past the last second of validity (Unix time).
    uint40 validFrom;
    uint40 validUntil;
    /// How many requests may be made under it, numbered from 0.
    uint32 uses;
    /// Digest of the notice that the subject was shown.
    bytes32 notice;
    /// Random; tells two otherwise equal agreements apart.
    bytes32 salt;
}

enum AgreementState {
    None,
    Given,
    Withdrawn
}

/// @dev One storage slot.
struct AgreementStatus {
    AgreementState state;
    uint40 since;
    uint40 validUntil;
}

/// @notice Processing steps: consent to infer is not consent to train.
library Steps {
    uint8 internal constant INFER = 0;
    uint8 internal constant TRAIN = 1;
    uint8 internal constant EVALUATE = 2;
    uint8 internal constant AGGREGATE = 3;
    uint8 internal constant SHARE = 4;

    uint8 internal constant COUNT = 5;
    uint8 internal constant ALL = 0x1f;
}

library Agreements {
    bytes32 internal constant TYPEHASH = keccak256(
        "Agreement(address subject,address controller,bytes32 record,bytes32 model,uint256 purposes,"
        "uint256 prohibited,uint8 steps,uint40 validFrom,uint40 validUntil,uint32 uses,bytes32 notice,bytes32 salt)"
    );

    /// What the subject signs to give an agreement through a relayer.
    bytes32 internal constant GIVING_TYPEHASH = keccak256(
        "Giving(Agreement agreement,uint256 deadline)"
        "Agreement(address subject,address controller,bytes32 record,bytes32 model,uint256 purposes,"
        "uint256 prohibited,uint8 steps,uint40 validFrom,uint40 validUntil,uint32 uses,bytes32 notice,bytes32 salt)"
    );

    /// What the subject signs to withdraw one through a relayer.
    bytes32 internal constant WITHDRAWAL_TYPEHASH = keccak256("Withdrawal(bytes32 agreement,uint256 deadline)");

    /// @dev Equals `keccak256(abi.encode(TYPEHASH, agreement))`, which would check and copy field by field, for 1,000 gas more. The fields
    /// are as wide in calldata as in the encoding, so one copy will do; a value too large for its type only hashes to an id that nobody gave.
    function id(Agreement calldata agreement) internal pure returns (AgreementId agreementId) {
        bytes32 typehash = TYPEHASH;
        assembly ("memory-safe") {
            let start := mload(0x40) // free memory, not claimed: the hash is all that is kept
            mstore(start, typehash)
            calldatacopy(add(start, 0x20), agreement, 0x180)
            agreementId := keccak256(start, 0x1a0)
        }
    }

    function hashGiving(AgreementId agreement, uint256 deadline) internal pure returns (bytes32) {
        return keccak256(abi.encode(GIVING_TYPEHASH, agreement, deadline));
    }

    function hashWithdrawal(AgreementId agreement, uint256 deadline) internal pure returns (bytes32) {
        return keccak256(abi.encode(WITHDRAWAL_TYPEHASH, agreement, deadline));
    }
}
