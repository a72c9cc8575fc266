// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ConsentDesk } from "./base/ConsentDesk.sol";
import { ModelRegistry } from "./base/ModelRegistry.sol";
import { RequestDesk } from "./base/RequestDesk.sol";

/// @title The part of Assent for what becomes of an agreement after it was given, for representatives, models and lookups
/// @dev Runs in `Assent`'s storage, by delegatecall, as `AssentDesk` does.
contract AssentConsents is ConsentDesk, ModelRegistry, RequestDesk {
    function _mustBeReachable(uint8 quorum) internal override {
        uint256 most = _policy.minMembers;
        if (quorum < MIN_QUORUM || quorum > most) revert QuorumUnsafe(quorum, MIN_QUORUM, most);
        if (quorum > _largestQuorum) _largestQuorum = quorum;
    }
}
