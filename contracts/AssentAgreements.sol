// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ConsentDesk } from "./base/ConsentDesk.sol";
import { EpochViews } from "./base/EpochViews.sol";
import { ModelRegistry } from "./base/ModelRegistry.sol";
import { ICommittee } from "./interfaces/ICommittee.sol";

/// @title The part of Assent for what becomes of agreements after they were given, for representatives, models and what is asked of epochs
/// @dev Runs in `Assent`'s storage, by delegatecall, as `AssentRequests` does.
contract AssentAgreements is ConsentDesk, ModelRegistry, EpochViews {
    /// @notice The contract of records and erasures; nothing here reads it.
    address public immutable records;

    /// So many have a seat in any epoch that accepts reports.
    uint8 private immutable _leastSeats;

    constructor(ICommittee committee_, address records_) {
        _leastSeats = committee_.terms().minRoll;
        records = records_;
    }

    function _mustBeReachable(uint8 quorum) internal view override {
        if (quorum < MIN_QUORUM || quorum > _leastSeats) revert QuorumUnsafe(quorum, MIN_QUORUM, _leastSeats);
    }
}
