// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { RecordId } from "./Ids.sol";

enum RecordState {
    None,
    Committed,
    Retired
}

/// @dev One storage slot.
struct RecordStatus {
    RecordState state;
    uint40 since;
    address subject;
}

library RecordIds {
    bytes32 internal constant TYPEHASH = keccak256("Record(bytes32 root,address subject,address holder)");

    /// @dev The holder is part of the id, so nobody can commit, squat or retire another holder's record.
    function id(bytes32 root, address subject, address holder) internal pure returns (RecordId) {
        return RecordId.wrap(keccak256(abi.encode(TYPEHASH, root, subject, holder)));
    }
}
