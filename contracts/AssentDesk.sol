// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Arbiter } from "./base/Arbiter.sol";
import { Delegating } from "./base/Delegating.sol";
import { RecordRegistry } from "./base/RecordRegistry.sol";
import { StandingRequests } from "./base/StandingRequests.sol";
import { ChallengeTerms } from "./types/Challenge.sol";

/// @title The part of Assent for records, standing requests and challenges
/// @dev Runs in `Assent`'s storage, by delegatecall, and passes on to `AssentConsents` what it doesn't know. Called at its own address it has a
/// storage of its own, with no epoch, no money and no agreement in it, and harms nobody: so nothing here checks for that.
contract AssentDesk is RecordRegistry, StandingRequests, Arbiter, Delegating {
    constructor(address consents_, ChallengeTerms memory terms) Delegating(consents_) Arbiter(terms) { }

    function consents() external view returns (address) {
        return _next;
    }
}
