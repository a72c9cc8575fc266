// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Arbiter } from "./base/Arbiter.sol";
import { RecordRegistry } from "./base/RecordRegistry.sol";
import { RequestDesk } from "./base/RequestDesk.sol";
import { StandingRequests } from "./base/StandingRequests.sol";
import { ChallengeTerms } from "./types/Challenge.sol";

/// @title The part of Assent for records, lookups, standing requests and challenges
/// @dev Runs in `Assent`'s storage, by delegatecall. Called at its own address it has a storage of its own, with no epoch, no money and no
/// agreement in it, and harms nobody: so nothing here checks for that.
contract AssentDesk is RecordRegistry, RequestDesk, StandingRequests, Arbiter {
    constructor(ChallengeTerms memory terms) Arbiter(terms) { }
}
