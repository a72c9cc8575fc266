// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Contests } from "./base/Contests.sol";
import { Delegating } from "./base/Delegating.sol";
import { RequestDesk } from "./base/RequestDesk.sol";
import { StandingRequests } from "./base/StandingRequests.sol";
import { Treasury } from "./base/Treasury.sol";
import { Window } from "./base/Window.sol";
import { ICommittee } from "./interfaces/ICommittee.sol";

/// @title The part of Assent for requests, their money, and contested verdicts
/// @dev Runs in `Assent`'s storage, by delegatecall, and passes on to `AssentAgreements` what it doesn't know. Called at its own address it
/// has a storage of its own, with no epoch, no money and no agreement in it, and harms nobody.
contract AssentRequests is Treasury, RequestDesk, StandingRequests, Contests, Delegating {
    constructor(address agreements_, ICommittee committee_)
        Contests(address(committee_))
        Window(committee_.terms().window)
        Delegating(agreements_)
    { }

    function agreements() external view returns (address) {
        return _next;
    }
}
