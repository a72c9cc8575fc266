// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Proxy } from "@openzeppelin/contracts/proxy/Proxy.sol";

import { Arbiter } from "./base/Arbiter.sol";
import { RecordRegistry } from "./base/RecordRegistry.sol";
import { RequestDesk } from "./base/RequestDesk.sol";
import { StandingRequests } from "./base/StandingRequests.sol";
import { ChallengeTerms } from "./types/Challenge.sol";

/// @title The part of Assent for records, lookups, standing requests and challenges
/// @dev Runs in `Assent`'s storage, by delegatecall, and passes on to `AssentConsents` what it doesn't know. Called at its own address it has a
/// storage of its own, with no epoch, no money and no agreement in it, and harms nobody: so nothing here checks for that.
contract AssentDesk is RecordRegistry, RequestDesk, StandingRequests, Arbiter, Proxy {
    address public immutable consents;

    error PlainEther();

    constructor(address consents_, ChallengeTerms memory terms) Arbiter(terms) {
        consents = consents_;
    }

    /// @dev As in `AssentRegistries`.
    receive() external payable {
        revert PlainEther();
    }

    function _implementation() internal view override returns (address) {
        return consents;
    }
}
